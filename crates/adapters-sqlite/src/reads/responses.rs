//! Kept answers.

use crate::{SqliteStorage, rows::kept_reply};
use async_trait::async_trait;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, ReadError, ResponseReads, StoredResponse};

#[async_trait]
impl ResponseReads for SqliteStorage {
    async fn response(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, ReadError> {
        let (route, key) = (route.to_owned(), key.clone());
        self.readers.read(move |connection| kept_reply(connection, merchant, &route, &key, now)).await
    }
}
