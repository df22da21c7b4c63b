//! How much of PostgreSQL one process uses.

use journal::Limits;
use std::time::Duration;

/// How much of PostgreSQL one process uses, and how long it waits. The defaults suit a server on two cores.
#[derive(Debug, Clone, Copy)]
pub struct PostgresOptions {
    /// Connections that all reads share; several reads travel on one at the same time.
    pub read_connections: usize,
    /// How many loads of the facts for events run at the same time; those who come meanwhile share the next one.
    pub loads_at_once: usize,
    /// Connections that write, each a transaction at a time.
    pub committers: usize,
    /// The longest that opening a connection may take.
    pub connect_timeout: Duration,
    /// The longest that one statement may take.
    pub statement_timeout: Duration,
    /// The longest wait for another transaction's lock.
    pub lock_timeout: Duration,
    /// The longest pause inside a transaction before PostgreSQL ends it, should this process hang.
    pub idle_in_transaction_timeout: Duration,
    /// The longest that one statement of [`ports::Inspection::differences`] may take.
    pub inspection_timeout: Duration,
    /// What the write path takes at once.
    pub limits: Limits,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            read_connections: 4,
            loads_at_once: 1,
            committers: 2,
            connect_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction_timeout: Duration::from_secs(5),
            inspection_timeout: Duration::from_secs(600),
            limits: Limits::default(),
        }
    }
}

impl PostgresOptions {
    /// How long this process waits for an answer before it takes the connection for dead: longer than PostgreSQL works
    /// on a statement, so that it is PostgreSQL who says no wherever it still can.
    pub(crate) fn patience(&self) -> Duration {
        self.statement_timeout + Duration::from_secs(3)
    }
}
