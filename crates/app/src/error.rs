//! How a use case says no.

use domain::{Plan, Refusal, Scope};
use ports::{CommitError, ReadError};

/// Why a use case did not do what was asked. The edge maps each to a code and a status, and logs the chain once.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No key, or none that opens anything. Says no more.
    #[error("the key opens nothing")]
    Unauthorized,
    /// The organization's plan has no API.
    #[error("{}", Plan::API_REFUSAL)]
    ApiPlan,
    /// The key lacks a scope.
    #[error("the key lacks the scope {}", .0.as_str())]
    Scope(Scope),
    /// The operation exists in test mode only.
    #[error("the key is for live mode")]
    LiveMode,
    /// The rules refuse.
    #[error("the rules refuse")]
    Refused(#[source] Refusal),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The request was done before, and its response contained data of a person who has been erased.
    #[error("the answer that was kept is erased")]
    AnswerErased,
    /// Nothing was done; trying later may help.
    #[error("unavailable")]
    Unavailable(#[source] Option<ReadError>),
    /// Whether it was done is unknown; the caller's retry finds out.
    #[error("the outcome is unknown")]
    Unknown,
    /// A bug or a damaged row. Nothing was done.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ReadError> for AppError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(_) => Self::Unavailable(Some(error)),
            ReadError::Damaged(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<CommitError> for AppError {
    /// For outcomes that end an attempt. A conflict gets here only when the time for trying again is over.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict | CommitError::Busy => Self::Unavailable(None),
            CommitError::Unknown => Self::Unknown,
            CommitError::TooLarge | CommitError::Broken(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<domain::MoneyError> for AppError {
    /// Sums of stored amounts: they fit and agree unless a row is damaged.
    fn from(error: domain::MoneyError) -> Self {
        Self::Internal(Box::new(error))
    }
}
