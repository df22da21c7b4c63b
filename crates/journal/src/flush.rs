//! What an adapter does for the write path: one transaction for one batch.

use async_trait::async_trait;
use ports::ChangeSet;
use std::{error::Error, sync::Arc};

/// What became of one set of a batch that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All of it is durable.
    Committed,
    /// A version had moved or a claim was taken; none of it was written.
    Conflicted,
}

/// What became of a batch.
#[derive(Debug)]
pub enum Flushed {
    /// The transaction is durable; a verdict for each set, in the batch's order.
    Done(Vec<CommitOutcome>),
    /// Nothing was written, and the same batch may well pass next time: a deadlock, a lock that took too long.
    Again,
    /// Nothing was written, because some set of the batch cannot be written at all.
    Faulty(Box<dyn Error + Send + Sync>),
    /// Nothing was written, because the storage cannot be reached.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// COMMIT was sent and its answer never came: whether the batch was written is unknown.
    Unknown,
}

/// One writer: a connection that turns batches into transactions.
#[async_trait]
pub trait Flusher: Send + 'static {
    /// Writes `batch` in one transaction. The sets of a batch are independent: no two share a claim, a free, a response
    /// key or a row that either of them writes. With [`Flushed::Again`], `Faulty`, `Unavailable` and `Unknown` the transaction
    /// is over or its connection closed: the next call starts afresh.
    async fn flush(&mut self, batch: &[Arc<ChangeSet>]) -> Flushed;
}
