//! `/customers`

use crate::{
    call::{Admin, Call, Handled, Read, Write},
    fields::Fields,
    json::Node,
    listing::{CUSTOMERS, TakeParams},
    representations::{CountedObject, CustomerObject, OwnData},
    values::{metadata, own_data, text},
};
use actix_web::{delete, get, patch, post};
use app::Person;
use domain::{CustomerChange, Email, FieldError, NewCustomer, PersonName, PhoneNumber};
use ports::Resource;
use utoipa::ToSchema;

/// List customers, newest first. Deleted ones are left out.
///
/// `search` accepts `id`, `emailAddress`, `firstName`, `lastName`, `phoneNumber`, `blocked`, `createdAt`,
/// `updatedAt` and `blockedAt`.
#[utoipa::path(
    tag = "Customers", operation_id = "listCustomers", params(TakeParams),
    responses((status = 200, description = "A part of the customers.", body = CountedObject<CustomerObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/customers")]
async fn list(call: Call<Read>) -> Handled {
    let part = call.app().customers.list(&call.who, &call.counted(CUSTOMERS)?).await?;
    call.show_counted::<_, CustomerObject<'_>>(&part)
}

/// Get a customer, deleted or not.
#[utoipa::path(
    tag = "Customers", operation_id = "getCustomer",
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/customers/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let customer = call.app().customers.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Customer(call.tenant(), &customer)))
}

/// A new customer.
#[derive(ToSchema)]
#[schema(as = NewCustomer, rename_all = "camelCase",
    example = json!({"emailAddress": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewCustomerBody {
    /// The e-mail address; unique, compared without case.
    #[schema(format = "email", max_length = 254)]
    email_address: String,
    /// The first name.
    #[schema(min_length = 1, max_length = 200)]
    first_name: Option<String>,
    /// The last name.
    #[schema(min_length = 1, max_length = 200)]
    last_name: Option<String>,
    /// The telephone number.
    #[schema(min_length = 1, max_length = 50)]
    phone_number: Option<String>,
    /// Your own data.
    metadata: Option<OwnData>,
}

fn new(body: &Node<'_>) -> Result<NewCustomer, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let email = fields.required("emailAddress", text(Email::parse));
    let first_name = fields.optional("firstName", text(PersonName::parse));
    let last_name = fields.optional("lastName", text(PersonName::parse));
    let phone = fields.optional("phoneNumber", text(PhoneNumber::parse));
    let metadata = fields.optional("metadata", metadata).unwrap_or_default();
    fields.finish(|| Some(NewCustomer { email: email?, first_name, last_name, phone, metadata }))
}

/// Create a customer.
#[utoipa::path(
    tag = "Customers", operation_id = "createCustomer", request_body = NewCustomerBody,
    responses((status = 201, description = "The new customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(["ALREADY_EXISTS"])))
)]
#[post("/customers")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /customers", new).await?;
    let answer = call.app().customers.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// The changes. Fields that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = CustomerChange, rename_all = "camelCase", example = json!({"firstName": "Ada"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct CustomerChangeBody {
    /// The e-mail address; unique, compared without case.
    #[schema(format = "email", max_length = 254, nullable = false)]
    email_address: Option<String>,
    /// The first name; null removes it.
    #[schema(min_length = 1, max_length = 200)]
    first_name: Option<String>,
    /// The last name; null removes it.
    #[schema(min_length = 1, max_length = 200)]
    last_name: Option<String>,
    /// The telephone number; null removes it.
    #[schema(min_length = 1, max_length = 50)]
    phone_number: Option<String>,
    /// Your own data; replaces all of it.
    metadata: Option<OwnData>,
}

fn change(body: &Node<'_>) -> Result<CustomerChange, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let change = CustomerChange {
        email: fields.kept("emailAddress", text(Email::parse)),
        first_name: fields.clearable("firstName", text(PersonName::parse)),
        last_name: fields.clearable("lastName", text(PersonName::parse)),
        phone: fields.clearable("phoneNumber", text(PhoneNumber::parse)),
        metadata: fields.kept("metadata", own_data),
    };
    if fields.has("deletedAt") {
        fields.fault("deletedAt", "cannot be set: use DELETE /customers/{id}");
    }
    fields.finish(|| Some(change))
}

/// Change a customer.
#[utoipa::path(
    tag = "Customers", operation_id = "updateCustomer", request_body = CustomerChangeBody,
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-unknown-fields" = json!("ignored")),
        ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[patch("/customers/{id}")]
async fn update(mut call: Call<Write>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /customers/{id}", change).await?;
    let answer = call.app().customers.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Delete a customer: it is no longer listed, and its address is free. Its orders stay.
#[utoipa::path(
    tag = "Customers", operation_id = "deleteCustomer",
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The deleted customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("admin")))
)]
#[delete("/customers/{id}")]
async fn remove(call: Call<Admin>) -> Handled {
    call.no_query()?;
    let answer = call.app().customers.delete(&call.who, call.path_id()?).await?;
    Ok(call.answer(answer))
}

/// Erase a customer: it is deleted, and no stored data identifies it any more.
///
/// Names, telephone number and your own data are removed, and the e-mail address is replaced by one that does not
/// exist; also in the customer's orders and groups, in conversions under its address, and in waiting e-mails.
/// Announcements about the customer lose their `data`, and stored responses about it are deleted. Amounts, ids and
/// dates stay. If the erasure is interrupted, send the request again to finish it.
#[utoipa::path(
    tag = "Customers", operation_id = "eraseCustomer",
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The erased customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[post("/customers/{id}/erase")]
async fn erase(mut call: Call<Admin>) -> Handled {
    let once = call.act("POST /customers/{id}/erase").await?;
    let person = Person::Customer(call.path_id()?);
    let answer = call.erase(person, once).await?;
    Ok(call.answer(answer))
}

/// Block a customer: it may place no more orders.
#[utoipa::path(
    tag = "Customers", operation_id = "blockCustomer",
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("write")),
        ("x-codes" = json!(["INVALID_STATE", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[patch("/customers/{id}/block")]
async fn block(mut call: Call<Write>) -> Handled {
    let once = call.act("PATCH /customers/{id}/block").await?;
    let answer = call.app().customers.block(&call.who, call.path_id()?, once).await?;
    Ok(call.answer(answer))
}

/// Unblock a customer: it may place orders again.
#[utoipa::path(
    tag = "Customers", operation_id = "unblockCustomer",
    params(("id" = String, Path, description = "The customer's id.")),
    responses((status = 200, description = "The customer.", body = CustomerObject<'static>)),
    extensions(("x-scope" = json!("write")),
        ("x-codes" = json!(["INVALID_STATE", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[patch("/customers/{id}/unblock")]
async fn unblock(mut call: Call<Write>) -> Handled {
    let once = call.act("PATCH /customers/{id}/unblock").await?;
    let answer = call.app().customers.unblock(&call.who, call.path_id()?, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config
        .service(list)
        .service(show)
        .service(create)
        .service(update)
        .service(remove)
        .service(block)
        .service(unblock)
        .service(erase);
}
