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

/// The facts for refunding a sale.
#[derive(Debug, Clone)]
pub struct RefundFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The refund that already has the external id.
    pub earlier: Option<EventRecord>,
    /// The named event, of any kind; by order the paying ones, at most two.
    pub sales: Vec<Versioned<Event>>,
    /// What the first of them earned, siblings included, by level.
    pub rows: Vec<Versioned<Commission>>,
    /// The existing accounts, in the sale's currency, of the affiliates that earned by it.
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
