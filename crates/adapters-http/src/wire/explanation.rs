//! How an event's credit and commissions came to be, as callers see it.

use super::event::AttributionObject;
use super::scalars::{Amount, Fraction};
use super::words::{CommissionStatusWord, ParentVerdictWord, RateSourceWord, RewardVerdictWord, VerdictWord};
use domain::{
    Candidate, CandidateSource, Considered, CouponCode, Event, LineGroup, Money, PassedParent, Rating, Step, explain,
    why_unpaid,
};
use ports::EventRecord;
use serde::Serialize;
use utoipa::ToSchema;

/// Every candidate for the credit, every reward that was considered, and each step of the arithmetic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventExplanation)]
pub(crate) struct ExplanationObject<'a> {
    /// The event.
    event_id: String,
    /// What was paid.
    amount: Option<Amount>,
    /// In which currency, as ISO 4217 has it.
    currency: Option<String>,
    /// Who is credited; of several, the event's own.
    affiliate_id: Option<String>,
    /// How that was decided.
    attribution: AttributionObject,
    /// Everyone who could have been credited, in the order in which they were weighed.
    candidates: Vec<CandidateObject<'a>>,
    /// Lines of one affiliate that earn it the same reward, and what they earn.
    lines: Vec<LinesObject>,
    /// Parents who could have earned an override and do not.
    passed_parents: Vec<PassedParentObject>,
    /// What bounds all commissions of the sale together.
    cap: Option<CapObject>,
    /// Why nothing is paid; null where something is.
    unpaid_reason: Option<&'static str>,
}

/// Somebody who could have been credited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCandidate)]
struct CandidateObject<'a> {
    /// What it was found by: `affiliate`, `coupon`, `customer`, `click`, or `session` where that has no click or cannot be one.
    source: &'static str,
    /// The coupon; null where its text cannot be a coupon's.
    coupon: Option<&'a str>,
    /// The click.
    click_id: Option<String>,
    /// Its affiliate.
    affiliate_id: Option<String>,
    /// What became of it.
    verdict: VerdictWord,
    /// Why, in a sentence.
    why: &'static str,
}

/// Lines that were rated alike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLines)]
struct LinesObject {
    /// Whom they are credited to.
    affiliate_id: Option<String>,
    /// Their places among the event's items, from 0; empty for an event without items.
    items: Vec<usize>,
    /// The rewards that were considered, in the order in which they are asked.
    considered: Vec<ConsideredObject>,
    /// What they earn; null where no reward won.
    commission: Option<StepObject>,
    /// What the affiliate's parents earn by that.
    overrides: Vec<StepObject>,
}

/// A reward that was considered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedReward)]
struct ConsideredObject {
    /// Where it comes from.
    source: RateSourceWord,
    /// The rule, if it is one's.
    rule_id: Option<String>,
    /// The rate; null where it is a fixed sum.
    rate: Option<Fraction>,
    /// The fixed sum; null where it is a rate.
    flat_amount: Option<Amount>,
    /// The currency of the fixed sum.
    flat_currency: Option<String>,
    /// What became of it.
    verdict: RewardVerdictWord,
    /// Why, in a sentence.
    why: &'static str,
}

/// The arithmetic of one commission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCommission)]
struct StepObject {
    /// The commission.
    commission_id: String,
    /// Who earns.
    affiliate_id: String,
    /// 0 for the affiliate who brought the sale, 1 for its parent, and so on.
    level: u8,
    /// What the reward is taken of.
    basis_amount: Amount,
    /// The rate; null where a fixed sum is earned.
    rate: Option<Fraction>,
    /// The fixed sum; null where a rate is earned.
    flat_amount: Option<Amount>,
    /// What the reward gives of the basis, not rounded: a decimal number with every digit.
    exact: String,
    /// The same, rounded half away from zero.
    rounded: Amount,
    /// What the cap cut off.
    cap_cut: Amount,
    /// What was earned.
    amount: Amount,
    /// What refunds took back since.
    refunded: Amount,
    /// What is left.
    remaining: Amount,
    /// In which currency, as ISO 4217 has it.
    currency: String,
    /// Where the commission stands.
    status: CommissionStatusWord,
}

/// A parent that has no override.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PassedParent)]
struct PassedParentObject {
    /// Whose parent it is, near or far.
    leaf_affiliate_id: String,
    /// The parent.
    affiliate_id: String,
    /// 1 for the nearest.
    level: u8,
    /// What became of it.
    verdict: ParentVerdictWord,
    /// Why, in a sentence.
    why: &'static str,
}

/// The bound on all that is paid for a sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PayoutCap)]
struct CapObject {
    /// The most that commissions and cashback may be together.
    total: Amount,
    /// What of that is reserved for the buyer: the cashback at the highest level of the group that the sale is an order in;
    /// 0 where it is none.
    reserved: Amount,
    /// The most that the commissions may be together; the highest level is cut first.
    amount: Amount,
    /// How much it cut off.
    cut: Amount,
}

