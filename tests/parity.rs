//! Both storages are one storage: the same change sets have the same outcomes and leave the same rows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

use adapters_postgres::{PostgresOptions, PostgresStorage};
use adapters_sqlite::{SqliteOptions, SqliteStorage};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use ports::{ChangeSet, CommitError, Journal};
use std::{collections::BTreeMap, path::Path};
use testkit::{
    contract::Sequence,
    postgres::{Database, shared},
};

/// The rows of each table, sorted, every column as text.
type Dump = BTreeMap<String, (Vec<String>, Vec<String>)>;

/// What the storages keep for themselves.
const BOOKKEEPING: &str = "__diesel_schema_migrations";

async fn won(storage: &dyn Journal, set: ChangeSet) -> bool {
    match storage.commit(set).await {
        Ok(()) => true,
        Err(CommitError::Conflict) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn dump_of_postgres(database: &Database) -> Dump {
    let lines = |sql: &str| -> Vec<String> { database.psql(sql).unwrap().lines().map(str::to_owned).collect() };
    let columns = lines(
        "SELECT table_name, column_name, data_type FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY table_name, column_name",
    );
    let mut tables = BTreeMap::<String, Vec<(String, String)>>::new();
    for line in columns {
        let [table, column, kind] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        tables.entry(table.to_owned()).or_default().push((column.to_owned(), kind.to_owned()));
    }
    tables.remove(BOOKKEEPING);
    let text = |(column, kind): &(String, String)| match kind.as_str() {
        "uuid" => format!("encode(uuid_send({column}), 'hex')"),
        "bytea" => format!("encode({column}, 'hex')"),
        "text" => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
        "timestamp with time zone" => format!("(extract(epoch FROM {column}) * 1000000)::bigint::text"),
        "boolean" => format!("{column}::int::text"),
        "smallint" | "integer" | "bigint" => format!("{column}::text"),
        other => panic!("how is {other} shown?"),
    };
    let dumped = tables.into_iter().map(|(table, columns)| {
        let shown: Vec<String> = columns.iter().map(|column| format!("coalesce({}, '-')", text(column))).collect();
        let mut rows = lines(&format!("SELECT {} FROM {table}", shown.join(" || ' ' || ")));
        rows.sort();
        (table, (columns.into_iter().map(|(column, _)| column).collect(), rows))
    });
    dumped.collect()
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

fn dump_of_sqlite(file: &Path) -> Dump {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let mut lines = |sql: &str| -> Vec<String> {
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    };
    let tables = lines("SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    let dumped = tables.into_iter().filter(|table| table != BOOKKEEPING).map(|table| {
        let columns = lines(&format!("SELECT name AS line FROM pragma_table_info('{table}') ORDER BY name"));
        let text = |column: &String| {
            format!(
                "CASE typeof({column}) WHEN 'null' THEN '-' WHEN 'integer' THEN CAST({column} AS TEXT) \
                 ELSE lower(hex({column})) END"
            )
        };
        let shown = columns.iter().map(text).collect::<Vec<_>>().join(" || ' ' || ");
        let mut rows = lines(&format!("SELECT {shown} AS line FROM {table}"));
        rows.sort();
        (table, (columns, rows))
    });
    dumped.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sequence_leaves_the_same_rows_in_both() {
    let migrated = async |url: String| adapters_postgres::migrate(&url.into()).await.map(drop);
    let database = shared().unwrap().database("parity", migrated).await.unwrap();
    let postgres = PostgresStorage::connect(&database.url().into(), PostgresOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("coterie.db");
    let sqlite = SqliteStorage::open(&file, SqliteOptions::for_tests()).unwrap();
    sqlite.migrate().unwrap();
    let (mut taken, mut refused) = (0, 0);
    for (n, (set, expected)) in Sequence::new(20_260_102).take(1_500).enumerate() {
        let outcomes = (won(&postgres, set.clone()).await, won(&sqlite, set.clone()).await);
        assert_eq!(outcomes, (expected, expected), "PostgreSQL and SQLite, of set {n}: {set:#?}");
        *(if expected { &mut taken } else { &mut refused }) += 1;
    }
    assert!(taken > 300 && refused > 300, "a fair mixture: {taken} taken, {refused} refused");
    let (one, two) = (dump_of_postgres(&database), dump_of_sqlite(&file));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (table, rows) in one {
        // Leases are taken outside the write path, not by a change set.
        assert!(table == "leases" || !rows.1.is_empty(), "{table} is empty, so nothing is compared");
        assert_eq!(rows, two[&table], "{table}: columns and rows in PostgreSQL, and in SQLite");
    }
}
