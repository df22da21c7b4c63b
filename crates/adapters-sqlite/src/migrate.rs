//! Bringing the schema up to date.

use crate::{OpenError, error::SqliteError};
use diesel::{
    SqliteConnection,
    migration::{Migration, MigrationSource, MigrationVersion, Result as MigrationResult},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps what failed, whatever it was, so that one transaction can hold all migrations.
struct Failed(AnyError);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(Box::new(error))
    }
}

/// Runs what is pending, all or nothing: a second process that does the same waits for the write lock and then finds
/// nothing to do. Gives the names of what ran.
pub(crate) fn run(connection: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
    let ran = connection.immediate_transaction(|connection| {
        let versions = connection.run_pending_migrations(MIGRATIONS).map_err(Failed)?;
        Ok(versions.iter().map(ToString::to_string).collect())
    });
    ran.map_err(|Failed(why)| OpenError::Migration(why))
}

/// The names of the migrations that have not run yet.
pub(crate) fn pending(connection: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
    let names = || -> MigrationResult<Vec<String>> {
        let pending = connection.pending_migrations(MIGRATIONS)?;
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    };
    let mut names = names;
    names().map_err(OpenError::Migration)
}

/// Whether exactly the migrations of this program have run: none is missing, none is from a newer one. Writes nothing.
pub(crate) fn check(connection: &mut SqliteConnection) -> Result<(), SqliteError> {
    use diesel::{QueryDsl as _, RunQueryDsl as _};
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> VarChar,
        }
    }
    let applied: Vec<String> =
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(connection)?;
    let known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(|_| SqliteError::Schema)?;
    let all_ran = known.iter().all(|migration| applied.contains(&version(migration.as_ref())));
    if all_ran && known.len() == applied.len() { Ok(()) } else { Err(SqliteError::Schema) }
}

fn version(migration: &dyn Migration<Sqlite>) -> String {
    MigrationVersion::to_string(&migration.name().version())
}
