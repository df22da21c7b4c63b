//! What goes wrong here, and how the ports are told.

use diesel::{ConnectionError, result::Error as DieselError};
use ports::ReadError;
use std::{io, path::PathBuf};
use tables::Damaged;

/// Why a database could not be opened, locked or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite takes paths that are text, and a file that several connections can open.
    #[error("{} cannot be the path of a database file", .0.display())]
    Path(PathBuf),
    /// The file cannot be made or opened.
    #[error("cannot open {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// SQLite refuses the file.
    #[error("cannot open the database {}", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another server is running on the same file.
    #[error("another server is already serving {}", .0.display())]
    Served(PathBuf),
    /// A migration failed; the schema is as it was before.
    #[error("the schema cannot be brought up to date")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a piece of work on the database failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqliteError {
    /// What SQLite or diesel said.
    #[error("the database failed")]
    Database(#[source] DieselError),
    /// No connection could be had.
    #[error("no connection to the database")]
    Connection(#[from] ConnectionError),
    /// The pool's connections were all in use for too long.
    #[error("every connection to the database is in use")]
    Exhausted,
    /// The thread that did the work is gone.
    #[error("the database thread ended unexpectedly")]
    Gone,
    /// The schema is not the one this program was built for.
    #[error("the schema of the database is not the one this program was built for")]
    Schema,
    /// A stored row that the domain refuses.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// A statement touched another number of rows than it must: a bug in the change set or here.
    #[error("a write to {table} touched {rows} rows instead of one")]
    Count {
        /// The table.
        table: &'static str,
        /// How many rows it touched.
        rows: usize,
    },
}

impl From<DieselError> for SqliteError {
    fn from(error: DieselError) -> Self {
        match error {
            // What a row said when diesel had it read itself.
            DieselError::DeserializationError(why) => match why.downcast::<Damaged>() {
                Ok(damaged) => Self::Damaged(*damaged),
                Err(why) => Self::Database(DieselError::DeserializationError(why)),
            },
            other => Self::Database(other),
        }
    }
}

impl From<SqliteError> for ReadError {
    fn from(fault: SqliteError) -> Self {
        match fault {
            SqliteError::Damaged(damaged) => Self::Damaged(damaged.to_string()),
            // A column of the wrong type or length.
            SqliteError::Database(DieselError::DeserializationError(why)) => Self::Damaged(why.to_string()),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

/// How a failed write is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another connection holds the lock.
    Locked,
    /// The file or the disk cannot be used.
    Away,
    /// This very write cannot be done.
    Data,
}

/// The texts of SQLite's result codes for trouble with the file and not with the data. diesel passes on the text only;
/// a test holds the one that matters most to a real lock.
const AWAY: [&str; 9] = [
    "disk I/O error",
    "database or disk is full",
    "unable to open database file",
    "attempt to write a readonly database",
    "database disk image is malformed",
    "file is not a database",
    "out of memory",
    "locking protocol",
    "no such table",
];

impl SqliteError {
    /// How this failure of a write is to be understood. Whatever is not known to be the storage's fault is taken for
    /// the data's, so that it can never stop other change sets.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Database(DieselError::DatabaseError(_, information)) => {
                let text = information.message();
                if text.contains("is locked") {
                    Failure::Locked
                } else if AWAY.iter().any(|known| text.contains(known)) {
                    Failure::Away
                } else {
                    Failure::Data
                }
            }
            Self::Connection(_) | Self::Exhausted | Self::Gone | Self::Schema => Failure::Away,
            Self::Database(_) | Self::Damaged(_) | Self::Count { .. } => Failure::Data,
        }
    }
}
