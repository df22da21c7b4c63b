//! A migrated database of a test's own.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use adapters_postgres::{PostgresOptions, PostgresStorage, migrate};
use secrecy::SecretString;
use testkit::postgres::{Database, shared};

/// A database with the schema up to date.
pub async fn database() -> Database {
    let migrated = async |url: String| migrate(&url.into()).await.map(drop);
    shared().unwrap().database("coterie", migrated).await.unwrap()
}

/// A database with nothing in it.
pub async fn empty() -> Database {
    shared().unwrap().database("empty", async |_| Ok::<_, std::io::Error>(())).await.unwrap()
}

/// Where it is.
pub fn url(database: &Database) -> SecretString {
    database.url().into()
}

/// A server node on it, with few connections, because many tests run at once.
pub async fn node(database: &Database) -> PostgresStorage {
    let options = PostgresOptions { read_connections: 2, ..PostgresOptions::default() };
    PostgresStorage::connect(&url(database), options).await.unwrap()
}

/// What `psql` prints.
pub fn psql(database: &Database, sql: &str) -> String {
    database.psql(sql).unwrap()
}
