//! What the OpenAPI document says can be asked, asked wrongly: every operation by everyone who may not, every field with
//! everything it cannot be. The document is the table; an operation that it has and the fixtures have not fails here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod fields;
mod fixtures;
mod groups;
mod identities;
mod order;
