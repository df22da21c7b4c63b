//! What is left of a person, for erasing it.

use super::Read;
use crate::{AffiliateRecord, Claim, Space, Version, Versioned};
use async_trait::async_trait;
use domain::{
    AffiliateId, Binding, Coupon, Customer, CustomerId, Email, Event, EventId, Group, Merchant, MerchantId, Order,
    OutgoingEmail,
};
use std::collections::BTreeSet;

/// A customer, and rows that contain its personal data.
#[derive(Debug, Clone)]
pub struct CustomerTraces {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The customer.
    pub customer: Versioned<Customer>,
    /// Its orders.
    pub orders: Vec<Versioned<Order>>,
    /// The groups that it opened, and those whose reminders go to one of its addresses.
    pub groups: Vec<Versioned<Group>>,
    /// E-mails that wait to be sent to one of its addresses, or about its groups.
    pub mails: Vec<Versioned<OutgoingEmail>>,
    /// The current owners of its addresses, as customers or affiliates, and their bindings.
    pub claims: Vec<Claim>,
}

impl CustomerTraces {
    /// The keys whose owners are among the claims.
    pub fn keys_of(customer: &Customer) -> Vec<(Space, String)> {
        let keys = |email: &Email| {
            let (folded, binding) = (email.folded(), Binding::keys(None, Some(email)));
            let of_people = [(Space::CustomerEmail, folded.clone()), (Space::AffiliateEmail, folded)];
            of_people.into_iter().chain(binding.into_iter().map(|key| (Space::Binding, key)))
        };
        let all: BTreeSet<_> = [&customer.email].into_iter().chain(&customer.earlier_emails).flat_map(keys).collect();
        all.into_iter().collect()
    }
}

/// An affiliate, and rows that contain its personal data.
#[derive(Debug, Clone)]
pub struct AffiliateTraces {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate.
    pub record: AffiliateRecord,
    /// Its version.
    pub version: Version,
    /// Its coupons.
    pub coupons: Vec<Versioned<Coupon>>,
    /// Whether money is on its way to it.
    pub in_payout: bool,
}

/// Which events contain a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTraces {
    /// Those with one of these addresses, which are in lower case.
    Addresses(Vec<String>),
    /// Those whose decision names a coupon of this affiliate by any code but [`domain::CouponCode::erased`].
    CouponsOf(AffiliateId),
}

/// What a look at a part of a table found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T, P> {
    /// In the order of their places.
    pub found: Vec<T>,
    /// The place of the last row that was looked at, if more may follow.
    pub next: Option<P>,
}

/// Erasing.
#[async_trait]
pub trait ErasureReads: Send + Sync {
    /// What is left of a customer: at most `most` rows of each kind; `None` if there is no such customer. Rows that name it
    /// by [`domain::Email::erased`] are not among them.
    async fn customer_traces(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        most: u32,
    ) -> Read<Option<CustomerTraces>>;

    /// What is left of an affiliate: at most `most` coupons; `None` if there is no such affiliate.
    async fn affiliate_traces(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        most: u32,
    ) -> Read<Option<AffiliateTraces>>;

    /// Scans the `window` events after `after`, in the order of their ids, and returns those that contain the person's
    /// data.
    async fn event_traces(
        &self,
        merchant: MerchantId,
        of: &EventTraces,
        after: Option<EventId>,
        window: u32,
    ) -> Read<Part<Versioned<Event>, EventId>>;
}
