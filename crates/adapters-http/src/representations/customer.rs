//! A customer, as callers see it.

use super::scalars::{Instant, OwnData};
use domain::{Customer, Mode, PersonName, PhoneNumber};
use ports::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// A person who places orders.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Customer, example = json!({
    "id": "cus_01hzy3v7k2e9m8q4t6w0x5b1ca", "livemode": false, "organizationId": "org_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "emailAddress": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "phoneNumber": "+33123456789",
    "blocked": false, "isBlocked": false, "metadata": {}, "createdAt": "2024-01-01T12:00:00.000Z",
    "createdBy": "key_01hzy3v7k2e9m8q4t6w0x5b1ca", "updatedAt": "2024-01-01T12:00:00.000Z",
    "updatedBy": "key_01hzy3v7k2e9m8q4t6w0x5b1ca", "blockedAt": null, "deletedAt": null
}))]
pub(crate) struct CustomerObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// `false` in test mode.
    livemode: bool,
    /// The organization that the object belongs to.
    organization_id: String,
    /// The e-mail address; unique among customers that are not deleted, compared without case.
    email_address: &'a str,
    /// The first name.
    first_name: Option<&'a str>,
    /// The last name.
    last_name: Option<&'a str>,
    /// The telephone number.
    phone_number: Option<&'a str>,
    /// Whether the customer is blocked and may place no orders.
    blocked: bool,
    /// The same, for older clients.
    is_blocked: bool,
    /// Your own data.
    metadata: OwnData,
    /// When the object was created.
    created_at: Instant,
    /// The id of the API key that created the object.
    created_by: String,
    /// When the object was last changed.
    updated_at: Instant,
    /// The id of the API key that last changed the object.
    updated_by: String,
    /// When the customer was blocked.
    blocked_at: Option<Instant>,
    /// When the customer was deleted. A deleted customer is not listed, and its address is free.
    deleted_at: Option<Instant>,
}

impl<'a> From<(Tenant, &'a Customer)> for CustomerObject<'a> {
    fn from((tenant, customer): (Tenant, &'a Customer)) -> Self {
        let Customer {
            id,
            email,
            earlier_emails: _,
            first_name,
            last_name,
            phone,
            metadata,
            blocked_at,
            deleted_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = customer;
        Self {
            id: id.to_string(),
            livemode: tenant.mode == Mode::Live,
            organization_id: tenant.organization_id.to_string(),
            email_address: email.as_str(),
            first_name: first_name.as_ref().map(PersonName::as_str),
            last_name: last_name.as_ref().map(PersonName::as_str),
            phone_number: phone.as_ref().map(PhoneNumber::as_str),
            blocked: customer.is_blocked(),
            is_blocked: customer.is_blocked(),
            metadata: metadata.into(),
            created_at: (*created_at).into(),
            created_by: created_by.to_string(),
            updated_at: (*updated_at).into(),
            updated_by: updated_by.to_string(),
            blocked_at: blocked_at.map(Instant::from),
            deleted_at: deleted_at.map(Instant::from),
        }
    }
}
