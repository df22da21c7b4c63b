//! A commission rule, as callers see it.

use super::scalars::{Amount, Fraction, Instant};
use super::words::RuleLevelWord;
use domain::{CommissionRule, Money};
use serde::Serialize;
use utoipa::ToSchema;

/// A reward that precedes the merchant's default rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommissionRule, example = json!({
    "id": "rule_01hzy3v7k2e9m8q4t6w0x5b1ca", "scope": "product", "scope_ref": "sku-1", "rate": 0.15,
    "flat_amount": null, "currency": null, "event_type": null, "priority": 0, "starts_at": null, "ends_at": null,
    "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct CommissionRuleObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// What the rule applies to.
    scope: RuleLevelWord,
    /// The reference within the scope: the id of an affiliate or a tier, or your own word for a product or a category.
    scope_ref: Option<String>,
    /// The rate that the rule gives; null if it gives a flat amount.
    rate: Option<Fraction>,
    /// The flat amount that the rule gives; null if it gives a rate.
    flat_amount: Option<Amount>,
    /// The currency of the flat amount, an ISO 4217 code.
    currency: Option<String>,
    /// The rule applies only to events of this type; null means all types.
    event_type: Option<&'a str>,
    /// Among rules of one scope the highest priority applies.
    priority: i32,
    /// When the rule starts to apply.
    starts_at: Option<Instant>,
    /// When the rule stops to apply.
    ends_at: Option<Instant>,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
    updated_at: Instant,
}

impl<'a> From<&'a CommissionRule> for CommissionRuleObject<'a> {
    fn from(rule: &'a CommissionRule) -> Self {
        let CommissionRule { id, scope, reward, event_kind, priority, starts_at, ends_at, created_at, updated_at } =
            rule;
        Self {
            id: id.to_string(),
            scope: scope.level().into(),
            scope_ref: scope.reference(),
            rate: reward.rate().map(Fraction::from),
            flat_amount: reward.flat().map(Amount::from),
            currency: reward.flat().map(Money::currency).map(|currency| currency.to_string()),
            event_type: event_kind.as_ref().map(domain::EventKind::as_str),
            priority: *priority,
            starts_at: starts_at.map(Instant::from),
            ends_at: ends_at.map(Instant::from),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}
