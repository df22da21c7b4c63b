//! The command line: what it prints where, with which exit code, and how the server starts and stops.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod settings;
mod starting;
mod stopping;

/// Makes a test of each case, once per storage, with an empty migrated site.
macro_rules! on_both_sites {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $case() {
                super::$case($crate::support::Storage::Sqlite.site());
            })*
        }
        mod postgres {
            $(#[test]
            fn $case() {
                super::$case($crate::support::Storage::Postgres.site());
            })*
        }
    };
}
pub(crate) use on_both_sites;
