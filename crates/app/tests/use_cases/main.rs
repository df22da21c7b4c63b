//! The use cases on a real storage in a RAM file, with a clock that stands still.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic is how a test fails")]

mod affiliates;
mod authentication;
mod batch;
mod clicks;
mod commissions;
mod conversions;
mod events;
mod groups;
mod guards;
mod keys;
mod lifecycle;
mod mails;
mod maturing;
mod model;
mod payouts;
mod refunds;
mod rules;
mod settings;
mod stage;
mod testing;
mod tiers;
mod workers;
