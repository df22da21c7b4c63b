//! Locking the rows that sets expect, and seeing their versions.

use super::Failure;
use crate::sql::{Sql, load};
use diesel_async::AsyncPgConnection;
use futures_util::future::try_join_all;
use journal::LockRow;
use ports::{LockMode, Table, Version};
use std::collections::BTreeMap;
use tables::Row;
use uuid::Uuid;

/// Locks and returns the rows that exist, with their versions.
pub(super) async fn versions(
    conn: &AsyncPgConnection,
    rows: &BTreeMap<Table, Vec<LockRow>>,
) -> Result<Vec<(Table, Uuid, Uuid, Version)>, Failure> {
    let locked = rows.iter().map(async |(&table, rows)| {
        let found = load(conn, lock(table, rows)).await?;
        let seen = move |(merchant, id, version)| (table, merchant, id, Version::stored(version));
        Ok::<_, Failure>(found.into_iter().map(seen).collect::<Vec<_>>())
    });
    Ok(try_join_all(locked).await?.concat())
}

fn lock<'a>(table: Table, rows: &[LockRow]) -> Sql<'a, (Uuid, Uuid, i64)> {
    // One strength for all rows of the table: one statement must take them in the order of their keys, and could not
    // take some firmly and others not.
    let firm = rows.iter().any(|row| row.hold == LockMode::Exclusive);
    let strength = if firm { "NO KEY UPDATE" } else { "SHARE" };
    let same_merchant = if table.is_global() { "" } else { "t.merchant_id = n.merchant_id AND " };
    Sql::new(format!(
        "SELECT n.merchant_id, t.id, t.version FROM unnest(?, ?) AS n (merchant_id, id) \
         JOIN {} t ON {same_merchant}t.id = n.id ORDER BY n.merchant_id, t.id FOR {strength} OF t",
        name(table),
    ))
    .bind_each(rows.iter().map(|row| row.merchant))
    .bind_each(rows.iter().map(|row| row.id))
}

const fn name(table: Table) -> &'static str {
    macro_rules! names {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
            match table { $(Table::$table => <$entity as Row>::NAME),* }
        };
    }
    ports::tables!(names)
}
