//! A payout and its items, as callers see them.

use super::scalars::{Amount, Instant};
use super::words::{PayoutItemStatusWord, PayoutStatusWord};
use domain::{Payout, PayoutItem, Reason, ShortText};
use serde::Serialize;
use utoipa::ToSchema;

/// Commissions that are paid together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payout, example = json!({
    "id": "pay_01hzy3v7k2e9m8q4t6w0x5b1ca", "currency": "USD", "status": "open", "total": 118.80, "paid_total": 0.00,
    "items_count": 2, "paid_items_count": 0, "failed_items_count": 0, "commissions_count": 6,
    "created_at": "2024-02-01T12:00:00.000Z", "updated_at": "2024-02-01T12:00:00.000Z", "sent_at": null, "ended_at": null
}))]
pub(crate) struct PayoutObject {
    /// Unique identifier of the object.
    id: String,
    /// The currency of all amounts, an ISO 4217 code.
    currency: String,
    /// The status.
    status: PayoutStatusWord,
    /// The sum of the items.
    total: Amount,
    /// The sum of the items that were paid.
    paid_total: Amount,
    /// The number of items.
    items_count: u32,
    /// The number of items that were paid.
    paid_items_count: u32,
    /// The number of items that failed.
    failed_items_count: u32,
    /// The number of commissions in the payout.
    commissions_count: u32,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
    updated_at: Instant,
    /// When the payout was sent.
    sent_at: Option<Instant>,
    /// When the last item was settled.
    ended_at: Option<Instant>,
}

/// One affiliate's part of a payout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PayoutItem, example = json!({
    "id": "pit_01hzy3v7k2e9m8q4t6w0x5b1ca", "payout_id": "pay_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "amount": 99.00, "currency": "USD", "commissions_count": 5,
    "status": "paid", "reference": "9G123456AB", "reason": null,
    "created_at": "2024-02-01T12:00:00.000Z", "updated_at": "2024-02-02T09:30:00.000Z"
}))]
pub(crate) struct PayoutItemObject<'a> {
    /// Unique identifier of the item; the reference in payment files.
    id: String,
    /// The payout.
    payout_id: String,
    /// The affiliate that is paid.
    affiliate_id: String,
    /// The sum of the item's commissions.
    amount: Amount,
    /// The currency, an ISO 4217 code.
    currency: String,
    /// The number of commissions in the item.
    commissions_count: u32,
    /// The status.
    status: PayoutItemStatusWord,
    /// The bank's reference of the payment.
    reference: Option<&'a str>,
    /// Why the payment failed.
    reason: Option<&'a str>,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
    updated_at: Instant,
}

impl From<&Payout> for PayoutObject {
    fn from(payout: &Payout) -> Self {
        let Payout {
            id,
            status,
            total,
            paid,
            items_count,
            paid_count,
            failed_count,
            commissions_count,
            begun_at: _,
            sealed_at: _,
            sent_at,
            ended_at,
            created_at,
            updated_at,
        } = payout;
        Self {
            id: id.to_string(),
            currency: payout.currency().to_string(),
            status: (*status).into(),
            total: (*total).into(),
            paid_total: (*paid).into(),
            items_count: *items_count,
            paid_items_count: *paid_count,
            failed_items_count: *failed_count,
            commissions_count: *commissions_count,
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
            sent_at: sent_at.map(Instant::from),
            ended_at: ended_at.map(Instant::from),
        }
    }
}

impl<'a> From<&'a PayoutItem> for PayoutItemObject<'a> {
    fn from(item: &'a PayoutItem) -> Self {
        let PayoutItem {
            id,
            payout_id,
            affiliate_id,
            amount,
            commissions_count,
            status,
            reference,
            reason,
            created_at,
            updated_at,
        } = item;
        Self {
            id: id.to_string(),
            payout_id: payout_id.to_string(),
            affiliate_id: affiliate_id.to_string(),
            amount: (*amount).into(),
            currency: amount.currency().to_string(),
            commissions_count: *commissions_count,
            status: (*status).into(),
            reference: reference.as_ref().map(ShortText::as_str),
            reason: reason.as_ref().map(Reason::as_str),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}
