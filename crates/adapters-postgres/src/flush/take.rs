//! Taking responses and claims, and giving back those of sets that lost.

use super::{
    Failure, Step,
    statements::{arrays_as_table, claims_gone, split},
};
use crate::{
    rows::{Batch, arrays, list},
    sql::{Sql, Typed, load},
};
use diesel::{deserialize::FromSqlRow, pg::Pg};
use diesel_async::AsyncPgConnection;
use journal::{ClaimRow, Judge, ResponseRow as Kept};
use ports::ResponseRecord;
use std::collections::HashMap;
use tables::Row as _;
use tokio::try_join;
use uuid::Uuid;

/// Inserts responses where there is none, or an expired one; returns which.
pub(super) async fn responses(
    conn: &AsyncPgConnection,
    responses: &[Kept<'_>],
) -> Result<Vec<(Uuid, String, String)>, Failure> {
    let replaced = list(ResponseRecord::rest(), |column| format!("{column} = excluded.{column}"));
    take(
        conn,
        kept_rows(responses),
        &format!("DO UPDATE SET {replaced} WHERE replies.expires_at <= excluded.created_at"),
    )
    .await
}

/// The rows of responses.
pub(super) fn kept_rows<'a>(responses: &[Kept<'a>]) -> Batch<'a> {
    Batch::of::<ResponseRecord>(responses.iter().map(|kept| kept.response.unversioned(kept.merchant)))
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
        take::<(Uuid, i16, String)>(conn, own, "DO NOTHING"),
        take::<(i16, String)>(conn, global, "DO NOTHING"),
    )?;
    let own = own.iter().filter_map(|(merchant, space, key)| asked.get(&(*merchant, *space, key.as_str())));
    let global = global.iter().filter_map(|(space, key)| asked.get(&(Uuid::nil(), *space, key.as_str())));
    Ok(own.chain(global).copied().collect())
}

/// Inserts rows, if there are any, in the order of their keys, does as told where a key is taken, and returns the keys
/// that were written.
async fn take<U>(conn: &AsyncPgConnection, batch: Batch<'_>, where_taken: &str) -> Result<Vec<U>, Failure>
where
    U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
{
    let Batch { table, columns, key, rows } = batch;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let listed = columns.join(", ");
    let sql = Sql::new(format!(
        "INSERT INTO {table} ({listed}) SELECT {listed} FROM {} ORDER BY {} ON CONFLICT ({}) {where_taken} RETURNING {}",
        arrays_as_table(columns),
        list(key, |column| format!("n.{column}")),
        key.join(", "),
        list(key, |column| format!("{table}.{column}")),
    ));
    Ok(load(conn, sql.bind_all(arrays(rows))).await?)
}

/// Gives back what losers took.
pub(super) fn release<'a>(judge: &Judge<'a>) -> Vec<Step<'a>> {
    let mut steps = claims_gone(&judge.released_claims(), "claims given back");
    let responses = judge.released_responses();
    if !responses.is_empty() {
        let merchants = responses.iter().map(|kept| kept.merchant.uuid());
        let routes = responses.iter().map(|kept| kept.response.route.clone());
        let keys = responses.iter().map(|kept| kept.response.key.as_str().to_owned());
        let sql = Sql::new(
            "DELETE FROM replies t USING unnest(?, ?, ?) AS n (merchant_id, route, key) \
             WHERE t.merchant_id = n.merchant_id AND t.route = n.route AND t.key = n.key",
        );
        steps.push(Step {
            sql: sql.bind_each(merchants).bind_each(routes).bind_each(keys),
            rows: responses.len(),
            what: "replies given back".to_owned(),
        });
    }
    steps
}
