//! An order, as callers see it.

use super::{
    scalars::{Instant, OwnData},
    words::{OrderStatusWord, RiskLevelWord},
};
use domain::{Locale, Mode, Order, OrderReference, PersonName, PhoneNumber};
use ports::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// A customer's order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order, example = json!({
    "id": "ord_01hzy3v7k2e9m8q4t6w0x5b1ca", "livemode": false, "organizationId": "org_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "amount": 35000, "amountCashback": 1750, "amountCashbackInReview": 0, "applicationFeeAmount": 0,
    "refundedAmount": 0, "customerEmail": "ada@example.com", "customerFirstName": "Ada",
    "customerLastName": "Lovelace", "customerPhoneNumber": null, "paymentGroupShareId": "KHT-7K2M9QXA",
    "customerId": "cus_01hzy3v7k2e9m8q4t6w0x5b1ca", "currency": "EUR", "locale": "fr_FR",
    "status": "CASHBACK_AVAILABLE", "metadata": {}, "paymentGroupId": "pg_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "ambassadorId": "cus_01hzy3v7k2e9m8q4t6w0x5b1cb", "clientReferenceId": "order-7", "riskLevel": "LOW",
    "createdAt": "2024-01-01T12:00:00.000Z", "createdBy": "key_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "updatedAt": "2024-01-01T12:10:00.000Z", "updatedBy": "system"
}))]
pub(crate) struct OrderObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// `false` in test mode.
    livemode: bool,
    /// The organization that the object belongs to.
    organization_id: String,
    /// The amount paid, in minor units.
    amount: i64,
    /// The customer's cashback, in minor units; 0 until the group is completed.
    amount_cashback: i64,
    /// The part of the cashback that a refund would have taken back if the cashback had not been sent already, in minor
    /// units. For you to decide.
    amount_cashback_in_review: i64,
    /// The application fee for the order, in minor units.
    application_fee_amount: i64,
    /// The amount refunded so far, in minor units.
    refunded_amount: i64,
    /// The customer's e-mail address at the time of the order.
    customer_email: &'a str,
    /// The customer's first name.
    customer_first_name: Option<&'a str>,
    /// The customer's last name.
    customer_last_name: Option<&'a str>,
    /// The customer's telephone number.
    customer_phone_number: Option<&'a str>,
    /// The share id of the group that the order opened or joined.
    payment_group_share_id: String,
    /// The customer.
    customer_id: String,
    /// ISO 4217 code.
    currency: String,
    /// The customer's language.
    locale: Option<&'a str>,
    /// The status of the order's cashback.
    status: OrderStatusWord,
    /// Your own data.
    metadata: OwnData,
    /// The group that the order opened or joined.
    payment_group_id: String,
    /// The customer who opened the group that the order joined; null for the order that opened it.
    ambassador_id: Option<String>,
    /// Your own id of the order; unique.
    client_reference_id: Option<&'a str>,
    /// The risk level at the time of placement. It is information for you and refuses nothing. HIGH: the e-mail address
    /// is another spelling of the group creator's, or at least two of the following signals. MEDIUM: one of them. LOW:
    /// none. Signals: the telephone number is the group creator's; the address is at a provider of disposable
    /// addresses; the order is the fifth or a later one of its customer within an hour, or in its group within ten
    /// minutes.
    risk_level: RiskLevelWord,
    /// When the object was created.
    created_at: Instant,
    /// The id of the API key that created the object.
    created_by: String,
    /// When the object was last changed.
    updated_at: Instant,
    /// The id of the API key that last changed the object, or `system` for a change by time.
    updated_by: String,
}

impl<'a> From<(Tenant, &'a Order)> for OrderObject<'a> {
    fn from((tenant, order): (Tenant, &'a Order)) -> Self {
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
            available_at: _,
            participates: _,
            ambassador_id,
            reference,
            event_id: _,
            risk,
            metadata,
            checkout: _,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = order;
        Self {
            id: id.to_string(),
            livemode: tenant.mode == Mode::Live,
            organization_id: tenant.organization_id.to_string(),
            amount: amount.minor(),
            amount_cashback: cashback.minor(),
            amount_cashback_in_review: cashback_in_review.minor(),
            application_fee_amount: application_fee.minor(),
            refunded_amount: refunded.minor(),
            customer_email: email.as_str(),
            customer_first_name: first_name.as_ref().map(PersonName::as_str),
            customer_last_name: last_name.as_ref().map(PersonName::as_str),
            customer_phone_number: phone.as_ref().map(PhoneNumber::as_str),
            payment_group_share_id: share_id.to_string(),
            customer_id: customer_id.to_string(),
            currency: amount.currency().to_string(),
            locale: locale.as_ref().map(Locale::as_str),
            status: (*status).into(),
            metadata: metadata.into(),
            payment_group_id: group_id.to_string(),
            ambassador_id: ambassador_id.map(|id| id.to_string()),
            client_reference_id: reference.as_ref().map(OrderReference::as_str),
            risk_level: (*risk).into(),
            created_at: (*created_at).into(),
            created_by: created_by.to_string(),
            updated_at: (*updated_at).into(),
            updated_by: updated_by.to_string(),
        }
    }
}
