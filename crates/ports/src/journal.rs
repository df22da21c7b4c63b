//! The one way to write.

use crate::{ChangeSet, CommitError};
use async_trait::async_trait;
use domain::MerchantId;
use std::{any::Any, fmt};
use uuid::Uuid;

/// What kind of hot aggregate a lane belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// Batches of events, of which a process handles only a few at once because they take memory. It belongs to no
    /// merchant.
    Batch,
    /// A merchant's tree of parents.
    Tree,
    /// A sale and all it earned, which refunds take back.
    Sale,
    /// An affiliate's accounts, which every move of its commissions writes.
    Affiliate,
    /// A merchant's payouts.
    Payouts,
    /// A referral group.
    Group,
}

/// A queue for one hot aggregate: the holder of the lane loads, decides and commits before the next one loads. It
/// avoids conflicts within one process; correctness never depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The merchant of the aggregate.
    pub merchant: MerchantId,
    /// Which kind.
    pub kind: LaneKind,
    /// Which one.
    pub id: Uuid,
}

/// A place in the write path and the lanes that were asked for. Dropping it gives them to the next in line.
pub struct Entry(#[allow(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>);

impl Entry {
    /// Wraps what the write path frees on drop.
    pub fn holding(guards: impl Any + Send + Sync) -> Self {
        Self(Box::new(guards))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(…)")
    }
}

/// The write path of a storage.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Journal: Send + Sync {
    /// Waits for a place and for `lanes`, before anything is loaded. [`CommitError::Busy`] when the queue is full.
    async fn enter(&self, lanes: &[Lane]) -> Result<Entry, CommitError>;

    /// Makes the whole `set` durable, or returns why not. A set that was accepted is written even if the caller no
    /// longer waits.
    async fn commit(&self, set: ChangeSet) -> Result<(), CommitError>;
}
