//! Deletion of expired rows, and of what a reset wipes.

use crate::{IdempotencyKey, ReadError};
use async_trait::async_trait;
use domain::{AffiliateId, AnnouncementId, ClickId, MerchantId, Timestamp};

/// The key of a stored response, within its merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPlace {
    /// The operation.
    pub route: String,
    /// The caller's key.
    pub key: IdempotencyKey,
}

/// An announcement's id and payload.
pub type StoredPayload = (AnnouncementId, Vec<u8>);
/// A stored response's key and body.
pub type Answered = (ReplyPlace, Vec<u8>);

/// Deleting in chunks. Apart from the journal, because what is deleted can no longer be seen by anyone and is not
/// announced row by row.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Global. Deletes stored responses that expired at or before the real instant `now`, at most `most` of them, and
    /// returns how many.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// Global. Forgets e-mails that were written before the real instant `before`, at most `most` of them; how many.
    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// The `most` announcements of a merchant after `after`, in the order of their ids.
    async fn announcements_after(
        &self,
        merchant: MerchantId,
        after: Option<AnnouncementId>,
        most: u32,
    ) -> Result<Vec<StoredPayload>, ReadError>;

    /// Puts other payloads in the place of those of these announcements. That a payload never changes ends where a person
    /// is to be forgotten.
    async fn rewrite_announcements(&self, merchant: MerchantId, payloads: Vec<StoredPayload>) -> Result<(), ReadError>;

    /// Returns at most `most` stored responses of a merchant after `after`, in the order of their keys.
    async fn replies_after(
        &self,
        merchant: MerchantId,
        after: Option<&ReplyPlace>,
        most: u32,
    ) -> Result<Vec<Answered>, ReadError>;

    /// Empties these stored responses, which are [`crate::ResponseStatus::Gone`] from then on: their requests count as
    /// done and are not executed again.
    async fn blank_replies(&self, merchant: MerchantId, places: Vec<ReplyPlace>) -> Result<(), ReadError>;

    /// Looks at the `window` clicks after `after`, in the order of their ids, and deletes those of an affiliate; the
    /// last one that was looked at, if more may follow.
    async fn forget_clicks(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        after: Option<ClickId>,
        window: u32,
    ) -> Result<Option<ClickId>, ReadError>;

    /// Wipes about `most` rows of a merchant that is being reset, which no use case writes meanwhile, and returns
    /// whether nothing is left. API keys, the tree, the entry in the directory and the responses stored for
    /// `kept_route` stay. For a merchant that is not being reset nothing is wiped, and nothing is left to wipe. Any
    /// number of nodes may wipe the same merchant at once.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError>;
}
