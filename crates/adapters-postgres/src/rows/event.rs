//! Conversion events.

use super::{
    Damaged, Image, Mapped, Readable, parsed, rows, time,
    values::{instant, money, optional, optional_instant},
};
use diesel::data_types::PgTimestamp;
use domain::{
    AffiliateId, CouponCode, Decision, Email, Event, EventId, EventKind, ExternalId, Items, MerchantId, Metadata,
    Money, OrderReference, SessionId, ShortText,
};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// An event.
    EventRow of "events" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        kind: String,
        external_id: String,
        order_id: String,
        amount_minor: Option<i64>,
        currency: Option<String>,
        items: String,
        payout_cap_minor: Option<i64>,
        refunded_minor: i64,
        refunds: Option<Uuid>,
        session: Option<String>,
        coupon: Option<String>,
        affiliate_id: Option<Uuid>,
        customer_email: Option<String>,
        customer_external_id: Option<String>,
        occurred_at: Option<PgTimestamp>,
        metadata: String,
        decision: String,
        fingerprint: Vec<u8>,
        created_at: PgTimestamp,
        version: i64,
    }
}

impl Image for EventRow {
    type Of = Event;

    fn image(merchant: MerchantId, event: &Event, version: Version) -> Self {
        let Event {
            id,
            kind,
            external_id,
            order_id,
            amount,
            items,
            payout_cap,
            refunded_minor,
            refunds,
            session,
            coupon,
            affiliate_id,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            decision,
            fingerprint,
            created_at,
        } = event;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            kind: kind.as_str().to_owned(),
            external_id: external_id.as_str().to_owned(),
            order_id: order_id.as_str().to_owned(),
            amount_minor: amount.map(|amount| amount.minor()),
            currency: amount.map(|amount| amount.currency().code().to_owned()),
            items: items.to_string(),
            payout_cap_minor: payout_cap.map(Money::minor),
            refunded_minor: *refunded_minor,
            refunds: refunds.map(EventId::uuid),
            session: session.as_ref().map(|session| session.as_str().to_owned()),
            coupon: coupon.as_ref().map(|code| code.as_str().to_owned()),
            affiliate_id: affiliate_id.map(AffiliateId::uuid),
            customer_email: customer_email.as_ref().map(|email| email.as_str().to_owned()),
            customer_external_id: customer_external_id.as_ref().map(|id| id.as_str().to_owned()),
            occurred_at: occurred_at.map(time),
            metadata: metadata.as_str().to_owned(),
            decision: decision.to_string(),
            fingerprint: fingerprint.to_vec(),
            created_at: time(*created_at),
            version: version.number(),
        }
    }
}

impl Readable for EventRow {
    fn versioned(self) -> Mapped<Versioned<Event>> {
        let Self {
            merchant_id: _,
            id,
            kind,
            external_id,
            order_id,
            amount_minor,
            currency,
            items,
            payout_cap_minor,
            refunded_minor,
            refunds,
            session,
            coupon,
            affiliate_id,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            decision,
            fingerprint,
            created_at,
            version,
        } = self;
        let amount = match (amount_minor, currency) {
            (Some(minor), Some(currency)) => Some(money(minor, &currency)?),
            (None, None) => None,
            _ => return Err(Damaged::at("an event has half an amount")),
        };
        let amount_currency = amount.map(Money::currency);
        let items = match amount_currency {
            Some(currency) => parsed(Items::stored(&items, currency))?,
            None => Items::default(),
        };
        let row = Event {
            id: EventId::from_uuid(id),
            kind: parsed(EventKind::parse(&kind))?,
            external_id: parsed(ExternalId::parse(&external_id))?,
            order_id: parsed(OrderReference::parse(&order_id))?,
            amount,
            items,
            payout_cap: amount_currency
                .zip(payout_cap_minor)
                .map(|(currency, minor)| Money::from_minor(minor, currency)),
            refunded_minor,
            refunds: refunds.map(EventId::from_uuid),
            session: optional(session, SessionId::parse)?,
            coupon: optional(coupon, CouponCode::parse)?,
            affiliate_id: affiliate_id.map(AffiliateId::from_uuid),
            customer_email: optional(customer_email, Email::parse)?,
            customer_external_id: optional(customer_external_id, ShortText::parse)?,
            occurred_at: optional_instant(occurred_at)?,
            metadata: Metadata::stored(metadata),
            decision: parsed(Decision::stored(&decision))?,
            fingerprint: parsed(fingerprint.try_into())?,
            created_at: instant(created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
