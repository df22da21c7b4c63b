//! The storage contract on SQLite: two storages on one file in RAM, as the server and the command line have it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use crate::common;

use adapters_sqlite::SqliteOptions;
use common::{file, folder, open};
use testkit::contract::Nodes;

async fn fresh() -> Nodes {
    let folder = folder();
    let node = || open(&file(&folder), SqliteOptions::for_tests());
    Nodes::new(node(), node(), folder)
}

testkit::storage_contract!(fresh);
