//! Customers.

use super::Read;
use crate::{Counted, CustomerTerm, ListRequest, Versioned};
use async_trait::async_trait;
use domain::{Customer, CustomerId, Email, Merchant, MerchantId};
use uuid::Uuid;

/// The facts for creating or changing a customer.
#[derive(Debug, Clone)]
pub struct CustomerFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The customer as it is, if it was asked for and is there.
    pub customer: Option<Versioned<Customer>>,
    /// The owner of the address.
    pub email_owner: Option<Uuid>,
}

/// Customers.
#[async_trait]
pub trait CustomerReads: Send + Sync {
    /// One customer, deleted or not.
    async fn customer(&self, merchant: MerchantId, id: CustomerId) -> Read<Option<Customer>>;

    /// A part of those that are not deleted.
    async fn customers(&self, merchant: MerchantId, request: &ListRequest<CustomerTerm>) -> Read<Counted<Customer>>;

    /// For making or changing one; `None` if there is no such merchant.
    async fn customer_facts(
        &self,
        merchant: MerchantId,
        id: Option<CustomerId>,
        email: Option<&Email>,
    ) -> Read<Option<CustomerFacts>>;
}
