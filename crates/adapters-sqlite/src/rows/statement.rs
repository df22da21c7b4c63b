//! The statements of every table, each prepared once a connection. `scope` is a row's merchant; the server's own tables do
//! not look at it.

use super::read::RowOf;
use crate::{error::SqliteError, values::Uid};
use diesel::{
    OptionalExtension as _, QueryResult, RunQueryDsl, SqliteConnection,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text},
    sqlite::Sqlite,
};
use ports::{KeyUse, Version, Versioned};
use std::marker::PhantomData;
use tables::{Row, Value, VersionedRow};
use uuid::Uuid;

/// Inserts a row of these values.
pub(crate) fn insert<R: Row>(connection: &mut SqliteConnection, values: Vec<Value<'_>>) -> QueryResult<usize> {
    Write::<R, Insert> { values, kind: PhantomData }.execute(connection)
}

/// Replaces the row with the key of these values.
pub(crate) fn update<R: Row>(connection: &mut SqliteConnection, values: Vec<Value<'_>>) -> QueryResult<usize> {
    Write::<R, Update> { values, kind: PhantomData }.execute(connection)
}

/// Inserts a row of these values, in the place of the one that has its key if there is one.
pub(crate) fn replace<R: Row>(connection: &mut SqliteConnection, values: Vec<Value<'_>>) -> QueryResult<usize> {
    Write::<R, Replace> { values, kind: PhantomData }.execute(connection)
}

/// Keeps the latest use of a key: two nodes may tell of theirs in any order.
pub(crate) fn keep_latest_use(connection: &mut SqliteConnection, values: Vec<Value<'_>>) -> QueryResult<usize> {
    Write::<KeyUse, KeepLatest> { values, kind: PhantomData }.execute(connection)
}

/// Deletes a row.
pub(crate) fn delete<R: VersionedRow>(connection: &mut SqliteConnection, scope: Uuid, id: Uuid) -> QueryResult<usize> {
    ByKey::<R, Delete>::new(scope, id).execute(connection)
}

/// The version of a row, if it is there.
pub(crate) fn stored_version<R: VersionedRow>(
    connection: &mut SqliteConnection,
    scope: Uuid,
    id: Uuid,
) -> QueryResult<Option<Version>> {
    let found: Option<i64> = ByKey::<R, SelectVersion>::new(scope, id).get_result(connection).optional()?;
    Ok(found.map(Version::stored))
}

/// The row with this id, if the scope has it.
pub(crate) fn find<R: VersionedRow>(
    connection: &mut SqliteConnection,
    scope: Uuid,
    id: Uuid,
) -> Result<Option<Versioned<R>>, SqliteError> {
    Ok(ByKey::<R, SelectWhole>::new(scope, id).get_result(connection).optional()?)
}

/// A row that is written.
#[derive(Debug)]
struct Write<'a, R, K> {
    values: Vec<Value<'a>>,
    kind: PhantomData<fn() -> (R, K)>,
}

/// How the statement is written around its values.
trait WriteKind: 'static {
    const BEFORE: &'static str = "INSERT INTO ";
    const AFTER: &'static str = "";

    /// `INSERT INTO table (column, …) VALUES (value, …)`
    fn walk<'b, R: Row>(values: &'b [Value<'_>], out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(Self::BEFORE);
        out.push_sql(R::NAME);
        for (number, column) in R::COLUMNS.iter().enumerate() {
            out.push_sql(if number == 0 { " (" } else { ", " });
            out.push_sql(column);
        }
        for (number, value) in values.iter().enumerate() {
            out.push_sql(if number == 0 { ") VALUES (" } else { ", " });
            bind(value, out)?;
        }
        out.push_sql(")");
        out.push_sql(Self::AFTER);
        Ok(())
    }
}

#[derive(Debug)]
struct Insert;
impl WriteKind for Insert {}

#[derive(Debug)]
struct Replace;
impl WriteKind for Replace {
    const BEFORE: &'static str = "REPLACE INTO ";
}

#[derive(Debug)]
struct KeepLatest;
impl WriteKind for KeepLatest {
    const AFTER: &'static str = " ON CONFLICT (merchant_id, key_id) DO UPDATE SET last_used_at = excluded.last_used_at \
         WHERE last_used_at < excluded.last_used_at";
}

