//! What use cases read: a trait per aggregate. Each method is one answer from one moment (facts), or a read model.
//!
//! Two rules hold for all of them. Every method takes the merchant, save the named global reads (a key by its hash, a
//! merchant by its slug, organizations, what the command line and `reconcile` look at). And a fact that says a unique
//! key is taken is never older than the row that took it: adapters read claims before rows where one statement cannot
//! serve both.

mod affiliates;
mod clicks;
mod commissions;
mod coupons;
mod events;
mod inspection;
mod keys;
mod merchants;
mod replies;

pub use affiliates::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, NewAffiliateFacts,
};
pub use clicks::{ClickReads, LinkFacts};
pub use commissions::{CommissionFilter, CommissionMoveFacts, CommissionReads};
pub use coupons::{CouponFacts, CouponFilter, CouponReads};
pub use events::{EventFacts, EventFilter, EventFound, EventLookup, EventReads, EventRecord, SessionClick};
pub use inspection::{Difference, Inspection};
pub use keys::{KeyFacts, KeyReads};
pub use merchants::{MerchantReads, SettingsFacts};
pub use replies::ReplyReads;

use crate::{Journal, Maintenance, ReadError};

/// What a read gives.
type Read<T> = Result<T, ReadError>;

/// A whole storage: what an adapter implements and what a contract case is given.
pub trait Storage:
    MerchantReads
    + KeyReads
    + ReplyReads
    + AffiliateReads
    + CouponReads
    + ClickReads
    + EventReads
    + CommissionReads
    + Inspection
    + Maintenance
    + Journal
{
}

impl<T> Storage for T where
    T: MerchantReads
        + KeyReads
        + ReplyReads
        + AffiliateReads
        + CouponReads
        + ClickReads
        + EventReads
        + CommissionReads
        + Inspection
        + Maintenance
        + Journal
{
}
