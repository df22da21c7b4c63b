//! The rules that the schema keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use crate::common;

use adapters_postgres::{migrate, pending_migrations, revert, wiped_tables};
use common::{database, empty, node, url};
use ports::{Inspection as _, ReadError};
use testkit::postgres::Database;

/// The server's own tables, whose keys do not begin with a merchant. A closed list.
const GLOBAL: [&str; 4] = ["organizations", "merchants", "directory", "leases"];

/// A merchant's tables that a reset leaves alone. A closed list.
const KEPT_BY_RESET: [&str; 3] = ["api_keys", "key_uses", "trees"];

/// Every table but diesel's.
const TABLES: &str = "SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace \
    AND relkind IN ('r', 'p') AND relname NOT LIKE '\\_\\_diesel%'";

/// The lines that a query prints.
fn lines(database: &Database, sql: &str) -> Vec<String> {
    database.psql(sql).unwrap().lines().map(str::to_owned).collect()
}

const NONE: [String; 0] = [];

#[tokio::test]
async fn every_business_key_starts_with_the_merchant() {
    let database = database().await;
    let keys = lines(
        &database,
        &format!(
            "SELECT t.relname || '.' || coalesce(a.attname, 'no key') FROM ({TABLES}) t \
             LEFT JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'p' \
             LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]"
        ),
    );
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let (table, column) = key.split_once('.').unwrap();
        assert_eq!(column == "merchant_id", !GLOBAL.contains(&table), "{key}");
    }
}

#[tokio::test]
async fn a_reset_forgets_no_table() {
    let database = database().await;
    let names = lines(&database, &format!("SELECT relname FROM ({TABLES}) t"));
    let named = |names: &[&str], name: &String| names.contains(&name.as_str());
    let wiped: Vec<&str> = wiped_tables().into_iter().map(|(table, _)| table).collect();
    for name in names.iter().filter(|name| !named(&GLOBAL, name)) {
        assert!(named(&wiped, name) != named(&KEPT_BY_RESET, name), "{name} is either wiped or kept");
    }
    assert!(wiped.iter().all(|wiped| names.iter().any(|name| name == wiped)));
}

#[tokio::test]
async fn nothing_is_filled_in_checked_elsewhere_or_done_behind_the_back() {
    let database = database().await;
    let of_tables = |select: &str, from: &str| {
        lines(&database, &format!("SELECT t.relname || '.' || {select} FROM ({TABLES}) t JOIN {from}"))
    };
    assert_eq!(of_tables("d.adnum", "pg_attrdef d ON d.adrelid = t.oid"), NONE, "defaults");
    let nulls = "pg_attribute a ON a.attrelid = t.oid AND a.attidentity <> ''";
    assert_eq!(of_tables("a.attname", nulls), NONE, "sequences");
    assert_eq!(of_tables("c.conname", "pg_constraint c ON c.conrelid = t.oid AND c.contype <> 'p'"), NONE);
    let unique = "pg_index i ON i.indrelid = t.oid AND i.indisunique AND NOT i.indisprimary";
    assert_eq!(of_tables("i.indexrelid::regclass", unique), NONE, "what is unique is claimed");
    assert_eq!(of_tables("g.tgname", "pg_trigger g ON g.tgrelid = t.oid"), NONE);
    let array = "pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND a.attndims > 0";
    assert_eq!(of_tables("a.attname", array), NONE, "unnest flattens arrays of arrays");
}

#[tokio::test]
async fn every_constraint_was_given_its_name() {
    let database = database().await;
    let names = lines(
        &database,
        &format!("SELECT c.conname || ' ' || t.relname FROM pg_constraint c JOIN ({TABLES}) t ON t.oid = c.conrelid"),
    );
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let (name, table) = name.split_once(' ').unwrap();
        assert_eq!(name, format!("{table}_pk"), "PostgreSQL itself would end it in _pkey");
    }
}

/// Everything that a migration makes, as text.
fn objects(database: &Database) -> Vec<String> {
    let columns = "SELECT format('%s.%s %s %s %s', t.relname, a.attnum, a.attname, \
        format_type(a.atttypid, a.atttypmod), a.attnotnull) || a.attcollation::regcollation FROM pg_attribute a";
    let indexes = "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i";
    let mut all = lines(database, &format!("{columns} JOIN ({TABLES}) t ON t.oid = a.attrelid WHERE a.attnum > 0"));
    all.extend(lines(database, &format!("{indexes} JOIN ({TABLES}) t ON t.oid = i.indrelid")));
    all.sort();
    all
}

#[tokio::test]
async fn migrations_go_up_down_and_up_again() {
    let database = empty().await;
    let url = url(&database);
    let pending = pending_migrations(&url).await.unwrap();
    assert_eq!(migrate(&url).await.unwrap(), pending);
    let up = objects(&database);
    assert!(up.len() > 100, "{up:?}");
    for expected in pending.iter().rev() {
        assert_eq!(&revert(&url).await.unwrap(), expected);
    }
    assert_eq!(objects(&database), NONE);
    assert_eq!(migrate(&url).await.unwrap(), pending);
    assert_eq!(objects(&database), up);
}

#[tokio::test]
async fn only_the_very_schema_is_ready() {
    let database = empty().await;
    let storage = node(&database).await;
    assert!(matches!(storage.ready().await, Err(ReadError::Unavailable(_))), "an empty database");
    migrate(&url(&database)).await.unwrap();
    storage.ready().await.unwrap();
    assert_eq!(pending_migrations(&url(&database)).await.unwrap(), NONE);
    assert_eq!(migrate(&url(&database)).await.unwrap(), NONE);
    database.psql("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").unwrap();
    assert!(matches!(storage.ready().await, Err(ReadError::Unavailable(_))), "the schema of a newer program");
}

#[tokio::test]
async fn two_that_migrate_at_once_do_it_once() {
    let database = empty().await;
    let url = url(&database);
    let (one, two) = tokio::join!(migrate(&url), migrate(&url));
    let ran = [one.unwrap().len(), two.unwrap().len()];
    assert_eq!(ran.iter().filter(|&&count| count == 0).count(), 1, "{ran:?}");
}
