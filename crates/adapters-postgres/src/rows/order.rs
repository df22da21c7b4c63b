//! Orders.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, optional, optional_instant},
};
use diesel::data_types::PgTimestamp;
use domain::{
    Actor, Checkout, Currency, CustomerId, Email, EventId, GroupId, Locale, MerchantId, Metadata, Money, Order,
    OrderId, OrderReference, OrderStatus, PersonName, PhoneNumber, RiskLevel, ShareId,
};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// An order.
    OrderRow of "orders" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        group_id: Uuid,
        share_id: String,
        customer_id: Uuid,
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
        available_at: Option<PgTimestamp>,
        participates: bool,
        ambassador_id: Option<Uuid>,
        reference: Option<String>,
        event_id: Option<Uuid>,
        risk: String,
        metadata: String,
        checkout: Option<String>,
        search_text: String,
        created_at: PgTimestamp,
        created_by: String,
        updated_at: PgTimestamp,
        updated_by: String,
        version: i64,
    }
}

impl Image for OrderRow {
    type Of = Order;

    fn image(merchant: MerchantId, order: &Order, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            group_id: group_id.uuid(),
            share_id: share_id.to_string(),
            customer_id: customer_id.uuid(),
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
            available_at: available_at.map(time),
            participates: *participates,
            ambassador_id: ambassador_id.map(CustomerId::uuid),
            reference: reference.as_ref().map(|reference| reference.as_str().to_owned()),
            event_id: event_id.map(EventId::uuid),
            risk: risk.as_str().to_owned(),
            metadata: metadata.as_str().to_owned(),
            checkout: checkout.to_stored(),
            search_text: order.search_text(),
            created_at: time(*created_at),
            created_by: created_by.to_string(),
            updated_at: time(*updated_at),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }
}

impl Readable for OrderRow {
    fn versioned(self) -> Mapped<Versioned<Order>> {
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
        let currency = parsed(currency.parse::<Currency>())?;
        let money = |minor| Money::from_minor(minor, currency);
        let row = Order {
            id: OrderId::from_uuid(id),
            group_id: GroupId::from_uuid(group_id),
            share_id: parsed(ShareId::stored(&share_id))?,
            customer_id: CustomerId::from_uuid(customer_id),
            email: parsed(Email::parse(&email))?,
            first_name: optional(first_name, PersonName::parse)?,
            last_name: optional(last_name, PersonName::parse)?,
            phone: optional(phone, PhoneNumber::parse)?,
            locale: optional(locale, Locale::parse)?,
            amount: money(amount_minor),
            refunded: money(refunded_minor),
            cashback: money(cashback_minor),
            cashback_in_review: money(review_minor),
            application_fee: money(fee_minor),
            status: parsed(status.parse::<OrderStatus>())?,
            available_at: optional_instant(available_at)?,
            participates,
            ambassador_id: ambassador_id.map(CustomerId::from_uuid),
            reference: optional(reference, OrderReference::parse)?,
            event_id: event_id.map(EventId::from_uuid),
            risk: parsed(risk.parse::<RiskLevel>())?,
            metadata: Metadata::stored(metadata),
            checkout: parsed(Checkout::stored(checkout.as_deref()))?,
            created_at: instant(created_at)?,
            created_by: parsed(created_by.parse::<Actor>())?,
            updated_at: instant(updated_at)?,
            updated_by: parsed(updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
