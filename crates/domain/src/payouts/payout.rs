//! Payouts: which approved commissions are paid together, and what became of each affiliate's part.

use crate::commissions::{Commission, CommissionStatus};
use crate::payouts::Account;
use crate::values::{
    AffiliateId, Currency, Money, MoneyError, PayoutId, PayoutItemId, Reason, Refusal, ShortText, Timestamp,
    string_enum::string_enum,
};

/// The status of a payout: `open → processing → paid | failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutStatus {
    /// Its commissions are frozen, the money has not been sent.
    Open,
    /// The money is on its way.
    Processing,
    /// Every item came to its end, and at least one was paid; final.
    Paid,
    /// Every item came to its end, and none was paid; final.
    Failed,
}
string_enum!(PayoutStatus { Open = "open", Processing = "processing", Paid = "paid", Failed = "failed" });

/// The status of an item: `open → paid | failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutItemStatus {
    /// Not known yet.
    Open,
    /// The affiliate has the money; final.
    Paid,
    /// The affiliate does not have it, and its commissions wait for another payout; final.
    Failed,
}
string_enum!(PayoutItemStatus { Open = "open", Paid = "paid", Failed = "failed" });

/// How an item ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutOutcome {
    /// The money arrived.
    Paid,
    /// It did not.
    Failed,
}
string_enum!(PayoutOutcome { Paid = "paid", Failed = "failed" });

/// Commissions that are paid together, in one currency.
///
/// It is built in steps and not visible through the API until it is sealed; from then on neither its sum nor its rows
/// change. A payout that is not sealed soon is dissolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// The status. [`PayoutStatus::Failed`] before it is sealed means that it is being dissolved.
    pub status: PayoutStatus,
    /// Sum of its items; zero until it is sealed.
    pub total: Money,
    /// Sum of the items that were paid.
    pub paid: Money,
    /// How many items it has; none until it is sealed.
    pub items_count: u32,
    /// How many of them were paid.
    pub paid_count: u32,
    /// How many of them failed.
    pub failed_count: u32,
    /// How many commissions it has; none until it is sealed.
    pub commissions_count: u32,
    /// Real time at which building began.
    pub begun_at: Timestamp,
    /// Business time from which it is seen.
    pub sealed_at: Option<Timestamp>,
    /// Business time at which it was sent.
    pub sent_at: Option<Timestamp>,
    /// Business time at which its last item came to its end.
    pub ended_at: Option<Timestamp>,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// One affiliate's part of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutItem {
    /// Its id; what payment files call the reference.
    pub id: PayoutItemId,
    /// The payout.
    pub payout_id: PayoutId,
    /// The affiliate that is paid.
    pub affiliate_id: AffiliateId,
    /// Sum of the commissions in it.
    pub amount: Money,
    /// How many they are.
    pub commissions_count: u32,
    /// The status. Its commissions follow, at once or some steps behind.
    pub status: PayoutItemStatus,
    /// What the bank calls the payment.
    pub reference: Option<ShortText>,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// The result of one item, and the data reported with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// How it ended.
    pub outcome: PayoutOutcome,
    /// See [`PayoutItem::reference`].
    pub reference: Option<ShortText>,
    /// See [`PayoutItem::reason`].
    pub reason: Option<Reason>,
}

impl From<PayoutOutcome> for Settlement {
    fn from(outcome: PayoutOutcome) -> Self {
        Self { outcome, reference: None, reason: None }
    }
}

impl Payout {
    /// A payout takes no further affiliate once it has this many commissions; the others wait for the next. An affiliate
    /// is always taken whole: what a part of the rows sums up to may be more than is owed.
    pub const MOST_COMMISSIONS: u32 = 100_000;

