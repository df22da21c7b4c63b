//! Kept answers.

use crate::{SqliteStorage, rows::kept_reply};
use async_trait::async_trait;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, KeptReply, ReadError, ReplyReads};

#[async_trait]
impl ReplyReads for SqliteStorage {
    async fn reply(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<KeptReply>, ReadError> {
        let (route, key) = (route.to_owned(), key.clone());
        self.readers.read(move |connection| kept_reply(connection, merchant, &route, &key, now)).await
    }
}
