//! For tests only: fakes, builders, and the contract that every storage adapter must pass.
//!
//! - [`FakeClock`] and [`SeededIds`] stand in for time and randomness, so that a use case gives the same answer twice.
//! - [`build`] makes entities with sensible defaults, [`boundary_values`] makes them as small and as large as the domain lets
//!   them be, and [`sets`] makes the change sets that write them as the use cases do.
//! - [`contract`] holds the cases; [`storage_contract!`] stamps every one of them as a test of one adapter.
//! - [`Mutant`] takes one guard out of every change set, to see what it was there for.
//! - [`postgres`] starts a private PostgreSQL and gives every test a database of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is linked into tests only, where a panic is how a test fails"
)]

mod authority;
pub mod boundary_values;
pub mod build;
mod clock;
pub mod contract;
mod ids;
mod model;
mod mutant;
pub mod sets;
mod smtp;

pub use authority::Authority;
pub use clock::FakeClock;
pub use ids::{Dice, SeededIds};
pub use model::Model;
pub use mutant::{Guard, Mutant, Rival};
pub use pgkit as postgres;
pub use smtp::{MailServer, MailServerOptions, Mood, Received};
