//! The committers over a storage in memory: the outcomes that callers get for each behavior of the storage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use async_trait::async_trait;
use domain::{EventSpace, MerchantId};
use journal::{CommitOutcome, Committers, Flushed, Flusher, Judge, Limits};
use ports::{ChangeSet, CommitError, Journal, Space};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// The storage's behavior in the next flushes; after them it works.
#[derive(Clone, Copy)]
enum Fault {
    Again,
    Unavailable,
    Unknown,
    Stuck,
}

#[derive(Default)]
struct Memory {
    claims: HashMap<(Uuid, Space, String), Uuid>,
    batches: Vec<usize>,
    faults: VecDeque<Fault>,
}

struct MemoryFlusher {
    memory: Arc<Mutex<Memory>>,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Flusher for MemoryFlusher {
    async fn flush(&mut self, batch: &[Arc<ChangeSet>]) -> Flushed {
        self.gate.acquire().await.unwrap().forget();
        let fault = {
            let mut memory = self.memory.lock().unwrap();
            memory.batches.push(batch.len());
            memory.faults.pop_front()
        };
        match fault {
            Some(Fault::Again) => return Flushed::Again,
            Some(Fault::Unavailable) => return Flushed::Unavailable("gone".into()),
            Some(Fault::Unknown) => return Flushed::Unknown,
            Some(Fault::Stuck) => std::future::pending().await,
            None => {}
        }
        let mut memory = self.memory.lock().unwrap();
        if batch.iter().any(|set| set.claims.iter().any(|claim| claim.key == "poison")) {
            return Flushed::Faulty("poison".into());
        }
        let mut judge = Judge::new(batch);
        for claim in judge.claims() {
            let key = (claim.merchant, claim.space, claim.key.to_owned());
            if let std::collections::hash_map::Entry::Vacant(free) = memory.claims.entry(key) {
                free.insert(claim.owner);
                judge.took_claim(claim);
            }
        }
        for claim in judge.released_claims() {
            memory.claims.remove(&(claim.merchant, claim.space, claim.key.to_owned()));
        }
        Flushed::Done(judge.decide())
    }
}

struct Stage {
    memory: Arc<Mutex<Memory>>,
    gate: Arc<Semaphore>,
    committers: Arc<Committers>,
}

/// Committers over memory whose flushes each wait for a permit of the gate.
fn stage(committers: usize, open: usize, limits: Limits) -> Stage {
    let (memory, gate) = (Arc::new(Mutex::new(Memory::default())), Arc::new(Semaphore::new(open)));
    let flusher =
        || -> Box<dyn Flusher> { Box::new(MemoryFlusher { memory: Arc::clone(&memory), gate: Arc::clone(&gate) }) };
    let committers = Arc::new(Committers::start((0..committers).map(|_| flusher()).collect(), limits));
    Stage { memory, gate, committers }
}

const ALWAYS: usize = Semaphore::MAX_PERMITS / 2;

fn claiming(keys: &[&str], owner: u128) -> ChangeSet {
    let mut set = ChangeSet::new(MerchantId::from_uuid(Uuid::from_u128(1)));
    for key in keys {
        set.claim(Space::Event(EventSpace::Paying), *key, Uuid::from_u128(owner));
    }
    set
}

/// Commits all sets at once and returns the outcomes, in order.
async fn at_once(stage: &Stage, sets: Vec<ChangeSet>) -> Vec<Result<(), CommitError>> {
    let tasks: Vec<_> = sets
        .into_iter()
        .map(|set| {
            let committers = Arc::clone(&stage.committers);
            tokio::spawn(async move { committers.commit(set).await })
        })
        .collect();
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    told
}

#[tokio::test]
async fn of_many_who_claim_one_key_one_wins() {
    let stage = stage(2, ALWAYS, Limits::default());
    let told = at_once(&stage, (0..200).map(|n| claiming(&["k"], n)).collect()).await;
    assert_eq!(told.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(told.iter().filter(|answer| matches!(answer, Err(CommitError::Conflict))).count(), 199);
}

#[tokio::test]
async fn sets_that_arrive_together_share_a_flush() {
    let stage = stage(1, 0, Limits::default());
    let gate = Arc::clone(&stage.gate);
    tokio::spawn(async move {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(ALWAYS);
    });
    let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let told = at_once(&stage, names.iter().map(|name| claiming(&[name], 1)).collect()).await;
    assert!(told.iter().all(Result::is_ok));
    let batches = stage.memory.lock().unwrap().batches.clone();
    assert!(batches.len() <= 3, "{batches:?}");
}

#[tokio::test]
async fn one_bad_set_harms_no_other() {
    let stage = stage(1, 0, Limits::default());
    let gate = Arc::clone(&stage.gate);
    tokio::spawn(async move { gate.add_permits(ALWAYS) });
    let mut told = at_once(&stage, vec![claiming(&["a"], 1), claiming(&["poison"], 2), claiming(&["b"], 3)]).await;
    assert!(matches!(told.remove(1), Err(CommitError::Broken(_))));
    assert!(told.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_passing_fault_is_tried_once_more_then_one_by_one() {
    let stage = stage(1, ALWAYS, Limits::default());
    stage.memory.lock().unwrap().faults = [Fault::Again].into();
    assert!(stage.committers.commit(claiming(&["a"], 1)).await.is_ok());
    stage.memory.lock().unwrap().faults = [Fault::Again, Fault::Again].into();
    assert!(matches!(stage.committers.commit(claiming(&["b"], 1)).await, Err(CommitError::Busy)));
    assert_eq!(stage.memory.lock().unwrap().claims.len(), 1);
}

#[tokio::test]
async fn away_is_busy_and_a_lost_commit_is_unknown_and_never_repeated() {
    let stage = stage(1, ALWAYS, Limits::default());
    stage.memory.lock().unwrap().faults = [Fault::Unavailable, Fault::Unknown].into();
    assert!(matches!(stage.committers.commit(claiming(&["a"], 1)).await, Err(CommitError::Busy)));
    assert!(matches!(stage.committers.commit(claiming(&["a"], 1)).await, Err(CommitError::Unknown)));
    assert_eq!(stage.memory.lock().unwrap().batches, [1, 1]);
    assert!(stage.committers.commit(claiming(&["a"], 1)).await.is_ok(), "and it works again afterwards");
}

#[tokio::test]
async fn a_batch_that_stays_away_holds_nobody_else_up() {
    let stage = stage(2, ALWAYS, Limits::default());
    stage.memory.lock().unwrap().faults = [Fault::Stuck].into();
    let committers = Arc::clone(&stage.committers);
    let stuck = tokio::spawn(async move { committers.commit(claiming(&["a"], 1)).await });
    while stage.memory.lock().unwrap().batches.is_empty() {
        tokio::task::yield_now().await;
    }
    for name in ["b", "c"] {
        assert!(stage.committers.commit(claiming(&[name], 1)).await.is_ok());
    }
    assert!(!stuck.is_finished());
    stuck.abort();
}

#[tokio::test]
async fn what_was_admitted_goes_on_when_the_caller_is_gone() {
    let stage = stage(1, 0, Limits::default());
    let caller = {
        let committers = Arc::clone(&stage.committers);
        tokio::spawn(async move { committers.commit(claiming(&["a"], 7)).await })
    };
    tokio::task::yield_now().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    stage.gate.add_permits(ALWAYS);
    stage.committers.close().await;
    assert_eq!(stage.memory.lock().unwrap().claims.len(), 1);
    assert!(matches!(stage.committers.commit(claiming(&["b"], 1)).await, Err(CommitError::Busy)), "closed");
}

#[tokio::test]
async fn a_full_queue_turns_away_and_a_long_wait_ends() {
    let limits = Limits { queue_sets: 2, queue_age: Duration::from_millis(50), batch_sets: 1, ..Limits::default() };
    let stage = stage(1, 0, limits);
    let told = tokio::spawn({
        let (committers, gate) = (Arc::clone(&stage.committers), Arc::clone(&stage.gate));
        async move {
            let names = ["a", "b", "c", "d", "e"];
            let tasks: Vec<_> = names
                .map(|name| {
                    let committers = Arc::clone(&committers);
                    tokio::spawn(async move { committers.commit(claiming(&[name], 1)).await })
                })
                .into();
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.add_permits(ALWAYS);
            let mut told = Vec::new();
            for task in tasks {
                told.push(task.await.unwrap());
            }
            told
        }
    })
    .await
    .unwrap();
    let won = told.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(told.iter().filter(|answer| matches!(answer, Err(CommitError::Busy))).count(), 5 - won);
    assert!((1..=2).contains(&won), "one was in flight, the others waited too long or found no room: {won}");
}

#[tokio::test]
async fn a_set_above_the_limit_is_refused() {
    let stage = stage(1, ALWAYS, Limits::default());
    let names: Vec<String> = (0..=ChangeSet::MOST_ROWS).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(matches!(stage.committers.commit(claiming(&names, 1)).await, Err(CommitError::TooLarge)));
}

#[tokio::test]
async fn places_bound_how_many_use_cases_are_under_way() {
    let limits = Limits { places: 1, entry_wait: Duration::from_millis(20), ..Limits::default() };
    let stage = stage(1, ALWAYS, limits);
    let first = stage.committers.enter(&[]).await.unwrap();
    assert!(matches!(stage.committers.enter(&[]).await, Err(CommitError::Busy)));
    drop(first);
    assert!(stage.committers.enter(&[]).await.is_ok());
}

#[test]
fn a_judge_who_saw_nothing_lets_nobody_win_a_claim() {
    let batch = [Arc::new(claiming(&["a"], 1)), Arc::new(claiming(&[], 1))];
    assert_eq!(Judge::new(&batch).decide(), [CommitOutcome::Conflicted, CommitOutcome::Committed]);
}
