//! Deleting what has served its time, and what a reset wipes.

use crate::{SqliteStorage, connection::Role, error::Fault, values::Uid};
use async_trait::async_trait;
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection,
    sql_types::{BigInt, Binary, Bool, Text},
};
use domain::{MerchantId, Timestamp};
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
struct Left {
    #[diesel(sql_type = Bool)]
    left: bool,
}

/// Deletes at most `most` rows of the merchant; whether there are none left.
fn wipe(connection: &mut SqliteConnection, merchant: Uid, kept_route: &str, most: u32) -> Result<bool, Fault> {
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
        let asked = diesel::sql_query(format!("SELECT EXISTS (SELECT 1 {}) AS \"left\"", wiped(table)));
        let asked = asked.bind::<Binary, _>(merchant).bind::<Text, _>(kept_route);
        if asked.get_result::<Left>(connection)?.left {
            return Ok(false);
        }
    }
    Ok(true)
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
