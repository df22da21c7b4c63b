//! Answers that were kept for an idempotency key, for whoever must know before a use case can run.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use std::sync::Arc;

/// Looks kept answers up.
pub struct Replays {
    context: Arc<UseCaseContext>,
}

impl Replays {
    pub(crate) fn new(context: Arc<UseCaseContext>) -> Self {
        Self { context }
    }

    /// The answer that was kept for this request, or the refusal because its key was used for another one.
    ///
    /// The use cases ask this by themselves. The edge asks it for a request that it cannot read: that the key was used
    /// before comes first in the order of refusals.
    pub async fn kept(&self, who: &Principal, request: &IdempotentRequest) -> Result<Option<Response>, AppError> {
        self.context.stored_response(who.merchant_id, request).await
    }
}
