//! Conversion events.

use super::Read;
use crate::{Page, PageRequest, Versioned};
use async_trait::async_trait;
use domain::{
    Affiliate, AffiliateId, Binding, ClickId, Commission, CommissionRule, CouponCode, Event, EventId, EventSpace,
    ExternalId, Merchant, MerchantId, SessionId, Tier, Timestamp,
};

/// What a posted event names.
#[derive(Debug, Clone)]
pub struct EventLookup {
    /// Where its external id is unique.
    pub space: EventSpace,
    /// Its external id.
    pub external_id: ExternalId,
    /// The session it names.
    pub session: Option<SessionId>,
    /// The coupon it names.
    pub coupon: Option<CouponCode>,
    /// The affiliate it names.
    pub affiliate_id: Option<AffiliateId>,
    /// What its customer's binding goes by ([`domain::Binding::keys`]): the first that is taken counts.
    pub customer: Vec<String>,
    /// The real instant of the request: with the merchant's clock it says where the window begins.
    pub now: Timestamp,
}

/// A click of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClick {
    /// The click.
    pub id: ClickId,
    /// When, in business time.
    pub at: Timestamp,
    /// The affiliate whose link it was.
    pub affiliate_id: AffiliateId,
}

/// The facts for recording events of one merchant.
#[derive(Debug, Clone)]
pub struct EventFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliates that events, coupons, bindings and clicks name, and five levels of their parents; in any order, each once.
    pub affiliates: Vec<Affiliate>,
    /// All tiers of the merchant, in any order.
    pub tiers: Vec<Tier>,
    /// All rules of the merchant, those that do not count now included; in any order.
    pub rules: Vec<CommissionRule>,
    /// What each event's names lead to, in the order of the lookups.
    pub found: Vec<EventFound>,
}

/// What the names in one event lead to.
#[derive(Debug, Clone, Default)]
pub struct EventFound {
    /// The event that already has the external id.
    pub earlier: Option<EventRecord>,
    /// The affiliate that the coupon belongs to.
    pub coupon_owner: Option<AffiliateId>,
    /// The customer's binding.
    pub binding: Option<Versioned<Binding>>,
    /// The session's clicks: the 25 latest, and the 25 earliest inside the merchant's window; in any order, each once.
    pub clicks: Vec<SessionClick>,
}

/// An event with what it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The event.
    pub event: Event,
    /// Its commissions, by level.
    pub commissions: Vec<Commission>,
}

/// Which events a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct EventFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub external_id: Option<ExternalId>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// Conversion events.
#[async_trait]
pub trait EventReads: Send + Sync {
    /// For recording events of one merchant, any number of them; `None` if there is no such merchant.
    async fn event_facts(&self, merchant: MerchantId, lookups: Vec<EventLookup>) -> Read<Option<EventFacts>>;

    /// One event.
    async fn event(&self, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>>;

    /// A page of them.
    async fn events(
        &self,
        merchant: MerchantId,
        filter: &EventFilter,
        request: &PageRequest,
    ) -> Read<Page<EventRecord>>;
}
