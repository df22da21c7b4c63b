//! Refusals and failures of the use cases.

use super::{ApiError, Code};
use app::AppError;
use ports::ErrorChain;

impl From<AppError> for ApiError {
    /// A failure of the server keeps its whole chain of causes for the request's log line.
    fn from(error: AppError) -> Self {
        match error {
            AppError::Unauthorized => Self::new(Code::Unauthorized),
            AppError::ApiPlan => Self::new(Code::PlanRequired),
            AppError::Scope(scope) => {
                Self::saying(Code::Forbidden, format!("The API key lacks the scope {}.", scope.as_str()))
            }
            AppError::LiveMode => {
                Self::saying(Code::Forbidden, "This exists in test mode only: use a test key of the organization.")
            }
            AppError::Refused(refusal) => refusal.into(),
            AppError::IdempotencyMismatch => Self::new(Code::IdempotencyMismatch),
            AppError::AnswerErased => Self::new(Code::AnswerErased),
            AppError::Unavailable(_) | AppError::Unknown => {
                Self::new(Code::Unavailable).because(ErrorChain(&error).to_string())
            }
            AppError::Internal(_) => Self::new(Code::Internal).because(ErrorChain(&error).to_string()),
        }
    }
}
