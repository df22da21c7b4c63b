//! Statements that taking and writing share.

use super::Step;
use crate::{
    rows::{ClaimedRow, DirectoryRow, Stored, list},
    sql::Sql,
};
use journal::ClaimRow;

/// `unnest` of an array a column, as a table `n`.
pub(super) fn arrays_as_table(columns: &[&str]) -> String {
    format!("unnest({}) AS n ({})", list(columns, |_| "?".to_owned()), columns.join(", "))
}

/// The rows of `t` that the arrays name.
pub(super) fn matched(key: &[&str]) -> String {
    key.iter().map(|column| format!("t.{column} = n.{column}")).collect::<Vec<_>>().join(" AND ")
}

/// The rows of claims per merchant, and of those in the directory.
pub(super) fn split(claims: &[ClaimRow<'_>]) -> (Vec<ClaimedRow>, Vec<DirectoryRow>) {
    let (global, own): (Vec<&ClaimRow<'_>>, Vec<&ClaimRow<'_>>) =
        claims.iter().partition(|claim| claim.space.is_global());
    (own.into_iter().map(ClaimedRow::of).collect(), global.into_iter().map(DirectoryRow::of).collect())
}

/// Deletes claims of these owners, sorted by key.
pub(super) fn claims_gone(claims: &[ClaimRow<'_>], what: &str) -> Vec<Step> {
    let (own, global) = split(claims);
    let mut steps = Vec::new();
    unclaim(own, what, &mut steps);
    unclaim(global, what, &mut steps);
    steps
}

fn unclaim<R: Stored>(rows: Vec<R>, what: &str, steps: &mut Vec<Step>) {
    if rows.is_empty() {
        return;
    }
    let sql = Sql::new(format!(
        "DELETE FROM {} t USING {} WHERE {}",
        R::TABLE,
        arrays_as_table(R::COLUMNS),
        matched(R::COLUMNS),
    ));
    steps.push(Step { rows: rows.len(), sql: sql.bind_all(R::arrays(rows)), what: what.to_owned() });
}
