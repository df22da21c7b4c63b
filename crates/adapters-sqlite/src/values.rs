//! Column values that diesel does not know by itself.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::Binary,
    sqlite::{Sqlite, SqliteValue},
};
use domain::{Id, Kind};
use uuid::Uuid;

/// A UUID as its 16 bytes: half the size of its text, and in the order of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Uid(pub(crate) Uuid);

impl<K: Kind> From<Id<K>> for Uid {
    fn from(id: Id<K>) -> Self {
        Self(id.uuid())
    }
}

impl Uid {
    /// As an id of the kind that the column holds.
    pub(crate) fn id<K: Kind>(self) -> Id<K> {
        Id::from_uuid(self.0)
    }
}

impl ToSql<Binary, Sqlite> for Uid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Binary, Sqlite> for Uid {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}
