//! What can be chosen about a database.

use journal::Limits;
use std::time::Duration;

/// How a database is used. The default is for production.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Whether a commit waits until the disk has it (`synchronous=FULL`). Off only for tests on a RAM file.
    pub durable: bool,
    /// How many reads run at once, at least 1.
    pub readers: usize,
    /// How long a statement waits for another process's lock, and a read for a free connection.
    pub patience: Duration,
    /// How long after a commit its pages are copied from the log into the database.
    pub checkpoint_every: Duration,
    /// The size in bytes above which the log is emptied, though writers then wait for a moment.
    pub most_log: u64,
    /// How much the write path takes at once.
    pub limits: Limits,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durable: true,
            readers: 4,
            patience: Duration::from_secs(5),
            checkpoint_every: Duration::from_secs(1),
            most_log: 64 * 1024 * 1024,
            limits: Limits::default(),
        }
    }
}

impl SqliteOptions {
    /// For tests on a file in RAM: nothing waits for a disk.
    pub fn for_tests() -> Self {
        Self { durable: false, ..Self::default() }
    }
}
