//! The write path that the storage adapters share: which change sets wait for one another, which share a transaction,
//! and which of them commit. It knows no SQL and opens no connection.
//!
//! An adapter implements [`Flusher`] (one transaction for one batch, with [`Judge`] deciding) and hands one or more of
//! them to [`Committers::start`]; the result serves the [`ports::Journal`] port. docs/write-path.md describes it,
//! docs/adr/0002-change-sets-and-group-commit.md says why.

mod committers;
mod flush;
mod judge;
mod lanes;
mod limits;
mod queue;
mod tokens;

pub use committers::Committers;
pub use flush::{CommitOutcome, Flushed, Flusher};
pub use judge::{ClaimRow, Judge, LockRow, ResponseRow};
pub use limits::Limits;
