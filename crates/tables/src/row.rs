//! Rows taken apart into values and put together again.

use crate::{Column, Kind, Unfit, Value};
use domain::MerchantId;
use ports::{Entity, Version, Versioned};
use uuid::Uuid;

/// A type whose values are the rows of one table.
pub trait Row: Sized + 'static {
    /// The table's name.
    const NAME: &'static str;
    /// Its columns, in the order of a row's values: the key first, a version last.
    const COLUMNS: &'static [&'static str];
    /// The columns of its primary key.
    const KEY: &'static [&'static str];

    /// Adds a merchant's row to `values`, a value for each column save the version.
    fn put<'a>(&'a self, merchant: MerchantId, values: &mut Vec<Value<'a>>);

    /// The values of a row without a version.
    fn unversioned<'a>(&'a self, merchant: MerchantId) -> Vec<Value<'a>> {
        let mut values = Vec::with_capacity(Self::COLUMNS.len());
        self.put(merchant, &mut values);
        values
    }

    /// The columns that are not of the key.
    fn rest() -> &'static [&'static str] {
        Self::COLUMNS.get(Self::KEY.len()..).unwrap_or_default()
    }
}

/// Rows that change, each with its version, and that are read back.
pub trait VersionedRow: Row + Entity {
    /// The row's values in this version.
    fn values<'a>(&'a self, merchant: MerchantId, version: Version) -> Vec<Value<'a>> {
        let mut values = Vec::with_capacity(Self::COLUMNS.len());
        self.put(merchant, &mut values);
        values.push(Value::Big(version.number()));
        values
    }

    /// Reads a row, column by column.
    fn read<S: Source>(source: &mut S) -> Result<Versioned<Self>, Damaged>;
}

/// The columns of a row in the database, one after the other.
pub trait Source {
    /// Hands the next column's value, of this kind or NULL, to `read`.
    fn next<T>(&mut self, kind: Kind, read: impl FnOnce(Value<'_>) -> Result<T, Unfit>) -> Result<T, Unfit>;

    /// Passes over the next column.
    fn skip(&mut self);
}

/// A stored value that the domain refuses. Says where it stands and what was expected, never the value: that may be
/// personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column} of {id}: {expected}")]
pub struct Damaged {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row.
    pub id: Uuid,
    /// The end of the sentence "it must be".
    pub expected: String,
}

/// A row that is being read: names the place of whatever cannot be.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    table: &'static str,
    id: Uuid,
}

impl Reading {
    /// The row with this id.
    #[inline]
    pub const fn of(table: &'static str, id: Uuid) -> Self {
        Self { table, id }
    }

    /// What the domain made of a column, or of several.
    #[inline]
    pub fn made<T, E: ToString>(self, column: &'static str, made: Result<T, E>) -> Result<T, Damaged> {
        made.map_err(|error| self.damaged(column, &error))
    }

    // Apart, so that reading what is sound stays small.
    #[cold]
    fn damaged<E: ToString>(self, column: &'static str, error: &E) -> Damaged {
        let Self { table, id } = self;
        Damaged { table, column, id, expected: error.to_string() }
    }

    /// A value that was read by itself.
    #[inline]
    pub fn value<C: Column>(self, column: &'static str, value: Value<'_>) -> Result<C, Damaged> {
        self.made(column, C::read(value))
    }

    /// The next column.
    #[inline]
    pub(crate) fn next<C: Column>(self, column: &'static str, source: &mut impl Source) -> Result<C, Damaged> {
        self.made(column, source.next(C::KIND, C::read))
    }

    /// A text that was read by itself.
    #[inline]
    pub fn text<C: Column>(self, column: &'static str, text: &str) -> Result<C, Damaged> {
        self.value(column, Value::borrowed(text))
    }

    /// An instant that was read by itself.
    #[inline]
    pub fn instant<C: Column>(self, column: &'static str, micros: i64) -> Result<C, Damaged> {
        self.value(column, Value::Instant(micros))
    }
}
