//! The storage contract on PostgreSQL: two server nodes on one database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use crate::common;

use testkit::contract::Nodes;

async fn fresh() -> Nodes {
    let database = common::database().await;
    Nodes::new(common::node(&database).await, common::node(&database).await, database)
}

testkit::storage_contract!(fresh);
