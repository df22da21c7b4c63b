//! The write path that the storage adapters share: which sets wait for one another, what travels together, who wins and
//! who loses. It knows no SQL and opens no connection.
//!
//! An adapter implements [`Flusher`] (one transaction for one batch, with [`Judge`] deciding) and hands one or more of
//! them to [`Committers::start`]; what it gets back serves the [`ports::Journal`] port. See docs/adr for the reasons.

mod flush;
mod judge;
mod tokens;

pub use flush::{Flushed, Flusher, Verdict};
pub use judge::{ClaimRow, Judge, LockRow, ReplyRow};
