//! A page of a list, as callers see it.

use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = List)]
pub(crate) struct ListObject<T> {
    /// The objects.
    pub(crate) data: Vec<T>,
    /// Whether there are more objects after this page.
    #[schema(example = false)]
    pub(crate) has_more: bool,
    /// The maximum number of objects on this page.
    #[schema(example = 50)]
    pub(crate) limit: u32,
    /// How many objects were skipped; 0 with a cursor.
    #[schema(example = 0)]
    pub(crate) offset: u32,
    /// The cursor of the next page; null on the last page.
    #[schema(example = json!(null))]
    pub(crate) next_cursor: Option<String>,
}

/// A part of a list, and the size of the whole list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountedList)]
pub(crate) struct CountedObject<T> {
    /// The objects.
    pub(crate) data: Vec<T>,
    /// The number of objects in the whole list.
    #[schema(example = 1)]
    pub(crate) count: u64,
}
