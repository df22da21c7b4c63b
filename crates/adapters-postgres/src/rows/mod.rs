//! Rows as they stand in the tables, by the descriptions in [`tables`]: how they are bound, and how they are read.

mod bind;
mod found;
mod values;

pub(crate) use bind::{arrays, bound};
pub(crate) use found::{Found, Joined};
pub(crate) use values::{Damaged, Mapped, instant, money, optional as optional_text, optional_instant, parsed, time};

use tables::{Row, Value};

/// The columns of a table as they stand in a SELECT, of the table under the name `alias`.
pub(crate) fn select<R: Row>(alias: &str) -> String {
    list(R::COLUMNS, |column| format!("{alias}.{column}"))
}

/// Items as SQL writes them one after the other.
pub(crate) fn list(columns: &[&str], each: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| each(column)).collect::<Vec<_>>().join(", ")
}

/// Rows of one table on their way there.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// The table.
    pub(crate) table: &'static str,
    /// Its columns, in the order of the values.
    pub(crate) columns: &'static [&'static str],
    /// The columns of its primary key.
    pub(crate) key: &'static [&'static str],
    /// The values of each row.
    pub(crate) rows: Vec<Vec<Value<'a>>>,
}

impl<'a> Batch<'a> {
    /// Rows of a described table.
    pub(crate) fn of<R: Row>(rows: impl IntoIterator<Item = Vec<Value<'a>>>) -> Self {
        Self { table: R::NAME, columns: R::COLUMNS, key: R::KEY, rows: rows.into_iter().collect() }
    }
}