impl<'a> From<&'a EventRecord> for ExplanationObject<'a> {
    fn from(EventRecord { event, commissions }: &'a EventRecord) -> Self {
        let decision = &event.decision;
        Self {
            event_id: event.id.to_string(),
            amount: event.amount.map(Amount::from),
            currency: event.amount.map(|amount| amount.currency().to_string()),
            affiliate_id: event.affiliate_id.map(|id| id.to_string()),
            attribution: decision.into(),
            candidates: decision.candidates.iter().map(CandidateObject::from).collect(),
            lines: explain(decision, commissions).iter().map(LinesObject::from).collect(),
            passed_parents: decision.passed_parents.iter().map(PassedParentObject::from).collect(),
            cap: CapObject::of(event),
            unpaid_reason: why_unpaid(event, commissions),
        }
    }
}

impl<'a> From<&'a Candidate> for CandidateObject<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        let Candidate { source, affiliate_id, verdict } = candidate;
        let (source, coupon, click_id) = match source {
            CandidateSource::Affiliate => ("affiliate", None, None),
            CandidateSource::Coupon(code) => ("coupon", code.as_ref().map(CouponCode::as_str), None),
            CandidateSource::Customer(_) => ("customer", None, None),
            CandidateSource::Click(id) => ("click", None, Some(id.to_string())),
            CandidateSource::Session => ("session", None, None),
        };
        let affiliate_id = affiliate_id.map(|id| id.to_string());
        Self { source, coupon, click_id, affiliate_id, verdict: (*verdict).into(), why: verdict.why() }
    }
}

impl From<&LineGroup<'_>> for LinesObject {
    fn from(LineGroup { rating, leaf, overrides }: &LineGroup<'_>) -> Self {
        let rated = rating.map(|Rating { affiliate_id, lines, considered }| {
            (affiliate_id.to_string(), lines.clone(), considered.iter().map(ConsideredObject::from).collect())
        });
        let from_row = || (leaf.as_ref().map(|leaf| leaf.row.affiliate_id.to_string()), Vec::new(), Vec::new());
        let (affiliate_id, items, considered) =
            rated.map_or_else(from_row, |(affiliate, lines, considered)| (Some(affiliate), lines, considered));
        Self {
            affiliate_id,
            items,
            considered,
            commission: leaf.as_ref().map(StepObject::from),
            overrides: overrides.iter().map(StepObject::from).collect(),
        }
    }
}

impl From<&Considered> for ConsideredObject {
    fn from(Considered { source, rule_id, reward, verdict }: &Considered) -> Self {
        Self {
            source: (*source).into(),
            rule_id: rule_id.map(|id| id.to_string()),
            rate: reward.rate().map(Fraction::from),
            flat_amount: reward.flat().map(Amount::from),
            flat_currency: reward.flat().map(|sum| sum.currency().to_string()),
            verdict: (*verdict).into(),
            why: verdict.why(),
        }
    }
}

impl From<&Step<'_>> for StepObject {
    fn from(Step { row, exact, rounded, cut, taken_back, left }: &Step<'_>) -> Self {
        Self {
            commission_id: row.id.to_string(),
            affiliate_id: row.affiliate_id.to_string(),
            level: row.level,
            basis_amount: row.basis.into(),
            rate: row.reward.rate().map(Fraction::from),
            flat_amount: row.reward.flat().map(Amount::from),
            exact: exact.clone(),
            rounded: (*rounded).into(),
            cap_cut: (*cut).into(),
            amount: row.amount.into(),
            refunded: (*taken_back).into(),
            remaining: (*left).into(),
            currency: row.amount.currency().to_string(),
            status: row.status.into(),
        }
    }
}

impl From<&PassedParent> for PassedParentObject {
    fn from(PassedParent { leaf_affiliate_id, affiliate_id, level, verdict }: &PassedParent) -> Self {
        Self {
            leaf_affiliate_id: leaf_affiliate_id.to_string(),
            affiliate_id: affiliate_id.to_string(),
            level: *level,
            verdict: (*verdict).into(),
            why: verdict.why(),
        }
    }
}

impl CapObject {
    fn of(event: &Event) -> Option<Self> {
        let cap = event.payout_cap?;
        let nothing = Money::zero(cap.currency());
        let cut = event.decision.cut.unwrap_or(nothing);
        let reserve = event.decision.reserve;
        let reserved = reserve.zip(event.amount).map_or(nothing, |(reserve, amount)| reserve.reserved(amount));
        let total = reserve.map_or(cap, |reserve| reserve.cap);
        Some(Self { total: total.into(), reserved: reserved.into(), amount: cap.into(), cut: cut.into() })
    }
}
