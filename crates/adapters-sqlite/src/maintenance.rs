//! Deleting what has served its time, and what a reset wipes.

use crate::{SqliteStorage, connection::Role, error::Fault, values::Uid};
use async_trait::async_trait;
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection,
    sql_types::{BigInt, Binary, Bool, Text},
};
use domain::{AnnouncementId, MerchantId, Timestamp};
use ports::{Maintenance, ReadError};
use tokio::task;

/// The tables that a reset wipes for a merchant, what depends on other rows first, each with the columns of its key
/// after the merchant. Those of `replies` that it keeps are left out by a condition.
pub const WIPED_TABLES: &[(&str, &str)] = &[
    ("outbox", "announcement_id"),
    ("announcements", "id"),
    ("replies", "route, key"),
    ("payout_items", "id"),
    ("payouts", "id"),
    ("commissions", "id"),
    ("events", "id"),
    ("clicks", "id"),
    ("coupons", "id"),
    ("accounts", "id"),
    ("bindings", "id"),
    ("commission_rules", "id"),
    ("affiliates", "id"),
    ("tiers", "id"),
    ("mails", "id"),
    ("orders", "id"),
    ("referral_groups", "id"),
    ("customers", "id"),
    ("group_settings", "id"),
    ("claims", "space, key"),
];

/// Which rows of a table a reset wipes; its values are the merchant and the route whose answers are kept.
fn wiped(table: &str) -> String {
    // The route is looked at in one table only, and bound for all of them.
    let route = if table == "replies" { "route <> ?" } else { "? IS NOT NULL" };
    format!("FROM {table} WHERE merchant_id = ? AND {route}")
}

#[derive(QueryableByName)]
struct Holds {
    #[diesel(sql_type = Bool)]
    holds: bool,
}

/// Deletes at most `most` rows of the merchant, if it is being reset; whether there are none left.
fn wipe(connection: &mut SqliteConnection, merchant: Uid, kept_route: &str, most: u32) -> Result<bool, Fault> {
    let resetting = "SELECT EXISTS (SELECT 1 FROM merchants WHERE id = ? AND resetting) AS holds";
    if !diesel::sql_query(resetting).bind::<Binary, _>(merchant).get_result::<Holds>(connection)?.holds {
        return Ok(true);
    }
    let mut budget = i64::from(most);
    for (table, key) in WIPED_TABLES {
        let rows = format!("SELECT {key} {} LIMIT ?", wiped(table));
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
    for (table, _) in WIPED_TABLES {
        let asked = diesel::sql_query(format!("SELECT EXISTS (SELECT 1 {}) AS holds", wiped(table)));
        let asked = asked.bind::<Binary, _>(merchant).bind::<Text, _>(kept_route);
        if asked.get_result::<Holds>(connection)?.holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A condition on the bytes of `column`: one of so many texts is in them, and another text is not; its values.
fn tells(column: &str, needles: usize) -> String {
    let one = format!("instr({column}, CAST(? AS BLOB)) > 0");
    let any = vec![one; needles].join(" OR ");
    format!("({any}) AND instr({column}, CAST(? AS BLOB)) = 0")
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Binary)]
    id: Uid,
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
}

impl SqliteStorage {
    /// Does some upkeep in one transaction, on a connection of its own.
    async fn keep_up<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, ReadError> {
        let database = self.database.clone();
        let working = task::spawn_blocking(move || database.connect(Role::Writer)?.immediate_transaction(work));
        Ok(working.await.map_err(|_| Fault::Gone)??)
    }
}

#[async_trait]
impl Maintenance for SqliteStorage {
    /// On a connection of its own, which takes its turn at the write lock as another process would.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError> {
        let database = self.database.clone();
        let deleting = task::spawn_blocking(move || -> Result<usize, Fault> {
            let expired = "SELECT rowid FROM replies WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
            Ok(diesel::sql_query(format!("DELETE FROM replies WHERE rowid IN ({expired})"))
                .bind::<BigInt, _>(now.micros())
                .bind::<BigInt, _>(i64::from(most))
                .execute(&mut database.connect(Role::Writer)?)?)
        });
        Ok(u32::try_from(deleting.await.map_err(|_| Fault::Gone)??).unwrap_or(most))
    }

    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError> {
        let database = self.database.clone();
        let deleting = task::spawn_blocking(move || -> Result<usize, Fault> {
            let old = "SELECT rowid FROM mails WHERE created_at < ? ORDER BY created_at LIMIT ?";
            Ok(diesel::sql_query(format!("DELETE FROM mails WHERE rowid IN ({old})"))
                .bind::<BigInt, _>(before.micros())
                .bind::<BigInt, _>(i64::from(most))
                .execute(&mut database.connect(Role::Writer)?)?)
        });
        Ok(u32::try_from(deleting.await.map_err(|_| Fault::Gone)??).unwrap_or(most))
    }

    async fn announcements_with(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        most: u32,
    ) -> Result<Vec<(AnnouncementId, Vec<u8>)>, ReadError> {
        let (needles, without) = (needles.to_vec(), without.to_owned());
        let work = move |connection: &mut SqliteConnection| {
            let told = tells("payload", needles.len());
            let asked =
                format!("SELECT id, payload FROM announcements WHERE merchant_id = ? AND {told} ORDER BY id LIMIT ?");
            let asked = diesel::sql_query(asked).into_boxed().bind::<Binary, _>(Uid::from(merchant));
            let asked = needles.into_iter().fold(asked, |asked, needle| asked.bind::<Text, _>(needle));
            let found: Vec<Told> =
                asked.bind::<Text, _>(without).bind::<BigInt, _>(i64::from(most)).load(connection)?;
            Ok(found.into_iter().map(|Told { id, payload }| (id.id(), payload)).collect())
        };
        self.readers.read(work).await
    }

    async fn rewrite_announcements(
        &self,
        merchant: MerchantId,
        payloads: Vec<(AnnouncementId, Vec<u8>)>,
    ) -> Result<(), ReadError> {
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

    async fn blank_replies(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        blank: &[u8],
        most: u32,
    ) -> Result<u32, ReadError> {
        let (needles, without, blank) = (needles.to_vec(), without.to_owned(), blank.to_vec());
        let touched = self.keep_up(move |connection| {
            let told = tells("body", needles.len());
            let found = format!("SELECT rowid FROM replies WHERE merchant_id = ? AND {told} LIMIT ?");
            let asked = diesel::sql_query(format!("UPDATE replies SET body = ? WHERE rowid IN ({found})")).into_boxed();
            let asked = asked.bind::<Binary, _>(blank).bind::<Binary, _>(Uid::from(merchant));
            let asked = needles.into_iter().fold(asked, |asked, needle| asked.bind::<Text, _>(needle));
            Ok(asked.bind::<Text, _>(without).bind::<BigInt, _>(i64::from(most)).execute(connection)?)
        });
        Ok(u32::try_from(touched.await?).unwrap_or(most))
    }

    /// In one transaction on a connection of its own: what it says is left is of one moment.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError> {
        let (database, kept_route) = (self.database.clone(), kept_route.to_owned());
        let wiping = task::spawn_blocking(move || -> Result<bool, Fault> {
            let mut connection = database.connect(Role::Writer)?;
            connection.immediate_transaction(|connection| wipe(connection, merchant.into(), &kept_route, most))
        });
        Ok(wiping.await.map_err(|_| Fault::Gone)??)
    }
}
