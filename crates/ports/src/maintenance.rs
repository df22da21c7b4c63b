//! Retention: what nobody can ask for any more is deleted.

use crate::ReadError;
use async_trait::async_trait;
use domain::Timestamp;

/// Deleting what has served its time. Apart from the journal, because it changes nothing that anyone can see and has
/// nothing to announce. Global; run by every node, in chunks.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Forgets kept answers that expired at or before the real instant `now`, at most `most` of them; how many.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError>;
}
