//! A tier, as callers see it.

use super::scalars::{Fraction, Height, Instant};
use super::words::MetricWord;
use domain::{Money, Tier};
use serde::Serialize;
use utoipa::ToSchema;

/// A rate for all affiliates that have the tier, and what lifts an affiliate into it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier, example = json!({
    "id": "tier_01hzy3v7k2e9m8q4t6w0x5b1ca", "name": "Gold", "rate": 0.30, "metric": "revenue", "threshold": 10000.00,
    "currency": "USD", "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct TierObject<'a> {
    /// Its id.
    id: String,
    /// Its name; unique, compared without case.
    name: &'a str,
    /// What its affiliates earn, where neither their own rate nor a nearer rule says otherwise.
    rate: Fraction,
    /// What the threshold is measured in.
    metric: MetricWord,
    /// What an affiliate must have reached to rise into it.
    threshold: Height,
    /// The currency of the threshold, as ISO 4217 has it; null where it is a number of orders.
    currency: Option<String>,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl<'a> From<&'a Tier> for TierObject<'a> {
    fn from(tier: &'a Tier) -> Self {
        let Tier { id, name, rate, threshold, created_at, updated_at } = tier;
        Self {
            id: id.to_string(),
            name: name.as_str(),
            rate: (*rate).into(),
            metric: threshold.metric().into(),
            threshold: (*threshold).into(),
            currency: threshold.money().map(Money::currency).map(|currency| currency.to_string()),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}
