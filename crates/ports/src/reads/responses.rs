//! Kept answers.

use super::Read;
use crate::{IdempotencyKey, StoredResponse};
use async_trait::async_trait;
use domain::{MerchantId, Timestamp};

/// Kept answers.
#[async_trait]
pub trait ResponseReads: Send + Sync {
    /// Returns the response stored for a key on a route, unless it expired at or before the real instant `now`.
    async fn response(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Read<Option<StoredResponse>>;
}
