//! Taking replies and claims, and giving back those of sets that lost.

use super::{
    Failure, Step,
    statements::{arrays_as_table, claims_gone, split},
};
use crate::{
    rows::{ClaimedRow, DirectoryRow, ReplyRow, Stored, list},
    sql::{Sql, Typed, load},
};
use diesel::{deserialize::FromSqlRow, pg::Pg};
use diesel_async::AsyncPgConnection;
use journal::{ClaimRow, Judge, ReplyRow as Kept};
use std::collections::HashMap;
use tokio::try_join;
use uuid::Uuid;

/// Inserts replies where there is none, or an expired one; returns which.
pub(super) async fn replies(
    conn: &AsyncPgConnection,
    replies: &[Kept<'_>],
) -> Result<Vec<(Uuid, String, String)>, Failure> {
    let rows = replies.iter().map(|kept| ReplyRow::of(kept.merchant, kept.reply)).collect();
    let replaced = ReplyRow::COLUMNS.iter().filter(|column| !ReplyRow::KEY.contains(column)).copied();
    let replaced = list(&replaced.collect::<Vec<_>>(), |column| format!("{column} = excluded.{column}"));
    take::<ReplyRow, _>(
        conn,
        rows,
        &format!("DO UPDATE SET {replaced} WHERE replies.expires_at <= excluded.created_at"),
    )
    .await
}

/// Inserts the claims that nobody has; returns those.
pub(super) async fn claims<'c>(
    conn: &AsyncPgConnection,
    claims: &[ClaimRow<'c>],
) -> Result<Vec<ClaimRow<'c>>, Failure> {
    let asked: HashMap<(Uuid, i16, &str), ClaimRow<'c>> =
        claims.iter().map(|claim| ((claim.merchant, claim.space.number(), claim.key), *claim)).collect();
    let (own, global) = split(claims);
    let (own, global) = try_join!(
        biased;
        take::<ClaimedRow, (Uuid, i16, String)>(conn, own, "DO NOTHING"),
        take::<DirectoryRow, (i16, String)>(conn, global, "DO NOTHING"),
    )?;
    let own = own.iter().filter_map(|(merchant, space, key)| asked.get(&(*merchant, *space, key.as_str())));
    let global = global.iter().filter_map(|(space, key)| asked.get(&(Uuid::nil(), *space, key.as_str())));
    Ok(own.chain(global).copied().collect())
}

/// Inserts rows, if there are any, in the order of their keys, does as told where a key is taken, and returns the keys
/// that were written.
async fn take<R, U>(conn: &AsyncPgConnection, rows: Vec<R>, where_taken: &str) -> Result<Vec<U>, Failure>
where
    R: Stored,
    U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
{
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let columns = R::COLUMNS.join(", ");
    let sql = Sql::new(format!(
        "INSERT INTO {} ({columns}) SELECT {columns} FROM {} ORDER BY {} ON CONFLICT ({}) {where_taken} RETURNING {}",
        R::TABLE,
        arrays_as_table(R::COLUMNS),
        list(R::KEY, |column| format!("n.{column}")),
        R::KEY.join(", "),
        list(R::KEY, |column| format!("{}.{column}", R::TABLE)),
    ));
    Ok(load(conn, sql.bind_all(R::arrays(rows))).await?)
}

/// Gives back what losers took.
pub(super) fn release(judge: &Judge<'_>) -> Vec<Step> {
    let mut steps = claims_gone(&judge.released_claims(), "claims given back");
    let replies = judge.released_replies();
    if !replies.is_empty() {
        let merchants = replies.iter().map(|kept| kept.merchant.uuid());
        let routes = replies.iter().map(|kept| kept.reply.route.clone());
        let keys = replies.iter().map(|kept| kept.reply.key.as_str().to_owned());
        let sql = Sql::new(
            "DELETE FROM replies t USING unnest(?, ?, ?) AS n (merchant_id, route, key) \
             WHERE t.merchant_id = n.merchant_id AND t.route = n.route AND t.key = n.key",
        );
        steps.push(Step {
            sql: sql.bind_each(merchants).bind_each(routes).bind_each(keys),
            rows: replies.len(),
            what: "replies given back".to_owned(),
        });
    }
    steps
}
