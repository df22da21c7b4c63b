//! Kept answers.

use crate::{SqliteStorage, rows::ReplyRow};
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
        let work = move |connection: &mut _| {
            let row = ReplyRow::kept(connection, merchant, &route, &key, now)?;
            Ok(row.map(ReplyRow::read).transpose()?)
        };
        self.readers.read(work).await
    }
}
