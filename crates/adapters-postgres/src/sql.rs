//! One kind of statement for everything: SQL with `?` where a value goes, and the type of the rows it returns.
//!
//! Diesel prepares such a statement once per connection, because its text does not depend on its values, save for those
//! that are run [`Sql::once`]. Many values
//! travel as arrays (`unnest(?, ?)`), so that one text serves any number of rows.

use diesel::{
    QueryResult,
    data_types::PgTimestamp,
    deserialize::FromSqlRow,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{self, Array, HasSqlType, Nullable},
};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::TryStreamExt;
use std::{borrow::Cow, marker::PhantomData};
use uuid::Uuid;

/// A Rust type that stands for one SQL type, or for the row of a statement.
pub(crate) trait Typed {
    /// The SQL type; of a row, the tuple of its columns' types.
    type Sql: 'static;
}

macro_rules! typed {
    ($($rust:ty => $sql:ty;)*) => {$(impl Typed for $rust { type Sql = $sql; })*};
}
typed! {
    () => ();
    bool => sql_types::Bool;
    i16 => sql_types::SmallInt;
    i32 => sql_types::Integer;
    i64 => sql_types::BigInt;
    str => sql_types::Text;
    String => sql_types::Text;
    [u8] => sql_types::Binary;
    Vec<u8> => sql_types::Binary;
    Cow<'_, str> => sql_types::Text;
    Cow<'_, [u8]> => sql_types::Binary;
    Uuid => sql_types::Uuid;
    PgTimestamp => sql_types::Timestamptz;
    Vec<String> => Array<sql_types::Text>;
    Vec<i32> => Array<sql_types::Integer>;
    Vec<i64> => Array<sql_types::BigInt>;
    Vec<Uuid> => Array<sql_types::Uuid>;
}

impl<T: Typed> Typed for Option<T> {
    type Sql = Nullable<T::Sql>;
}

impl<T: Typed + ?Sized> Typed for &T {
    type Sql = T::Sql;
}

macro_rules! typed_tuples {
    ($($($part:ident)+;)*) => {$(
        impl<$($part: Typed),+> Typed for ($($part,)+) { type Sql = ($($part::Sql,)+); }
    )*};
}
typed_tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; }

/// A value that is sent beside the text.
pub(crate) type Param<'a> = Box<dyn QueryFragment<Pg> + Send + 'a>;

struct One<T>(T);

impl<T> QueryFragment<Pg> for One<T>
where
    T: Typed + ToSql<T::Sql, Pg>,
    Pg: HasSqlType<T::Sql>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<T::Sql, T>(&self.0)
    }
}

struct Each<T>(Vec<T>);

impl<T> QueryFragment<Pg> for Each<T>
where
    T: Typed,
    Vec<T>: ToSql<Array<T::Sql>, Pg>,
    Pg: HasSqlType<Array<T::Sql>>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<T::Sql>, Vec<T>>(&self.0)
    }
}

/// A value as a parameter.
pub(crate) fn one<'a, T>(value: T) -> Param<'a>
where
    T: Typed + ToSql<T::Sql, Pg> + Send + 'a,
    Pg: HasSqlType<T::Sql>,
{
    Box::new(One(value))
}

/// An array of values as a parameter.
pub(crate) fn each<'a, T>(values: impl IntoIterator<Item = T>) -> Param<'a>
where
    T: Typed + Send + 'a,
    Vec<T>: ToSql<Array<T::Sql>, Pg>,
    Pg: HasSqlType<Array<T::Sql>>,
{
    Box::new(Each(values.into_iter().collect()))
}

/// A statement whose rows are `U`; `()` where nothing is read from it.
pub(crate) struct Sql<'a, U = ()> {
    text: String,
    params: Vec<Param<'a>>,
    kept: bool,
    rows: PhantomData<fn() -> U>,
}

