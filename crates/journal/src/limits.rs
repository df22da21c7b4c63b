//! The limits of the write path.

use std::time::Duration;

/// The limits of one process's write path.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most sets in one transaction.
    pub batch_sets: usize,
    /// The most rows in one transaction; a larger set is refused.
    pub batch_rows: usize,
    /// The most bytes in one transaction; a larger set travels alone.
    pub batch_bytes: usize,
    /// How long waiting sets hold back for the batch that left last: a few large batches cost less than many small
    /// ones. Urgent sets and full batches leave at once.
    pub linger: Duration,
    /// The maximum number of waiting sets.
    pub queue_sets: usize,
    /// The maximum bytes of waiting sets.
    pub queue_bytes: usize,
    /// The longest time that a set waits before it is rejected.
    pub queue_age: Duration,
    /// The most use cases between load and commit.
    pub places: usize,
    /// The longest wait for a place and for lanes.
    pub entry_wait: Duration,
}

impl Limits {
    /// Limits for a server on two cores.
    pub(crate) const DEFAULT: Self = Self {
        batch_sets: 128,
        batch_rows: ports::ChangeSet::MOST_ROWS,
        batch_bytes: 4 << 20,
        linger: Duration::from_millis(10),
        queue_sets: 4_096,
        queue_bytes: 64 << 20,
        queue_age: Duration::from_secs(1),
        places: 1_024,
        entry_wait: Duration::from_secs(5),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
