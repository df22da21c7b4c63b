//! The storage ports on SQLite: the embedded default, one file and one server.
//!
//! [`SqliteStorage`] implements every trait of [`ports::Storage`]. Writes go through one thread that turns batches of
//! change sets into transactions ([`journal`] decides who wins); reads come from a few connections beside it and never
//! wait for it (write-ahead log). Another process, such as the command line, may write to the same file at the same
//! time: change sets are safe by what they expect. A second *server* is refused by [`SqliteStorage::lock_for_serving`].
//!
//! # Finding the place for a change
//! - a column: `migrations/sqlite` and its table's description in [`tables`]; `schema` too, if a query names it;
//! - a question: its trait's file in `reads`;
//! - how a batch is written: `flush`; what must agree with what: `inspect`; what a reset
//!   wipes: `maintenance`.

mod checkpoint;
mod connection;
mod error;
mod flush;
mod inspect;
mod leases;
mod lock;
mod maintenance;
mod migrate;
mod options;
mod readers;
mod reads;
mod rows;
mod schema;
mod values;

pub use error::OpenError;
pub use journal::Limits;
pub use lock::ServingLock;
pub use options::SqliteOptions;
#[doc(hidden)]
pub use tables::wiped_tables;

use async_trait::async_trait;
use checkpoint::Checkpointer;
use connection::{Database, Role};
use flush::SqliteFlusher;
use journal::Committers;
use ports::{ChangeSet, CommitError, Entry, Journal, Lane};
use readers::Readers;
use std::path::Path;

/// A SQLite database as a [`ports::Storage`].
///
/// [`SqliteStorage::close`] finishes what waits; dropping it stops its threads. Whatever was acknowledged is durable long
/// before either.
pub struct SqliteStorage {
    database: Database,
    readers: Readers,
    committers: Committers,
    #[allow(dead_code, reason = "held for its drop, which stops the thread")]
    checkpointer: Checkpointer,
}

impl SqliteStorage {
    /// Opens the database file at `path` and starts its threads; a new file is made readable by its owner only. The
    /// schema is left as it is: see [`SqliteStorage::migrate`]. Called within a tokio runtime that outlives requests.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let database = Database::at(path, options)?;
        let failed = |source| OpenError::File { path: database.path().to_owned(), source };
        let checkpointer = Checkpointer::start(&database).map_err(failed)?;
        // One is enough: SQLite has one writer at a time.
        let flusher = SqliteFlusher::start(&database, checkpointer.signal()).map_err(failed)?;
        let committers = Committers::start(vec![Box::new(flusher)], options.limits);
        Ok(Self { readers: Readers::new(&database), committers, checkpointer, database })
    }

    /// Takes no more writes, finishes those that wait, and returns when the last one is answered.
    pub async fn close(&self) {
        self.committers.close().await;
    }

    /// Brings the schema up to date, all or nothing, and gives the names of the migrations that ran. Two processes that
    /// do it at once wait for each other.
    pub fn migrate(&self) -> Result<Vec<String>, OpenError> {
        migrate::run(&mut self.maintenance()?)
    }

    /// The names of the migrations that have not run yet.
    pub fn pending_migrations(&self) -> Result<Vec<String>, OpenError> {
        migrate::pending(&mut self.maintenance()?)
    }

    /// Takes the right to serve this file. [`OpenError::Served`] while another process, or another part of this one,
    /// has it.
    pub fn lock_for_serving(&self) -> Result<ServingLock, OpenError> {
        ServingLock::take(self.database.path())
    }

    fn maintenance(&self) -> Result<diesel::SqliteConnection, OpenError> {
        self.database.connect(Role::Writer).map_err(|why| self.database.refused(why))
    }
}

#[async_trait]
impl Journal for SqliteStorage {
    async fn enter(&self, lanes: &[Lane]) -> Result<Entry, CommitError> {
        self.committers.enter(lanes).await
    }

    async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        self.committers.commit(set).await
    }
}

impl std::fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStorage").field("path", &self.database.path()).finish_non_exhaustive()
    }
}
