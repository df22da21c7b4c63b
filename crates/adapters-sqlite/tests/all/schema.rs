//! The rules that the schema keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use crate::common;

use adapters_sqlite::{SqliteOptions, SqliteStorage, wiped_tables};
use common::{Foreign, file, folder, open};
use diesel::{Connection as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use ports::{Inspection as _, ReadError};

/// The server's own tables, whose keys do not begin with a merchant. A closed list.
const GLOBAL: [&str; 4] = ["organizations", "merchants", "directory", "leases"];

/// A merchant's tables that a reset leaves alone. A closed list.
const KEPT_BY_RESET: [&str; 3] = ["api_keys", "key_uses", "trees"];

/// Ours: not those of SQLite and diesel.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '__diesel*'";

fn schema() -> (tempfile::TempDir, Foreign) {
    let folder = folder();
    drop(open(&file(&folder), SqliteOptions::for_tests()));
    let foreign = Foreign::connect(&file(&folder));
    (folder, foreign)
}

#[tokio::test]
async fn every_business_key_starts_with_the_merchant() {
    let (_folder, mut database) = schema();
    let first = format!("SELECT t.name || '.' || c.name FROM ({TABLES}) t, pragma_table_info(t.name) c WHERE c.pk = 1");
    let keys = database.texts(&first);
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let (table, column) = key.split_once('.').unwrap();
        assert_eq!(column == "merchant_id", !GLOBAL.contains(&table), "{key}");
    }
}

#[tokio::test]
async fn a_reset_forgets_no_table() {
    let (_folder, mut database) = schema();
    let names = database.texts(TABLES);
    let wiped = wiped_tables();
    let is_wiped = |name: &str| wiped.iter().any(|(table, _)| *table == name);
    for name in names.iter().filter(|name| !GLOBAL.contains(&name.as_str())) {
        assert!(is_wiped(name) != KEPT_BY_RESET.contains(&name.as_str()), "{name} is either wiped or kept");
    }
    for (table, key) in &wiped {
        let columns = format!(
            "SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info('{table}') \
            WHERE pk > 1 ORDER BY pk)"
        );
        assert_eq!(database.texts(&columns), [key.as_str()], "{table}");
    }
}

#[tokio::test]
async fn nothing_is_filled_in_checked_elsewhere_or_done_behind_the_back() {
    let (_folder, mut database) = schema();
    let none: Vec<String> = Vec::new();
    let defaults = format!(
        "SELECT t.name || '.' || c.name FROM ({TABLES}) t, pragma_table_info(t.name) c WHERE c.dflt_value IS NOT NULL"
    );
    assert_eq!(database.texts(&defaults), none);
    let foreign = format!("SELECT t.name FROM ({TABLES}) t, pragma_foreign_key_list(t.name)");
    assert_eq!(database.texts(&foreign), none);
    let unique =
        format!("SELECT i.name FROM ({TABLES}) t, pragma_index_list(t.name) i WHERE i.\"unique\" AND origin <> 'pk'");
    assert_eq!(database.texts(&unique), none, "what is unique is claimed");
    assert_eq!(database.texts("SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')"), none);
    let loose = format!("SELECT t.name FROM ({TABLES}) t JOIN pragma_table_list l USING (name) WHERE NOT l.strict");
    assert_eq!(database.texts(&loose), none, "columns hold what they say");
}

#[tokio::test]
async fn every_constraint_has_a_name() {
    let (_folder, mut database) = schema();
    for sql in database.texts(&format!("SELECT sql FROM sqlite_schema WHERE name IN ({TABLES})")) {
        for word in ["PRIMARY KEY", "CHECK", "UNIQUE"] {
            for line in sql.lines().filter(|line| line.contains(word)) {
                assert!(line.trim_start().starts_with("CONSTRAINT "), "{line}");
            }
        }
    }
}

#[test]
fn migrations_go_up_down_and_up_again() {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
    let folder = folder();
    let mut connection = SqliteConnection::establish(file(&folder).to_str().unwrap()).unwrap();
    let mut database = Foreign::connect(&file(&folder));
    let objects =
        "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE '%diesel%'";
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let up = database.texts(objects);
    connection.revert_all_migrations(MIGRATIONS).unwrap();
    assert_eq!(database.texts(objects), Vec::<String>::new());
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(database.texts(objects), up);
}

#[tokio::test]
async fn only_the_very_schema_is_ready() {
    let folder = folder();
    let storage = SqliteStorage::open(&file(&folder), SqliteOptions::for_tests()).unwrap();
    assert!(matches!(storage.ready().await, Err(ReadError::Unavailable(_))), "an empty file");
    let pending = storage.pending_migrations().unwrap();
    assert_eq!(storage.migrate().unwrap().len(), pending.len());
    assert_eq!((storage.pending_migrations().unwrap(), storage.migrate().unwrap()), (Vec::new(), Vec::new()));
    storage.ready().await.unwrap();
    Foreign::connect(&file(&folder)).run("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
    assert!(matches!(storage.ready().await, Err(ReadError::Unavailable(_))), "the schema of a newer program");
}

#[tokio::test]
async fn two_that_migrate_at_once_do_it_once() {
    let folder = folder();
    let storage = || SqliteStorage::open(&file(&folder), SqliteOptions::for_tests()).unwrap();
    let (one, two) = (storage(), storage());
    let ran = std::thread::scope(|scope| {
        let both = [scope.spawn(|| one.migrate().unwrap()), scope.spawn(|| two.migrate().unwrap())];
        both.map(|ran| ran.join().unwrap().len())
    });
    assert_eq!(ran.iter().filter(|&&count| count == 0).count(), 1, "{ran:?}");
    one.ready().await.unwrap();
}
