//! Nobody waits in a circle. A deadlock costs its victim a second, and a second attempt hides it: so they are counted.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use crate::common;

use std::sync::Arc;
use testkit::contract::{Nodes, cases};

/// Runs a case of the contract on two nodes and insists that PostgreSQL had no deadlock to resolve.
async fn without_deadlocks(case: impl AsyncFn(&Nodes)) {
    let database = Arc::new(common::database().await);
    let (one, two) = (common::node(&database).await, common::node(&database).await);
    case(&Nodes::new(one, two, Arc::clone(&database))).await;
    let deadlocks = database.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").unwrap();
    assert_eq!(deadlocks.trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_taken_in_one_order() {
    without_deadlocks(cases::races::shuffled_claims_from_two_nodes_only_conflict).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_locked_in_one_order() {
    without_deadlocks(cases::races::shuffled_rows_from_two_nodes_only_conflict).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_uses_are_noted_in_one_order() {
    without_deadlocks(cases::keys::simultaneous_uses_of_a_key_do_not_harm_one_another).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_of_every_kind_take_what_they_want_in_one_order() {
    without_deadlocks(cases::random_sets::simultaneous_sets_come_out_as_if_one_after_the_other).await;
}