    /// A payout that is about to be built.
    pub fn begin(id: PayoutId, currency: Currency, real: Timestamp, now: Timestamp) -> Self {
        let zero = Money::zero(currency);
        Self {
            id,
            status: PayoutStatus::Open,
            total: zero,
            paid: zero,
            items_count: 0,
            paid_count: 0,
            failed_count: 0,
            commissions_count: 0,
            begun_at: real,
            sealed_at: None,
            sent_at: None,
            ended_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The least that an account must be owed to be paid: one minor unit, or the minimum of the settings, which is in
    /// their currency and in no other.
    pub fn least(currency: Currency, min_payout: Money) -> Money {
        let minimum = if min_payout.currency() == currency { min_payout.minor() } else { 1 };
        Money::from_minor(minimum.max(1), currency)
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.total.currency()
    }

    /// How many items have not come to their end.
    pub const fn open_count(&self) -> u32 {
        self.items_count.saturating_sub(self.paid_count).saturating_sub(self.failed_count)
    }

    /// The payout with all of its items, seen from now on.
    pub fn sealed<'a>(
        &self,
        items: impl IntoIterator<Item = &'a PayoutItem>,
        now: Timestamp,
    ) -> Result<Self, MoneyError> {
        let mut sealed = Self { sealed_at: Some(now), created_at: now, updated_at: now, ..self.clone() };
        for item in items {
            sealed.total = sealed.total.plus(item.amount)?;
            sealed.items_count = sealed.items_count.saturating_add(1);
            sealed.commissions_count = sealed.commissions_count.saturating_add(item.commissions_count);
        }
        Ok(sealed)
    }

    /// The payout while it is dissolved. Only one that was never seen can be.
    pub fn dissolving(&self) -> Option<Self> {
        self.sealed_at.is_none().then(|| Self { status: PayoutStatus::Failed, ..self.clone() })
    }

    /// The payout once the money is on its way.
    pub fn sent(&self, now: Timestamp) -> Result<Self, Refusal> {
        if self.status != PayoutStatus::Open {
            return Err(self.cannot_become(PayoutStatus::Processing));
        }
        let now = now.max(self.updated_at);
        Ok(Self { status: PayoutStatus::Processing, sent_at: Some(now), updated_at: now, ..self.clone() })
    }

    /// Whether its items may come to their end: the money must be on its way.
    pub fn may_settle(&self) -> Result<(), Refusal> {
        if self.status == PayoutStatus::Processing {
            return Ok(());
        }
        Err(Refusal::State(format!(
            "Only a payout that is processing has results; this one is {}.",
            self.status.as_str()
        )))
    }

    /// Whether all items that are still open may end like this. A payout of which something is paid does not fail as a
    /// whole any more.
    pub fn may_end(&self, outcome: PayoutOutcome) -> Result<(), Refusal> {
        let to = match outcome {
            PayoutOutcome::Paid => PayoutStatus::Paid,
            PayoutOutcome::Failed => PayoutStatus::Failed,
        };
        if self.status != PayoutStatus::Processing {
            return Err(self.cannot_become(to));
        }
        if outcome == PayoutOutcome::Failed && self.paid_count > 0 {
            return Err(Refusal::State(
                "Some of its items are paid, so it cannot fail as a whole: give the results of the others.".to_owned(),
            ));
        }
        Ok(())
    }

    /// The payout after one of its open items ended.
    pub fn with_settled(&self, item: &PayoutItem, outcome: PayoutOutcome, now: Timestamp) -> Result<Self, MoneyError> {
        let mut after = Self { updated_at: now.max(self.updated_at), ..self.clone() };
        match outcome {
            PayoutOutcome::Paid => {
                after.paid = self.paid.plus(item.amount)?;
                after.paid_count = self.paid_count.saturating_add(1);
            }
            PayoutOutcome::Failed => after.failed_count = self.failed_count.saturating_add(1),
        }
        Ok(after)
    }

    /// The payout at its end; `None` while an item is open.
    pub fn ended(&self, now: Timestamp) -> Option<Self> {
        if self.status != PayoutStatus::Processing || self.open_count() > 0 {
            return None;
        }
        let status = if self.paid_count > 0 { PayoutStatus::Paid } else { PayoutStatus::Failed };
        let now = now.max(self.updated_at);
        Some(Self { status, ended_at: Some(now), updated_at: now, ..self.clone() })
    }

    fn cannot_become(&self, to: PayoutStatus) -> Refusal {
        Refusal::State(format!("A payout that is {} cannot become {}.", self.status.as_str(), to.as_str()))
    }
}

impl PayoutItem {
    /// An item without commissions.
    pub fn begin(id: PayoutItemId, payout: &Payout, affiliate_id: AffiliateId, now: Timestamp) -> Self {
        Self {
            id,
            payout_id: payout.id,
            affiliate_id,
            amount: Money::zero(payout.currency()),
            commissions_count: 0,
            status: PayoutItemStatus::Open,
            reference: None,
            reason: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The text by which it is unique within its merchant: an account is in a payout once. Stored: never change its form.
    pub fn key(&self) -> String {
        format!("{}:{}", self.payout_id.uuid().simple(), self.affiliate_id.uuid().simple())
    }

    /// The item with one more commission.
    pub fn with(&self, row: &Commission) -> Result<Self, MoneyError> {
        let amount = self.amount.plus(row.amount)?;
        Ok(Self { amount, commissions_count: self.commissions_count.saturating_add(1), ..self.clone() })
    }

    /// The item with one commission less.
    pub fn without(&self, row: &Commission) -> Result<Self, MoneyError> {
        let amount = self.amount.minus(row.amount)?;
        Ok(Self { amount, commissions_count: self.commissions_count.saturating_sub(1), ..self.clone() })
    }

    /// How it ended, if it did.
    pub const fn outcome(&self) -> Option<PayoutOutcome> {
        match self.status {
            PayoutItemStatus::Open => None,
            PayoutItemStatus::Paid => Some(PayoutOutcome::Paid),
            PayoutItemStatus::Failed => Some(PayoutOutcome::Failed),
        }
    }

    /// The item at its end; `None` if it ended before.
    pub fn settled(&self, settlement: Settlement, now: Timestamp) -> Option<Self> {
        let Settlement { outcome, reference, reason } = settlement;
        let status = match outcome {
            PayoutOutcome::Paid => PayoutItemStatus::Paid,
            PayoutOutcome::Failed => PayoutItemStatus::Failed,
        };
        let updated_at = now.max(self.updated_at);
        (self.status == PayoutItemStatus::Open).then(|| Self { status, reference, reason, updated_at, ..self.clone() })
    }
}

impl Commission {
    /// Whether the next payout takes it.
    pub fn is_payable(&self) -> bool {
        self.status == CommissionStatus::Approved && self.payout_id.is_none()
    }

    /// The row frozen in a payout; `None` if it is not payable.
    pub fn frozen_in(&self, payout: PayoutId, now: Timestamp) -> Option<Self> {
        let frozen = || Self { payout_id: Some(payout), updated_at: now.max(self.updated_at), ..self.clone() };
        self.is_payable().then(frozen)
    }

    /// The row given back by the payout it was frozen in; `None` if it is in none.
    pub fn given_back(&self, now: Timestamp) -> Option<Self> {
        let back = || Self { payout_id: None, updated_at: now.max(self.updated_at), ..self.clone() };
        self.is_in_open_payout().then(back)
    }

    /// The row paid by the payout it was frozen in; `None` if it is in none.
    pub fn paid_out(&self, now: Timestamp) -> Option<Self> {
        let paid = || Self { status: CommissionStatus::Paid, updated_at: now.max(self.updated_at), ..self.clone() };
        self.is_in_open_payout().then(paid)
    }
}

impl Account {
    /// Whether a payout that pays at least `least` takes it.
    pub fn is_due(&self, least: Money) -> bool {
        self.currency() == least.currency() && self.approved.minor() >= least.minor()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::affiliates::affiliate::tests::affiliate;
    use crate::commissions::commission::tests::commission;
    use crate::values::AccountId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    pub(crate) fn payout() -> Payout {
        Payout::begin(PayoutId::from_uuid(Uuid::from_u128(1)), usd(), Timestamp::MIN, Timestamp::MIN)
    }

    pub(crate) fn item(n: u128, minor: i64) -> PayoutItem {
        let item =
            PayoutItem::begin(PayoutItemId::from_uuid(Uuid::from_u128(n)), &payout(), affiliate(n).id, Timestamp::MIN);
        item.with(&commission(minor, CommissionStatus::Approved)).unwrap()
    }

    fn processing(items: &[PayoutItem]) -> Payout {
        payout().sealed(items, Timestamp::MIN).unwrap().sent(Timestamp::MIN).unwrap()
    }

    #[test]
    fn the_least_is_the_minimum_in_its_own_currency_and_a_cent_elsewhere() {
        let minimum = Money::from_minor(5_000, usd());
        assert_eq!(Payout::least(usd(), minimum), minimum);
        assert_eq!(Payout::least("EUR".parse().unwrap(), minimum).minor(), 1);
        assert_eq!(Payout::least(usd(), Money::zero(usd())).minor(), 1, "nothing is no payment");
    }

    #[test]
    fn a_payout_moves_as_specified() {
        let items = [item(1, 100), item(2, 250)];
        let open = payout().sealed(&items, Timestamp::MIN).unwrap();
        assert_eq!((open.total.minor(), open.items_count, open.commissions_count), (350, 2, 2));
        let sent = open.sent(Timestamp::MIN).unwrap();
        assert!(sent.sent(Timestamp::MIN).is_err() && open.may_settle().is_err() && sent.may_settle().is_ok());
        assert!(open.may_end(PayoutOutcome::Paid).is_err() && sent.ended(Timestamp::MIN).is_none());
        let half = sent.with_settled(&items[0], PayoutOutcome::Paid, Timestamp::MIN).unwrap();
        assert!(half.may_end(PayoutOutcome::Failed).is_err() && half.may_end(PayoutOutcome::Paid).is_ok());
        assert_eq!((half.open_count(), half.paid.minor()), (1, 100));
        let all = half.with_settled(&items[1], PayoutOutcome::Failed, Timestamp::MIN).unwrap();
        let end = all.ended(Timestamp::MIN).unwrap();
        assert_eq!((end.status, end.paid.minor()), (PayoutStatus::Paid, 100), "something was paid");
        assert!(end.may_end(PayoutOutcome::Paid).is_err() && end.may_settle().is_err());
        let none = items
            .iter()
            .fold(sent, |payout, item| payout.with_settled(item, PayoutOutcome::Failed, Timestamp::MIN).unwrap());
        assert_eq!(none.ended(Timestamp::MIN).unwrap().status, PayoutStatus::Failed);
    }

    #[test]
    fn only_what_nobody_saw_is_dissolved() {
        assert!(payout().dissolving().is_some());
        assert!(processing(&[item(1, 1)]).dissolving().is_none());
    }

    #[test]
    fn an_item_ends_once() {
        let paid = item(1, 5).settled(PayoutOutcome::Paid.into(), Timestamp::MIN).unwrap();
        assert_eq!(paid.outcome(), Some(PayoutOutcome::Paid));
        assert!(paid.settled(PayoutOutcome::Failed.into(), Timestamp::MIN).is_none());
    }

    #[test]
    fn rows_go_into_a_payout_and_out_as_specified() {
        let id = payout().id;
        for &status in CommissionStatus::ALL {
            let row = commission(7, status);
            let frozen = row.frozen_in(id, Timestamp::MIN);
            assert_eq!(frozen.is_some(), status == CommissionStatus::Approved, "{status:?}");
            assert!(row.given_back(Timestamp::MIN).is_none() && row.paid_out(Timestamp::MIN).is_none());
        }
        let frozen = commission(7, CommissionStatus::Approved).frozen_in(id, Timestamp::MIN).unwrap();
        assert!(frozen.frozen_in(id, Timestamp::MIN).is_none(), "in one payout at a time");
        assert!(frozen.given_back(Timestamp::MIN).unwrap().is_payable());
        let paid = frozen.paid_out(Timestamp::MIN).unwrap();
        assert_eq!((paid.status, paid.payout_id), (CommissionStatus::Paid, Some(id)));
        assert!(paid.given_back(Timestamp::MIN).is_none() && paid.paid_out(Timestamp::MIN).is_none());
    }

    proptest! {
        /// Whatever is frozen, given back and paid, in whatever order: the item is the sum of its rows, the account the
        /// sum of its own in each state, and no cent comes or goes.
        #[test]
        fn sums_follow_the_rows(
            amounts in prop::collection::vec(-5_000_i64..5_000, 1..12),
            steps in prop::collection::vec((0_usize..12, 0_u8..3), 0..80),
        ) {
            let mut rows: Vec<Commission> =
                amounts.iter().map(|&minor| commission(minor, CommissionStatus::Approved)).collect();
            let opened = Account::open(AccountId::from_uuid(Uuid::nil()), affiliate(1).id, usd());
            let mut account = rows.iter().fold(opened, |account, row| account.with(row).unwrap());
            let mut item = PayoutItem { amount: Money::zero(usd()), commissions_count: 0, ..item(1, 0) };
            for (n, step) in steps {
                let n = n % rows.len();
                let before = rows[n].clone();
                let after = match step {
                    0 => before.frozen_in(payout().id, Timestamp::MIN),
                    1 => before.given_back(Timestamp::MIN),
                    _ => before.paid_out(Timestamp::MIN),
                };
                let Some(after) = after else { continue };
                account = account.moved(&before, &after).unwrap();
                item = match step {
                    0 => item.with(&after).unwrap(),
                    1 => item.without(&before).unwrap(),
                    _ => item,
                };
                rows[n] = after;
            }
            let sum = |of: &dyn Fn(&Commission) -> bool| rows.iter().filter(|row| of(row)).map(|row| row.amount.minor()).sum::<i64>();
            prop_assert_eq!(account.approved.minor(), sum(&Commission::is_payable));
            prop_assert_eq!(account.in_payout.minor(), sum(&Commission::is_in_open_payout));
            prop_assert_eq!(account.paid.minor(), sum(&|row| row.status == CommissionStatus::Paid));
            prop_assert_eq!(item.amount.minor(), sum(&|row| row.payout_id.is_some()));
            let count = rows.iter().filter(|row| row.payout_id.is_some()).count();
            prop_assert_eq!(usize::try_from(item.commissions_count).unwrap(), count);
        }
    }
}
