//! `orders`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::orders, values::Uid};
use diesel::prelude::*;
use domain::{
    Actor, Checkout, Currency, Email, Locale, MerchantId, Metadata, Money, Order, OrderReference, OrderStatus,
    PersonName, PhoneNumber, RiskLevel, ShareId, Timestamp,
};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = orders, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct OrderRow {
    merchant_id: Uid,
    id: Uid,
    group_id: Uid,
    share_id: String,
    customer_id: Uid,
    email: String,
    email_folded: String,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    locale: Option<String>,
    currency: String,
    amount_minor: i64,
    refunded_minor: i64,
    cashback_minor: i64,
    review_minor: i64,
    fee_minor: i64,
    status: String,
    available_at: Option<i64>,
    participates: bool,
    ambassador_id: Option<Uid>,
    reference: Option<String>,
    event_id: Option<Uid>,
    risk: String,
    metadata: String,
    checkout: Option<String>,
    search_text: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
    version: i64,
}

impl OrderRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for OrderRow {
    type Entity = Order;

    fn of(merchant: MerchantId, order: &Order, version: Version) -> Self {
        let Order {
            id,
            group_id,
            share_id,
            customer_id,
            email,
            first_name,
            last_name,
            phone,
            locale,
            amount,
            refunded,
            cashback,
            cashback_in_review,
            application_fee,
            status,
            available_at,
            participates,
            ambassador_id,
            reference,
            event_id,
            risk,
            metadata,
            checkout,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = order;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            group_id: Uid::from(*group_id),
            share_id: share_id.to_string(),
            customer_id: Uid::from(*customer_id),
            email: email.as_str().to_owned(),
            email_folded: email.folded(),
            first_name: first_name.as_ref().map(|name| name.as_str().to_owned()),
            last_name: last_name.as_ref().map(|name| name.as_str().to_owned()),
            phone: phone.as_ref().map(|phone| phone.as_str().to_owned()),
            locale: locale.as_ref().map(|locale| locale.as_str().to_owned()),
            currency: amount.currency().code().to_owned(),
            amount_minor: amount.minor(),
            refunded_minor: refunded.minor(),
            cashback_minor: cashback.minor(),
            review_minor: cashback_in_review.minor(),
            fee_minor: application_fee.minor(),
            status: status.as_str().to_owned(),
            available_at: available_at.map(Timestamp::micros),
            participates: *participates,
            ambassador_id: ambassador_id.map(Uid::from),
            reference: reference.as_ref().map(|reference| reference.as_str().to_owned()),
            event_id: event_id.map(Uid::from),
            risk: risk.as_str().to_owned(),
            metadata: metadata.as_str().to_owned(),
            checkout: checkout.to_stored(),
            search_text: order.search_text(),
            created_at: created_at.micros(),
            created_by: created_by.to_string(),
            updated_at: updated_at.micros(),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Order>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            group_id,
            share_id,
            customer_id,
            email,
            email_folded: _,
            first_name,
            last_name,
            phone,
            locale,
            currency,
            amount_minor,
            refunded_minor,
            cashback_minor,
            review_minor,
            fee_minor,
            status,
            available_at,
            participates,
            ambassador_id,
            reference,
            event_id,
            risk,
            metadata,
            checkout,
            search_text: _,
            created_at,
            created_by,
            updated_at,
            updated_by,
            version,
        } = self;
        let reading = Reading::of("orders", id.0);
        let currency = reading.get("currency", currency.parse::<Currency>())?;
        let money = |minor| Money::from_minor(minor, currency);
        let row = Order {
            id: id.id(),
            group_id: group_id.id(),
            share_id: reading.get("share_id", ShareId::stored(&share_id))?,
            customer_id: customer_id.id(),
            email: reading.get("email", Email::parse(&email))?,
            first_name: reading.maybe("first_name", first_name, |text| PersonName::parse(&text))?,
            last_name: reading.maybe("last_name", last_name, |text| PersonName::parse(&text))?,
            phone: reading.maybe("phone", phone, |text| PhoneNumber::parse(&text))?,
            locale: reading.maybe("locale", locale, |text| Locale::parse(&text))?,
            amount: money(amount_minor),
            refunded: money(refunded_minor),
            cashback: money(cashback_minor),
            cashback_in_review: money(review_minor),
            application_fee: money(fee_minor),
            status: reading.get("status", status.parse::<OrderStatus>())?,
            available_at: reading.maybe_time("available_at", available_at)?,
            participates,
            ambassador_id: ambassador_id.map(Uid::id),
            reference: reading.maybe("reference", reference, |text| OrderReference::parse(&text))?,
            event_id: event_id.map(Uid::id),
            risk: reading.get("risk", risk.parse::<RiskLevel>())?,
            metadata: Metadata::stored(metadata),
            checkout: reading.get("checkout", Checkout::stored(checkout.as_deref()))?,
            created_at: reading.time("created_at", created_at)?,
            created_by: reading.get("created_by", created_by.parse::<Actor>())?,
            updated_at: reading.time("updated_at", updated_at)?,
            updated_by: reading.get("updated_by", updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
