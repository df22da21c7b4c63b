//! Sending e-mails.

use async_trait::async_trait;
use domain::{EmailMessage, MailId};
use std::error::Error;

/// Sends e-mail messages.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a message under this id, by which the receiver can recognize a second copy. Ends within
    /// [`domain::OutgoingEmail::LONGEST_ATTEMPT`].
    async fn send(&self, id: MailId, message: &EmailMessage) -> Result<(), MailError>;
}

/// Why a message was not accepted. The cause contains neither the address nor the mail server's text.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Not now; another time perhaps.
    #[error("not taken now")]
    Delayed(#[source] Box<dyn Error + Send + Sync>),
    /// Never, however often it is tried.
    #[error("refused for good")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}
