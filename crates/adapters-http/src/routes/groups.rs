//! `/groups`

use crate::{
    call::{Call, Handled, Needs, Read, Write, json_answer},
    errors::ApiError,
    fields::Fields,
    json::Node,
    listing::{GROUPS, TakeInTimeParams, TakeParams},
    representations::{self, CountedObject, GroupObject, OrderObject, OwnData, ValidatedGroupObject},
    values::{existing, instant, metadata, own_data, text, whole},
};
use actix_web::{get, http::StatusCode, patch, post};
use app::{OpenGroupCommand, ValidateGroupCommand};
use domain::{Email, FieldError, GroupChange, GroupId, Money, ScheduleWish};
use ports::Resource;
use utoipa::ToSchema;

/// The group that the path names, by its id or its share id.
async fn named<S: Needs>(call: &Call<S>) -> Result<GroupId, ApiError> {
    Ok(call.app().groups.named(&call.who, call.path_text()).await?)
}

/// List groups, newest first.
///
/// `search` accepts `id`, `shareId`, `customerId`, `creatorEmail`, `status`, `expiresAt`, `createdAt`, `updatedAt`,
/// `canceledAt` and `completedAt`.
#[utoipa::path(
    tag = "Referral groups", operation_id = "listGroups", params(TakeParams),
    responses((status = 200, description = "A part of the groups.", body = CountedObject<GroupObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/groups")]
async fn list(call: Call<Read>) -> Handled {
    let part = call.app().groups.list(&call.who, &call.counted(GROUPS)?).await?;
    call.show_counted::<_, GroupObject<'_>>(&part)
}

/// Get a group.
#[utoipa::path(
    tag = "Referral groups", operation_id = "getGroup",
    params(("id" = String, Path, description = "The group's id, or its share id.")),
    responses((status = 200, description = "The group.", body = GroupObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/groups/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let group = call.app().groups.get(&call.who, named(&call).await?).await?;
    Ok(call.show(Resource::Group(call.tenant(), &group)))
}

/// List the orders that take part in a group, newest first.
#[utoipa::path(
    tag = "Referral groups", operation_id = "listGroupParticipants",
    params(("id" = String, Path, description = "The group's id, or its share id."), TakeInTimeParams),
    responses((status = 200, description = "A part of the orders.", body = CountedObject<OrderObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/groups/{id}/participants")]
async fn participants(call: Call<Read>) -> Handled {
    let request = call.counted_in_time()?;
    let part = call.app().groups.participants(&call.who, named(&call).await?, &request).await?;
    call.show_counted::<_, OrderObject<'_>>(&part)
}

/// A new group, without a new order.
#[derive(ToSchema)]
#[schema(as = NewGroup, rename_all = "camelCase",
    example = json!({"customerId": "cus_01hzy3v7k2e9m8q4t6w0x5b1ca", "expiresAt": "2030-01-01T00:00:00.000Z"}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewGroupBody {
    /// The customer who opens the group, and joins it with a later order.
    customer_id: String,
    /// An order of that customer whose group expired or was canceled: the order opens the new group.
    order_id: Option<String>,
    /// Your own data.
    metadata: Option<OwnData>,
    /// When the group closes; by default after the duration in the settings.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// When the creator is reminded, instead of the usual dates.
    #[schema(format = "date-time")]
    mid_expire_at: Option<String>,
}

fn new(body: &Node<'_>) -> Result<OpenGroupCommand, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let customer_id = fields.required("customerId", text(existing("customer")));
    let order_id = fields.optional("orderId", text(existing("order")));
    let metadata = fields.optional("metadata", metadata).unwrap_or_default();
    let expires_at = fields.optional("expiresAt", text(instant));
    let mid_expire_at = fields.optional("midExpireAt", text(instant));
    fields.finish(|| {
        let schedule = ScheduleWish { expires_at, mid_expire_at };
        Some(OpenGroupCommand { customer_id: customer_id?, order_id, metadata, schedule })
    })
}

/// Open a group for a customer who will order later, or with an order whose group closed without cashback.
#[utoipa::path(
    tag = "Referral groups", operation_id = "createGroup", request_body = NewGroupBody,
    responses((status = 201, description = "The new group.", body = GroupObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(["INVALID_STATE", "AMOUNT_TOO_LOW", "CUSTOMER_BLOCKED"])))
)]
#[post("/groups")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /groups", new).await?;
    let answer = call.app().groups.open(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// The changes. Fields that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = GroupChange, rename_all = "camelCase",
    example = json!({"metadata": {"order_id": "ord_1JYLo8KerLxWZaQtys6ZQ1xT"}, "creatorEmail": "ada@example.com"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct GroupChangeBody {
    /// Your own data; replaces all of it.
    metadata: Option<OwnData>,
    /// The e-mail address for reminders. It does not change who has joined.
    #[schema(format = "email", max_length = 254, nullable = false)]
    creator_email: Option<String>,
}

fn change(body: &Node<'_>) -> Result<GroupChange, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let change = GroupChange {
        metadata: fields.kept("metadata", own_data),
        creator_email: fields.kept("creatorEmail", text(Email::parse)),
    };
    fields.finish(|| Some(change))
}

/// Change a group, whatever its status.
#[utoipa::path(
    tag = "Referral groups", operation_id = "updateGroup", request_body = GroupChangeBody,
    params(("id" = String, Path, description = "The group's id, or its share id.")),
    responses((status = 200, description = "The group.", body = GroupObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")))
)]
#[patch("/groups/{id}")]
async fn update(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("PATCH /groups/{id}", change).await?;
    let answer = call.app().groups.change(&call.who, named(&call).await?, request, once).await?;
    Ok(call.answer(answer))
}

/// Cancel a group: open, before its expiry, without participants besides the creator.
#[utoipa::path(
    tag = "Referral groups", operation_id = "cancelGroup",
    params(("id" = String, Path, description = "The group's id, or its share id.")),
    responses((status = 200, description = "The group.", body = GroupObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-codes" = json!([
            "INVALID_STATE", "COMPLETED_EXPIRED_CANCELED", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"
        ])))
)]
#[post("/groups/{id}/cancel")]
async fn cancel(mut call: Call<Write>) -> Handled {
    let once = call.act("POST /groups/{id}/cancel").await?;
    let answer = call.app().groups.cancel(&call.who, named(&call).await?, once).await?;
    Ok(call.answer(answer))
}

/// Expire a group by hand: open, past its expiry, without participants besides the creator.
///
/// The server does it by itself within a minute.
#[utoipa::path(
    tag = "Referral groups", operation_id = "expireGroup",
    params(("id" = String, Path, description = "The group's id, or its share id.")),
    responses((status = 200, description = "The group.", body = GroupObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-codes" = json!([
            "INVALID_STATE", "COMPLETED_EXPIRED_CANCELED", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"
        ])))
)]
#[post("/groups/{id}/expire")]
async fn expire(mut call: Call<Write>) -> Handled {
    let once = call.act("POST /groups/{id}/expire").await?;
    let answer = call.app().groups.expire(&call.who, named(&call).await?, once).await?;
    Ok(call.answer(answer))
}

