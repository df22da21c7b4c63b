//! Referral groups and their settings.

use super::{OrderInGroup, Read};
use crate::{Counted, Due, GroupTerm, ListRequest, OrderTerm, Versioned};
use async_trait::async_trait;
use domain::{Customer, CustomerId, Group, GroupId, GroupSettings, Merchant, MerchantId, Order, OrderId, Timestamp};

/// The facts for opening a group without a new order.
#[derive(Debug, Clone)]
pub struct NewGroupFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// Its settings of referral groups, if they were ever changed.
    pub settings: Option<Versioned<GroupSettings>>,
    /// The customer.
    pub customer: Option<Versioned<Customer>>,
    /// The order that is to open it, and the group that the order was in.
    pub order: Option<OrderInGroup>,
}

/// The facts for changing a group.
#[derive(Debug, Clone)]
pub struct GroupFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The group.
    pub group: Versioned<Group>,
}

/// The facts for closing a group.
#[derive(Debug, Clone)]
pub struct ClosingFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The group.
    pub group: Versioned<Group>,
    /// The orders that take part in it, by id. Never older than the group.
    pub orders: Vec<Versioned<Order>>,
}

/// The facts for changing the settings of referral groups.
#[derive(Debug, Clone)]
pub struct GroupSettingsFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The settings, if they were ever changed.
    pub settings: Option<Versioned<GroupSettings>>,
}

/// Referral groups.
#[async_trait]
pub trait GroupReads: Send + Sync {
    /// The group whose share id has this code.
    async fn group_of_code(&self, merchant: MerchantId, code: &str) -> Read<Option<GroupId>>;

    /// One group.
    async fn group(&self, merchant: MerchantId, id: GroupId) -> Read<Option<Group>>;

    /// A part of them.
    async fn groups(&self, merchant: MerchantId, request: &ListRequest<GroupTerm>) -> Read<Counted<Group>>;

    /// A part of the orders that take part in a group.
    async fn participants(
        &self,
        merchant: MerchantId,
        group: GroupId,
        request: &ListRequest<OrderTerm>,
    ) -> Read<Counted<Order>>;

    /// For opening one; `None` if there is no such merchant.
    async fn new_group_facts(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        order: Option<OrderId>,
    ) -> Read<Option<NewGroupFacts>>;

    /// For changing one; `None` if there is no such group.
    async fn group_facts(&self, merchant: MerchantId, id: GroupId) -> Read<Option<GroupFacts>>;

    /// For closing one; `None` if there is no such group.
    async fn closing_facts(&self, merchant: MerchantId, id: GroupId) -> Read<Option<ClosingFacts>>;

    /// The settings of referral groups; `None` if there is no such merchant.
    async fn group_settings(&self, merchant: MerchantId) -> Read<Option<GroupSettingsFacts>>;

    /// Global: open groups that a reminder or the expiry has come for at the real instant `now`, by their merchants'
    /// clocks; the longest due first, but for the first `skip`.
    async fn due_groups(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<GroupId>>>;
}
