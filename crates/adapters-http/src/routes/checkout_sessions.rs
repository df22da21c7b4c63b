//! `/checkout-sessions`: orders in the representation of the legacy API.

use crate::{
    call::{Admin, Call, Handled, Read, Write},
    fields::Fields,
    json::Node,
    listing::{SESSIONS, TakeParams},
    representations::{CheckoutSessionObject, CountedObject, LineItemObject, OwnData, lines_that_fit},
    values::{currency, decimal, metadata_that_fits, name, number_or_text, share_id, text, whole},
};
use actix_web::{get, patch, post};
use app::{OrderRepresentation, PlaceOrderCommand};
use domain::{Checkout, Email, FieldError, LineItems, Locale, Money, OrderReference, PersonName, PhoneNumber, token};
use ports::Resource;
use utoipa::ToSchema;

/// List checkout sessions, newest first: every order is one.
///
/// `search` accepts `id`, `amountTotal`, `amountRefunded`, `amountCashback`, `currency`, `customerId`, `customerEmail`,
/// `customerFirstName`, `customerLastName`, `customerPhoneNumber`, `clientReferenceId`, `paymentGroupId`,
/// `paymentGroupShareId`, `createdAt` and `updatedAt`.
#[utoipa::path(
    tag = "Older surface", operation_id = "listCheckoutSessions", params(TakeParams),
    responses((status = 200, description = "A part of the sessions.",
        body = CountedObject<CheckoutSessionObject<'static>>)),
    extensions(("x-twin-of" = json!("listOrders")), ("x-scope" = json!("read")))
)]
#[get("/checkout-sessions")]
async fn list(call: Call<Read>) -> Handled {
    let part = call.app().orders.sessions(&call.who, &call.counted(SESSIONS)?).await?;
    call.show_counted::<_, CheckoutSessionObject<'_>>(&part)
}

/// Get a checkout session.
#[utoipa::path(
    tag = "Older surface", operation_id = "getCheckoutSession",
    params(("id" = String, Path, description = "The session's id, which is its order's.")),
    responses((status = 200, description = "The session.", body = CheckoutSessionObject<'static>)),
    extensions(("x-twin-of" = json!("getOrder")), ("x-scope" = json!("read")))
)]
#[get("/checkout-sessions/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let session = call.app().orders.session(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::CheckoutSession(call.tenant(), &session)))
}

/// A line of a new session. Not used in calculations.
#[derive(ToSchema)]
#[schema(as = NewLineItem)]
#[allow(dead_code, reason = "describes the entries that line reads")]
struct LineItemBody {
    /// The name. 255 characters of it are kept.
    name: String,
    /// A description. 1,000 characters of it are kept.
    description: Option<String>,
    /// The number of pieces; 1 by default.
    #[schema(value_type = Option<f64>)]
    quantity: Option<f64>,
    /// The price of one piece, in minor units; below 0 for a discount.
    #[schema(value_type = f64)]
    price: f64,
    /// The address of a picture. 2,000 characters of it are kept.
    image_url: Option<String>,
    /// `PRODUCT` by default, `SHIPPING`, `DISCOUNT` or a word of your own. 50 characters of it are kept.
    r#type: Option<String>,
}

/// A new checkout session. Optional texts may also be empty, which is the same as leaving them out. Numbers may be sent
/// as texts, and texts that are too long are cut: no order is refused over what is not used in calculations.
#[derive(ToSchema)]
#[schema(as = NewCheckoutSession, example = json!({
    "amount_total": 35000, "customer_email": "ada@example.com", "customer_first_name": "Ada",
    "customer_last_name": "Lovelace", "client_reference_id": "order-7", "payment_group_share_id": "KHT-7K2M9QXA",
    "line_items": [{"name": "Telescope", "quantity": 1, "price": 35000, "type": "PRODUCT"}]
}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewCheckoutSessionBody {
    /// The amount paid, in minor units. The lines need not add up to it.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount_total: i64,
    /// The customer's e-mail address. If there is no customer with it, one is created.
    #[schema(format = "email", max_length = 254)]
    customer_email: String,
    /// The customer's first name. 200 characters of it are kept.
    customer_first_name: Option<String>,
    /// The customer's last name. 200 characters of it are kept.
    customer_last_name: Option<String>,
    /// The customer's telephone number. 50 characters of it are kept.
    customer_phone_number: Option<String>,
    /// The customer's language, as `en` or `en_US`. 35 characters of it are kept.
    locale: Option<String>,
    /// ISO 4217 code; by default that of the settings. An order that joins a group must use the group's currency.
    #[schema(pattern = "^([A-Za-z]{3})?$")]
    currency: Option<String>,
    /// Your own id of the order; unique.
    #[schema(max_length = 255)]
    client_reference_id: Option<String>,
    /// Your own id of the payment. 255 characters of it are kept.
    payment_client_reference_id: Option<String>,
    /// The share id of the group to join; without it the order opens a group.
    #[schema(max_length = 255)]
    payment_group_share_id: Option<String>,
    /// The lines. The first 100 are kept, as far as they have 32 KiB.
    line_items: Option<Vec<LineItemBody>>,
    /// Your own data, as elsewhere; what is too long or too much is left out.
    #[schema(value_type = Option<Object>)]
    metadata: Option<OwnData>,
}

