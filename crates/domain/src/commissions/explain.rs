//! Explains an event's commissions, step by step, from what was frozen on its rows (docs/rules/commissions.md).

use crate::commissions::{Commission, CommissionStatus};
use crate::events::{CandidateOutcome, Decision, Event, ParentVerdict, Rating, RewardVerdict};
use crate::values::{CommissionId, Money};

/// The arithmetic of one commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// The commission.
    pub row: &'a Commission,
    /// What the reward gives of the basis, before it is rounded, as a decimal number of whole units.
    pub exact: String,
    /// The same, rounded.
    pub rounded: Money,
    /// What the cap on the sale cut off.
    pub cut: Money,
    /// What refunds took back since: the rows that reverse it, or all of it where a refund ended it.
    pub taken_back: Money,
    /// What is left of it.
    pub left: Money,
}

/// Lines of one affiliate that were rated alike, and what they earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineGroup<'a> {
    /// How they were rated; absent where the event was recorded before that was kept.
    pub rating: Option<&'a Rating>,
    /// The leaf; absent where no reward won.
    pub leaf: Option<Step<'a>>,
    /// The overrides of its parents, the nearest first.
    pub overrides: Vec<Step<'a>>,
}

/// Every group of lines of an event and what they earned. `rows` are all of the event's commissions.
pub fn explain<'a>(decision: &'a Decision, rows: &'a [Commission]) -> Vec<LineGroup<'a>> {
    let mut leaves: Vec<&Commission> = rows.iter().filter(|row| row.level == 0 && row.reverses.is_none()).collect();
    let mut groups = Vec::new();
    for rating in &decision.ratings {
        let made = |row: &&Commission| {
            let same = |won: &crate::events::Considered| (won.source, won.rule_id) == (row.rate_source, row.rule_id);
            row.affiliate_id == rating.affiliate_id && rating.won().is_some_and(same)
        };
        let leaf = leaves.iter().position(made).map(|at| leaves.remove(at));
        groups.push(LineGroup::of(Some(rating), leaf, rows));
    }
    groups.extend(leaves.into_iter().map(|leaf| LineGroup::of(None, Some(leaf), rows)));
    groups
}

impl<'a> LineGroup<'a> {
    fn of(rating: Option<&'a Rating>, leaf: Option<&'a Commission>, rows: &'a [Commission]) -> Self {
        let of_leaf = |id: CommissionId| {
            let overrides = rows.iter().filter(move |row| row.leaf_id == Some(id) && row.reverses.is_none());
            overrides.map(|row| Step::of(row, rows)).collect()
        };
        Self {
            rating,
            leaf: leaf.map(|leaf| Step::of(leaf, rows)),
            overrides: leaf.map(|leaf| of_leaf(leaf.id)).unwrap_or_default(),
        }
    }
}

impl<'a> Step<'a> {
    fn of(row: &'a Commission, rows: &[Commission]) -> Self {
        let currency = row.amount.currency();
        let rounded = row.reward.of(row.basis);
        let reversals = rows.iter().filter(|reversal| reversal.reverses == Some(row.id));
        let back = reversals.fold(0_i64, |sum, reversal| sum.saturating_sub(reversal.amount.minor()));
        let ended = row.status == CommissionStatus::Void && row.refund_id.is_some();
        let back = if ended { row.amount.minor() } else { back };
        Self {
            row,
            exact: row.reward.exact(row.basis),
            rounded,
            cut: Money::from_minor(rounded.minor().saturating_sub(row.amount.minor()), currency),
            taken_back: Money::from_minor(back, currency),
            left: Money::from_minor(row.amount.minor().saturating_sub(back), currency),
        }
    }
}

/// Why an event pays nothing; `None` where it pays.
pub fn why_unpaid(event: &Event, rows: &[Commission]) -> Option<&'static str> {
    if event.affiliate_id.is_none() {
        Some(event.decision.reason())
    } else if rows.is_empty() {
        Some("An event of this type earns by a fixed sum alone, and no rule gives one.")
    } else if event.decision.cut.is_some() && rows.iter().all(|row| row.amount.minor() == 0) {
        Some("The cap on what may be paid for a sale leaves nothing.")
    } else if rows.iter().all(|row| row.amount.minor() == 0) {
        Some("The rate of the sale gives less than the smallest unit of its currency.")
    } else {
        None
    }
}

