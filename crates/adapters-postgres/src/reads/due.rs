//! What time has come for.

use crate::{rows::time, sql::Sql};
use domain::Timestamp;
use uuid::Uuid;

/// What time has come for: rows of `table` whose `column` is not after now, by real time, or by the clock of a merchant
/// whose clock is ahead. Ordered by how long each is due.
pub(super) fn due<'a>(table: &str, column: &str, now: Timestamp, skip: u32, limit: u32) -> Sql<'a, (Uuid, Uuid)> {
    let most = u64::from(skip) + u64::from(limit);
    Sql::new(format!(
        "SELECT d.merchant_id, d.id FROM (\
         (SELECT t.merchant_id, t.id, t.{column} AS at FROM {table} t WHERE t.{column} <= ? \
         ORDER BY t.{column}, t.merchant_id, t.id LIMIT {most}) UNION \
         (SELECT t.merchant_id, t.id, t.{column} AS at FROM merchants m \
         JOIN {table} t ON t.merchant_id = m.id AND t.{column} <= ?::timestamptz + m.clock_offset_micros * interval '1 microsecond' \
         WHERE m.clock_offset_micros <> 0 ORDER BY t.{column}, t.merchant_id, t.id LIMIT {most})) d \
         ORDER BY d.at, d.merchant_id, d.id LIMIT ? OFFSET ?"
    ))
    .bind(time(now))
    .bind(time(now))
    .bind(i64::from(limit))
    .bind(i64::from(skip))
}
