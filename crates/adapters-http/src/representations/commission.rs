//! A commission, as callers see it.

use super::scalars::{Amount, Fraction, Instant};
use super::words::{CommissionStatusWord, RateSourceWord};
use domain::Commission;
use serde::Serialize;
use utoipa::ToSchema;

/// A commission that one affiliate earns for one event.
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
    /// Unique identifier of the object.
    id: String,
    /// The event that earned it.
    event_id: String,
    /// The affiliate that earns it.
    affiliate_id: String,
    /// Your id of the order.
    order_id: &'a str,
    /// 0 for the credited affiliate, 1 for its parent, and so on.
    level: u8,
    /// The commission of level 0 that this override was calculated from.
    leaf_commission_id: Option<String>,
    /// The commission that this reversal takes back in part.
    reverses: Option<String>,
    /// The refund event that created this commission, or voided it.
    refund_event_id: Option<String>,
    /// The amount that the rate was applied to.
    basis_amount: Amount,
    /// The rate, frozen; null if a flat amount is earned.
    rate: Option<Fraction>,
    /// The flat amount, frozen; null if a rate is earned.
    flat_amount: Option<Amount>,
    /// The source of the rate or flat amount.
    rate_source: RateSourceWord,
    /// The commission rule that gave it, if one did.
    rule_id: Option<String>,
    /// The amount earned.
    amount: Amount,
    /// The currency of both amounts, an ISO 4217 code.
    currency: String,
    /// The status.
    status: CommissionStatusWord,
    /// The payout that contains the commission.
    payout_id: Option<String>,
    /// The reason given for the last manual change of status.
    reason: Option<&'a str>,
    /// When the commission is approved by time.
    matures_at: Instant,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
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