impl CandidateOutcome {
    /// The verdict in a sentence.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Won => "It is credited.",
            Self::SelfReferral => "The buyer is the affiliate: nothing is paid to anybody.",
            Self::Review => "It is credited; the buyer is the affiliate, so a person decides about the money.",
            Self::NotApproved => "Its affiliate is not approved.",
            Self::TooOld => "The click is older than the window.",
            Self::Repeated => "Its affiliate has its part of the credit by a later click.",
            Self::FirstOrderOnly => "Only a customer's first order earns.",
            Self::UsedUp => "As many of the customer's renewals have earned as can.",
            Self::Outranked => "Another candidate decided.",
            Self::Unknown => "It leads to no affiliate.",
            Self::Unreadable => "It has a form that nothing here has, so it leads to no affiliate.",
        }
    }
}

impl RewardVerdict {
    /// The verdict in a sentence.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Won => "It is the first that exists.",
            Self::Outranked => "Another reward comes before it.",
            Self::NotStarted => "The rule did not count yet.",
            Self::Ended => "The rule counted no more.",
            Self::OtherType => "The rule is for another type of event.",
            Self::OtherCurrency => "The sum is in another currency than the sale.",
            Self::NotASale => "A rate needs a sale, and this type of event is none.",
        }
    }
}

impl ParentVerdict {
    /// The verdict in a sentence.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NotApproved => "The parent is not approved.",
            Self::Plan => "The organization's plan has no parents.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commissions::commission::tests::commission;
    use crate::events::Considered;
    use crate::rewards::{RateSource, Reward};
    use crate::values::Rate;

    fn row(n: u128, level: u8, amount: i64, basis: i64) -> Commission {
        let usd = "USD".parse().unwrap();
        Commission {
            id: CommissionId::from_uuid(uuid::Uuid::from_u128(n)),
            level,
            basis: Money::from_minor(basis, usd),
            reward: Reward::Rate(Rate::from_millionths(333_333).unwrap()),
            ..commission(amount, CommissionStatus::Pending)
        }
    }

    fn rating(verdict: RewardVerdict) -> Rating {
        let Commission { affiliate_id, rate_source: source, rule_id, reward, .. } = row(1, 0, 0, 0);
        Rating { affiliate_id, lines: Vec::new(), considered: vec![Considered { source, rule_id, reward, verdict }] }
    }

    #[test]
    fn each_step_of_the_arithmetic() {
        let leaf = row(1, 0, 30, 100);
        let parent = Commission { leaf_id: Some(leaf.id), rate_source: RateSource::Override, ..row(2, 1, 0, 33) };
        let back = Commission { reverses: Some(leaf.id), ..row(3, 0, -12, -40) };
        let rows = [leaf, parent, back];
        let decision = Decision { ratings: vec![rating(RewardVerdict::Won)], ..Decision::default() };
        let groups = explain(&decision, &rows);
        assert_eq!(groups.len(), 1);
        let step = groups[0].leaf.as_ref().unwrap();
        let money = |money: Money| money.decimal();
        assert_eq!(step.exact, "0.333333");
        assert_eq!([step.rounded, step.cut, step.taken_back, step.left].map(money), ["0.33", "0.03", "0.12", "0.18"]);
        let step = &groups[0].overrides[0];
        assert_eq!((step.exact.as_str(), money(step.cut)), ("0.10999989", "0.11".to_owned()));
    }

    #[test]
    fn a_row_that_a_refund_ended_is_taken_back_whole() {
        let leaf = Commission {
            status: CommissionStatus::Void,
            refund_id: Some(crate::values::EventId::from_uuid(uuid::Uuid::from_u128(9))),
            ..row(1, 0, 33, 100)
        };
        let (decision, rows) = (Decision::default(), [leaf]);
        let groups = explain(&decision, &rows);
        let step = groups[0].leaf.as_ref().unwrap();
        assert_eq!((groups[0].rating, step.taken_back.minor(), step.left.minor()), (None, 33, 0));
    }

    #[test]
    fn a_rating_without_a_winner_earned_nothing() {
        let decision = Decision { ratings: vec![rating(RewardVerdict::NotASale)], ..Decision::default() };
        let groups = explain(&decision, &[]);
        assert!(groups[0].leaf.is_none() && groups[0].rating.is_some());
    }
}
