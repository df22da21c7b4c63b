//! `/orders`

use crate::{
    call::{Admin, Call, Handled, Read, Write},
    fields::Fields,
    json::Node,
    listing::{ORDERS, TakeParams},
    representations::{CountedObject, OrderObject, OrderStatusWord, OwnData},
    values::{currency, existing, metadata, name, share_id, text, unproven, whole},
};
use actix_web::{get, patch, post};
use app::{OrderReferral, OrderRepresentation, PlaceOrderCommand};
use domain::{
    Checkout, CouponCode, Email, FieldError, Locale, Money, OrderReference, OrderStatus, PersonName, PhoneNumber,
    SessionId, Unreadable,
};
use ports::Resource;
use utoipa::ToSchema;

/// The codes with which placing an order may be refused beyond its shape, in each representation.
pub(super) const PLACING_CODES: [&str; 7] = [
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "COMPLETED_EXPIRED_CANCELED",
    "MAX_PARTICIPANTS_REACHED",
    "EMAIL_ALREADY_USED",
    "AMOUNT_TOO_LOW",
    "CUSTOMER_BLOCKED",
];

/// List orders, newest first.
///
/// `search` accepts `id`, `amount`, `amountCashback`, `amountCashbackInReview`, `applicationFeeAmount`,
/// `refundedAmount`, `customerEmail`, `customerFirstName`, `customerLastName`, `customerPhoneNumber`,
/// `paymentGroupShareId`, `customerId`, `currency`, `status`, `paymentGroupId`, `ambassadorId`, `clientReferenceId`,
/// `riskLevel`, `createdAt` and `updatedAt`.
#[utoipa::path(
    tag = "Orders", operation_id = "listOrders", params(TakeParams),
    responses((status = 200, description = "A part of the orders.", body = CountedObject<OrderObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/orders")]
async fn list(call: Call<Read>) -> Handled {
    let part = call.app().orders.list(&call.who, &call.counted(ORDERS)?).await?;
    call.show_counted::<_, OrderObject<'_>>(&part)
}

/// Get an order.
#[utoipa::path(
    tag = "Orders", operation_id = "getOrder", params(("id" = String, Path, description = "The order's id.")),
    responses((status = 200, description = "The order.", body = OrderObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/orders/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let order = call.app().orders.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Order(call.tenant(), &order)))
}

/// A new order.
#[derive(ToSchema)]
#[schema(as = NewOrder, rename_all = "camelCase", example = json!({
    "amount": 35000, "customerEmail": "ada@example.com", "customerFirstName": "Ada", "customerLastName": "Lovelace",
    "clientReferenceId": "order-7", "paymentGroupShareId": "KHT-7K2M9QXA"
}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewOrderBody {
    /// The amount paid, in minor units.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: i64,
    /// The customer; or give `customerEmail`.
    customer_id: Option<String>,
    /// The customer's e-mail address. If there is no customer with it, one is created.
    #[schema(format = "email", max_length = 254)]
    customer_email: Option<String>,
    /// The customer's first name.
    #[schema(min_length = 1, max_length = 200)]
    customer_first_name: Option<String>,
    /// The customer's last name.
    #[schema(min_length = 1, max_length = 200)]
    customer_last_name: Option<String>,
    /// The customer's telephone number.
    #[schema(min_length = 1, max_length = 50)]
    customer_phone_number: Option<String>,
    /// The customer's language, as `en` or `en_US`.
    #[schema(min_length = 1, max_length = 35)]
    locale: Option<String>,
    /// ISO 4217 code; by default that of the settings. An order that joins a group must use the group's currency.
    #[schema(pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// Your own id of the order; unique.
    #[schema(min_length = 1, max_length = 255)]
    client_reference_id: Option<String>,
    /// The share id of the group to join; without it the order opens a group.
    #[schema(min_length = 1, max_length = 255)]
    payment_group_share_id: Option<String>,
    /// The visitor's session, from the cookie `_cobz_sess`. With it, or with `coupon`, the order is also recorded as a
    /// conversion event of the type `purchase`, with `clientReferenceId`, or else the order's id, as `external_id` and
    /// `order_id`. A session that leads to no affiliate is no error.
    #[schema(max_length = 255)]
    cookie_id: Option<String>,
    /// A coupon code that the buyer gave; see `cookieId`.
    #[schema(max_length = 255)]
    coupon: Option<String>,
    /// Your own data.
    metadata: Option<OwnData>,
}

