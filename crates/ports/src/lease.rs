//! Leases: which node does a kind of work.

use crate::ReadError;
use async_trait::async_trait;
use domain::Timestamp;
use uuid::Uuid;

/// Leases save nodes from doing the same work twice. Nothing relies on them: workers are correct without one too,
/// because they expect the versions that they read. All times are real times of the node that asks.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes the lease on `kind` for `holder` until `until`, or prolongs it. `false` while another holder has it, which
    /// ends when its time is over at `now`.
    async fn take_lease(&self, kind: &str, holder: Uuid, now: Timestamp, until: Timestamp) -> Result<bool, ReadError>;

    /// Gives the lease on `kind` back, if `holder` has it, so that the next one need not wait for its end.
    async fn give_back_lease(&self, kind: &str, holder: Uuid) -> Result<(), ReadError>;
}
