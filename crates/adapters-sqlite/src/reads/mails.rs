//! E-mails that wait to be sent.

use crate::{SqliteStorage, rows::find, schema::mails, values::Uid};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{MailId, MerchantId, OutgoingEmail, Timestamp};
use ports::{Due, MailReads, ReadError, Versioned};

#[async_trait]
impl MailReads for SqliteStorage {
    async fn mail(&self, merchant: MerchantId, id: MailId) -> Result<Option<Versioned<OutgoingEmail>>, ReadError> {
        self.readers.read(move |connection| find::<OutgoingEmail>(connection, merchant.uuid(), id.uuid())).await
    }

    async fn due_mails(&self, now: Timestamp, skip: u32, limit: u32) -> Result<Vec<Due<MailId>>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            // The word stands in the statement, or its index would not be looked at.
            let due = mails::table
                .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("status = 'due'"))
                .filter(mails::due_at.le(now.micros()))
                .order((mails::due_at, mails::merchant_id, mails::id));
            let rows = due.select((mails::merchant_id, mails::id)).limit(limit.into()).offset(skip.into());
            Ok(rows.load::<(Uid, Uid)>(connection)?)
        };
        let rows = self.readers.read(work).await?;
        Ok(rows.into_iter().map(|(merchant, id)| Due { merchant: merchant.id(), id: id.id() }).collect())
    }
}
