//! An order, in the representation of the legacy API.

use super::{
    scalars::{Instant, OwnData, raw},
    words::SessionStatusWord,
};
use domain::{
    Checkout, LineItems, Locale, Mode, Order, OrderReference, PersonName, PhoneNumber, SessionStatus, WebUrl,
};
use ports::{CheckoutSession, Tenant};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// A checkout session: an order, as the legacy API represents it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckoutSession, example = json!({
    "id": "ord_01hzy3v7k2e9m8q4t6w0x5b1ca", "livemode": false, "organization_id": "org_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "url": "https://shop.example.com/", "status": "open", "amount_total": 35000, "amount_refunded": 0,
    "amount_cashback": 0, "currency": "EUR", "customer_id": "cus_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "customer_email": "ada@example.com", "customer_first_name": "Ada", "customer_last_name": "Lovelace",
    "customer_phone_number": null, "locale": "fr_FR", "client_reference_id": "order-7",
    "payment_client_reference_id": "payment-7", "payment_group_id": "pg_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "payment_group_share_id": "KHT-7K2M9QXA", "line_items": [{
        "name": "Telescope", "description": null, "quantity": 1, "price": 35000, "image_url": null, "type": "PRODUCT"
    }], "metadata": {}, "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct CheckoutSessionObject<'a> {
    /// The session's id, which is the order's.
    id: String,
    /// `false` in test mode.
    livemode: bool,
    /// The organization that the object belongs to.
    organization_id: String,
    /// The address to send the customer to: the `landing_url` of your settings; null if there is none.
    url: Option<&'a str>,
    /// `open` while the order's group is open, `complete` once the group is completed. `expired` if the group closed
    /// without cashback, or if the order was wholly refunded while the group was open.
    status: SessionStatusWord,
    /// The amount paid, in minor units.
    amount_total: i64,
    /// The amount refunded so far, in minor units.
    amount_refunded: i64,
    /// The customer's cashback, in minor units; 0 until the session is complete.
    amount_cashback: i64,
    /// ISO 4217 code.
    currency: String,
    /// The customer.
    customer_id: String,
    /// The customer's e-mail address at the time of the order.
    customer_email: &'a str,
    /// The customer's first name.
    customer_first_name: Option<&'a str>,
    /// The customer's last name.
    customer_last_name: Option<&'a str>,
    /// The customer's telephone number.
    customer_phone_number: Option<&'a str>,
    /// The customer's language.
    locale: Option<&'a str>,
    /// Your own id of the order; unique.
    client_reference_id: Option<&'a str>,
    /// Your own id of the payment.
    payment_client_reference_id: Option<&'a str>,
    /// The group that the order opened or joined.
    payment_group_id: String,
    /// The share id of that group.
    payment_group_share_id: String,
    /// The lines, as given.
    line_items: Lines,
    /// Your own data.
    metadata: OwnData,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
    updated_at: Instant,
}

impl<'a> From<(Tenant, &'a CheckoutSession)> for CheckoutSessionObject<'a> {
    fn from((tenant, session): (Tenant, &'a CheckoutSession)) -> Self {
        let CheckoutSession { order, group, url } = session;
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
            cashback_in_review: _,
            application_fee: _,
            status: _,
            available_at: _,
            participates: _,
            ambassador_id: _,
            reference,
            event_id: _,
            risk: _,
            metadata,
            checkout: Checkout { payment_reference, lines },
            created_at,
            created_by: _,
            updated_at,
            updated_by: _,
        } = order;
        Self {
            id: id.to_string(),
            livemode: tenant.mode == Mode::Live,
            organization_id: tenant.organization_id.to_string(),
            url: url.as_ref().map(WebUrl::as_str),
            status: SessionStatus::of(order, *group).into(),
            amount_total: amount.minor(),
            amount_refunded: refunded.minor(),
            amount_cashback: cashback.minor(),
            currency: amount.currency().to_string(),
            customer_id: customer_id.to_string(),
            customer_email: email.as_str(),
            customer_first_name: first_name.as_ref().map(PersonName::as_str),
            customer_last_name: last_name.as_ref().map(PersonName::as_str),
            customer_phone_number: phone.as_ref().map(PhoneNumber::as_str),
            locale: locale.as_ref().map(Locale::as_str),
            client_reference_id: reference.as_ref().map(OrderReference::as_str),
            payment_client_reference_id: payment_reference.as_ref().map(OrderReference::as_str),
            payment_group_id: group_id.to_string(),
            payment_group_share_id: share_id.to_string(),
            line_items: lines.as_ref().into(),
            metadata: metadata.into(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// A line of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LineItem)]
pub(crate) struct LineItemObject {
    /// The name.
    name: String,
    /// A description.
    description: Option<String>,
    /// The number of pieces.
    #[schema(value_type = f64)]
    quantity: Box<RawValue>,
    /// The price of one piece, in minor units.
    #[schema(value_type = f64)]
    price: Box<RawValue>,
    /// The address of a picture.
    image_url: Option<String>,
    /// The type of the line: `PRODUCT`, `SHIPPING`, `DISCOUNT` or a word of your own.
    r#type: String,
}

impl LineItemObject {
    /// A line; `quantity` and `price` are the texts of numbers.
    pub(crate) fn new(
        name: String,
        description: Option<String>,
        quantity: Option<String>,
        price: String,
        image_url: Option<String>,
        kind: Option<String>,
    ) -> Self {
        let quantity = raw(quantity.unwrap_or_else(|| "1".to_owned()));
        Self {
            name,
            description,
            quantity,
            price: raw(price),
            image_url,
            r#type: kind.unwrap_or_else(|| LineItems::PRODUCT.to_owned()),
        }
    }
}

/// The lines that are kept: as many of the first as fit.
pub(crate) fn lines_that_fit(lines: &[LineItemObject]) -> LineItems {
    LineItems::that_fit(lines.iter().map(|line| serde_json::to_string(line).unwrap_or_default()))
}

/// The lines of a session, as stored.
#[derive(Debug, Serialize)]
pub(crate) struct Lines(Box<RawValue>);

impl From<Option<&LineItems>> for Lines {
    fn from(lines: Option<&LineItems>) -> Self {
        Self(raw(lines.map_or("[]", LineItems::as_str).to_owned()))
    }
}

impl PartialSchema for Lines {
    fn schema() -> RefOr<Schema> {
        <Vec<LineItemObject>>::schema()
    }
}

impl ToSchema for Lines {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        <Vec<LineItemObject>>::schemas(schemas);
    }
}
