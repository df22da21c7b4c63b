//! Refunds.

use super::{EventRecord, OrderInGroup, Read};
use crate::Versioned;
use async_trait::async_trait;
use domain::{Account, Commission, Event, EventId, ExternalId, Merchant, MerchantId, OrderReference};

/// What a posted refund names.
#[derive(Debug, Clone)]
pub struct RefundLookup {
    /// Its own external id.
    pub external_id: ExternalId,
    /// What it takes back.
    pub sale: RefundedSale,
}

/// How a refund names what it takes back.
#[derive(Debug, Clone)]
pub enum RefundedSale {
    /// By the event.
    Event(EventId),
    /// By the order, which may have several events.
    Order(OrderReference),
}

/// What taking a sale back needs to know.
#[derive(Debug, Clone)]
pub struct RefundFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The refund that already has the external id.
    pub earlier: Option<EventRecord>,
    /// The event named, of whatever kind; by order those that pay, two of them where there are more.
    pub sales: Vec<Versioned<Event>>,
    /// What the first of them earned, siblings included, by level.
    pub rows: Vec<Versioned<Commission>>,
    /// The accounts of those who earned it in its currency, those that exist.
    pub accounts: Vec<Versioned<Account>>,
    /// The order that the first of them is too, and the group that it is in.
    pub order: Option<OrderInGroup>,
}

/// Refunds.
#[async_trait]
pub trait RefundReads: Send + Sync {
    /// For recording one; `None` if there is no such merchant.
    async fn refund_facts(&self, merchant: MerchantId, lookup: &RefundLookup) -> Read<Option<RefundFacts>>;
}
