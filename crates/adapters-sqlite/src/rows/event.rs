//! `events`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::events, values::Uid};
use diesel::prelude::*;
use domain::{
    CouponCode, Decision, Email, Event, EventKind, ExternalId, Items, MerchantId, Metadata, Money, OrderReference,
    SessionId, ShortText, Timestamp,
};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = events, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct EventRow {
    pub(crate) merchant_id: Uid,
    id: Uid,
    kind: String,
    external_id: String,
    order_id: String,
    amount_minor: Option<i64>,
    currency: Option<String>,
    items: String,
    payout_cap_minor: Option<i64>,
    refunded_minor: i64,
    refunds: Option<Uid>,
    session: Option<String>,
    coupon: Option<String>,
    affiliate_id: Option<Uid>,
    customer_email: Option<String>,
    customer_external_id: Option<String>,
    occurred_at: Option<i64>,
    metadata: String,
    decision: String,
    fingerprint: Vec<u8>,
    created_at: i64,
    version: i64,
}

impl EventRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for EventRow {
    type Entity = Event;

    fn of(merchant: MerchantId, event: &Event, version: Version) -> Self {
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
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            kind: kind.as_str().to_owned(),
            external_id: external_id.as_str().to_owned(),
            order_id: order_id.as_str().to_owned(),
            amount_minor: amount.map(Money::minor),
            currency: amount.map(|amount| amount.currency().code().to_owned()),
            items: items.to_string(),
            payout_cap_minor: payout_cap.map(Money::minor),
            refunded_minor: *refunded_minor,
            refunds: refunds.map(Uid::from),
            session: session.as_ref().map(SessionId::as_str).map(str::to_owned),
            coupon: coupon.as_ref().map(CouponCode::as_str).map(str::to_owned),
            affiliate_id: affiliate_id.map(Uid::from),
            customer_email: customer_email.as_ref().map(Email::as_str).map(str::to_owned),
            customer_external_id: customer_external_id.as_ref().map(ShortText::as_str).map(str::to_owned),
            occurred_at: occurred_at.map(Timestamp::micros),
            metadata: metadata.as_str().to_owned(),
            decision: decision.to_string(),
            fingerprint: fingerprint.to_vec(),
            created_at: created_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Event>, Damaged> {
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
        let reading = Reading::of("events", id.0);
        let amount = reading.maybe_money(amount_minor, currency.as_deref())?;
        let amount_currency = amount.map(Money::currency);
        let items = match amount_currency {
            Some(currency) => reading.get("items", Items::stored(&items, currency))?,
            None => Items::default(),
        };
        let row = Event {
            id: id.id(),
            kind: reading.get("kind", EventKind::parse(&kind))?,
            external_id: reading.get("external_id", ExternalId::parse(&external_id))?,
            order_id: reading.get("order_id", OrderReference::parse(&order_id))?,
            amount,
            items,
            payout_cap: amount_currency
                .zip(payout_cap_minor)
                .map(|(currency, minor)| Money::from_minor(minor, currency)),
            refunded_minor,
            refunds: refunds.map(Uid::id),
            session: reading.maybe("session", session, |text| SessionId::parse(&text))?,
            coupon: reading.maybe("coupon", coupon, |text| CouponCode::parse(&text))?,
            affiliate_id: affiliate_id.map(Uid::id),
            customer_email: reading.maybe("customer_email", customer_email, |text| Email::parse(&text))?,
            customer_external_id: reading
                .maybe("customer_external_id", customer_external_id, |text| ShortText::parse(&text))?,
            occurred_at: reading.maybe_time("occurred_at", occurred_at)?,
            metadata: Metadata::stored(metadata),
            decision: reading.get("decision", Decision::stored(&decision))?,
            fingerprint: reading.bytes("fingerprint", fingerprint)?,
            created_at: reading.time("created_at", created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
