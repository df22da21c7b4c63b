//! The OpenAPI 3.1 document: collected from the operations, completed with what all of them share.

mod complete;
mod core;
mod legacy_api;
mod shape;

use crate::routes::register;
use actix_web::App;
use serde_json::{Map, Value};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Coterie",
        version = "1",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        description = "Affiliates, commissions and conversion events behind one REST API. Every request needs an API \
            key (`Authorization: Bearer <key>`), whose mode decides between test and live data. Errors have one form; \
            whatever is wrong with the input or the state is a 417. Every POST and PATCH takes an `Idempotency-Key`."
    ),
    tags(
        (name = "Affiliates", description = "Partners who bring visitors."),
        (name = "Coupons", description = "Codes that credit a sale to an affiliate."),
        (name = "Events", description = "Conversions that the shop reports."),
        (name = "Commissions", description = "What affiliates earn."),
        (name = "Payouts", description = "Commissions that are paid together, and the results."),
        (name = "Tiers", description = "Rates that affiliates rise to."),
        (name = "Commission rules", description = "Rewards that precede the default rate."),
        (name = "Customers", description = "People who place orders."),
        (name = "Orders", description = "Orders open and join referral groups, and earn cashback."),
        (name = "Referral groups", description = "Customers who order together and get cashback."),
        (name = "Older surface", description = "The legacy API of existing shop modules: the same orders and groups in snake_case."),
        (name = "Settings", description = "The settings of the merchant's program."),
        (name = "Clicks", description = "Links and the tracker: public, for visitors' browsers."),
        (name = "Test mode", description = "The clock and the reset of test data."),
        (name = "Operations", description = "Probes and documents.")
    )
)]
struct Base;

/// The document, ready to be printed: the same on every run.
pub fn document() -> Value {
    let (_, collected) = App::new().into_utoipa_app().openapi(Base::openapi()).configure(register).split_for_parts();
    let mut document = serde_json::to_value(collected).unwrap_or_default();
    complete::complete(&mut document);
    shape::shape(&mut document);
    legacy_api::add(&mut document);
    sorted(document)
}

/// The document without second spellings of the same operations: what a client is generated from.
pub fn core_document() -> Value {
    let mut document = document();
    core::core(&mut document);
    document
}

/// The same value with every object's members in order of their names, whatever made it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
