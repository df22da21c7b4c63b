//! Orders.

use super::Read;
use crate::{Counted, Due, ListRequest, OrderTerm, Versioned};
use async_trait::async_trait;
use domain::{
    Customer, CustomerId, Email, Group, GroupId, GroupSettings, GroupStatus, Merchant, MerchantId, Order, OrderId,
    OrderReference, OrderVelocity, Timestamp,
};
use std::collections::HashMap;
use uuid::Uuid;

/// What a new order names.
#[derive(Debug, Clone, Default)]
pub struct OrderLookup {
    /// The customer by its id …
    pub customer_id: Option<CustomerId>,
    /// … or by its address; the id goes first.
    pub email: Option<Email>,
    /// The shop's id of the order.
    pub reference: Option<OrderReference>,
    /// The group that it wants to join.
    pub group_id: Option<GroupId>,
}

/// The facts for placing an order, or for checking whether it could be placed.
#[derive(Debug, Clone)]
pub struct PlaceFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// Its settings of referral groups, if they were ever changed.
    pub settings: Option<Versioned<GroupSettings>>,
    /// The customer.
    pub customer: Option<Versioned<Customer>>,
    /// The owner of the shop's id.
    pub reference_owner: Option<Uuid>,
    /// The group.
    pub group: Option<Versioned<Group>>,
    /// The customer who opened it.
    pub creator: Option<Customer>,
    /// The order by which the customer's address, or the requested one, takes part in the group. Never older than the
    /// group.
    pub email_owner: Option<Uuid>,
    /// When the latest orders of the customer and in the group were placed.
    pub velocity: OrderVelocity,
}

/// An order and the group that it is in.
pub type OrderInGroup = (Versioned<Order>, Versioned<Group>);

/// The facts for changing the status of an order, or for refunding it.
#[derive(Debug, Clone)]
pub struct OrderFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The order.
    pub order: Versioned<Order>,
    /// Its group.
    pub group: Versioned<Group>,
}

/// The facts for representing orders as checkout sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The statuses of the requested groups.
    pub groups: HashMap<GroupId, GroupStatus>,
}

/// Orders.
#[async_trait]
pub trait OrderReads: Send + Sync {
    /// One order.
    async fn order(&self, merchant: MerchantId, id: OrderId) -> Read<Option<Order>>;

    /// A part of them.
    async fn orders(&self, merchant: MerchantId, request: &ListRequest<OrderTerm>) -> Read<Counted<Order>>;

    /// For placing one; `None` if there is no such merchant.
    async fn place_facts(&self, merchant: MerchantId, lookup: &OrderLookup) -> Read<Option<PlaceFacts>>;

    /// For moving or refunding one; `None` if there is no such order.
    async fn order_facts(&self, merchant: MerchantId, id: OrderId) -> Read<Option<OrderFacts>>;

    /// For showing some as checkout sessions, by their groups; `None` if there is no such merchant.
    async fn session_facts(&self, merchant: MerchantId, groups: &[GroupId]) -> Read<Option<SessionFacts>>;

    /// Global: returns orders whose held cashback is due at the real instant `now`, by their merchants' clocks; the
    /// longest due first, without the first `skip`.
    async fn due_orders(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<OrderId>>>;
}
