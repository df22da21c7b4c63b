//! Values of described rows as parameters: one by one, or an array a column.

use super::values::stored_micros;
use crate::sql::{Param, each, one};
use diesel::data_types::PgTimestamp;
use std::borrow::Cow;
use tables::{Kind, Value};
use uuid::Uuid;

/// A value as a parameter.
pub(crate) fn bound(value: Value<'_>) -> Param<'_> {
    match value {
        Value::Null(kind) => null(kind),
        Value::Uuid(id) => one(id),
        Value::Text(text) => one(text),
        Value::Small(number) => one(number),
        Value::Int(number) => one(number),
        Value::Big(number) => one(number),
        Value::Bool(truth) => one(truth),
        Value::Instant(micros) => one(PgTimestamp(stored_micros(micros))),
        Value::Bytes(bytes) => one(bytes),
    }
}

fn null<'a>(kind: Kind) -> Param<'a> {
    match kind {
        Kind::Uuid => one(None::<Uuid>),
        Kind::Text => one(None::<String>),
        Kind::Small => one(None::<i16>),
        Kind::Int => one(None::<i32>),
        Kind::Big => one(None::<i64>),
        Kind::Bool => one(None::<bool>),
        Kind::Instant => one(None::<PgTimestamp>),
        Kind::Bytes => one(None::<Vec<u8>>),
    }
}

/// Rows turned into an array a column.
pub(crate) fn arrays(rows: Vec<Vec<Value<'_>>>) -> Vec<Param<'_>> {
    let mut columns: Vec<Vec<Value<'_>>> =
        rows.first().into_iter().flatten().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns.into_iter().map(array).collect()
}

/// The values of one column, which are all of one kind.
fn array(column: Vec<Value<'_>>) -> Param<'_> {
    macro_rules! of {
        ($kind:ident: $type:ty, $found:ident => $value:expr) => {
            each(column.into_iter().map(|value| -> Option<$type> {
                if let Value::$kind($found) = value { Some($value) } else { None }
            }))
        };
    }
    match column.first().map_or(Kind::Text, Value::kind) {
        Kind::Uuid => of!(Uuid: Uuid, id => id),
        Kind::Text => of!(Text: Cow<'_, str>, text => text),
        Kind::Small => of!(Small: i16, number => number),
        Kind::Int => of!(Int: i32, number => number),
        Kind::Big => of!(Big: i64, number => number),
        Kind::Bool => of!(Bool: bool, truth => truth),
        Kind::Instant => of!(Instant: PgTimestamp, micros => PgTimestamp(stored_micros(micros))),
        Kind::Bytes => of!(Bytes: Cow<'_, [u8]>, bytes => bytes),
    }
}
