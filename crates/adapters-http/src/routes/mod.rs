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
mod posted;
mod refunds;
mod rules;
mod settings;
mod testing;
mod tiers;
mod tracker;

pub(crate) use ops::serve_metrics;
#[cfg(test)]
pub(crate) use tracker::SOURCE as TRACKER_SOURCE;

use crate::paths::BASE;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

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

/// Registers the operations on customers, orders and groups under a path.
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
