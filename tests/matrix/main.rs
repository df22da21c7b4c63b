//! Wrong requests, generated from the OpenAPI document: every operation with every identity that may not use it, every
//! field with every kind of invalid value. An operation that is in the document and not in the fixtures fails here.

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
