//! Sending e-mails.

use async_trait::async_trait;
use domain::{Letter, MailId};
use std::error::Error;

/// Hands letters to somebody who delivers them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a letter under this id, by which its receiver can tell a second copy. Ends within
    /// [`domain::Mail::LONGEST_ATTEMPT`].
    async fn send(&self, id: MailId, letter: &Letter) -> Result<(), MailError>;
}

/// Why a letter was not taken. Its cause never holds the address, nor what somebody else said about it.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Not now; another time perhaps.
    #[error("not taken now")]
    Delayed(#[source] Box<dyn Error + Send + Sync>),
    /// Never, however often it is tried.
    #[error("refused for good")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}
