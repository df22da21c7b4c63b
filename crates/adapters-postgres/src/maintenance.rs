//! Deleting what has served its time.

use crate::{
    PostgresStorage,
    error::read_error,
    rows::time,
    sql::{Sql, execute},
};
use async_trait::async_trait;
use domain::Timestamp;
use ports::{Maintenance, ReadError};

#[async_trait]
impl Maintenance for PostgresStorage {
    /// On a connection of its own. Rows that another node is just deleting are passed over.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError> {
        let link = self.inspector.open().await?;
        let sql = Sql::new(
            "DELETE FROM replies t USING (SELECT merchant_id, route, key FROM replies WHERE expires_at <= ? \
             ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED) n \
             WHERE t.merchant_id = n.merchant_id AND t.route = n.route AND t.key = n.key",
        );
        let gone = execute(&link.conn, sql.bind(time(now)).bind(i64::from(most))).await.map_err(read_error)?;
        Ok(u32::try_from(gone).unwrap_or(most))
    }
}
