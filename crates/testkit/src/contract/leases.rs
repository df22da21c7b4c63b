//! Leases.

use super::{Nodes, settle::sound};
use crate::{SeededIds, build::moment};
use domain::Timestamp;
use ports::{IdSource as _, Storage};
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

async fn take(storage: &dyn Storage, holder: Uuid, now: Timestamp, until: Timestamp) -> bool {
    storage.take_lease("work", holder, now, until).await.unwrap()
}

pub(crate) async fn a_lease_is_one_holders_until_its_time_is_over(nodes: &Nodes) {
    let ids = SeededIds::new(1);
    let (one, two) = (ids.uuid(), ids.uuid());
    assert!(take(&*nodes.one, one, moment(0), moment(10)).await);
    assert!(!take(&*nodes.two, two, moment(1), moment(11)).await, "another has it");
    assert!(nodes.two.take_lease("other work", two, moment(1), moment(11)).await.unwrap(), "each kind has its own");
    assert!(take(&*nodes.one, one, moment(5), moment(15)).await, "its holder prolongs it");
    assert!(!take(&*nodes.two, two, moment(14), moment(24)).await);
    assert!(take(&*nodes.two, two, moment(15), moment(25)).await, "and loses it at its end");
    assert!(!take(&*nodes.one, one, moment(16), moment(26)).await);
    sound(nodes).await;
}

pub(crate) async fn a_lease_that_was_given_back_is_free(nodes: &Nodes) {
    let ids = SeededIds::new(1);
    let (one, two) = (ids.uuid(), ids.uuid());
    nodes.one.give_back_lease("work", one).await.unwrap();
    assert!(take(&*nodes.one, one, moment(0), moment(10)).await);
    nodes.two.give_back_lease("work", two).await.unwrap();
    assert!(!take(&*nodes.two, two, moment(1), moment(11)).await, "only its holder gives it back");
    nodes.one.give_back_lease("work", one).await.unwrap();
    assert!(take(&*nodes.two, two, moment(1), moment(11)).await);
}

pub(crate) async fn of_many_that_want_a_lease_one_gets_it(nodes: &Nodes) {
    const MANY: usize = 16;
    let ids = SeededIds::new(1);
    // The first lease, and then each takeover of the one before.
    for round in 0..5 {
        let (now, until) = (moment(10 * round), moment(10 * (round + 1)));
        let start = Arc::new(Barrier::new(MANY));
        let mut all = JoinSet::new();
        for n in 0..MANY {
            let (node, start, holder) = (nodes.turn(n), Arc::clone(&start), ids.uuid());
            all.spawn(async move {
                start.wait().await;
                take(&*node, holder, now, until).await
            });
        }
        let taken = all.join_all().await;
        assert_eq!(taken.iter().filter(|&&taken| taken).count(), 1, "round {round}: {taken:?}");
    }
}
