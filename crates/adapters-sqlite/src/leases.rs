//! Which server does a kind of work: one file has one server, unless it is just being replaced by the next.

use crate::{SqliteStorage, connection::Role, error::SqliteError, values::Uid};
use async_trait::async_trait;
use diesel::{
    RunQueryDsl as _,
    sql_types::{BigInt, Binary, Text},
};
use domain::Timestamp;
use ports::{Leases, ReadError};
use tokio::task;
use uuid::Uuid;

#[async_trait]
impl Leases for SqliteStorage {
    async fn take_lease(&self, kind: &str, holder: Uuid, now: Timestamp, until: Timestamp) -> Result<bool, ReadError> {
        let (database, kind) = (self.database.clone(), kind.to_owned());
        let taking = task::spawn_blocking(move || -> Result<usize, SqliteError> {
            let sql = "INSERT INTO leases (kind, holder, until) VALUES (?, ?, ?) ON CONFLICT (kind) DO UPDATE \
                SET holder = excluded.holder, until = excluded.until \
                WHERE leases.holder = excluded.holder OR leases.until <= ?";
            Ok(diesel::sql_query(sql)
                .bind::<Text, _>(kind)
                .bind::<Binary, _>(Uid(holder))
                .bind::<BigInt, _>(until.micros())
                .bind::<BigInt, _>(now.micros())
                .execute(&mut database.connect(Role::Writer)?)?)
        });
        Ok(taking.await.map_err(|_| SqliteError::Gone)?? == 1)
    }

    async fn give_back_lease(&self, kind: &str, holder: Uuid) -> Result<(), ReadError> {
        let (database, kind) = (self.database.clone(), kind.to_owned());
        let giving = task::spawn_blocking(move || -> Result<usize, SqliteError> {
            Ok(diesel::sql_query("DELETE FROM leases WHERE kind = ? AND holder = ?")
                .bind::<Text, _>(kind)
                .bind::<Binary, _>(Uid(holder))
                .execute(&mut database.connect(Role::Writer)?)?)
        });
        giving.await.map_err(|_| SqliteError::Gone)??;
        Ok(())
    }
}
