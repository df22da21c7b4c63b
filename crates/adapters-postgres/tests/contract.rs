//! The storage contract on PostgreSQL: two server nodes on one database.

mod common;

use testkit::contract::Nodes;

async fn fresh() -> Nodes {
    let database = common::database().await;
    Nodes::new(common::node(&database).await, common::node(&database).await, database)
}

testkit::storage_contract!(fresh);
