//! A commission, as callers see it.

use super::scalars::{Amount, Fraction, Instant};
use super::words::{CommissionStatusWord, RateSourceWord};
use domain::Commission;
use serde::Serialize;
use utoipa::ToSchema;

/// What one affiliate earns by one event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Commission, example = json!({
    "id": "com_01hzy3v7k2e9m8q4t6w0x5b1ca", "event_id": "evt_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "order_id": "1001", "level": 0, "leaf_commission_id": null,
    "reverses": null, "refund_event_id": null, "basis_amount": 99.00, "rate": 0.20, "flat_amount": null,
    "rate_source": "merchant", "rule_id": null, "amount": 19.80, "currency": "USD", "status": "pending",
    "payout_id": null, "reason": null, "matures_at": "2024-01-31T12:00:00.000Z",
    "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct CommissionObject<'a> {
    /// Its id.
    id: String,
    /// The event that earned it.
    event_id: String,
    /// Who earns.
    affiliate_id: String,
    /// The event's order.
    order_id: &'a str,
    /// 0 for the affiliate who brought the sale, 1 for its parent, and so on.
    level: u8,
    /// The commission of level 0 that this one is an override of.
    leaf_commission_id: Option<String>,
    /// The commission that this one takes back in part.
    reverses: Option<String>,
    /// The refund that made this row, or that ended it.
    refund_event_id: Option<String>,
    /// What the rate was taken of.
    basis_amount: Amount,
    /// The rate, frozen; null where a fixed sum is earned.
    rate: Option<Fraction>,
    /// The fixed sum, frozen; null where a rate is earned.
    flat_amount: Option<Amount>,
    /// Where rate or sum came from.
    rate_source: RateSourceWord,
    /// The rule that it came from, if it was one.
    rule_id: Option<String>,
    /// What is earned.
    amount: Amount,
    /// The currency of both amounts, as ISO 4217 has it.
    currency: String,
    /// Where it stands.
    status: CommissionStatusWord,
    /// The payout it is in.
    payout_id: Option<String>,
    /// Why a person moved it.
    reason: Option<&'a str>,
    /// When it is approved by time.
    matures_at: Instant,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl<'a> From<&'a Commission> for CommissionObject<'a> {
    fn from(commission: &'a Commission) -> Self {
        let Commission {
            id,
            event_id,
            order_id,
            affiliate_id,
            level,
            leaf_id,
            reverses,
            refund_id,
            basis,
            reward,
            rate_source,
            rule_id,
            amount,
            made_as: _,
            status,
            payout_id,
            reason,
            matures_at,
            created_at,
            updated_at,
        } = commission;
        Self {
            id: id.to_string(),
            event_id: event_id.to_string(),
            affiliate_id: affiliate_id.to_string(),
            order_id: order_id.as_str(),
            level: *level,
            leaf_commission_id: leaf_id.map(|id| id.to_string()),
            reverses: reverses.map(|id| id.to_string()),
            refund_event_id: refund_id.map(|id| id.to_string()),
            basis_amount: (*basis).into(),
            rate: reward.rate().map(Fraction::from),
            flat_amount: reward.flat().map(Amount::from),
            rate_source: (*rate_source).into(),
            rule_id: rule_id.map(|id| id.to_string()),
            amount: (*amount).into(),
            currency: amount.currency().to_string(),
            status: (*status).into(),
            payout_id: payout_id.map(|id| id.to_string()),
            reason: reason.as_ref().map(domain::Reason::as_str),
            matures_at: (*matures_at).into(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}