fn new(body: &Node<'_>) -> Result<PlaceOrderCommand, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let amount = fields.required("amount", whole(1..=Money::MAX_MINOR));
    let customer_id = fields.optional("customerId", text(existing("customer")));
    let email = fields.optional("customerEmail", text(Email::parse));
    if !fields.has("customerId") && !fields.has("customerEmail") {
        fields.fault("customerEmail", "is required where there is no customerId");
    }
    let first_name = fields.optional("customerFirstName", text(PersonName::parse));
    let last_name = fields.optional("customerLastName", text(PersonName::parse));
    let phone = fields.optional("customerPhoneNumber", text(PhoneNumber::parse));
    let locale = fields.optional("locale", text(Locale::parse));
    let currency = fields.optional("currency", text(currency));
    let reference = fields.optional("clientReferenceId", text(name(OrderReference::parse)));
    let share_id = fields.optional("paymentGroupShareId", text(share_id));
    let session = fields.optional("cookieId", text(|cookie| unproven(cookie, SessionId::parse)));
    let coupon = fields.optional("coupon", text(|code| unproven(code, CouponCode::parse)));
    let referral = (session.is_some() || coupon.is_some()).then(|| OrderReferral {
        unreadable: Unreadable { session: session == Some(None), coupon: coupon == Some(None) },
        session: session.flatten(),
        coupon: coupon.flatten(),
        fingerprint: body.fingerprint(),
    });
    let metadata = fields.optional("metadata", metadata).unwrap_or_default();
    fields.finish(|| {
        let (reference, reference_as_sent) = reference.map_or((None, None), |(id, sent)| (Some(id), sent));
        Some(PlaceOrderCommand {
            amount: amount?,
            customer_id,
            email,
            first_name,
            last_name,
            phone,
            locale,
            currency,
            reference,
            reference_as_sent,
            share_id,
            referral,
            metadata,
            checkout: Checkout::default(),
        })
    })
}

/// Place an order: it opens a referral group, or joins the group whose share id is given.
///
/// With a `cookieId` or a `coupon` the order is also recorded as a conversion event and earns commissions: the cashback
/// at the highest level of the group is reserved from what `max_payout_rate` allows, and commissions share the rest. A
/// `clientReferenceId` that a paying event has as its `external_id` is then refused.
#[utoipa::path(
    tag = "Orders", operation_id = "createOrder", request_body = NewOrderBody,
    responses((status = 201, description = "The new order.", body = OrderObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(PLACING_CODES)))
)]
#[post("/orders")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /orders", new).await?;
    let answer = call.app().orders.place(&call.who, request, OrderRepresentation::Order, once).await?;
    Ok(call.answer(answer))
}

/// The new status of the cashback.
#[derive(ToSchema)]
#[schema(as = OrderChange, rename_all = "camelCase", example = json!({"status": "CASHBACK_PROCESSING"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct OrderChangeBody {
    /// The new status: from CASHBACK_AVAILABLE to CASHBACK_PROCESSING, and from there to CASHBACK_SENT.
    status: OrderStatusWord,
}

fn change(body: &Node<'_>) -> Result<OrderStatus, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let status = fields.required("status", text(str::parse));
    fields.finish(|| status)
}

/// Change the status of an order's cashback.
#[utoipa::path(
    tag = "Orders", operation_id = "updateOrder", request_body = OrderChangeBody,
    params(("id" = String, Path, description = "The order's id.")),
    responses((status = 200, description = "The order.", body = OrderObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(["INVALID_STATE"])))
)]
#[patch("/orders/{id}")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (id, status, once) = call.read_change("PATCH /orders/{id}", change).await?;
    let answer = call.app().orders.change(&call.who, id, status, once).await?;
    Ok(call.answer(answer))
}

/// The amount to refund.
#[derive(ToSchema)]
#[schema(as = OrderRefund, rename_all = "camelCase", example = json!({"amount": 5000}))]
#[allow(dead_code, reason = "describes the body that refund_of reads")]
struct OrderRefundBody {
    /// The amount, in minor units; by default all that is left.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: Option<i64>,
}

fn refund_of(body: &Node<'_>) -> Result<Option<i64>, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let amount = fields.optional("amount", whole(1..=Money::MAX_MINOR));
    fields.finish(|| Some(amount))
}

/// Refund an order, in part or whole.
///
/// While its group is open, an order that is wholly refunded no longer takes part.
/// Afterwards its cashback is calculated from what is left, unless it is being sent already: then the difference is
/// shown in `amountCashbackInReview`, for you to decide. If the order is a conversion event too, its commissions are
/// taken back as well, exactly as by a `refund` of that event posted to `/events`.
#[utoipa::path(
    tag = "Orders", operation_id = "refundOrder", request_body = Option<OrderRefundBody>,
    params(("id" = String, Path, description = "The order's id.")),
    responses((status = 200, description = "The order.", body = OrderObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(["INVALID_STATE"])))
)]
#[post("/orders/{id}/refund")]
async fn refund(mut call: Call<Admin>) -> Handled {
    let (minor, once) = call.read_optional("POST /orders/{id}/refund", refund_of).await?;
    let answer = call.app().orders.refund(&call.who, call.path_id()?, minor, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(create).service(list).service(show).service(update).service(refund);
}
