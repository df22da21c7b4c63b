//! A page of a list, as callers see it.

use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = List)]
pub(crate) struct ListObject<T> {
    /// The objects.
    pub(crate) data: Vec<T>,
    /// Whether more follow.
    pub(crate) has_more: bool,
    /// The most objects that this page could have had.
    pub(crate) limit: u32,
    /// How many were passed over; 0 with a cursor.
    pub(crate) offset: u32,
    /// Where the next page begins; null on the last one.
    pub(crate) next_cursor: Option<String>,
}

/// A part of a list, and how long the whole is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountedList)]
pub(crate) struct CountedObject<T> {
    /// The objects.
    pub(crate) data: Vec<T>,
    /// How many there are in the whole list.
    pub(crate) count: u64,
}
