//! Reading whole rows.

use super::{
    Mapped,
    values::{domain_micros, short_name},
};
use crate::sql::Typed;
use diesel::{
    data_types::PgTimestamp,
    deserialize::{self, FromSql, FromSqlRow, StaticallySizedRow},
    pg::{Pg, PgTypeMetadata, PgValue},
    row::{Field as _, Row as DatabaseRow},
    sql_types::{self, HasSqlType, SingleValue, SqlType, is_nullable},
};
use ports::Versioned;
use std::{borrow::Cow, marker::PhantomData};
use tables::{Damaged, Kind, Row, Source, Unfit, Value, VersionedRow};
use uuid::Uuid;

/// A row that was read. A damaged one fails only what needs it: many requests are served by one statement.
#[derive(Debug, Clone)]
pub(crate) struct Found<E> {
    /// Whose it is; of a merchant, its own id.
    pub(crate) merchant: Uuid,
    /// Its id.
    pub(crate) id: Uuid,
    entity: Result<Versioned<E>, Damaged>,
}

impl<E> Found<E> {
    /// The entity with its version.
    pub(crate) fn versioned(self) -> Mapped<Versioned<E>> {
        Ok(self.entity?)
    }

    /// The entity.
    pub(crate) fn entity(self) -> Mapped<E> {
        self.versioned().map(|versioned| versioned.row)
    }

    /// The entity, if the row is sound.
    pub(crate) fn sound(&self) -> Option<&E> {
        self.entity.as_ref().ok().map(|versioned| &versioned.row)
    }
}

/// A row of a table that is joined where it has one.
#[derive(Debug, Clone)]
pub(crate) struct Joined<E>(pub(crate) Option<Found<E>>);

/// What a whole row is to diesel: one value, which takes itself apart.
#[derive(Debug)]
pub(crate) struct RowOf<E>(PhantomData<fn() -> E>);

impl<E: Row> SqlType for RowOf<E> {
    type IsNull = is_nullable::NotNull;
}

impl<E: Row> SingleValue for RowOf<E> {}

impl<E: Row> HasSqlType<RowOf<E>> for Pg {
    fn metadata(_: &mut Self::MetadataLookup) -> PgTypeMetadata {
        // Of no column: a row is never bound.
        PgTypeMetadata::new(0, 0)
    }
}

impl<E: Row> Typed for Found<E> {
    type Sql = RowOf<E>;
}

impl<E: Row> Typed for Joined<E> {
    type Sql = RowOf<E>;
}

impl<E: VersionedRow> FromSqlRow<RowOf<E>, Pg> for Found<E> {
    fn build_from_row<'a>(row: &impl DatabaseRow<'a, Pg>) -> deserialize::Result<Self> {
        let found = Joined::build_from_row(row)?.0;
        found.ok_or_else(|| format!("{} has a row without an id", short_name::<E>()).into())
    }
}

impl<E: VersionedRow> FromSqlRow<RowOf<E>, Pg> for Joined<E> {
    fn build_from_row<'a>(row: &impl DatabaseRow<'a, Pg>) -> deserialize::Result<Self> {
        let key = |place: usize| -> deserialize::Result<Option<Uuid>> {
            let field = row.get(place).ok_or("a row has fewer columns than its table")?;
            field.value().map(<Uuid as FromSql<sql_types::Uuid, Pg>>::from_sql).transpose()
        };
        let (Some(merchant), Some(id)) = (key(0)?, key(E::KEY.len() - 1)?) else { return Ok(Self(None)) };
        let entity = E::read(&mut Columns { row, next: 0, database: PhantomData });
        Ok(Self(Some(Found { merchant, id, entity })))
    }
}

impl<E: VersionedRow> StaticallySizedRow<RowOf<E>, Pg> for Found<E> {
    const FIELD_COUNT: usize = E::COLUMNS.len();
}

impl<E: VersionedRow> StaticallySizedRow<RowOf<E>, Pg> for Joined<E> {
    const FIELD_COUNT: usize = E::COLUMNS.len();
}

/// The columns of a row, one after the other.
struct Columns<'r, 'a, D> {
    row: &'r D,
    next: usize,
    database: PhantomData<&'a ()>,
}

impl<'a, D: DatabaseRow<'a, Pg>> Source for Columns<'_, 'a, D> {
    fn next<T>(&mut self, kind: Kind, read: impl FnOnce(Value<'_>) -> Result<T, Unfit>) -> Result<T, Unfit> {
        let field = self.row.get(self.next).ok_or_else(|| Unfit::kind(kind))?;
        self.next += 1;
        let Some(value) = field.value() else { return read(Value::Null(kind)) };
        read(sound(kind, value).map_err(|_| Unfit::kind(kind))?)
    }

    fn skip(&mut self) {
        self.next += 1;
    }
}

/// A value that is there.
fn sound(kind: Kind, value: PgValue<'_>) -> deserialize::Result<Value<'_>> {
    Ok(match kind {
        Kind::Uuid => Value::Uuid(FromSql::<sql_types::Uuid, Pg>::from_sql(value)?),
        Kind::Text => Value::borrowed(std::str::from_utf8(value.as_bytes())?),
        Kind::Small => Value::Small(FromSql::<sql_types::SmallInt, Pg>::from_sql(value)?),
        Kind::Int => Value::Int(FromSql::<sql_types::Integer, Pg>::from_sql(value)?),
        Kind::Big => Value::Big(FromSql::<sql_types::BigInt, Pg>::from_sql(value)?),
        Kind::Bool => Value::Bool(FromSql::<sql_types::Bool, Pg>::from_sql(value)?),
        Kind::Instant => {
            let PgTimestamp(micros) = FromSql::<sql_types::Timestamptz, Pg>::from_sql(value)?;
            Value::Instant(domain_micros(micros).ok_or("beyond every instant")?)
        }
        Kind::Bytes => Value::Bytes(Cow::Borrowed(value.as_bytes())),
    })
}
