//! Answers that were kept for an idempotency key, for whoever must know before a use case can run.

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use std::sync::Arc;

/// Looks kept answers up.
pub struct Replays {
    desk: Arc<Desk>,
}

impl Replays {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    /// The answer that was kept for this request, or the refusal because its key was used for another one.
    ///
    /// The use cases ask this by themselves. The edge asks it for a request that it cannot read: that the key was used
    /// before comes first in the order of refusals.
    pub async fn kept(&self, who: &Principal, once: &Once) -> Result<Option<Answer>, AppError> {
        self.desk.kept_answer(who.merchant_id, once).await
    }
}
