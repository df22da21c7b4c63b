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
    /// Its id.
    id: String,
    /// The currency of all its amounts, as ISO 4217 has it.
    currency: String,
    /// Where it stands.
    status: PayoutStatusWord,
    /// Sum of its items.
    total: Amount,
    /// Sum of the items that were paid.
    paid_total: Amount,
    /// How many items it has.
    items_count: u32,
    /// How many of them were paid.
    paid_items_count: u32,
    /// How many of them failed.
    failed_items_count: u32,
    /// How many commissions it has.
    commissions_count: u32,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
    /// When it was sent.
    sent_at: Option<Instant>,
    /// When its last item came to its end.
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
    /// Its id; the reference in payment files.
    id: String,
    /// The payout.
    payout_id: String,
    /// Who is paid.
    affiliate_id: String,
    /// Sum of the commissions in it.
    amount: Amount,
    /// The currency, as ISO 4217 has it.
    currency: String,
    /// How many commissions are in it.
    commissions_count: u32,
    /// Where it stands.
    status: PayoutItemStatusWord,
    /// What the bank calls the payment.
    reference: Option<&'a str>,
    /// Why it failed.
    reason: Option<&'a str>,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
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
