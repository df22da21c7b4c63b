//! Connections to one database file, each set up for what it does.

use crate::{OpenError, SqliteOptions, error::SqliteError};
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Answers questions; cannot write.
    Reader,
    /// Writes change sets; leaves checkpoints to their own thread.
    Writer,
    /// Copies the log into the database; never waits long, because writers wait for it.
    Checkpointer,
}

/// A database file and how it is used.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    path: PathBuf,
    url: String,
    options: SqliteOptions,
}

impl Database {
    /// Takes the file at `path`, making an empty one that only its owner can read if there is none.
    pub(crate) fn at(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        // `:memory:` gives each connection a database of its own.
        let unfit = || OpenError::Path(path.to_owned());
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(unfit());
        }
        // An absolute path cannot be taken for a `file:` address.
        let path = std::path::absolute(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let url = path.to_str().filter(|text| !text.contains('\0')).ok_or_else(unfit)?.to_owned();
        // Only ever made, never opened here: closing a second descriptor of a database drops the process's locks on it.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(OpenError::File { path, source }),
        }
        let database = Self { path, url, options };
        database.use_log().map_err(|why| database.refused(why))?;
        Ok(database)
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How it is used.
    pub(crate) fn options(&self) -> &SqliteOptions {
        &self.options
    }

    /// A new connection.
    pub(crate) fn connect(&self, role: Role) -> Result<SqliteConnection, SqliteError> {
        let mut connection = SqliteConnection::establish(&self.url)?;
        // The patience comes first: the other settings may already have to wait. A checkpoint may hold writers up, so
        // it gives in soon.
        let patience = if role == Role::Checkpointer { self.options.patience / 20 } else { self.options.patience };
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
        connection.batch_execute(match role {
            Role::Reader => "PRAGMA query_only = ON",
            Role::Writer | Role::Checkpointer => "PRAGMA wal_autocheckpoint = 0",
        })?;
        let synchronous = if self.options.durable { "FULL" } else { "OFF" };
        connection.batch_execute(&format!("PRAGMA synchronous = {synchronous}; PRAGMA temp_store = MEMORY"))?;
        Ok(connection)
    }

    /// Turns on the write-ahead log, so that readers and the writer do not wait for each other. The file remembers it.
    fn use_log(&self) -> Result<(), SqliteError> {
        self.connect(Role::Writer)?.batch_execute("PRAGMA journal_mode = WAL")?;
        Ok(())
    }

    /// The error of an opening that SQLite refused.
    pub(crate) fn refused(&self, why: SqliteError) -> OpenError {
        OpenError::Database { path: self.path.clone(), source: Box::new(why) }
    }
}
