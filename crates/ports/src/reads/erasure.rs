//! What is left of a person, for erasing it.

use super::Read;
use crate::Versioned;
use async_trait::async_trait;
use domain::{Customer, CustomerId, Event, Group, Mail, Merchant, MerchantId, Order};
use uuid::Uuid;

/// A customer, and rows that still tell who it is.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The customer.
    pub customer: Versioned<Customer>,
    /// Its orders.
    pub orders: Vec<Versioned<Order>>,
    /// The groups that it opened, and those whose reminders go to its address.
    pub groups: Vec<Versioned<Group>>,
    /// The conversions of its address.
    pub events: Vec<Versioned<Event>>,
    /// E-mails that wait to be sent to it, or about its groups.
    pub mails: Vec<Versioned<Mail>>,
    /// The bond that its address has.
    pub bond: Option<Uuid>,
}

/// Erasing.
#[async_trait]
pub trait ErasureReads: Send + Sync {
    /// What is left of a customer: at most `most` rows of each kind; `None` if there is no such customer. Rows that name it
    /// by [`domain::Email::erased`] are not among them.
    async fn traces(&self, merchant: MerchantId, customer: CustomerId, most: u32) -> Read<Option<Traces>>;
}
