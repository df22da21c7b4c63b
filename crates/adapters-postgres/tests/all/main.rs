//! All tests of the adapter in one program, which is linked once.

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod deadlocks;
mod faults;
mod schema;
mod tls;
