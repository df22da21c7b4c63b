//! Values of columns, as every storage has them.

use std::borrow::Cow;
use uuid::Uuid;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id.
    Uuid,
    /// A text.
    Text,
    /// A number of 16 bits.
    Small,
    /// A number of 32 bits.
    Int,
    /// A number of 64 bits.
    Big,
    /// True or false.
    Bool,
    /// An instant, in microseconds from 1970-01-01.
    Instant,
    /// Bytes.
    Bytes,
}

/// The value of one column of one row. Text and bytes are borrowed from the entity or the database wherever they stand
/// there as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named for their kinds")]
pub enum Value<'a> {
    /// No value, of a column of this kind.
    Null(Kind),
    Uuid(Uuid),
    Text(Cow<'a, str>),
    Small(i16),
    Int(i32),
    Big(i64),
    Bool(bool),
    Instant(i64),
    Bytes(Cow<'a, [u8]>),
}

/// A stored value that the domain refuses: the end of the sentence "… must be", never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(Cow<'static, str>);

impl Unfit {
    /// With what was expected.
    pub fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self(expected.into())
    }

    /// With what the domain says about a text that it refused.
    pub fn of(error: impl ToString) -> Self {
        Self::new(error.to_string())
    }

    /// A value of another kind than its column's.
    #[cold]
    pub fn kind(wanted: Kind) -> Self {
        Self::new(match wanted {
            Kind::Uuid => "must be the 16 bytes of an id",
            Kind::Text => "must be a text",
            Kind::Small | Kind::Int | Kind::Big => "must be a number",
            Kind::Bool => "must be true or false",
            Kind::Instant => "must be an instant",
            Kind::Bytes => "must be bytes",
        })
    }
}

impl<'a> Value<'a> {
    /// The kind of the column.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Uuid(_) => Kind::Uuid,
            Self::Text(_) => Kind::Text,
            Self::Small(_) => Kind::Small,
            Self::Int(_) => Kind::Int,
            Self::Big(_) => Kind::Big,
            Self::Bool(_) => Kind::Bool,
            Self::Instant(_) => Kind::Instant,
            Self::Bytes(_) => Kind::Bytes,
        }
    }

    /// The value without what it borrows.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null(kind) => Value::Null(kind),
            Self::Uuid(id) => Value::Uuid(id),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Small(number) => Value::Small(number),
            Self::Int(number) => Value::Int(number),
            Self::Big(number) => Value::Big(number),
            Self::Bool(truth) => Value::Bool(truth),
            Self::Instant(micros) => Value::Instant(micros),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }

    /// The text of a column of texts.
    #[inline]
    pub fn text(&self) -> Result<&str, Unfit> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Unfit::kind(Kind::Text)) }
    }

    /// The bytes of a column of bytes.
    #[inline]
    pub fn bytes(&self) -> Result<&[u8], Unfit> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Unfit::kind(Kind::Bytes)) }
    }

    /// Borrows a text.
    #[inline]
    pub const fn borrowed(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
