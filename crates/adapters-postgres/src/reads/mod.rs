//! The reading ports, a file an aggregate.
//!
//! A statement sees one moment. Where an answer takes several, they are joined into one pipeline in the order in which
//! they must be seen: claims, and whatever the commit will check, before the rows that depend on them.

mod affiliates;
mod clicks;
mod commissions;
mod coupons;
mod event_facts;
mod event_statements;
mod events;
mod keys;
mod merchants;
mod payouts;
mod program;
mod refunds;
mod replies;

pub(crate) use event_facts::FactsAsk;

use crate::{
    rows::{Mapped, time},
    sql::Sql,
};
use ports::{Page, PageAsk, Position, ReadError, Space};

type Read<T> = Result<T, ReadError>;

/// A subquery for who owns a key that is unique per merchant; its values are the merchant and the key (nobody owns
/// NULL).
fn owner(space: Space) -> String {
    let space = space.number();
    format!("(SELECT k.owner FROM claims k WHERE k.merchant_id = ? AND k.space = {space} AND k.key = ?)")
}

/// A subquery for who owns a key that is unique on the server; its value is the key.
fn global_owner(space: Space) -> String {
    let space = space.number();
    format!("(SELECT d.owner FROM directory d WHERE d.space = {space} AND d.key = ?)")
}

/// Ends a list's statement: the rows after the asked position, newest first, and one more than asked to tell whether
/// more follow.
fn paged<'a, U>(sql: Sql<'a, U>, alias: &str, ask: &PageAsk) -> Sql<'a, U> {
    let sql = match ask.after {
        Some(Position { at, id }) => {
            sql.text(&format!(" AND ({alias}.created_at, {alias}.id) < (?, ?)")).bind(time(at)).bind(id)
        }
        None => sql,
    };
    let most = fetched(ask.limit);
    let sql = sql.text(&format!(" ORDER BY {alias}.created_at DESC, {alias}.id DESC LIMIT {most}"));
    if ask.offset == 0 { sql } else { sql.text(" OFFSET ?").bind(i64::from(ask.offset)) }
}

/// How many rows are fetched for a page of `limit`. The number stands in the statement's text, because PostgreSQL plans
/// a prepared statement with an unknown limit for a tenth of the table; so only a few numbers are used.
fn fetched(limit: u32) -> u32 {
    let wanted = limit.saturating_add(1);
    [11, 26, 51, 101].into_iter().find(|&most| most >= wanted).unwrap_or(wanted)
}

/// A page from the rows that [`paged`] returned.
fn page<U, T>(rows: Vec<U>, ask: &PageAsk, map: impl Fn(U) -> Mapped<T>) -> Read<Page<T>> {
    let Page { rows, more } = Page::cut(rows, ask);
    Ok(Page { rows: rows.into_iter().map(map).collect::<Mapped<_>>()?, more })
}

/// Reads only if there is something to read it for; else nothing, at once.
async fn maybe<A, T, F>(what: Option<A>, read: impl FnOnce(A) -> F) -> Read<T>
where
    T: Default,
    F: Future<Output = Read<T>>,
{
    match what {
        Some(what) => read(what).await,
        None => Ok(T::default()),
    }
}
