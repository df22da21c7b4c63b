//! The storage that the settings chose, opened for what it is needed for.

use crate::{
    failure::Failure,
    settings::{self, DatabaseUrl},
};
use adapters_postgres::{PostgresOptions, PostgresStorage};
use adapters_sqlite::{ServingLock, SqliteOptions, SqliteStorage};
use ports::Storage;
use secrecy::SecretString;
use std::{
    error::Error,
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One command beside a server that may be running. The schema must be up to date and stays as it is.
    Command,
    /// To serve: an embedded database is brought up to date, and a PostgreSQL database if the settings say so.
    Serving,
}

/// An open database, up to date.
pub(crate) enum Database {
    /// One file, one server.
    Embedded {
        storage: Arc<SqliteStorage>,
        /// The database's file.
        path: PathBuf,
        /// Keeps a second server off the file.
        #[allow(dead_code, reason = "held for its drop")]
        lock: Option<ServingLock>,
    },
    /// Any number of servers.
    Postgres(Arc<PostgresStorage>),
}

impl Database {
    /// Opens it.
    pub(crate) async fn open(settings: &settings::Database, purpose: Purpose) -> Result<Self, Failure> {
        match &settings.url {
            DatabaseUrl::Sqlite(path) => Self::embedded(settings, path, purpose),
            DatabaseUrl::Postgres(url) => Self::postgres(settings, url, purpose).await,
        }
    }

    fn embedded(settings: &settings::Database, path: &Path, purpose: Purpose) -> Result<Self, Failure> {
        let storage = sqlite(settings, path)?;
        let lock = match purpose {
            Purpose::Serving => {
                let lock = storage.lock_for_serving().map_err(failed)?;
                report(&storage.migrate().map_err(failed)?);
                Some(lock)
            }
            Purpose::Command => {
                refuse(storage.pending_migrations().map_err(failed)?)?;
                None
            }
        };
        Ok(Self::Embedded { storage: Arc::new(storage), path: path.to_owned(), lock })
    }

    async fn postgres(settings: &settings::Database, url: &SecretString, purpose: Purpose) -> Result<Self, Failure> {
        if purpose == Purpose::Serving && settings.migrate_on_start {
            report(&adapters_postgres::migrate(url).await.map_err(failed)?);
        } else {
            refuse(adapters_postgres::pending_migrations(url).await.map_err(failed)?)?;
        }
        let (read_connections, committers) = match purpose {
            Purpose::Serving => (settings.connections.size(), settings.committers.size()),
            Purpose::Command => (1, 1),
        };
        let options = PostgresOptions { read_connections, committers, ..PostgresOptions::default() };
        Ok(Self::Postgres(Arc::new(PostgresStorage::connect(url, options).await.map_err(failed)?)))
    }

    /// What the use cases need of it.
    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        match self {
            Self::Embedded { storage, .. } => storage.clone(),
            Self::Postgres(storage) => storage.clone(),
        }
    }

    /// Finishes the writes that wait.
    pub(crate) async fn close(&self) {
        match self {
            Self::Embedded { storage, .. } => storage.close().await,
            Self::Postgres(storage) => storage.close().await,
        }
    }
}

/// Brings the database up to date; the names of the migrations that ran.
pub(crate) async fn migrate(settings: &settings::Database) -> Result<Vec<String>, Failure> {
    match &settings.url {
        DatabaseUrl::Sqlite(path) => sqlite(settings, path)?.migrate().map_err(failed),
        DatabaseUrl::Postgres(url) => adapters_postgres::migrate(url).await.map_err(failed),
    }
}

/// The embedded storage, as it is; its file and folder are made if need be.
fn sqlite(settings: &settings::Database, path: &Path) -> Result<SqliteStorage, Failure> {
    make_folder_of(path).map_err(failed)?;
    let options = SqliteOptions { readers: settings.connections.size(), ..SqliteOptions::default() };
    SqliteStorage::open(path, options).map_err(failed)
}

/// A folder for its owner only: it holds the data and the server's secret.
fn make_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        _ => Ok(()),
    }
}

fn report(ran: &[String]) {
    if !ran.is_empty() {
        tracing::info!(migrations = ran.join(", "), "brought the database up to date");
    }
}

fn refuse(pending: Vec<String>) -> Result<(), Failure> {
    if pending.is_empty() { Ok(()) } else { Err(Failure::Pending(pending)) }
}

fn failed(cause: impl Error + Send + Sync + 'static) -> Failure {
    Failure::Database(Box::new(cause))
}
