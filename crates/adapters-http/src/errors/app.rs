//! Refusals and failures of the use cases.

use super::{ApiError, Code};
use app::AppError;
use std::error::Error;

impl From<AppError> for ApiError {
    /// Where a failure of the server is logged: once, here, with its whole chain.
    fn from(error: AppError) -> Self {
        match error {
            AppError::Unauthorized => Self::new(Code::Unauthorized),
            AppError::ApiPlan => Self::new(Code::PlanRequired),
            AppError::Scope(scope) => {
                Self::saying(Code::Forbidden, format!("The API key lacks the scope {}.", scope.as_str()))
            }
            AppError::Refused(refusal) => refusal.into(),
            AppError::IdempotencyMismatch => Self::new(Code::IdempotencyMismatch),
            AppError::Unavailable(_) | AppError::Unknown => {
                tracing::warn!(chain = chain(&error), "a request could not be served now");
                Self::new(Code::Unavailable)
            }
            AppError::Internal(_) => {
                tracing::error!(chain = chain(&error), "a request failed");
                Self::new(Code::Internal)
            }
        }
    }
}

/// The error and what caused it, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |&error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
