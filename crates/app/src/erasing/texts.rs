//! What was announced and answered about a person.

use super::Erasing;
use crate::AppError;
use domain::MerchantId;
use ports::{ReplyPlace, StoredPayload, SubjectIdentifiers};

/// How many announcements are looked at in one go.
const ANNOUNCEMENTS: u32 = 500;
/// How many stored responses per read: that of a batch is large.
const ANSWERS: u32 = 50;

impl Erasing {
    /// Redacts all stored payloads in one pass. Announcements keep their envelope, responses keep their keys.
    pub(super) async fn erase_texts(&self, merchant: MerchantId, by: &SubjectIdentifiers) -> Result<(), AppError> {
        self.erase_announcements(merchant, by).await?;
        self.erase_answers(merchant, by).await
    }

    async fn erase_announcements(&self, merchant: MerchantId, by: &SubjectIdentifiers) -> Result<(), AppError> {
        let mut after = None;
        loop {
            let part = self.storage.announcements_after(merchant, after, ANNOUNCEMENTS).await?;
            let Some((last, _)) = part.last() else { return Ok(()) };
            after = Some(*last);
            let mentioning = part.into_iter().filter(|(_, payload)| self.redactor.mentions(payload, by));
            let redacted: Vec<StoredPayload> =
                mentioning.map(|(id, payload)| (id, self.redactor.redact(&payload))).collect();
            if !redacted.is_empty() {
                self.storage.rewrite_announcements(merchant, redacted).await?;
            }
        }
    }

    async fn erase_answers(&self, merchant: MerchantId, by: &SubjectIdentifiers) -> Result<(), AppError> {
        let mut after = None;
        loop {
            let part = self.storage.replies_after(merchant, after.as_ref(), ANSWERS).await?;
            let Some((last, _)) = part.last() else { return Ok(()) };
            after = Some(last.clone());
            let mentioning = part.into_iter().filter(|(_, body)| self.redactor.mentions(body, by));
            let places: Vec<ReplyPlace> = mentioning.map(|(place, _)| place).collect();
            if !places.is_empty() {
                self.storage.blank_replies(merchant, places).await?;
            }
        }
    }
}
