//! The reading ports, a file an aggregate.
//!
//! A statement sees one moment. Where an answer takes several, they are joined into one pipeline in the order in which
//! they must be seen: claims, and whatever the commit will check, before the rows that depend on them.

mod affiliates;
mod clicks;
mod commissions;
mod coupons;
mod customers;
mod due;
mod erasure;
mod event_facts;
mod event_statements;
mod events;
mod groups;
mod keys;
mod mails;
mod merchants;
mod one;
mod orders;
mod payouts;
mod program;
mod refunds;
mod responses;
mod search;

pub(crate) use erasure::window_end;
pub(crate) use event_facts::EventFactsRequest;

use crate::{
    readers::Reader,
    rows::{Found, Mapped, select, time},
    sql::Sql,
};
use domain::MerchantId;
use ports::{Counted, ListRequest, Page, PageRequest, Position, ReadError, SortBy, Space};
use search::{Term, narrowed};
use tables::VersionedRow;
use tokio::try_join;

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
fn paged<'a, U>(sql: Sql<'a, U>, alias: &str, request: &PageRequest) -> Sql<'a, U> {
    let sql = match request.after {
        Some(Position { at, id }) => {
            sql.text(&format!(" AND ({alias}.created_at, {alias}.id) < (?, ?)")).bind(time(at)).bind(id)
        }
        None => sql,
    };
    let most = fetched(request.limit);
    let sql = sql.text(&format!(" ORDER BY {alias}.created_at DESC, {alias}.id DESC LIMIT {most}"));
    if request.offset == 0 { sql } else { sql.text(" OFFSET ?").bind(i64::from(request.offset)) }
}

/// How many rows are fetched for a page of `limit`. The number stands in the statement's text, because PostgreSQL plans
/// a prepared statement with an unknown limit for a tenth of the table; so only a few numbers are used.
fn fetched(limit: u32) -> u32 {
    let wanted = limit.saturating_add(1);
    [11, 26, 51, 101].into_iter().find(|&most| most >= wanted).unwrap_or(wanted)
}

/// A page from the rows that [`paged`] returned.
fn page<U, T>(rows: Vec<U>, request: &PageRequest, map: impl Fn(U) -> Mapped<T>) -> Read<Page<T>> {
    let Page { rows, more } = Page::cut(rows, request);
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

/// A part of a merchant's list and how long the list is. `found` is everything after FROM, of a table under the name `t`,
/// with its values; it is asked for twice.
async fn counted<'a, R, T: Term>(
    reader: &Reader,
    merchant: MerchantId,
    found: impl Fn() -> Sql<'a, Found<R>>,
    request: &'a ListRequest<T>,
) -> Read<Counted<R>>
where
    R: VersionedRow + Send,
{
    let ListRequest { search, by, descending, skip, take } = request;
    let wanted = || narrowed(merchant, found(), search.as_ref());
    let column = match by {
        SortBy::CreatedAt => "created_at",
        SortBy::UpdatedAt => "updated_at",
    };
    let way = if *descending { "DESC" } else { "ASC" };
    let most = fetched(take.saturating_sub(1));
    let select = format!("SELECT {} FROM {} t", select::<R>("t"), R::NAME);
    let order = format!(" ORDER BY t.{column} {way}, t.id {way} LIMIT {most}");
    let rows = wanted().within::<Found<R>>(&select, &order);
    let rows = if *skip == 0 { rows } else { rows.text(" OFFSET ?").bind(i64::from(*skip)) };
    let count = wanted().within::<(i64,)>(&format!("SELECT count(*) FROM {} t", R::NAME), "");
    let (mut rows, count) = try_join!(biased; reader.all(rows), reader.first(count))?;
    rows.truncate(usize::try_from(*take).unwrap_or(usize::MAX));
    let rows = rows.into_iter().map(Found::entity).collect::<Mapped<_>>()?;
    Ok(Counted { rows, count: count.and_then(|(count,)| u64::try_from(count).ok()).unwrap_or(0) })
}
