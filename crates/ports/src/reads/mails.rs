//! E-mails that wait to be sent.

use super::Read;
use crate::{Due, Versioned};
use async_trait::async_trait;
use domain::{MailId, MerchantId, OutgoingEmail, Timestamp};

/// E-mails.
#[async_trait]
pub trait MailReads: Send + Sync {
    /// One of them.
    async fn mail(&self, merchant: MerchantId, id: MailId) -> Read<Option<Versioned<OutgoingEmail>>>;

    /// Global. Those that are due at the real instant `now`, the longest due first: at most `limit`, after the first
    /// `skip`.
    async fn due_mails(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<MailId>>>;
}
