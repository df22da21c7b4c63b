//! Deleting: what nobody can ask for any more, and what a reset wipes.

use crate::{IdempotencyKey, ReadError};
use async_trait::async_trait;
use domain::{AffiliateId, AnnouncementId, ClickId, MerchantId, Timestamp};

/// Where an answer is kept, within its merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPlace {
    /// The operation.
    pub route: String,
    /// The caller's key.
    pub key: IdempotencyKey,
}

/// An announcement's id and payload.
pub type Told = (AnnouncementId, Vec<u8>);
/// A kept answer's place and body.
pub type Answered = (ReplyPlace, Vec<u8>);

/// Deleting in chunks. Apart from the journal, because what is deleted can no longer be seen by anyone and is not
/// announced row by row.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Global. Forgets kept answers that expired at or before the real instant `now`, at most `most` of them; how many.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// Global. Forgets e-mails that were written before the real instant `before`, at most `most` of them; how many.
    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// The `most` announcements of a merchant after `after`, in the order of their ids.
    async fn announcements_after(
        &self,
        merchant: MerchantId,
        after: Option<AnnouncementId>,
        most: u32,
    ) -> Result<Vec<Told>, ReadError>;

    /// Puts other payloads in the place of those of these announcements. That a payload never changes ends where a person
    /// is to be forgotten.
    async fn rewrite_announcements(&self, merchant: MerchantId, payloads: Vec<Told>) -> Result<(), ReadError>;

    /// The `most` kept answers of a merchant after `after`, in the order of their places.
    async fn replies_after(
        &self,
        merchant: MerchantId,
        after: Option<&ReplyPlace>,
        most: u32,
    ) -> Result<Vec<Answered>, ReadError>;

    /// Empties these kept answers, which are [`crate::ReplyStatus::Gone`] from then on: what was asked stays answered, and
    /// is not done again.
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

    /// Wipes about `most` rows of a merchant that is being reset, to which nobody can write; whether nothing is left. Its
    /// keys, its tree, its place in the directory and the answers kept for `kept_route` stay. Of a merchant that is not
    /// being reset, any more, nothing is wiped and nothing is left to wipe. Any number of nodes may wipe the same
    /// merchant at once.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError>;
}
