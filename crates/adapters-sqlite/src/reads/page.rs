//! Pages of a list, newest first.

use ports::{Page, PageRequest, Versioned};

/// Orders a boxed query of a table newest first and cuts out what was asked for, and one row more to know whether any
/// follow. The condition on the time alone lets the index find the place; the second one settles ties.
macro_rules! paged {
    ($query:expr, $table:ident, $request:expr) => {{
        let request: &ports::PageRequest = $request;
        let mut query = $query;
        if let Some(ports::Position { at, id }) = request.after {
            let before = $table::created_at.lt(at.micros()).or($table::id.lt($crate::values::Uid(id)));
            query = query.filter($table::created_at.le(at.micros())).filter(before);
        }
        query
            .order(($table::created_at.desc(), $table::id.desc()))
            .limit(i64::from(request.limit) + 1)
            .offset(i64::from(request.offset))
    }};
}
pub(super) use paged;

/// A page of what such a query gave.
pub(super) fn page<R>(rows: Vec<Versioned<R>>, request: &PageRequest) -> Page<R> {
    let Page { rows, more } = Page::cut(rows, request);
    Page { rows: rows.into_iter().map(|found| found.row).collect(), more }
}

/// A page without rows.
pub(super) fn empty<T>() -> Page<T> {
    Page { rows: Vec::new(), more: false }
}
