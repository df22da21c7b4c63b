//! The storage ports on PostgreSQL: production, any number of server nodes on one database.
//!
//! * Reading ([`ports::AffiliateReads`] and its siblings, in `reads`): single statements on a few shared connections,
//!   pipelined. Facts that need several statements send them together, claims before rows. What many requests ask for at
//!   the same time is loaded together (`batch_loader`).
//! * Writing ([`ports::Journal`], in `flush`): [`journal::Committers`] collect change sets, a connection each writes them
//!   a batch a transaction.
//! * The schema is in `migrations/postgres`, the columns of each table once more in `rows`.
//!
//! No statement waits for a lock longer than two seconds or runs longer than five, and none is open while anything
//! outside the database is waited for.
//!
//! # Adding a table
//! A migration; its row in `rows` with both mappings; its field in `flush::Write`, which [`ports::Rows`] makes the
//! compiler insist on; its keys in `inspect`; its name in `maintenance`, if a reset wipes it.

mod batch_loader;
mod connect;
mod error;
mod flush;
mod inspect;
mod journal_port;
mod kept;
mod leases;
mod maintenance;
mod migrate;
mod options;
mod readers;
mod reads;
mod rows;
mod sql;
mod tls;

pub use error::PostgresError;
pub use migrate::{migrate, pending_migrations, revert};
pub use options::PostgresOptions;
#[doc(hidden)]
pub use tables::wiped_tables;

use batch_loader::BatchLoader;
use connect::{Connector, Purpose};
use flush::PostgresFlusher;
use journal::{Committers, Flusher};
use kept::KeptLink;
use readers::Readers;
use reads::EventFactsRequest;
use secrecy::SecretString;
use std::{fmt, sync::Arc};

/// A database that serves every storage port.
pub struct PostgresStorage {
    readers: Arc<Readers>,
    event_facts: BatchLoader<EventFactsRequest>,
    committers: Committers,
    inspector: Connector,
    upkeep: KeptLink,
}

impl PostgresStorage {
    /// Connects to a migrated database. The connections live on the current runtime, which must be one that outlives
    /// requests and is never busy with them: the main multi-thread one.
    ///
    /// # Errors
    /// A URL that cannot be read, or a server that does not let us in. A server that goes away later is no error here:
    /// reads and commits say so until it is back.
    pub async fn connect(url: &SecretString, options: PostgresOptions) -> Result<Self, PostgresError> {
        let reading = Connector::new(url, &options, Purpose::Read)?;
        let readers = Arc::new(Readers::start(reading, options.read_connections, options.patience()).await?);
        let gathering = Connector::new(url, &options, Purpose::BatchLoader)?;
        let gathering = Arc::new(Readers::start(gathering, options.loads_at_once, options.patience()).await?);
        let writing = Connector::new(url, &options, Purpose::Write)?;
        let flusher = || -> Box<dyn Flusher> { Box::new(PostgresFlusher::new(writing.clone(), options.patience())) };
        let flushers = (0..options.committers.max(1)).map(|_| flusher()).collect();
        Ok(Self {
            event_facts: BatchLoader::start(&gathering, options.loads_at_once),
            readers,
            committers: Committers::start(flushers, options.limits),
            upkeep: KeptLink::new(writing, options.patience()),
            inspector: Connector::new(url, &options, Purpose::Inspect)?,
        })
    }

    /// Takes no more change sets, writes those that wait, and returns when the last one is answered.
    pub async fn close(&self) {
        self.committers.close().await;
    }
}

impl fmt::Debug for PostgresStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStorage").finish_non_exhaustive()
    }
}
