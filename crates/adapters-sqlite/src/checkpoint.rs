//! Copying the write-ahead log into the database, away from the writer.
//!
//! A commit only appends to the log. This thread copies the log into the database a while after a commit, beside readers
//! and writers (a passive checkpoint). Under constant writing the log never gets a moment to start over, so above a size
//! it is emptied. For that the writer gives way between two batches: it holds SQLite's lock nearly all the time, and who
//! only waits for that lock would hardly ever get it.

use crate::{
    connection::{Database, Role},
    error::SqliteError,
};
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection,
    sql_types::{BigInt, Integer},
};
use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

#[derive(Debug, Default)]
struct State {
    written: bool,
    emptying: bool,
    stop: bool,
}

/// Between the writer and the checkpoint thread: something was written, and the log is being emptied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signal(Arc<(Mutex<State>, Condvar)>);

impl Signal {
    /// Something was written.
    pub(crate) fn written(&self) {
        self.set(|state| state.written = true);
    }

    /// Waits while the log is being emptied.
    pub(crate) fn give_way(&self) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(state, |state| state.emptying).unwrap_or_else(PoisonError::into_inner));
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.0;
        change(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Waits for something to be written, then for the rest of `interval`; whether to go on.
    fn wait(&self, interval: std::time::Duration) -> bool {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut State| !state.written && !state.stop;
        let state = changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        let running = |state: &mut State| !state.stop;
        let waited = changed.wait_timeout_while(state, interval, running).unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = waited;
        state.written = false;
        !state.stop
    }
}

/// Makes the writer wait as long as it lives.
struct Emptying<'a>(&'a Signal);

impl<'a> Emptying<'a> {
    fn begin(signal: &'a Signal) -> Self {
        signal.set(|state| state.emptying = true);
        Self(signal)
    }
}

impl Drop for Emptying<'_> {
    fn drop(&mut self) {
        self.0.set(|state| state.emptying = false);
    }
}

/// The checkpoint thread; dropping it empties the log once more and waits for that.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    signal: Signal,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(crate) fn start(database: &Database) -> io::Result<Self> {
        let signal = Signal::default();
        let (database, watched) = (database.clone(), signal.clone());
        let thread = thread::Builder::new().name("sqlite-checkpoint".to_owned()).spawn(move || {
            let mut connection = None;
            while watched.wait(database.options().checkpoint_every) {
                settle(&database, &watched, &mut connection, false);
            }
            settle(&database, &watched, &mut connection, true);
        })?;
        Ok(Self { signal, thread: Some(thread) })
    }

    /// What the writer tells it with.
    pub(crate) fn signal(&self) -> &Signal {
        &self.signal
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.signal.set(|state| state.stop = true);
        if let Some(thread) = self.thread.take() {
            // It logs its own failures; a panic of it has been reported by its thread.
            let _ = thread.join();
        }
    }
}

/// What SQLite says of a checkpoint: whether it was held up, and the pages in the log.
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
    #[diesel(sql_type = BigInt)]
    log: i64,
}

#[derive(QueryableByName)]
struct PageSize {
    #[diesel(sql_type = BigInt)]
    page_size: i64,
}

/// One round. A failure is logged and the next round tries again: the log only grows meanwhile.
fn settle(database: &Database, signal: &Signal, connection: &mut Option<SqliteConnection>, last: bool) {
    if let Err(fault) = checkpoint(database, signal, connection, last) {
        *connection = None;
        tracing::warn!(error = %ports::ErrorChain(&fault), "the log could not be copied into the database");
    }
}

fn checkpoint(
    database: &Database,
    signal: &Signal,
    slot: &mut Option<SqliteConnection>,
    last: bool,
) -> Result<(), SqliteError> {
    let connection = match slot.take() {
        Some(connection) => slot.insert(connection),
        None => slot.insert(database.connect(Role::Checkpointer)?),
    };
    let passive: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(connection)?;
    let page: PageSize = diesel::sql_query("PRAGMA page_size").get_result(connection)?;
    let log = u64::try_from(passive.log.saturating_mul(page.page_size)).unwrap_or(0);
    if last || log > database.options().most_log {
        let _turn = Emptying::begin(signal);
        let emptied: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(connection)?;
        if emptied.busy != 0 {
            tracing::debug!(log, "the log could not be emptied: somebody is reading it or writing beside");
        }
    }
    Ok(())
}
