//! Statements that taking and writing share.

use super::Step;
use crate::{
    rows::{Batch, arrays, list},
    sql::Sql,
};
use journal::ClaimRow;
use tables::Value;

/// `unnest` of an array a column, as a table `n`.
pub(super) fn arrays_as_table(columns: &[&str]) -> String {
    format!("unnest({}) AS n ({})", list(columns, |_| "?".to_owned()), columns.join(", "))
}

/// The rows of `t` that the arrays name.
pub(super) fn matched(key: &[&str]) -> String {
    key.iter().map(|column| format!("t.{column} = n.{column}")).collect::<Vec<_>>().join(" AND ")
}

/// The rows of claims per merchant, and of those in the directory.
pub(super) fn split<'a>(claims: &[ClaimRow<'a>]) -> (Batch<'a>, Batch<'a>) {
    let (global, own): (Vec<ClaimRow<'a>>, Vec<ClaimRow<'a>>) =
        claims.iter().partition(|claim| claim.space.is_global());
    let keyed = |ClaimRow { merchant: _, space, key, owner }| {
        [Value::Small(space.number()), Value::borrowed(key), Value::Uuid(owner)]
    };
    let own = Batch {
        table: "claims",
        columns: &["merchant_id", "space", "key", "owner"],
        key: &["merchant_id", "space", "key"],
        rows: own.into_iter().map(|claim| [vec![Value::Uuid(claim.merchant)], keyed(claim).into()].concat()).collect(),
    };
    let global = Batch {
        table: "directory",
        columns: &["space", "key", "owner"],
        key: &["space", "key"],
        rows: global.into_iter().map(|claim| keyed(claim).into()).collect(),
    };
    (own, global)
}

/// Deletes claims of these owners, sorted by key.
pub(super) fn claims_gone<'a>(claims: &[ClaimRow<'a>], what: &str) -> Vec<Step<'a>> {
    let (own, global) = split(claims);
    [own, global].into_iter().filter(|claims| !claims.rows.is_empty()).map(|claims| unclaim(claims, what)).collect()
}

fn unclaim<'a>(Batch { table, columns, key: _, rows }: Batch<'a>, what: &str) -> Step<'a> {
    let sql = Sql::new(format!("DELETE FROM {table} t USING {} WHERE {}", arrays_as_table(columns), matched(columns),));
    Step { rows: rows.len(), sql: sql.bind_all(arrays(rows)), what: what.to_owned() }
}
