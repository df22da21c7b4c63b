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
mod rate_limiter;
mod reads;
mod redactor;
mod renderer;
mod response;
mod rows;
mod search;

pub use change::{Announcement, ChangeSet, Claim, Expectation, LockMode, Space, Topic};
pub use clock::{Clock, IdSource, IdSourceExt};
pub use error::{CommitError, ErrorChain, ReadError};
pub use journal::{Entry, Journal, Lane, LaneKind};
pub use lease::Leases;
pub use limits::{MOST_ANCESTORS, MOST_KEYS, MOST_SEATS};
pub use mailer::{MailError, Mailer};
pub use maintenance::{Answered, Maintenance, ReplyPlace, StoredPayload};
pub use page::{Counted, ListRequest, Page, PageRequest, Position, SortBy};
pub use rate_limiter::{RateLimiter, RateVerdict};
pub use reads::*;
pub use redactor::{PayloadRedactor, SubjectIdentifiers};
pub use renderer::{CheckoutSession, Envelope, LineOutcome, Outcomes, Renderer, Resource, Tenant};
pub use response::{IdempotencyKey, ResponseRecord, ResponseStatus, StoredResponse};
#[doc(hidden)]
pub use rows::entities;
pub use rows::{Entity, KeyUse, RowRef, Rows, Table, Tree, Version, Versioned, Writes};
pub use search::{
    Between, CustomerTerm, CustomerTime, GroupTerm, GroupTime, OrderAmount, OrderTerm, OrderTime, Search, Wording,
};

#[cfg(feature = "mock")]
pub use {clock::MockClock, journal::MockJournal, mailer::MockMailer, rate_limiter::MockRateLimiter};
