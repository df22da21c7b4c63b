//! Committers: tasks that take batches from one queue and flush them.

use crate::{
    CommitOutcome, Flushed, Flusher, Limits,
    lanes::Lanes,
    queue::{Queue, Queued},
    tokens::tokens,
};
use async_trait::async_trait;
use ports::{ChangeSet, CommitError, Entry, ErrorChain, Journal, Lane};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};

type CommitResult = Result<(), CommitError>;
type Pending = Queued<Waiter>;

/// A set with the caller that waits for its outcome.
struct Waiter {
    set: Arc<ChangeSet>,
    answer: oneshot::Sender<CommitResult>,
}

impl Waiter {
    /// Sends the outcome to the caller. If the caller no longer waits it is dropped; the set's outcome is the same.
    fn tell(self, answer: CommitResult) {
        let _ = self.answer.send(answer);
    }
}

struct Shared {
    state: Mutex<State>,
    wake: Notify,
    started: Instant,
}

struct State {
    queue: Queue<Waiter>,
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The write path of one process: a queue, the tasks that empty it, places and lanes. Serves the [`Journal`] port.
///
/// Dropping it makes the tasks finish the waiting sets and end.
pub struct Committers {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    places: Arc<Semaphore>,
    lanes: Lanes,
    limits: Limits,
}

impl Committers {
    /// Starts a task for each flusher on the current tokio runtime, which must be one that outlives requests.
    pub fn start(flushers: Vec<Box<dyn Flusher>>, limits: Limits) -> Self {
        let state = State { queue: Queue::new(limits), closed: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), wake: Notify::new(), started: Instant::now() });
        let tasks = flushers.into_iter().map(|flusher| tokio::spawn(work(Arc::clone(&shared), flusher))).collect();
        Self {
            shared,
            tasks: Mutex::new(tasks),
            places: Arc::new(Semaphore::new(limits.places)),
            lanes: Lanes::default(),
            limits,
        }
    }

    /// Accepts no more sets, finishes the waiting ones and returns when the last flush is done.
    pub async fn close(&self) {
        self.stop_accepting();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a committer task panicked");
            }
        }
    }

    fn stop_accepting(&self) {
        self.shared.state().closed = true;
        self.shared.wake.notify_waiters();
        self.shared.wake.notify_one();
    }
}

impl Drop for Committers {
    fn drop(&mut self) {
        self.stop_accepting();
    }
}

#[async_trait]
impl Journal for Committers {
    async fn enter(&self, lanes: &[Lane]) -> Result<Entry, CommitError> {
        let waiting = async {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| CommitError::Busy)?;
            let lanes = self.lanes.take(lanes).await;
            Ok(Entry::holding((lanes, place)))
        };
        timeout(self.limits.entry_wait, waiting).await.map_err(|_| CommitError::Busy)?
    }

    async fn commit(&self, set: ChangeSet) -> CommitResult {
        let rows = set.row_count();
        if rows > self.limits.batch_rows {
            return Err(CommitError::TooLarge);
        }
        let (answer, outcome) = oneshot::channel();
        let waiting = Queued {
            tokens: tokens(&set),
            rows,
            bytes: set.byte_count(),
            urgent: set.urgent,
            since: self.shared.now(),
            payload: Waiter { set: Arc::new(set), answer },
        };
        let should_wake = {
            let mut state = self.shared.state();
            if state.closed || state.queue.push(waiting).is_err() {
                return Err(CommitError::Busy);
            }
            state.queue.should_wake(self.shared.now())
        };
        if should_wake {
            self.shared.wake.notify_one();
        }
        // The sender is only dropped unanswered if its task died in mid-flush.
        outcome.await.unwrap_or(Err(CommitError::Unknown))
    }
}

async fn work(shared: Arc<Shared>, mut flusher: Box<dyn Flusher>) {
    while let Some(batch) = next_batch(&shared).await {
        flush(&shared, flusher.as_mut(), batch).await;
        // Sets that accumulated meanwhile are this task's next batch.
        shared.state().queue.batch_done();
    }
}

/// The next batch as soon as there is one; `None` when the write path is closed and empty.
async fn next_batch(shared: &Shared) -> Option<Vec<Pending>> {
    loop {
        let woken = shared.wake.notified();
        let (dispatch, closed, waiting, linger_left) = {
            let (mut state, now) = (shared.state(), shared.now());
            let dispatch = state.queue.next_batch(now);
            (dispatch, state.closed, !state.queue.is_empty(), state.queue.linger_left(now))
        };
        for late in dispatch.expired {
            late.payload.tell(Err(CommitError::Busy));
        }
        if !dispatch.batch.is_empty() {
            if waiting {
                shared.wake.notify_one();
            }
            return Some(dispatch.batch);
        }
        if closed && !waiting {
            // Pass the word on: the next task may be waiting too.
            shared.wake.notify_one();
            return None;
        }
        // Otherwise the waiting sets leave when a batch in flight ends. The timer rejects sets that have waited too
        // long.
        let rest = if waiting && !linger_left.is_zero() { linger_left } else { Duration::from_millis(250) };
        let _ = timeout(rest, woken).await;
    }
}

/// Writes a batch, sends the outcomes, and releases the sets that waited for its tokens.
async fn flush(shared: &Shared, flusher: &mut dyn Flusher, batch: Vec<Pending>) {
    let sets: Vec<Arc<ChangeSet>> = batch.iter().map(|pending| Arc::clone(&pending.payload.set)).collect();
    let mut flushed = flusher.flush(&sets).await;
    if matches!(flushed, Flushed::Again) {
        flushed = flusher.flush(&sets).await;
    }
    match flushed {
        Flushed::Again | Flushed::Faulty(_) if batch.len() > 1 => {
            tracing::warn!(sets = batch.len(), outcome = ?flushed, "flushing a batch one by one");
            for pending in batch {
                let alone = flusher.flush(std::slice::from_ref(&pending.payload.set)).await;
                settle(shared, vec![pending], alone);
            }
        }
        flushed => settle(shared, batch, flushed),
    }
}

fn settle(shared: &Shared, batch: Vec<Pending>, flushed: Flushed) {
    {
        let mut state = shared.state();
        for pending in &batch {
            state.queue.release(&pending.tokens);
        }
    }
    let answers: Vec<CommitResult> = match flushed {
        Flushed::Done(outcomes) if outcomes.len() == batch.len() => outcomes
            .into_iter()
            .map(|outcome| match outcome {
                CommitOutcome::Committed => Ok(()),
                CommitOutcome::Conflicted => Err(CommitError::Conflict),
            })
            .collect(),
        Flushed::Done(outcomes) => {
            tracing::error!(sets = batch.len(), verdicts = outcomes.len(), "the adapter judged another batch");
            batch.iter().map(|_| Err(CommitError::Unknown)).collect()
        }
        Flushed::Again => batch.iter().map(|_| Err(CommitError::Busy)).collect(),
        Flushed::Unavailable(source) => {
            tracing::warn!(error = %ErrorChain(source.as_ref()), "the storage is away");
            batch.iter().map(|_| Err(CommitError::Busy)).collect()
        }
        Flushed::Unknown => {
            tracing::error!(sets = batch.len(), "the outcome of a commit is unknown");
            batch.iter().map(|_| Err(CommitError::Unknown)).collect()
        }
        // A batch of one: larger ones were taken apart.
        Flushed::Faulty(source) => vec![Err(CommitError::Broken(source))],
    };
    for (pending, answer) in batch.into_iter().zip(answers) {
        pending.payload.tell(answer);
    }
}
