//! The operations, one file a resource: what each reads, the use case it calls, what it shows.
//!
//! # Adding an operation
//! Write the handler beside its neighbours: `Call<Scope>` authenticates, `read` and `list` read, `answer` and `show`
//! answer. Describe it with `#[utoipa::path]` (`x-scope`, and in `x-codes` what it may refuse beyond its shape) and
//! register it at the foot of the file. The document, the 405 answers and the tests take it from there.

mod affiliates;
mod checkout_sessions;
mod clicks;
mod commissions;
mod coupons;
mod customers;
mod events;
mod group_settings;
mod groups;
mod ops;
mod orders;
mod payout_files;
mod payouts;
mod refunds;
mod rules;
mod settings;
mod testing;
mod tiers;
mod tracker;

pub(crate) use ops::serve_metrics;
#[cfg(test)]
pub(crate) use tracker::SOURCE as TRACKER_SOURCE;

use crate::{json::Node, values};
use domain::{AffiliateId, Currency, Id, Kind, Metadata, RuleScope, ShortText, TierId};
use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// Where the API's own operations live.
pub(crate) const BASE: &str = "/api/v1";

/// What placing an order may refuse beyond its shape, in whatever clothes.
const PLACING_CODES: [&str; 7] = [
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "COMPLETED_EXPIRED_CANCELED",
    "MAX_PARTICIPANTS_REACHED",
    "EMAIL_ALREADY_USED",
    "AMOUNT_TOO_LOW",
    "CUSTOMER_BLOCKED",
];

/// Registers every operation of the main listener. The router tries them one after the other, so what shops call most
/// comes first.
pub(crate) fn register(config: &mut ServiceConfig<'_>) {
    let api = scope(BASE)
        .configure(events::register)
        .configure(affiliates::register)
        .configure(register_groups)
        .configure(commissions::register)
        .configure(coupons::register)
        .configure(tiers::register)
        .configure(rules::register)
        .configure(settings::register)
        .configure(testing::register)
        .configure(payouts::register)
        .configure(ops::register_documents);
    config.service(api);
    // KohortPay's clients have a base address without a version.
    config.configure(register_groups);
    config.configure(clicks::register).configure(tracker::register).configure(ops::register_probes);
}

/// Registers what customers, orders and groups have, under whatever path.
fn register_groups(config: &mut ServiceConfig<'_>) {
    config
        .configure(orders::register)
        .configure(customers::register)
        .configure(groups::register)
        .configure(checkout_sessions::register)
        .configure(group_settings::register);
}

/// Registers what the ops listener has of them.
pub(crate) fn register_ops(config: &mut ServiceConfig<'_>) {
    config.configure(ops::register_probes);
}

/// An affiliate's id in a body: malformed, unknown and foreign ones get the same words.
fn existing_affiliate(text: &str) -> Result<AffiliateId, String> {
    text.parse().map_err(|_| RuleScope::NO_AFFILIATE.to_owned())
}

/// A tier's id in a body, likewise.
fn existing_tier(text: &str) -> Result<TierId, String> {
    text.parse().map_err(|_| RuleScope::NO_TIER.to_owned())
}

/// A currency in any case.
pub(crate) fn currency(text: &str) -> Result<Currency, String> {
    text.parse().map_err(|_| "must be an ISO 4217 currency code such as USD".to_owned())
}

/// Metadata in camelCase resources: as everywhere, and `null` is an empty object.
fn own_data(node: &Node<'_>) -> Result<Metadata, String> {
    match node {
        Node::Null => Ok(Metadata::default()),
        node => values::metadata(node),
    }
}

/// The id of some object in a body: malformed, unknown and foreign ones get the same words.
fn existing<K: Kind>(what: &'static str) -> impl Fn(&str) -> Result<Id<K>, String> {
    move |text| text.parse().map_err(|_| format!("must be the id of an existing {what}"))
}

/// A share id as it was typed. One that is none names no group: that is for the use case to say.
fn share_id(text: &str) -> Result<String, String> {
    ShortText::parse(text).map(|text| text.as_str().to_owned())
}

/// What browsers and buyers typed may be anything: a value that cannot be one of ours leads to nobody, as one that is
/// unknown, and must not cost the shop its event.
fn unproven<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.chars().count() > ShortText::MOST {
        return Err(format!("must be at most {} characters", ShortText::MOST));
    }
    Ok(parse(text).ok())
}
