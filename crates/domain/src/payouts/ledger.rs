//! The double-entry view of commissions: what each affiliate has in which state, against the merchant that owes it
//! (docs/adr/0012-derived-ledger.md).
//!
//! Nothing of it is stored. Every change of a row is two postings that sum to zero, so all buckets and the merchant's
//! side together are always zero; [`Account`](crate::Account) is the part that payouts use, and [`Balances`] recomputes
//! all of it from rows.

use crate::commissions::{Commission, CommissionStatus};
use crate::values::{AffiliateId, Currency, Money, MoneyError};
use std::collections::BTreeMap;

/// What an affiliate's money is in, by the state of the row it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Held until it matures.
    Pending,
    /// Owed and in no payout.
    Approved,
    /// Owed and frozen in an open payout.
    InPayout,
    /// Paid out.
    Paid,
    /// Waits for a person.
    Review,
}

/// One side of the books, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What the merchant's sales owe.
    Merchant(Currency),
    /// What an affiliate has in a bucket.
    Affiliate(AffiliateId, Bucket, Currency),
}

/// One amount entered on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub side: Side,
    /// How much; below zero it is taken off.
    pub amount: Money,
}

impl Bucket {
    /// Where a row's amount is; nowhere once it is void.
    pub const fn of(row: &Commission) -> Option<Self> {
        match (row.status, row.payout_id) {
            (CommissionStatus::Pending, _) => Some(Self::Pending),
            (CommissionStatus::Approved, None) => Some(Self::Approved),
            (CommissionStatus::Approved, Some(_)) => Some(Self::InPayout),
            (CommissionStatus::Paid, _) => Some(Self::Paid),
            (CommissionStatus::Review, _) => Some(Self::Review),
            (CommissionStatus::Void, _) => None,
        }
    }
}

impl Side {
    fn of(row: &Commission) -> Self {
        let currency = row.amount.currency();
        Bucket::of(row).map_or(Self::Merchant(currency), |bucket| Self::Affiliate(row.affiliate_id, bucket, currency))
    }
}

/// What it means for the books that a row went from `before` to `after`, or was made: nothing, or two postings that sum
/// up to zero. The money of a row that is void, or not there yet, is the merchant's.
pub fn postings(before: Option<&Commission>, after: &Commission) -> Result<Vec<Posting>, MoneyError> {
    let amount = after.amount;
    let (from, to) = (before.map_or(Side::Merchant(amount.currency()), Side::of), Side::of(after));
    if from == to {
        return Ok(Vec::new());
    }
    let taken = Money::zero(amount.currency()).minus(amount)?;
    Ok(vec![Posting { side: from, amount: taken }, Posting { side: to, amount }])
}

/// The sum on each side; sides on which nothing is are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances(BTreeMap<Side, Money>);

impl Balances {
    /// What rows say the books are.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Commission>) -> Result<Self, MoneyError> {
        let mut balances = Self::default();
        for row in rows {
            balances.enter(&postings(None, row)?)?;
        }
        Ok(balances)
    }

    /// Adds postings.
    pub fn enter(&mut self, postings: &[Posting]) -> Result<(), MoneyError> {
        for &Posting { side, amount } in postings {
            let sum = self.on(side, amount.currency()).plus(amount)?;
            if sum.minor() == 0 {
                self.0.remove(&side);
            } else {
                self.0.insert(side, sum);
            }
        }
        Ok(())
    }

    /// What an affiliate has in a bucket.
    pub fn affiliate(&self, id: AffiliateId, bucket: Bucket, currency: Currency) -> Money {
        self.on(Side::Affiliate(id, bucket, currency), currency)
    }

    /// The merchant's side: below zero it owes.
    pub fn merchant(&self, currency: Currency) -> Money {
        self.on(Side::Merchant(currency), currency)
    }

    /// Both sides together, in minor units of `currency`: nothing, always.
    pub fn sum(&self, currency: Currency) -> i128 {
        let of_currency = self.0.values().filter(|amount| amount.currency() == currency);
        of_currency.map(|amount| i128::from(amount.minor())).sum()
    }

    fn on(&self, side: Side, currency: Currency) -> Money {
        self.0.get(&side).copied().unwrap_or(Money::zero(currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commissions::commission::tests::commission;
    use crate::payouts::Account;
    use crate::values::{AccountId, PayoutId};
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A row in any state, in a payout or not.
    fn in_state(minor: i64, status: usize, frozen: bool) -> Commission {
        let payout_id = frozen.then(|| PayoutId::from_uuid(Uuid::nil()));
        Commission { payout_id, ..commission(minor, CommissionStatus::ALL[status]) }
    }

    proptest! {
        /// However rows go from state to state, the books balance, are what the rows say, and the account is a part of
        /// them.
        #[test]
        fn the_books_balance_and_follow_the_rows(
            steps in prop::collection::vec((0_usize..4, 0..CommissionStatus::ALL.len(), any::<bool>()), 0..60),
        ) {
            let usd = "USD".parse().unwrap();
            let mut rows: Vec<Commission> = [700, -30, 1, -1].map(|minor| in_state(minor, 0, false)).to_vec();
            let mut books = Balances::of(&rows).unwrap();
            let earner = rows[0].affiliate_id;
            let mut account = Account::open(AccountId::from_uuid(Uuid::nil()), earner, usd);
            for (place, status, frozen) in steps {
                let before = rows[place].clone();
                let after = in_state(before.amount.minor(), status, frozen);
                let entered = postings(Some(&before), &after).unwrap();
                prop_assert!(entered.is_empty() || entered.iter().map(|p| p.amount.minor()).sum::<i64>() == 0);
                books.enter(&entered).unwrap();
                account = account.moved(&before, &after).unwrap();
                rows[place] = after;
                prop_assert_eq!(&books, &Balances::of(&rows).unwrap());
                prop_assert_eq!(books.sum(usd), 0);
                let has = |bucket| books.affiliate(earner, bucket, usd);
                prop_assert_eq!(account.approved, has(Bucket::Approved));
                prop_assert_eq!(account.in_payout, has(Bucket::InPayout));
                prop_assert_eq!(account.paid, has(Bucket::Paid));
                let alive: i64 =
                    rows.iter().filter(|row| row.status != CommissionStatus::Void).map(|row| row.amount.minor()).sum();
                prop_assert_eq!(books.merchant(usd).minor(), -alive);
            }
        }
    }
}