/// The customer who would join, and the amount of the order.
#[derive(ToSchema)]
#[schema(as = GroupValidation, rename_all = "camelCase",
    example = json!({"customerEmail": "grace@example.com", "amount": 35000}))]
#[allow(dead_code, reason = "describes the body that validation reads")]
struct GroupValidationBody {
    /// The e-mail address of the customer who would join.
    #[schema(format = "email", max_length = 254)]
    customer_email: Option<String>,
    /// The amount, in minor units.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: Option<i64>,
}

fn validation(body: &Node<'_>) -> Result<ValidateGroupCommand, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let email = fields.optional("customerEmail", text(Email::parse));
    let amount = fields.optional("amount", whole(1..=Money::MAX_MINOR));
    fields.finish(|| Some(ValidateGroupCommand { email, amount }))
}

/// Check whether an order may join a group, and which level it would unlock. The body may be empty.
#[utoipa::path(
    tag = "Referral groups", operation_id = "validateGroup", request_body = Option<GroupValidationBody>,
    params(("id" = String, Path, description = "The group's share id, or its id.")),
    responses((status = 200, description = "The group and its terms.", body = ValidatedGroupObject<'static>)),
    extensions(("x-scope" = json!("read")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!([
            "COMPLETED_EXPIRED_CANCELED", "MAX_PARTICIPANTS_REACHED", "EMAIL_ALREADY_USED", "AMOUNT_TOO_LOW",
            "CUSTOMER_BLOCKED"
        ])))
)]
#[post("/groups/{id}/validate")]
async fn validate(mut call: Call<Read>) -> Handled {
    let (request, _) = call.read_optional("POST /groups/{id}/validate", validation).await?;
    let group = call.app().groups.validate(&call.who, named(&call).await?, request).await?;
    Ok(json_answer(StatusCode::OK, representations::bytes(&ValidatedGroupObject::from((call.tenant(), &group)))))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(participants).service(create).service(update);
    config.service(cancel).service(expire).service(validate);
}
