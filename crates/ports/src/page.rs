//! Pages of a list.

use crate::Search;
use domain::Timestamp;
use uuid::Uuid;

/// The position of a row in a list that is sorted newest first: by stored time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The row's `created_at`.
    pub at: Timestamp,
    /// The row's id.
    pub id: Uuid,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// Only rows after this one; from the newest on if absent.
    pub after: Option<Position>,
    /// Rows to pass over, at most 10,000; 0 with `after`.
    pub offset: u32,
    /// The most rows, 1 to 100.
    pub limit: u32,
}

/// A part of a list, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

impl<T> Page<T> {
    /// A page from what a query with `LIMIT limit + 1` returned.
    pub fn cut(mut rows: Vec<T>, request: &PageRequest) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, more }
    }
}

/// By what the lists of customers, orders and groups are sorted; the id is the tie-break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// When it was made.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
}

/// A request for a part of a list with its total count; `T` is the type of its search terms.
#[derive(Debug, Clone)]
pub struct ListRequest<T> {
    /// Only rows that this finds.
    pub search: Option<Search<T>>,
    /// The order.
    pub by: SortBy,
    /// Whether the latest come first.
    pub descending: bool,
    /// Rows to pass over, at most 10,000.
    pub skip: u32,
    /// The most rows, 1 to 100.
    pub take: u32,
}

impl<T> ListRequest<T> {
    /// The newest of all rows.
    pub const fn newest(take: u32) -> Self {
        Self { search: None, by: SortBy::CreatedAt, descending: true, skip: 0, take }
    }
}

/// A part of a list, and how many rows the whole has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Of the whole list.
    pub count: u64,
}
