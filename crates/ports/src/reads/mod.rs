//! What use cases read: a trait per aggregate. Each method is one answer from one moment (facts), or a read model.
//!
//! Two rules hold for all of them. Every method takes the merchant, save the named global reads (a key by its hash, a
//! merchant by its slug, organizations, the workers' due-scans, what the command line and `reconcile` look at). And a
//! fact that says a unique key is taken is never older than the row that took it: adapters read claims before rows
//! where one statement cannot serve both.

mod affiliates;
mod clicks;
mod commissions;
mod coupons;
mod customers;
mod due;
mod erasure;
mod events;
mod groups;
mod inspection;
mod keys;
mod mails;
mod merchants;
mod orders;
mod payouts;
mod program;
mod refunds;
mod responses;

pub use affiliates::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, NewAffiliateFacts,
};
pub use clicks::{ClickReads, LinkFacts};
pub use commissions::{CommissionFilter, CommissionMoveFacts, CommissionReads, DueCommission, MaturingFacts};
pub use coupons::{CouponFacts, CouponFilter, CouponReads};
pub use customers::{CustomerFacts, CustomerReads};
pub use due::Due;
pub use erasure::{AffiliateTraces, CustomerTraces, ErasureReads, EventTraces, Part};
pub use events::{EventFacts, EventFilter, EventFound, EventLookup, EventReads, EventRecord, SessionClick};
pub use groups::{ClosingFacts, GroupFacts, GroupReads, GroupSettingsFacts, NewGroupFacts};
pub use inspection::{Difference, Inspection};
pub use keys::{KeyFacts, KeyReads};
pub use mails::MailReads;
pub use merchants::{MerchantReads, SettingsFacts};
pub use orders::{OrderFacts, OrderInGroup, OrderLookup, OrderReads, PlaceFacts, SessionFacts};
pub use payouts::{
    DueAccount, DueFacts, DuePart, DueRequest, FrozenFacts, FrozenItem, FrozenRequest, PayoutFacts, PayoutFilter,
    PayoutItemFilter, PayoutLine, PayoutReads,
};
pub use program::{
    NewTierFacts, ProgramReads, PromotionCandidate, PromotionFacts, RuleFacts, RuleFilter, RuleNames, TierChangeFacts,
    TierFilter, Window,
};
pub use refunds::{RefundFacts, RefundLookup, RefundReads, RefundedSale};
pub use responses::ResponseReads;

use crate::{Journal, Leases, Maintenance, ReadError};

/// What a read gives.
type Read<T> = Result<T, ReadError>;

/// A whole storage: what an adapter implements and what a contract case is given.
pub trait Storage:
    MerchantReads
    + KeyReads
    + ResponseReads
    + AffiliateReads
    + CouponReads
    + ClickReads
    + EventReads
    + RefundReads
    + CommissionReads
    + ProgramReads
    + PayoutReads
    + CustomerReads
    + OrderReads
    + GroupReads
    + MailReads
    + ErasureReads
    + Inspection
    + Maintenance
    + Leases
    + Journal
{
}

impl<T> Storage for T where
    T: MerchantReads
        + KeyReads
        + ResponseReads
        + AffiliateReads
        + CouponReads
        + ClickReads
        + EventReads
        + RefundReads
        + CommissionReads
        + ProgramReads
        + PayoutReads
        + CustomerReads
        + OrderReads
        + GroupReads
        + MailReads
        + ErasureReads
        + Inspection
        + Maintenance
        + Leases
        + Journal
{
}
