//! E-mails that wait to be sent.

use super::{Read, one::by_key};
use crate::{
    PostgresStorage,
    rows::{Found, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{MailId, MerchantId, OutgoingEmail, Timestamp};
use ports::{Due, MailReads, Versioned};
use uuid::Uuid;

#[async_trait]
impl MailReads for PostgresStorage {
    async fn mail(&self, merchant: MerchantId, id: MailId) -> Read<Option<Versioned<OutgoingEmail>>> {
        let row = self.readers.reader()?.first(by_key::<OutgoingEmail>(merchant, Some(id.uuid()))).await?;
        Ok(row.map(Found::versioned).transpose()?)
    }

    async fn due_mails(&self, now: Timestamp, skip: u32, limit: u32) -> Read<Vec<Due<MailId>>> {
        let sql = Sql::<(Uuid, Uuid)>::new(
            "SELECT t.merchant_id, t.id FROM mails t WHERE t.status = 'due' AND t.due_at <= ? \
             ORDER BY t.due_at, t.merchant_id, t.id LIMIT ? OFFSET ?",
        );
        let sql = sql.bind(time(now)).bind(i64::from(limit)).bind(i64::from(skip));
        let rows = self.readers.reader()?.all(sql).await?;
        let due = |(merchant, id)| Due { merchant: MerchantId::from_uuid(merchant), id: MailId::from_uuid(id) };
        Ok(rows.into_iter().map(due).collect())
    }
}
