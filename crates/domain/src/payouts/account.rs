//! Accounts: what an affiliate is owed and was paid, in one currency.

use crate::commissions::Commission;
use crate::payouts::Bucket;
use crate::values::{AccountId, AffiliateId, Currency, Money, MoneyError};

/// The running sums of one affiliate's commissions in one currency. `coterie reconcile` recomputes them from the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Whose.
    pub affiliate_id: AffiliateId,
    /// Sum of the rows that are approved and in no payout: what the next payout pays. Below zero it is a debt.
    pub approved: Money,
    /// Sum of the rows that are approved and frozen in an open payout.
    pub in_payout: Money,
    /// Sum of the rows that are paid.
    pub paid: Money,
}

impl Account {
    /// An account in which nothing happened yet.
    pub const fn open(id: AccountId, affiliate_id: AffiliateId, currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { id, affiliate_id, approved: zero, in_payout: zero, paid: zero }
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.approved.currency()
    }

    /// The text by which an account is unique within its merchant: `aff_…:USD`. Stored: never change its form.
    pub fn key(&self) -> String {
        Self::key_of(self.affiliate_id, self.currency())
    }

    /// The [`Account::key`] of an affiliate's account in a currency.
    pub fn key_of(affiliate_id: AffiliateId, currency: Currency) -> String {
        format!("{affiliate_id}:{currency}")
    }

    /// The account after one of its commissions went from `before` to `after`.
    pub fn moved(&self, before: &Commission, after: &Commission) -> Result<Self, MoneyError> {
        self.without(before)?.with(after)
    }

    /// The account with one more row.
    pub fn with(&self, row: &Commission) -> Result<Self, MoneyError> {
        self.combine(row, Money::plus)
    }

    fn without(&self, row: &Commission) -> Result<Self, MoneyError> {
        self.combine(row, Money::minus)
    }

    fn combine(
        &self,
        row: &Commission,
        with: fn(Money, Money) -> Result<Money, MoneyError>,
    ) -> Result<Self, MoneyError> {
        let mut sums = self.clone();
        let sum = match Bucket::of(row) {
            Some(Bucket::Approved) => &mut sums.approved,
            Some(Bucket::InPayout) => &mut sums.in_payout,
            Some(Bucket::Paid) => &mut sums.paid,
            Some(Bucket::Pending | Bucket::Review) | None => return Ok(sums),
        };
        *sum = with(*sum, row.amount)?;
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affiliates::affiliate::tests::affiliate;
    use crate::commissions::{CommissionMove, CommissionStatus, commission::tests::commission};
    use crate::values::Timestamp;
    use proptest::prelude::*;

    proptest! {
        /// For any moves of the rows in any order, the account is the sum of the approved ones.
        #[test]
        fn the_account_is_the_sum_of_its_rows(steps in prop::collection::vec((0_usize..5, any::<bool>()), 0..60)) {
            let usd = "USD".parse().unwrap();
            let mut rows: Vec<_> = (1..6).map(|n| commission(n * 111, CommissionStatus::Pending)).collect();
            let mut account = Account::open(AccountId::from_uuid(uuid::Uuid::nil()), affiliate(1).id, usd);
            for (row, approve) in steps {
                let step = if approve { CommissionMove::Approve } else { CommissionMove::Void };
                if let Ok(after) = rows[row].moved(step, None, Timestamp::MIN) {
                    account = account.moved(&rows[row], &after).unwrap();
                    rows[row] = after;
                }
                let owed = rows.iter().filter(|row| row.status == CommissionStatus::Approved).map(|row| row.amount.minor());
                prop_assert_eq!(account.approved.minor(), owed.sum::<i64>());
            }
        }
    }
}
