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

/// Every candidate, every reward that was considered, and each step of the calculation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventExplanation, example = json!({
    "event_id": "evt_01890a5dac96774bbcceb302099a8057", "amount": 100.0, "currency": "USD",
    "affiliate_id": null, "attribution": {"via": "none", "reason": "The event names no affiliate, coupon or session."},
    "candidates": [], "lines": [], "passed_parents": [], "cap": null,
    "unpaid_reason": "The event names no affiliate, coupon or session."
}))]
pub(crate) struct ExplanationObject<'a> {
    /// The event.
    event_id: String,
    /// The amount paid.
    amount: Option<Amount>,
    /// The currency, an ISO 4217 code.
    currency: Option<String>,
    /// The credited affiliate; if there are several, the first of them.
    affiliate_id: Option<String>,
    /// How the event was attributed.
    attribution: AttributionObject,
    /// All affiliates that could have been credited, in the order in which they were considered.
    candidates: Vec<CandidateObject<'a>>,
    /// Lines that earn one affiliate the same reward, and the commission for them.
    lines: Vec<LinesObject>,
    /// Parent affiliates that could have earned an override and did not.
    passed_parents: Vec<PassedParentObject>,
    /// The cap on all commissions of the sale together.
    cap: Option<CapObject>,
    /// Why nothing is paid; null if something is.
    unpaid_reason: Option<&'static str>,
}

/// An affiliate that could have been credited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCandidate)]
struct CandidateObject<'a> {
    /// What led to the candidate: `affiliate`, `coupon`, `customer`, `click`, or `session` if the session has no clicks
    /// or is not valid.
    source: &'static str,
    /// The coupon; null if the text cannot be a coupon code.
    coupon: Option<&'a str>,
    /// The click.
    click_id: Option<String>,
    /// The candidate's affiliate.
    affiliate_id: Option<String>,
    /// The outcome.
    verdict: VerdictWord,
    /// The reason, in a sentence.
    why: &'static str,
}

/// Lines that earn the same reward.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLines)]
struct LinesObject {
    /// The affiliate that the lines are credited to.
    affiliate_id: Option<String>,
    /// The positions of the lines in the event's items, from 0; empty for an event without items.
    items: Vec<usize>,
    /// The rewards that were considered, in the order of precedence.
    considered: Vec<ConsideredObject>,
    /// The commission for the lines; null if no reward applied.
    commission: Option<StepObject>,
    /// The overrides of the affiliate's parents.
    overrides: Vec<StepObject>,
}

/// A reward that was considered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedReward)]
struct ConsideredObject {
    /// The source of the reward.
    source: RateSourceWord,
    /// The commission rule, if the reward comes from one.
    rule_id: Option<String>,
    /// The rate; null if the reward is a flat amount.
    rate: Option<Fraction>,
    /// The flat amount; null if the reward is a rate.
    flat_amount: Option<Amount>,
    /// The currency of the flat amount.
    flat_currency: Option<String>,
    /// The outcome.
    verdict: RewardVerdictWord,
    /// The reason, in a sentence.
    why: &'static str,
}

/// The calculation of one commission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCommission)]
struct StepObject {
    /// The commission.
    commission_id: String,
    /// The affiliate that earns it.
    affiliate_id: String,
    /// 0 for the credited affiliate, 1 for its parent, and so on.
    level: u8,
    /// The amount that the reward is applied to.
    basis_amount: Amount,
    /// The rate; null if a flat amount is earned.
    rate: Option<Fraction>,
    /// The flat amount; null if a rate is earned.
    flat_amount: Option<Amount>,
    /// The reward applied to the basis, not rounded: a decimal number with all digits.
    exact: String,
    /// The same, rounded half away from zero.
    rounded: Amount,
    /// The amount that the cap took off.
    cap_cut: Amount,
    /// The amount earned.
    amount: Amount,
    /// The amount that refunds have taken back.
    refunded: Amount,
    /// The amount that is left.
    remaining: Amount,
    /// The currency, an ISO 4217 code.
    currency: String,
    /// The status of the commission.
    status: CommissionStatusWord,
}

/// A parent affiliate without an override.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PassedParent)]
struct PassedParentObject {
    /// The credited affiliate below the parent.
    leaf_affiliate_id: String,
    /// The parent affiliate.
    affiliate_id: String,
    /// The level, 1 for the nearest parent.
    level: u8,
    /// The outcome.
    verdict: ParentVerdictWord,
    /// The reason, in a sentence.
    why: &'static str,
}

/// The cap on all that is paid for a sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PayoutCap)]
struct CapObject {
    /// The maximum sum of commissions and cashback.
    total: Amount,
    /// The part of that which is reserved for the buyer's cashback, at the highest level of the group that the sale is
    /// an order in; 0 if the sale is not an order.
    reserved: Amount,
    /// The maximum sum of the commissions; the highest level is cut first.
    amount: Amount,
    /// The amount that the cap took off.
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
