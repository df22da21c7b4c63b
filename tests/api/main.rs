//! The API as a shop meets it: the real program, on SQLite and on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod attribution;
mod batch;
mod conversions;
mod erase;
mod errors;
mod groups;
mod names;
mod older;
mod once;
mod paging;
mod payouts;
mod program;
mod rating;
mod refunds;
mod resources;
mod sale;
mod searching;
mod story;
mod tenancy;
mod testing;