/// A text that may be left empty, which says nothing.
fn filled<T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&Node<'_>) -> Result<Option<T>, String> {
    text(move |text| if token(text).is_empty() { Ok(None) } else { parse(text).map(Some) })
}

fn line(fields: &mut Fields<'_>) -> Option<LineItemObject> {
    let name = fields.required("name", cut(LineItems::MOST_NAME));
    let description = fields.optional("description", cut(LineItems::MOST_DESCRIPTION));
    let quantity = fields.optional("quantity", number_or_text(number));
    let price = fields.required("price", number_or_text(number));
    let image_url = fields.optional("imageUrl", cut(LineItems::MOST_URL));
    let kind = fields.optional("type", cut(LineItems::MOST_TYPE));
    Some(LineItemObject::new(name?, description, quantity, price?, image_url, kind))
}

/// A number, as it is written.
fn number(node: &Node<'_>) -> Result<String, String> {
    decimal(node).map(|_| node.compact())
}

/// A string, of which at most so many characters are kept.
fn cut(most: usize) -> impl Fn(&Node<'_>) -> Result<String, String> {
    text(move |text| Ok(text.chars().take(most).collect()))
}

/// A text that is not used in calculations, cut and cleaned until it fits: no order is refused because of it.
fn kept<T>(lossy: impl Fn(&str) -> Option<T>) -> impl Fn(&Node<'_>) -> Result<Option<T>, String> {
    text(move |text| Ok(lossy(text)))
}

fn new(body: &Node<'_>) -> Result<PlaceOrderCommand, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let amount = fields.required("amountTotal", number_or_text(whole(1..=Money::MAX_MINOR)));
    let email = fields.required("customerEmail", text(Email::parse));
    let first_name = fields.optional("customerFirstName", kept(PersonName::lossy)).flatten();
    let last_name = fields.optional("customerLastName", kept(PersonName::lossy)).flatten();
    let phone = fields.optional("customerPhoneNumber", kept(PhoneNumber::lossy)).flatten();
    let locale = fields.optional("locale", kept(Locale::lossy)).flatten();
    let currency = fields.optional("currency", filled(currency)).flatten();
    let reference = fields.optional("clientReferenceId", filled(name(OrderReference::parse))).flatten();
    let payment_reference = fields.optional("paymentClientReferenceId", kept(OrderReference::lossy)).flatten();
    let share_id = fields.optional("paymentGroupShareId", filled(share_id)).flatten();
    let lines = fields.objects("lineItems", usize::MAX, line).map(|lines| lines_that_fit(&lines));
    let metadata = fields.optional("metadata", metadata_that_fits).unwrap_or_default();
    fields.finish(|| {
        let (reference, reference_as_sent) = reference.map_or((None, None), |(id, sent)| (Some(id), sent));
        Some(PlaceOrderCommand {
            amount: amount?,
            customer_id: None,
            email,
            first_name,
            last_name,
            phone,
            locale,
            currency,
            reference,
            reference_as_sent,
            share_id,
            referral: None,
            metadata,
            checkout: Checkout { payment_reference, lines },
        })
    })
}

/// Create a checkout session.
///
/// It places an order, which opens a referral group, or joins the group whose share id is given.
#[utoipa::path(
    tag = "Older surface", operation_id = "createCheckoutSession", request_body = NewCheckoutSessionBody,
    responses((status = 201, description = "The new session.", body = CheckoutSessionObject<'static>)),
    extensions(("x-twin-of" = json!("createOrder")), ("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(super::orders::PLACING_CODES)))
)]
#[post("/checkout-sessions")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /checkout-sessions", new).await?;
    let answer = call.app().orders.place(&call.who, request, OrderRepresentation::CheckoutSession, once).await?;
    Ok(call.answer(answer))
}

/// Expire a checkout session.
///
/// All that is left of its order is refunded, and the order no longer takes part in its group. Only while the group is
/// open.
#[utoipa::path(
    tag = "Older surface", operation_id = "expireCheckoutSession",
    params(("id" = String, Path, description = "The session's id, which is its order's.")),
    responses((status = 200, description = "The session.", body = CheckoutSessionObject<'static>)),
    extensions(("x-twin-of" = json!("refundOrder")), ("x-scope" = json!("admin")),
        ("x-codes" = json!(["INVALID_STATE", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[post("/checkout-sessions/{id}/expire")]
async fn expire(call: Call<Admin>) -> Handled {
    expired(call, "POST /checkout-sessions/{id}/expire").await
}

async fn expired(mut call: Call<Admin>, route: &'static str) -> Handled {
    let once = call.act(route).await?;
    let answer = call.app().orders.expire_session(&call.who, call.path_id()?, once).await?;
    Ok(call.answer(answer))
}

/// Expire a checkout session.
///
/// For clients that send PATCH; see `POST /checkout-sessions/{id}/expire`.
#[utoipa::path(
    tag = "Older surface", operation_id = "patchExpiredCheckoutSession",
    params(("id" = String, Path, description = "The session's id, which is its order's.")),
    responses((status = 200, description = "The session.", body = CheckoutSessionObject<'static>)),
    extensions(("x-twin-of" = json!("refundOrder")), ("x-scope" = json!("admin")),
        ("x-codes" = json!(["INVALID_STATE", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[patch("/checkout-sessions/{id}/expire")]
async fn expire_by_patch(call: Call<Admin>) -> Handled {
    expired(call, "PATCH /checkout-sessions/{id}/expire").await
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(expire).service(expire_by_patch);
}
