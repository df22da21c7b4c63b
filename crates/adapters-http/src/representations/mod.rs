//! What callers see of each object. One rendering serves GET, the answers to writes, and announcements.

mod affiliate;
mod api_key;
mod checkout_session;
mod commission;
mod coupon;
mod customer;
mod envelope;
mod event;
mod explanation;
mod group;
mod list;
mod order;
mod outcomes;
mod payout;
mod redaction;
mod rule;
mod scalars;
mod settings;
mod test_clock;
mod tier;
mod words;

pub(crate) use affiliate::AffiliateObject;
pub(crate) use api_key::ApiKeyObject;
pub(crate) use checkout_session::{CheckoutSessionObject, LineItemObject, lines_that_fit};
pub(crate) use commission::CommissionObject;
pub(crate) use coupon::CouponObject;
pub(crate) use customer::CustomerObject;
pub(crate) use envelope::AnnouncementObject;
pub(crate) use event::EventObject;
pub(crate) use explanation::ExplanationObject;
pub(crate) use group::{GroupObject, GroupSettingsObject, ValidatedGroupObject};
pub(crate) use list::{CountedObject, ListObject};
pub(crate) use order::OrderObject;
pub(crate) use outcomes::OutcomesObject;
pub(crate) use payout::{PayoutItemObject, PayoutObject};
pub(crate) use rule::CommissionRuleObject;
pub use scalars::instant_text;
pub(crate) use scalars::{Amount, Fraction, Height, Instant, LevelNumber, OwnData};
pub(crate) use settings::SettingsObject;
pub(crate) use test_clock::TestClockObject;
pub(crate) use tier::TierObject;
pub(crate) use words::{
    AffiliateStatusWord, AttributionModelWord, CommissionStatusWord, MetricWord, PayoutItemStatusWord,
    PayoutStatusWord, RecurringWord, RuleLevelWord, SelfReferralWord,
};
pub(crate) use words::{DiscountTypeWord, OrderStatusWord};

use ports::{Envelope, PayloadRedactor, Renderer, Resource, SubjectIdentifiers};
use serde::Serialize;

/// Renders objects and announcements as JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonRenderer;

impl Renderer for JsonRenderer {
    fn object(&self, resource: Resource<'_>) -> Vec<u8> {
        match resource {
            Resource::Affiliate(record) => bytes(&AffiliateObject::from(record)),
            Resource::Coupon(coupon) => bytes(&CouponObject::from(coupon)),
            Resource::Event(record) => bytes(&EventObject::from(record)),
            Resource::Commission(commission) => bytes(&CommissionObject::from(commission)),
            Resource::Tier(tier) => bytes(&TierObject::from(tier)),
            Resource::CommissionRule(rule) => bytes(&CommissionRuleObject::from(rule)),
            Resource::Payout(payout) => bytes(&PayoutObject::from(payout)),
            Resource::PayoutItem(item) => bytes(&PayoutItemObject::from(item)),
            Resource::Settings(merchant) => bytes(&SettingsObject::from(merchant)),
            Resource::ApiKey(key) => bytes(&ApiKeyObject::from(key)),
            Resource::Customer(tenant, customer) => bytes(&CustomerObject::from((tenant, customer))),
            Resource::Order(tenant, order) => bytes(&OrderObject::from((tenant, order))),
            Resource::CheckoutSession(tenant, session) => bytes(&CheckoutSessionObject::from((tenant, session))),
            Resource::Group(tenant, group) => bytes(&GroupObject::from((tenant, group))),
            Resource::GroupSettings(tenant, settings) => bytes(&GroupSettingsObject::from((tenant, settings))),
            Resource::TestClock(clock) => bytes(&TestClockObject::from(clock)),
            Resource::Outcomes(outcomes) => outcomes::render(outcomes),
        }
    }

    fn announcement(&self, envelope: Envelope, data: &[u8]) -> Vec<u8> {
        bytes(&AnnouncementObject::new(envelope, data))
    }
}

impl PayloadRedactor for JsonRenderer {
    fn mentions(&self, body: &[u8], of: &SubjectIdentifiers) -> bool {
        redaction::mentions(body, of)
    }

    fn redact(&self, announcement: &[u8]) -> Vec<u8> {
        envelope::redact(announcement)
    }
}

/// The JSON text of a value made of strings, numbers, lists and structs, which always has one.
pub(crate) fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
