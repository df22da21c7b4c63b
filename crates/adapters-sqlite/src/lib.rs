//! The storage ports on SQLite: the embedded default, one file and one server.
//!
//! [`SqliteStorage`] implements every trait of [`ports::Storage`]. Writes go through one thread that turns batches of
//! change sets into transactions ([`journal`] decides who wins); reads come from a few connections beside it and never
//! wait for it (write-ahead log). Another process, such as the command line, may write to the same file at the same
//! time: change sets are safe by what they expect. A second *server* is refused by [`SqliteStorage::lock_for_serving`].
//!
//! # Finding the place for a change
//! - a column: `migrations/sqlite`, `schema`, and its row struct in `rows`, which the compiler then insists on;
//! - a question: its trait's file in `reads`;
//! - how a batch is written: `flush`; what must agree with what: `inspect`.

mod checkpoint;
mod connection;
mod error;
mod flush;
mod inspect;
mod lock;
mod migrate;
mod options;
mod readers;
mod reads;
mod rows;
mod schema;
mod values;

pub use error::OpenError;
pub use lock::ServingLock;
pub use options::SqliteOptions;

use checkpoint::Checkpointer;
use connection::{Database, Role};
use flush::SqliteFlusher;
use readers::Readers;
use std::path::Path;

/// A SQLite database as a [`ports::Storage`].
///
/// Dropping it stops its threads and empties the log; what was acknowledged is durable long before.
#[derive(Debug)]
pub struct SqliteStorage {
    database: Database,
    readers: Readers,
    checkpointer: Checkpointer,
}

impl SqliteStorage {
    /// Opens the database file at `path` and starts its threads; a new file is made readable by its owner only. The
    /// schema is left as it is: see [`SqliteStorage::migrate`].
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let database = Database::at(path, options)?;
        let failed = |source| OpenError::File { path: database.path().to_owned(), source };
        let checkpointer = Checkpointer::start(&database).map_err(failed)?;
        Ok(Self { readers: Readers::new(&database), checkpointer, database })
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

    /// The writer of this storage. One is enough: SQLite has one writer at a time.
    fn flusher(&self) -> Result<SqliteFlusher, OpenError> {
        let failed = |source| OpenError::File { path: self.database.path().to_owned(), source };
        SqliteFlusher::start(&self.database, self.checkpointer.signal()).map_err(failed)
    }

    fn maintenance(&self) -> Result<diesel::SqliteConnection, OpenError> {
        self.database.connect(Role::Writer).map_err(|why| self.database.refused(why))
    }
}