impl<'a, U> Sql<'a, U> {
    /// A statement, or its beginning.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), params: Vec::new(), kept: true, rows: PhantomData }
    }

    /// The value of the next `?`.
    #[must_use]
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        T: Typed + ToSql<T::Sql, Pg> + Send + 'a,
        Pg: HasSqlType<T::Sql>,
    {
        self.params.push(one(value));
        self
    }

    /// The value of the next `?`, an array.
    #[must_use]
    pub(crate) fn bind_each<T>(self, values: impl IntoIterator<Item = T>) -> Self
    where
        T: Typed + Send + 'a,
        Vec<T>: ToSql<Array<T::Sql>, Pg>,
        Pg: HasSqlType<Array<T::Sql>>,
    {
        self.bind_all([each(values)])
    }

    /// The values of the next `?`s.
    #[must_use]
    pub(crate) fn bind_all(mut self, params: impl IntoIterator<Item = Param<'a>>) -> Self {
        self.params.extend(params);
        self
    }

    /// More text.
    #[must_use]
    pub(crate) fn text(mut self, more: &str) -> Self {
        self.text.push_str(more);
        self
    }

    /// This statement, not to be kept prepared: of its kind there are too many.
    #[must_use]
    pub(crate) fn once(self) -> Self {
        Self { kept: false, ..self }
    }

    /// This statement as a subquery of a larger one, between the texts around it, which have no `?`.
    pub(crate) fn within<V>(self, before: &str, after: &str) -> Sql<'a, V> {
        let Self { text, params, kept, rows: _ } = self;
        Sql { text: format!("{before}{text}{after}"), params, kept, rows: PhantomData }
    }

    /// One statement that runs all of these; they must not touch the same rows.
    pub(crate) fn all_of(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::new("WITH ");
        for (number, Self { text, params, kept, rows: _ }) in parts.into_iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            all.text.push_str(&format!("{comma}part{number} AS ({text})"));
            all.params.extend(params);
            all.kept &= kept;
        }
        all.text(" SELECT")
    }

    /// More text with one `?`, if there is a value for it: a condition that is only sometimes asked for.
    #[must_use]
    pub(crate) fn and<T>(self, condition: &str, value: Option<T>) -> Self
    where
        T: Typed + ToSql<T::Sql, Pg> + Send + 'a,
        Pg: HasSqlType<T::Sql>,
    {
        match value {
            Some(value) => self.text(condition).bind(value),
            None => self,
        }
    }
}

impl<U> QueryFragment<Pg> for Sql<'_, U> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.kept {
            out.unsafe_to_cache_prepared();
        }
        let mut pieces = self.text.split('?');
        out.push_sql(pieces.next().unwrap_or_default());
        let mut params = self.params.iter();
        for piece in pieces {
            let param = params.next().ok_or_else(|| wrong_count(&self.text))?;
            param.walk_ast(out.reborrow())?;
            out.push_sql(piece);
        }
        if params.next().is_some() { Err(wrong_count(&self.text)) } else { Ok(()) }
    }
}

fn wrong_count(text: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("as many values as question marks are needed: {text}").into())
}

impl<U> QueryId for Sql<'_, U> {
    type QueryId = ();
    // Told apart by its text, which diesel's statement cache then goes by.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<U: Typed> Query for Sql<'_, U> {
    type SqlType = U::Sql;
}

/// Sends a statement and reads its rows. Statements whose futures are first polled one after the other are sent in that
/// order, without waiting for one another's answers: joined, they travel as one pipeline. (One that must be prepared
/// first holds the connection's statement cache meanwhile, and the lock on that is fair.)
pub(crate) async fn load<U>(mut conn: &AsyncPgConnection, sql: Sql<'_, U>) -> QueryResult<Vec<U>>
where
    U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
{
    let rows = AsyncConnectionCore::load(&mut conn, sql).await?;
    rows.and_then(async |row| U::build_from_row(&row).map_err(diesel::result::Error::DeserializationError))
        .try_collect()
        .await
}

/// Sends a statement and returns how many rows it touched. Ordered like [`load`].
pub(crate) async fn execute(mut conn: &AsyncPgConnection, sql: Sql<'_>) -> QueryResult<usize> {
    AsyncConnectionCore::execute_returning_count(&mut conn, sql).await
}
