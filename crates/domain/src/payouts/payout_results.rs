//! What a bank says became of a payout, line by line, held against the payout to the cent.

use crate::payouts::{Payout, PayoutItem, PayoutOutcome, Settlement};
use crate::values::{AffiliateId, Currency, Decimal, FieldError, Money, PayoutItemId, Reason, Refusal, ShortText};
use std::collections::{BTreeMap, HashMap};

/// The most faults that one refusal lists.
const MOST_FAULTS: usize = 50;

/// The item that a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultOf {
    /// The item with this id.
    Item(PayoutItemId),
    /// The item of this affiliate.
    Affiliate(AffiliateId),
}

/// One line of a result file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultLine {
    /// What its faults go by: `items[0]`, `lines[2]`.
    pub name: String,
    /// The item that it is about.
    pub of: ResultOf,
    /// What became of it.
    pub outcome: PayoutOutcome,
    /// What was, or should have been, paid.
    pub amount: Decimal,
    /// In which currency; the payout's, if it says none.
    pub currency: Option<Currency>,
    /// What the bank calls the payment.
    pub reference: Option<ShortText>,
    /// Why it failed.
    pub reason: Option<Reason>,
}

impl ResultLine {
    fn fault(&self, field: &str, expected: &str) -> FieldError {
        FieldError::new(format!("{}.{field}", self.name), expected)
    }

    fn field(&self) -> &'static str {
        match self.of {
            ResultOf::Item(_) => "item_id",
            ResultOf::Affiliate(_) => "affiliate_id",
        }
    }

    fn settlement(&self) -> Settlement {
        Settlement { outcome: self.outcome, reference: self.reference.clone(), reason: self.reason.clone() }
    }

    /// What is wrong with what it says about `item`.
    fn faults(&self, payout: &Payout, item: &PayoutItem) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.currency.is_some_and(|currency| currency != payout.currency()) {
            faults.push(self.fault("currency", "must be the payout's"));
        } else if Money::from_decimal(self.amount, payout.currency()) != Ok(item.amount) {
            faults.push(self.fault("amount", "must be the item's amount, to the cent"));
        }
        if item.outcome().is_some_and(|known| known != self.outcome) {
            faults.push(self.fault("status", &format!("must stay {}", item.status.as_str())));
        }
        faults
    }
}

/// Returns the result of each named item, if every line is about an open item of the payout or repeats the result of a
/// settled one. Each affiliate has one item in a payout, so its id can name the item.
pub fn reconcile_results(
    payout: &Payout,
    items: &[PayoutItem],
    lines: &[ResultLine],
) -> Result<BTreeMap<AffiliateId, Settlement>, Refusal> {
    let by_id: HashMap<PayoutItemId, &PayoutItem> = items.iter().map(|item| (item.id, item)).collect();
    let by_affiliate: HashMap<AffiliateId, &PayoutItem> = items.iter().map(|item| (item.affiliate_id, item)).collect();
    let (mut settled, mut faults) = (BTreeMap::new(), Vec::new());
    for line in lines {
        let item = match line.of {
            ResultOf::Item(id) => by_id.get(&id),
            ResultOf::Affiliate(id) => by_affiliate.get(&id),
        };
        let Some(item) = item else {
            faults.push(line.fault(line.field(), "must be of an item of this payout"));
            continue;
        };
        faults.extend(line.faults(payout, item));
        if settled.insert(item.affiliate_id, line.settlement()).is_some() {
            faults.push(line.fault(line.field(), "must not be named twice"));
        }
    }
    faults.truncate(MOST_FAULTS);
    if faults.is_empty() { Ok(settled) } else { Err(Refusal::Invalid(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payouts::payout::tests::{item, payout};
    use crate::values::Timestamp;

    fn line(n: usize, of: ResultOf, amount: &str) -> ResultLine {
        ResultLine {
            name: format!("items[{n}]"),
            of,
            outcome: PayoutOutcome::Paid,
            amount: amount.parse().unwrap(),
            currency: None,
            reference: None,
            reason: None,
        }
    }

    fn faults(lines: &[ResultLine]) -> Vec<String> {
        let items =
            [item(1, 1_050), item(2, 7), item(3, 1).settled(PayoutOutcome::Failed.into(), Timestamp::MIN).unwrap()];
        match reconcile_results(&payout(), &items, lines) {
            Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            Ok(_) => Vec::new(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_line_must_fit_to_the_cent() {
        let (one, two, three) = (item(1, 0), item(2, 0), item(3, 0));
        let good = line(0, ResultOf::Item(one.id), "10.50");
        let other = line(1, ResultOf::Affiliate(two.affiliate_id), "0.07");
        assert_eq!(faults(&[good.clone(), other.clone()]), [""; 0]);
        assert_eq!(
            faults(&[good.clone(), ResultLine { amount: "0.08".parse().unwrap(), ..other.clone() }]),
            ["items[1].amount"]
        );
        assert_eq!(faults(&[ResultLine { amount: "10.505".parse().unwrap(), ..good.clone() }]), ["items[0].amount"]);
        let twice = line(2, ResultOf::Affiliate(one.affiliate_id), "10.5");
        assert_eq!(faults(&[good.clone(), twice]), ["items[2].affiliate_id"], "under either name");
        assert_eq!(faults(&[line(0, ResultOf::Item(item(9, 0).id), "1")]), ["items[0].item_id"]);
        assert_eq!(faults(&[ResultLine { currency: "EUR".parse().ok(), ..good }]), ["items[0].currency"]);
        let ended = line(0, ResultOf::Item(three.id), "0.01");
        assert_eq!(faults(std::slice::from_ref(&ended)), ["items[0].status"], "an end is final");
        assert_eq!(faults(&[ResultLine { outcome: PayoutOutcome::Failed, ..ended }]), [""; 0], "said again");
    }
}
