//! Deleting: what nobody can ask for any more, and what a reset wipes.

use crate::ReadError;
use async_trait::async_trait;
use domain::{AnnouncementId, MerchantId, Timestamp};

/// Deleting in chunks. Apart from the journal, because what is deleted can no longer be seen by anyone and is not
/// announced row by row.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Global. Forgets kept answers that expired at or before the real instant `now`, at most `most` of them; how many.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// Global. Forgets e-mails that were written before the real instant `before`, at most `most` of them; how many.
    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError>;

    /// The announcements of a merchant whose payload has one of `needles` in it and not `without`: at most `most`, each with
    /// its payload.
    async fn announcements_with(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        most: u32,
    ) -> Result<Vec<(AnnouncementId, Vec<u8>)>, ReadError>;

    /// Puts other payloads in the place of those of these announcements. That a payload never changes ends where a person
    /// is to be forgotten.
    async fn rewrite_announcements(
        &self,
        merchant: MerchantId,
        payloads: Vec<(AnnouncementId, Vec<u8>)>,
    ) -> Result<(), ReadError>;

    /// Puts `blank` in the place of the kept answers of a merchant that have one of `needles` in them and not `without`: at
    /// most `most` of them; how many.
    async fn blank_replies(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        blank: &[u8],
        most: u32,
    ) -> Result<u32, ReadError>;

    /// Wipes about `most` rows of a merchant that is being reset, to which nobody can write; whether nothing is left. Its
    /// keys, its tree, its place in the directory and the answers kept for `kept_route` stay. Of a merchant that is not
    /// being reset, any more, nothing is wiped and nothing is left to wipe. Any number of nodes may wipe the same
    /// merchant at once.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError>;
}