#[derive(Debug)]
struct Update;
impl WriteKind for Update {
    /// `UPDATE table SET column = value, … WHERE key = value AND …`
    fn walk<'b, R: Row>(values: &'b [Value<'_>], out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_sql(R::NAME);
        let columns = || R::COLUMNS.iter().zip(values).enumerate();
        let changed = columns().skip(R::KEY.len()).map(|column| (column, R::KEY.len(), " SET ", ", "));
        let key = columns().take(R::KEY.len()).map(|column| (column, 0, " WHERE ", " AND "));
        for ((number, (column, value)), first, begin, and) in changed.chain(key) {
            out.push_sql(if number == first { begin } else { and });
            out.push_sql(column);
            out.push_sql(" = ");
            bind(value, out)?;
        }
        Ok(())
    }
}

impl<R: Row, K: WriteKind> QueryFragment<Sqlite> for Write<'_, R, K> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        K::walk::<R>(&self.values, &mut out)
    }
}

impl<R: Row, K: WriteKind> QueryId for Write<'_, R, K> {
    type QueryId = Write<'static, R, K>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row, K: WriteKind> RunQueryDsl<SqliteConnection> for Write<'_, R, K> {}

/// A statement about the row with one key.
#[derive(Debug)]
struct ByKey<R, K> {
    scope: Uid,
    id: Uid,
    kind: PhantomData<fn() -> (R, K)>,
}

/// What the statement does with the row, up to FROM.
trait KeyedKind: 'static {
    fn begin<R: Row>(out: &mut AstPass<'_, '_, Sqlite>);
}

#[derive(Debug)]
struct Delete;
impl KeyedKind for Delete {
    fn begin<R: Row>(out: &mut AstPass<'_, '_, Sqlite>) {
        out.push_sql("DELETE");
    }
}

#[derive(Debug)]
struct SelectVersion;
impl KeyedKind for SelectVersion {
    fn begin<R: Row>(out: &mut AstPass<'_, '_, Sqlite>) {
        out.push_sql("SELECT version");
    }
}

#[derive(Debug)]
struct SelectWhole;
impl KeyedKind for SelectWhole {
    fn begin<R: Row>(out: &mut AstPass<'_, '_, Sqlite>) {
        for (number, column) in R::COLUMNS.iter().enumerate() {
            out.push_sql(if number == 0 { "SELECT " } else { ", " });
            out.push_sql(column);
        }
    }
}

impl<R, K> ByKey<R, K> {
    fn new(scope: Uuid, id: Uuid) -> Self {
        Self { scope: Uid(scope), id: Uid(id), kind: PhantomData }
    }
}

impl<R: Row, K: KeyedKind> QueryFragment<Sqlite> for ByKey<R, K> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        K::begin::<R>(&mut out);
        out.push_sql(" FROM ");
        out.push_sql(R::NAME);
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Binary, Uid>(&self.id)?;
        if R::KEY.len() > 1 {
            out.push_sql(" AND merchant_id = ");
            out.push_bind_param::<Binary, Uid>(&self.scope)?;
        }
        Ok(())
    }
}

impl<R: Row, K: KeyedKind> QueryId for ByKey<R, K> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row> Query for ByKey<R, SelectVersion> {
    type SqlType = BigInt;
}

impl<R: Row> Query for ByKey<R, SelectWhole> {
    type SqlType = RowOf<R>;
}

impl<R: Row, K: KeyedKind> RunQueryDsl<SqliteConnection> for ByKey<R, K> {}

fn bind<'b>(value: &'b Value<'_>, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
    match value {
        Value::Null(_) => out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None),
        Value::Uuid(id) => out.push_bind_param::<Binary, [u8]>(id.as_bytes()),
        Value::Text(text) => out.push_bind_param::<Text, str>(text),
        Value::Small(number) => out.push_bind_param::<SmallInt, i16>(number),
        Value::Int(number) => out.push_bind_param::<Integer, i32>(number),
        Value::Big(number) | Value::Instant(number) => out.push_bind_param::<BigInt, i64>(number),
        Value::Bool(truth) => out.push_bind_param::<Bool, bool>(truth),
        Value::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes),
    }
}
