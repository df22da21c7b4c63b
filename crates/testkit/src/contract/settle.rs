//! Committing and looking at what came of it.

use super::Nodes;
use crate::{SeededIds, build::Shop, sets};
use ports::{ChangeSet, CommitError, Storage};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

/// What became of a set, without its error's cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Won,
    Conflict,
    Unknown,
    TooLarge,
    Broken,
}

/// Commits as a use case does: a place first, and later again while the storage is busy, for nothing was written then.
pub(crate) async fn commit(storage: &dyn Storage, set: ChangeSet) -> Outcome {
    for _ in 0..2_000 {
        let outcome = match storage.enter(&[]).await {
            Ok(_entry) => storage.commit(set.clone()).await,
            Err(error) => Err(error),
        };
        return match outcome {
            Ok(()) => Outcome::Won,
            Err(CommitError::Conflict) => Outcome::Conflict,
            Err(CommitError::Unknown) => Outcome::Unknown,
            Err(CommitError::TooLarge) => Outcome::TooLarge,
            Err(CommitError::Broken(_)) => Outcome::Broken,
            Err(CommitError::Busy) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
    }
    panic!("the storage was busy all the time");
}

/// Commits a set that must win.
#[track_caller]
pub(crate) fn win(nodes: &Nodes, set: ChangeSet) -> impl Future<Output = ()> {
    expect(nodes, set, Outcome::Won)
}

/// Commits a set that must meet a conflict.
#[track_caller]
pub(crate) fn conflict(nodes: &Nodes, set: ChangeSet) -> impl Future<Output = ()> {
    expect(nodes, set, Outcome::Conflict)
}

/// Commits a set that the storage must refuse as one that cannot be written.
#[track_caller]
pub(crate) fn refuse(nodes: &Nodes, set: ChangeSet) -> impl Future<Output = ()> {
    expect(nodes, set, Outcome::Broken)
}

/// Commits a set and insists on what becomes of it. The failure names the caller's line.
#[track_caller]
pub(crate) fn expect(nodes: &Nodes, set: ChangeSet, expected: Outcome) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let outcome = commit(&*nodes.one, set).await;
        assert_eq!(outcome, expected, "of the set that {caller} commits");
    }
}

/// Commits all of `sets` at the same moment, in turn on both nodes; the outcomes in the same order.
pub(crate) async fn at_once(nodes: &Nodes, sets: Vec<ChangeSet>) -> Vec<Outcome> {
    let start = Arc::new(Barrier::new(sets.len()));
    let mut tasks = JoinSet::new();
    let count = sets.len();
    for (n, set) in sets.into_iter().enumerate() {
        let (node, start) = (nodes.turn(n), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            (n, commit(&*node, set).await)
        });
    }
    let mut outcomes = vec![Outcome::Unknown; count];
    while let Some(done) = tasks.join_next().await {
        let (n, outcome) = done.unwrap();
        outcomes[n] = outcome;
    }
    outcomes
}

/// How many of `outcomes` are `wanted`; all the others must be conflicts.
#[track_caller]
pub(crate) fn only_conflicts_beside(outcomes: &[Outcome], wanted: Outcome) -> usize {
    assert!(outcomes.iter().all(|&outcome| outcome == wanted || outcome == Outcome::Conflict), "{outcomes:?}");
    outcomes.iter().filter(|&&outcome| outcome == wanted).count()
}

/// A founded shop, and the ids to go on with.
pub(crate) async fn shop(nodes: &Nodes) -> (SeededIds, Shop) {
    let ids = SeededIds::new(1);
    let shop = crate::build::shop(&ids, "first");
    win(nodes, sets::with_organization(&shop)).await;
    (ids, shop)
}

/// A second shop, whose objects the first must never see.
pub(crate) async fn other_shop(nodes: &Nodes, ids: &SeededIds) -> Shop {
    let shop = crate::build::shop(ids, "other");
    win(nodes, sets::with_organization(&shop)).await;
    shop
}

/// The storage has nothing to complain about.
#[track_caller]
pub(crate) fn sound(nodes: &Nodes) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let differences = nodes.two.differences(100).await.unwrap();
        assert!(differences.is_empty(), "after {caller}: {differences:?}");
    }
}
