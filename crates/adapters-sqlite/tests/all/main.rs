//! All tests of the adapter in one program, which is linked once. Only `plans` has its own: it records every statement
//! of its process.

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod file;
mod schema;
