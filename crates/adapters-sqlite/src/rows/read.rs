//! Reading whole rows: a SELECT clause with every column of a table, and what diesel makes of such a row.

use diesel::{
    QueryResult,
    backend::Backend,
    deserialize::{self, FromSqlRow, StaticallySizedRow},
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, QueryFragment, QueryId},
    row::{Field as _, Row as DatabaseRow},
    sql_types::{HasSqlType, SingleValue, SqlType, is_nullable},
    sqlite::{Sqlite, SqliteType},
};
use ports::Versioned;
use std::{borrow::Cow, marker::PhantomData};
use tables::{Kind, Row, Source, Unfit, Value, VersionedRow};
use uuid::Uuid;

/// Every column of a table, in the order in which its rows are read.
pub(crate) fn whole<R: VersionedRow>() -> Whole<R> {
    Whole(PhantomData)
}

/// Every column of the table of `R`.
#[derive(Debug)]
pub(crate) struct Whole<R>(PhantomData<fn() -> R>);

/// What a whole row is to diesel: one value, which takes itself apart.
#[derive(Debug)]
pub(crate) struct RowOf<R>(PhantomData<fn() -> R>);

impl<R: Row> SqlType for RowOf<R> {
    type IsNull = is_nullable::NotNull;
}

impl<R: Row> SingleValue for RowOf<R> {}

impl<R: Row> HasSqlType<RowOf<R>> for Sqlite {
    fn metadata((): &mut ()) -> SqliteType {
        // Of no column: a row is never bound.
        SqliteType::Binary
    }
}

impl<R: Row> Expression for Whole<R> {
    type SqlType = RowOf<R>;
}

impl<R: Row, From> AppearsOnTable<From> for Whole<R> {}

impl<R: Row, From> SelectableExpression<From> for Whole<R> {}

impl<R> ValidGrouping<()> for Whole<R> {
    type IsAggregate = is_aggregate::No;
}

impl<R: Row> QueryId for Whole<R> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row> QueryFragment<Sqlite> for Whole<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        for (number, column) in R::COLUMNS.iter().enumerate() {
            out.push_sql(if number == 0 { "" } else { ", " });
            out.push_sql(R::NAME);
            out.push_sql(".");
            out.push_sql(column);
        }
        Ok(())
    }
}

impl<R: VersionedRow> FromSqlRow<RowOf<R>, Sqlite> for Versioned<R> {
    fn build_from_row<'a>(row: &impl DatabaseRow<'a, Sqlite>) -> deserialize::Result<Self> {
        Ok(R::read(&mut Columns { row, next: 0, database: PhantomData })?)
    }
}

impl<R: VersionedRow> StaticallySizedRow<RowOf<R>, Sqlite> for Versioned<R> {
    const FIELD_COUNT: usize = R::COLUMNS.len();
}

/// The columns of a row, one after the other.
struct Columns<'r, 'a, D> {
    row: &'r D,
    next: usize,
    database: PhantomData<&'a ()>,
}

impl<'a, D: DatabaseRow<'a, Sqlite>> Source for Columns<'_, 'a, D> {
    fn next<T>(&mut self, kind: Kind, read: impl FnOnce(Value<'_>) -> Result<T, Unfit>) -> Result<T, Unfit> {
        let field = self.row.get(self.next).ok_or_else(|| Unfit::kind(kind))?;
        self.next += 1;
        let Some(mut value) = field.value() else { return read(Value::Null(kind)) };
        read(found(kind, &mut value)?)
    }

    fn skip(&mut self) {
        self.next += 1;
    }
}

/// A value that is there.
#[inline]
fn found<'v>(kind: Kind, value: &'v mut <Sqlite as Backend>::RawValue<'_>) -> Result<Value<'v>, Unfit> {
    Ok(match kind {
        Kind::Uuid => Value::Uuid(Uuid::from_slice(value.read_blob()).map_err(|_| Unfit::kind(kind))?),
        Kind::Text => Value::borrowed(value.read_text()),
        Kind::Small => Value::Small(value.read_long().try_into().map_err(|_| Unfit::kind(kind))?),
        Kind::Int => Value::Int(value.read_long().try_into().map_err(|_| Unfit::kind(kind))?),
        Kind::Big => Value::Big(value.read_long()),
        Kind::Bool => Value::Bool(value.read_long() != 0),
        Kind::Instant => Value::Instant(value.read_long()),
        Kind::Bytes => Value::Bytes(Cow::Borrowed(value.read_blob())),
    })
}
