//! The write path that the storage adapters share: which sets wait for one another, what travels together, who wins and
//! who loses. It knows no SQL and opens no connection.
//!
//! An adapter implements [`Flusher`] (one transaction for one batch, with [`Judge`] deciding) and hands one or more of
//! them to [`Committers::start`]; what it gets back serves the [`ports::Journal`] port. The decision behind it is
//! docs/adr/0002-change-sets-and-group-commit.md.

mod committers;
mod flush;
mod judge;
mod lanes;
mod limits;
mod queue;
mod tokens;

pub use committers::Committers;
pub use flush::{Flushed, Flusher, Verdict};
pub use judge::{ClaimRow, Judge, LockRow, ReplyRow};
pub use limits::Limits;
