//! What the use cases need from outside, in the words of the domain.
//!
//! Reading is a trait per aggregate ([`AffiliateReads`], [`EventReads`], …). Writing is one value, the [`ChangeSet`],
//! and one call, [`Journal::commit`]. Time, randomness, rendering and rate limits are ports too, so that the use cases
//! run in tests exactly as they do in production.
//!
//! # Adding a port
//! Write the trait here, in domain words, with an error of this crate; implement it in an `adapters-…` crate (a new one
//! if none fits); hand it to the use cases in the binary's wiring. A storage port also gets its cases in
//! `testkit::contract`, which every storage adapter must pass, and joins [`Storage`].

mod change;
mod clock;
mod error;
mod journal;
mod lease;
mod limits;
mod mailer;
mod maintenance;
mod page;
mod reads;
mod reply;
mod rows;
mod search;
mod wire;

pub use change::{Announcement, ChangeSet, Claim, Expectation, Hold, Space, Topic};
pub use clock::{Clock, IdSource, IdSourceExt};
pub use error::{CommitError, ReadError};
pub use journal::{Entry, Journal, Lane, LaneKind};
pub use lease::Leases;
pub use limits::{MOST_ANCESTORS, MOST_KEYS, MOST_SEATS};
pub use mailer::{MailError, Mailer};
pub use maintenance::{Answered, Maintenance, ReplyPlace, Told};
pub use page::{Counted, ListAsk, Page, PageAsk, Position, SortBy};
pub use reads::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, Candidate, ClickReads,
    CommissionFilter, CommissionMoveFacts, CommissionReads, CouponFacts, CouponFilter, CouponReads, Difference,
    DueAccount, DueAsk, DueCommission, DueFacts, DuePart, EventFacts, EventFilter, EventFound, EventLookup, EventReads,
    EventRecord, FrozenAsk, FrozenFacts, FrozenItem, Inspection, KeyFacts, KeyReads, LinkFacts, MaturingFacts,
    MerchantReads, NewAffiliateFacts, NewTierFacts, PayoutFacts, PayoutFilter, PayoutItemFilter, PayoutLine,
    PayoutReads, ProgramReads, PromotionFacts, RefundFacts, RefundLookup, RefundReads, RefundedSale, ReplyReads,
    RuleFacts, RuleFilter, RuleNames, SessionClick, SettingsFacts, Storage, TierChangeFacts, TierFilter, Window,
};
pub use reads::{
    AffiliateTraces, ClosingFacts, CustomerFacts, CustomerReads, CustomerTraces, Due, ErasureReads, EventTraces,
    GroupFacts, GroupReads, GroupSettingsFacts, MailReads, NewGroupFacts, OrderFacts, OrderInGroup, OrderLookup,
    OrderReads, Part, PlaceFacts, SessionFacts,
};
pub use reply::{IdempotencyKey, KeptReply, Reply, ReplyStatus};
#[doc(hidden)]
pub use rows::entities;
pub use rows::{Entity, KeyUse, RowRef, Rows, Table, Tree, Version, Versioned, Writes};
pub use search::{
    Between, CustomerTerm, CustomerTime, GroupTerm, GroupTime, OrderAmount, OrderTerm, OrderTime, Search, Wording,
};
pub use wire::{
    CheckoutSession, Envelope, LineOutcome, Outcomes, RateLimiter, RateVerdict, Shown, Telltales, Tenant, Wire,
};

#[cfg(feature = "mock")]
pub use {clock::MockClock, journal::MockJournal, mailer::MockMailer, wire::MockRateLimiter};
