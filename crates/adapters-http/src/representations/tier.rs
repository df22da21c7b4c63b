//! A tier, as callers see it.

use super::scalars::{Fraction, Height, Instant};
use super::words::MetricWord;
use domain::{Money, Tier};
use serde::Serialize;
use utoipa::ToSchema;

/// A rate for all affiliates of the tier, and the threshold to reach it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier, example = json!({
    "id": "tier_01hzy3v7k2e9m8q4t6w0x5b1ca", "name": "Gold", "rate": 0.30, "metric": "revenue", "threshold": 10000.00,
    "currency": "USD", "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct TierObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// The tier's name; unique, compared without case.
    name: &'a str,
    /// The rate of the tier's affiliates, unless their own rate or a rule that precedes the tier applies.
    rate: Fraction,
    /// The metric of the threshold.
    metric: MetricWord,
    /// What an affiliate must have reached to rise into the tier.
    threshold: Height,
    /// The currency of the threshold, an ISO 4217 code; null if the threshold is a number of orders.
    currency: Option<String>,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
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
