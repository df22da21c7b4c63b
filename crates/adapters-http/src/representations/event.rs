//! A conversion event, as callers see it: what POST answered and GET returns.

use super::scalars::{Amount, Fraction, Instant, OwnData};
use super::words::{CommissionStatusWord, ViaWord};
use domain::{Commission, Decision, Event, Item, Money, ShortText};
use ports::EventRecord;
use serde::Serialize;
use utoipa::ToSchema;

/// A conversion that the shop reported, and the commissions it earned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event, example = json!({
    "id": "evt_01hzy3v7k2e9m8q4t6w0x5b1ca", "type": "purchase", "external_id": "1001", "order_id": "1001",
    "amount": 99.00, "currency": "USD", "items": [], "refunded_amount": 0.00, "refunds": null, "attributed": true, "affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "attribution": {"via": "click", "reason": "The session came by the affiliate's link."},
    "commissions": [{"id": "com_01hzy3v7k2e9m8q4t6w0x5b1ca", "affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca",
        "level": 0, "rate": 0.20, "amount": 19.80, "currency": "USD", "status": "pending"}],
    "coupon": null, "occurred_at": null, "metadata": {"sku": "WIDGET-1"}, "created_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct EventObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// The type of the event.
    r#type: &'a str,
    /// Your own id of the event.
    external_id: &'a str,
    /// Your own id of the order.
    order_id: &'a str,
    /// The amount paid.
    amount: Option<Amount>,
    /// The currency, an ISO 4217 code.
    currency: Option<String>,
    /// The lines of the order.
    items: Vec<ItemObject<'a>>,
    /// The amount refunded so far.
    refunded_amount: Option<Amount>,
    /// The event that this refund takes back.
    refunds: Option<String>,
    /// Whether an affiliate is credited.
    attributed: bool,
    /// The credited affiliate.
    affiliate_id: Option<String>,
    /// How the event was attributed.
    attribution: AttributionObject,
    /// The commissions that the event earned, by level, as of this answer; for a refund, the commissions it created or
    /// voided.
    commissions: Vec<EarnedObject>,
    /// The coupon that the event named.
    coupon: Option<&'a str>,
    /// When the event happened, as reported.
    occurred_at: Option<Instant>,
    /// Your own data.
    metadata: OwnData,
    /// When the event was recorded.
    created_at: Instant,
}

/// One line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Item)]
struct ItemObject<'a> {
    /// Your own word for the product.
    product: Option<&'a str>,
    /// Your own word for the category of the product.
    category: Option<&'a str>,
    /// The amount paid for the line.
    amount: Amount,
}

impl<'a> From<&'a Item> for ItemObject<'a> {
    fn from(item: &'a Item) -> Self {
        let Item { product, category, amount } = item;
        Self {
            product: product.as_ref().map(ShortText::as_str),
            category: category.as_ref().map(ShortText::as_str),
            amount: (*amount).into(),
        }
    }
}

/// How an event was attributed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attribution)]
pub(super) struct AttributionObject {
    /// What led to the credited affiliate.
    via: ViaWord,
    /// The reason, in a sentence.
    reason: &'static str,
}

impl From<&Decision> for AttributionObject {
    fn from(decision: &Decision) -> Self {
        Self { via: decision.via().into(), reason: decision.reason() }
    }
}

/// A commission, abridged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarnedCommission)]
struct EarnedObject {
    /// Unique identifier of the object.
    id: String,
    /// The affiliate that earns it.
    affiliate_id: String,
    /// 0 for the credited affiliate, 1 for its parent, and so on.
    level: u8,
    /// The rate; null if a flat amount is earned.
    rate: Option<Fraction>,
    /// The amount earned.
    amount: Amount,
    /// The currency, an ISO 4217 code.
    currency: String,
    /// The status.
    status: CommissionStatusWord,
}

impl<'a> From<&'a EventRecord> for EventObject<'a> {
    fn from(record: &'a EventRecord) -> Self {
        let EventRecord { event, commissions } = record;
        let Event {
            id,
            kind,
            external_id,
            order_id,
            amount,
            items,
            payout_cap: _,
            refunded_minor,
            refunds,
            session: _,
            coupon,
            affiliate_id,
            customer_email: _,
            customer_external_id: _,
            occurred_at,
            metadata,
            decision,
            fingerprint: _,
            created_at,
        } = event;
        Self {
            id: id.to_string(),
            r#type: kind.as_str(),
            external_id: external_id.as_str(),
            order_id: order_id.as_str(),
            amount: amount.map(Amount::from),
            currency: amount.map(|amount| amount.currency().to_string()),
            items: items.0.iter().map(ItemObject::from).collect(),
            refunded_amount: amount.map(|amount| Money::from_minor(*refunded_minor, amount.currency()).into()),
            refunds: refunds.map(|id| id.to_string()),
            attributed: affiliate_id.is_some(),
            affiliate_id: affiliate_id.map(|id| id.to_string()),
            attribution: decision.into(),
            commissions: commissions.iter().map(EarnedObject::from).collect(),
            coupon: coupon.as_ref().map(domain::CouponCode::as_str),
            occurred_at: occurred_at.map(Instant::from),
            metadata: metadata.into(),
            created_at: (*created_at).into(),
        }
    }
}

impl From<&Commission> for EarnedObject {
    /// The full row is `GET /commissions/{id}`.
    fn from(commission: &Commission) -> Self {
        Self {
            id: commission.id.to_string(),
            affiliate_id: commission.affiliate_id.to_string(),
            level: commission.level,
            rate: commission.reward.rate().map(Fraction::from),
            amount: commission.amount.into(),
            currency: commission.amount.currency().to_string(),
            status: commission.status.into(),
        }
    }
}
