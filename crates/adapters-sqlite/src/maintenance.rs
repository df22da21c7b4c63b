//! Deleting what has served its time.

use crate::{SqliteStorage, connection::Role, error::Fault};
use async_trait::async_trait;
use diesel::{RunQueryDsl as _, sql_types::BigInt};
use domain::Timestamp;
use ports::{Maintenance, ReadError};
use tokio::task;

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
}
