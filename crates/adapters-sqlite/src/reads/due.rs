//! What time has come for.

use crate::values::Uid;
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Binary},
};
use domain::Timestamp;

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Binary)]
    merchant_id: Uid,
    #[diesel(sql_type = Binary)]
    id: Uid,
}

/// What time has come for: rows of `table` whose `column` is not after now, by real time, or by the clock of a merchant
/// whose clock is ahead. Ordered by how long each is due.
pub(super) fn due(
    connection: &mut SqliteConnection,
    table: &str,
    column: &str,
    now: Timestamp,
    (skip, limit): (u32, u32),
) -> QueryResult<Vec<(Uid, Uid)>> {
    let most = i64::from(skip) + i64::from(limit);
    let query = format!(
        "SELECT d.merchant_id AS merchant_id, d.id AS id FROM (\
         SELECT * FROM (SELECT t.merchant_id, t.id, t.{column} AS at FROM {table} t \
         WHERE t.{column} IS NOT NULL AND t.{column} <= ?1 ORDER BY t.{column}, t.merchant_id, t.id LIMIT ?2) UNION \
         SELECT * FROM (SELECT t.merchant_id, t.id, t.{column} AS at FROM merchants m \
         JOIN {table} t ON t.merchant_id = m.id AND t.{column} IS NOT NULL AND t.{column} <= ?1 + m.clock_offset_micros \
         WHERE m.clock_offset_micros <> 0 ORDER BY t.{column}, t.merchant_id, t.id LIMIT ?2)) d \
         ORDER BY d.at, d.merchant_id, d.id LIMIT ?3 OFFSET ?4"
    );
    let rows: Vec<DueRow> = diesel::sql_query(query)
        .bind::<BigInt, _>(now.micros())
        .bind::<BigInt, _>(most)
        .bind::<BigInt, _>(i64::from(limit))
        .bind::<BigInt, _>(i64::from(skip))
        .load(connection)?;
    Ok(rows.into_iter().map(|DueRow { merchant_id, id }| (merchant_id, id)).collect())
}
