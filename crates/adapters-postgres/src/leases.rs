//! Which node does a kind of work.

use crate::{PostgresStorage, rows::time, sql::Sql};
use async_trait::async_trait;
use domain::Timestamp;
use ports::{Leases, ReadError};
use uuid::Uuid;

#[async_trait]
impl Leases for PostgresStorage {
    async fn take_lease(&self, kind: &str, holder: Uuid, now: Timestamp, until: Timestamp) -> Result<bool, ReadError> {
        let sql = Sql::new(
            "INSERT INTO leases AS l (kind, holder, until) VALUES (?, ?, ?) ON CONFLICT (kind) DO UPDATE \
             SET holder = excluded.holder, until = excluded.until WHERE l.holder = excluded.holder OR l.until <= ?",
        );
        let taken = self.upkeep.execute(sql.bind(kind).bind(holder).bind(time(until)).bind(time(now))).await?;
        Ok(taken == 1)
    }

    async fn give_back_lease(&self, kind: &str, holder: Uuid) -> Result<(), ReadError> {
        let sql = Sql::new("DELETE FROM leases WHERE kind = ? AND holder = ?");
        self.upkeep.execute(sql.bind(kind).bind(holder)).await?;
        Ok(())
    }
}
