//! Deleting what has served its time, and what a reset wipes.

use crate::{
    SqliteStorage,
    connection::Role,
    error::SqliteError,
    schema::{announcements, clicks, merchants, replies},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Binary, Text},
};
use domain::{AffiliateId, AnnouncementId, ClickId, MerchantId, Timestamp};
use ports::{Answered, IdempotencyKey, Maintenance, ReadError, ReplyPlace, ResponseStatus, StoredPayload};
use tables::{Reading, wiped_tables};
use tokio::task;
use uuid::Uuid;

/// Deletes at most `most` rows of the merchant, if it is being reset; whether there are none left.
fn wipe(connection: &mut SqliteConnection, merchant: Uid, kept_route: &str, most: u32) -> Result<bool, SqliteError> {
    let resetting = merchants::table.find(merchant).select(merchants::resetting);
    if resetting.get_result(connection).optional()? != Some(true) {
        return Ok(true);
    }
    let mut budget = i64::from(most);
    for (table, key) in wiped_tables() {
        // The route is looked at in one table only, and bound for all of them.
        let route = if table == "replies" { "route <> ?" } else { "? IS NOT NULL" };
        let rows = format!("SELECT {key} FROM {table} WHERE merchant_id = ? AND {route} LIMIT ?");
        let gone = diesel::sql_query(format!("DELETE FROM {table} WHERE merchant_id = ? AND ({key}) IN ({rows})"))
            .bind::<Binary, _>(merchant)
            .bind::<Binary, _>(merchant)
            .bind::<Text, _>(kept_route)
            .bind::<BigInt, _>(budget)
            .execute(connection)?;
        budget = budget.saturating_sub(i64::try_from(gone).unwrap_or(i64::MAX)).max(0);
        if budget == 0 {
            return Ok(false);
        }
    }
    // Nobody else writes meanwhile: a table with fewer rows than could be deleted has none left.
    Ok(true)
}

impl SqliteStorage {
    /// Does some upkeep in one transaction, on a connection of its own, which takes its turn at the write lock as
    /// another process would.
    async fn keep_up<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let database = self.database.clone();
        let working = task::spawn_blocking(move || database.connect(Role::Writer)?.immediate_transaction(work));
        Ok(working.await.map_err(|_| SqliteError::Gone)??)
    }

    /// Deletes at most so many rows of a table that have served their time, the oldest first.
    async fn forget(&self, table: &str, old: &str, time: Timestamp, most: u32) -> Result<u32, ReadError> {
        let rows = format!("SELECT rowid FROM {table} WHERE {old} LIMIT ?");
        let sql = format!("DELETE FROM {table} WHERE rowid IN ({rows})");
        let delete = move |connection: &mut SqliteConnection| {
            let sql = diesel::sql_query(sql).bind::<BigInt, _>(time.micros()).bind::<BigInt, _>(i64::from(most));
            Ok(sql.execute(connection)?)
        };
        Ok(u32::try_from(self.keep_up(delete).await?).unwrap_or(most))
    }
}

#[async_trait]
impl Maintenance for SqliteStorage {
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError> {
        self.forget("replies", "expires_at <= ? ORDER BY expires_at", now, most).await
    }

    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError> {
        self.forget("mails", "created_at < ? ORDER BY created_at", before, most).await
    }

    async fn announcements_after(
        &self,
        merchant: MerchantId,
        after: Option<AnnouncementId>,
        most: u32,
    ) -> Result<Vec<StoredPayload>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let here = announcements::table.filter(announcements::merchant_id.eq(Uid::from(merchant))).into_boxed();
            let here = match after {
                Some(after) => here.filter(announcements::id.gt(Uid::from(after))),
                None => here,
            };
            let part = here.order(announcements::id).limit(i64::from(most));
            let found: Vec<(Uid, Vec<u8>)> =
                part.select((announcements::id, announcements::payload)).load(connection)?;
            Ok(found.into_iter().map(|(id, payload)| (id.id(), payload)).collect())
        };
        self.readers.read(work).await
    }

    async fn rewrite_announcements(&self, merchant: MerchantId, payloads: Vec<StoredPayload>) -> Result<(), ReadError> {
        self.keep_up(move |connection| {
            for (id, payload) in payloads {
                diesel::sql_query("UPDATE announcements SET payload = ? WHERE merchant_id = ? AND id = ?")
                    .bind::<Binary, _>(payload)
                    .bind::<Binary, _>(Uid::from(merchant))
                    .bind::<Binary, _>(Uid::from(id))
                    .execute(connection)?;
            }
            Ok(())
        })
        .await
    }

    async fn replies_after(
        &self,
        merchant: MerchantId,
        after: Option<&ReplyPlace>,
        most: u32,
    ) -> Result<Vec<Answered>, ReadError> {
        let after = after.cloned();
        let work = move |connection: &mut SqliteConnection| {
            let here = replies::table.filter(replies::merchant_id.eq(Uid::from(merchant))).into_boxed();
            let here = match after {
                Some(ReplyPlace { route, key }) => {
                    let later = replies::route.eq(route.clone()).and(replies::key.gt(key.as_str().to_owned()));
                    here.filter(replies::route.gt(route).or(later))
                }
                None => here,
            };
            let part = here.order((replies::route, replies::key)).limit(i64::from(most));
            let found: Vec<(String, String, Vec<u8>)> =
                part.select((replies::route, replies::key, replies::body)).load(connection)?;
            let reading = Reading::of("replies", merchant.uuid());
            let answered = |(route, key, body): (String, String, Vec<u8>)| {
                let key = reading.made("key", IdempotencyKey::parse(&key))?;
                Ok::<_, SqliteError>((ReplyPlace { route, key }, body))
            };
            found.into_iter().map(answered).collect()
        };
        self.readers.read(work).await
    }

    async fn blank_replies(&self, merchant: MerchantId, places: Vec<ReplyPlace>) -> Result<(), ReadError> {
        let gone = i16::try_from(ResponseStatus::Gone.code()).unwrap_or(i16::MAX);
        self.keep_up(move |connection| {
            for ReplyPlace { route, key } in places {
                diesel::update(replies::table.find((Uid::from(merchant), route, key.as_str())))
                    .set((replies::status.eq(gone), replies::body.eq(Vec::new())))
                    .execute(connection)?;
            }
            Ok(())
        })
        .await
    }

    async fn forget_clicks(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        after: Option<ClickId>,
        window: u32,
    ) -> Result<Option<ClickId>, ReadError> {
        self.keep_up(move |connection| {
            let first = after.map_or(Uid(Uuid::nil()), Uid::from);
            let here = clicks::table.filter(clicks::merchant_id.eq(Uid::from(merchant))).filter(clicks::id.gt(first));
            let before_last = i64::from(window.saturating_sub(1));
            let end = here.order(clicks::id).select(clicks::id).offset(before_last).limit(1);
            let end: Option<Uid> = end.get_result(connection).optional()?;
            let last = end.unwrap_or(Uid(Uuid::max()));
            let gone = clicks::table
                .filter(clicks::merchant_id.eq(Uid::from(merchant)))
                .filter(clicks::id.gt(first))
                .filter(clicks::id.le(last))
                .filter(clicks::affiliate_id.eq(Uid::from(affiliate)));
            diesel::delete(gone).execute(connection)?;
            Ok(end.map(Uid::id))
        })
        .await
    }

    /// What it says is left is of one moment.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError> {
        let kept_route = kept_route.to_owned();
        self.keep_up(move |connection| wipe(connection, merchant.into(), &kept_route, most)).await
    }
}
