//! The schema: bringing it up to date, and telling whether it is.

use crate::{
    PostgresError, PostgresOptions,
    connect::{Connector, Purpose},
    sql::{Sql, execute, load},
};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::SecretString;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Whoever migrates holds this advisory lock. The number means nothing, but must never change.
const LOCK: i64 = 0x636f_7465_7269_6531;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Brings the schema at `url` up to date and returns the versions that were applied. Each migration is a transaction of
/// its own. Several processes may call it at once: one works, the others wait for it, a minute at most.
///
/// # Errors
/// No connection, or a migration that failed (it is rolled back; earlier ones stay).
pub async fn migrate(url: &SecretString) -> Result<Vec<String>, PostgresError> {
    with_harness(url, |harness| {
        let applied = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Takes the latest migration at `url` back and returns its version. For tests of the migrations: data is lost.
///
/// # Errors
/// No connection, nothing to take back, or a migration that failed (it is rolled back).
pub async fn revert(url: &SecretString) -> Result<String, PostgresError> {
    with_harness(url, |harness| Ok(harness.revert_last_migration(MIGRATIONS)?.to_string())).await
}

/// The versions that the schema at `url` still lacks, oldest first. Writes nothing.
///
/// # Errors
/// No connection.
pub async fn pending_migrations(url: &SecretString) -> Result<Vec<String>, PostgresError> {
    let link = Connector::new(url, &PostgresOptions::default(), Purpose::Read)?.open().await?;
    let applied = applied(&link.conn).await?;
    Ok(known()?.into_iter().filter(|version| !applied.contains(version)).collect())
}

/// Whether the schema is exactly the one this program was built for.
pub(crate) async fn check(conn: &AsyncPgConnection) -> Result<(), PostgresError> {
    let (known, applied) = (known()?, applied(conn).await?);
    let list = |of: &[String], without: &[String]| {
        of.iter().filter(|version| !without.contains(version)).cloned().collect::<Vec<_>>().join(", ")
    };
    let (missing, foreign) = (list(&known, &applied), list(&applied, &known));
    match (missing.is_empty(), foreign.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(PostgresError::Schema(format!("it lacks {missing}"))),
        (true, false) => Err(PostgresError::Schema(format!("it has {foreign} of a newer program"))),
    }
}

async fn with_harness<T: Send + 'static>(
    url: &SecretString,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> Result<T, Source> + Send + 'static,
) -> Result<T, PostgresError> {
    let link = Connector::new(url, &PostgresOptions::default(), Purpose::Migrate)?.open().await?;
    execute(&link.conn, Sql::new("SELECT pg_advisory_lock(?)").bind(LOCK)).await.map_err(PostgresError::Statement)?;
    // The lock ends with the connection. Diesel's migrations block, so they get a thread where that is fine.
    let (conn, driver) = link.split();
    let done = tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(conn))).await;
    drop(driver);
    done.map_err(|panic| PostgresError::Migration(Box::new(panic)))?.map_err(PostgresError::Migration)
}

fn known() -> Result<Vec<String>, PostgresError> {
    use diesel::migration::MigrationSource;
    let all = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(PostgresError::Migration)?;
    let mut versions: Vec<String> = all.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// The versions that were applied, sorted; none if nobody ever migrated.
async fn applied(conn: &AsyncPgConnection) -> Result<Vec<String>, PostgresError> {
    const TABLE: &str = "__diesel_schema_migrations";
    let found = load::<Option<bool>>(conn, Sql::new("SELECT to_regclass(?) IS NOT NULL").bind(TABLE));
    if found.await.map_err(PostgresError::Statement)? != [Some(true)] {
        return Ok(Vec::new());
    }
    let versions = load::<String>(conn, Sql::new(format!("SELECT version::text FROM {TABLE} ORDER BY version")));
    versions.await.map_err(PostgresError::Statement)
}
