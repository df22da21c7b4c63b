//! The port that renders what callers receive.

use crate::{AffiliateRecord, EventRecord, ResponseStatus, Topic};
use domain::{
    AnnouncementId, ApiKey, Commission, CommissionRule, Coupon, Customer, Group, GroupSettings, GroupStatus, Merchant,
    MerchantId, Mode, Order, OrganizationId, Payout, PayoutItem, Refusal, TestClock, Tier, Timestamp, WebUrl,
};

/// The tenant of the objects, for representations that name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    /// The organization.
    pub organization_id: OrganizationId,
    /// In which mode.
    pub mode: Mode,
}

impl From<&Merchant> for Tenant {
    fn from(merchant: &Merchant) -> Self {
        Self { organization_id: merchant.organization_id, mode: merchant.mode }
    }
}

/// An object as callers see it: what its GET returns, what its announcements carry.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "named for the object they show")]
pub enum Resource<'a> {
    Affiliate(&'a AffiliateRecord),
    Coupon(&'a Coupon),
    Event(&'a EventRecord),
    Commission(&'a Commission),
    Tier(&'a Tier),
    CommissionRule(&'a CommissionRule),
    Payout(&'a Payout),
    PayoutItem(&'a PayoutItem),
    Settings(&'a Merchant),
    ApiKey(&'a ApiKey),
    Customer(Tenant, &'a Customer),
    Order(Tenant, &'a Order),
    CheckoutSession(Tenant, &'a CheckoutSession),
    Group(Tenant, &'a Group),
    GroupSettings(Tenant, &'a GroupSettings),
    TestClock(TestClock),
    Outcomes(&'a Outcomes),
}

/// An order, in the representation of the legacy API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutSession {
    /// The order.
    pub order: Order,
    /// The status of its group.
    pub group: GroupStatus,
    /// The address to send the customer to: the merchant's landing page.
    pub url: Option<WebUrl>,
}

/// What became of the lines of a batch, in their order.
#[derive(Debug, Clone)]
pub struct Outcomes {
    /// The request's id, which each refusal contains.
    pub request_id: String,
    /// A line each.
    pub lines: Vec<LineOutcome>,
}

/// What became of one line.
#[derive(Debug, Clone)]
pub enum LineOutcome {
    /// The status and the object that the line alone would have been answered with.
    Done(ResponseStatus, Vec<u8>),
    /// It was refused, and harmed no other.
    Refused(Refusal),
}

/// The envelope around an announcement's data.
#[derive(Debug, Clone, Copy)]
pub struct Envelope {
    /// The announcement's id.
    pub id: AnnouncementId,
    /// What happened.
    pub topic: Topic,
    /// Business time.
    pub created_at: Timestamp,
    /// Whose.
    pub merchant: MerchantId,
    /// In which mode.
    pub mode: Mode,
}

/// Renders what callers receive. Responses and announcements are made before the commit and stored with it.
pub trait Renderer: Send + Sync {
    /// The body that shows an object. Equal objects give equal bytes.
    fn object(&self, resource: Resource<'_>) -> Vec<u8>;

    /// Renders the body of an announcement from the bytes of an object.
    fn announcement(&self, envelope: Envelope, data: &[u8]) -> Vec<u8>;
}
