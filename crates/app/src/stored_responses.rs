//! Stored responses, for callers that need them before a use case can run.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use std::sync::Arc;

/// Looks up stored responses.
pub struct StoredResponses {
    context: Arc<UseCaseContext>,
}

impl StoredResponses {
    pub(crate) fn new(context: Arc<UseCaseContext>) -> Self {
        Self { context }
    }

    /// Returns the response stored for this request, or the refusal because its key was used for another one.
    ///
    /// Use cases look it up on their own. The HTTP adapter does so for a request that it cannot read, because a key
    /// that was used for another request comes first in the order of refusals.
    pub async fn kept(&self, who: &Principal, request: &IdempotentRequest) -> Result<Option<Response>, AppError> {
        self.context.stored_response(who.merchant_id, request).await
    }
}
