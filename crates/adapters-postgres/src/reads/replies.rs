//! Kept answers.

use super::Read;
use crate::{
    PostgresStorage,
    rows::{ReplyRow, Stored, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, KeptReply, ReplyReads};

#[async_trait]
impl ReplyReads for PostgresStorage {
    async fn reply(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Read<Option<KeptReply>> {
        let sql = Sql::<ReplyRow>::new(format!(
            "SELECT {} FROM replies r WHERE r.merchant_id = ? AND r.route = ? AND r.key = ? AND r.expires_at > ?",
            ReplyRow::select("r"),
        ));
        let sql = sql.bind(merchant.uuid()).bind(route).bind(key.as_str()).bind(time(now));
        let row = self.readers.reader()?.first(sql).await?;
        Ok(row.map(ReplyRow::kept).transpose()?)
    }
}
