//! How PostgreSQL fails, as the ports name it.

use crate::rows::Damaged;
use diesel::result::Error as DieselError;
use ports::ReadError;

/// Why PostgreSQL could not be used at all. Never prints the URL, which holds a password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The URL cannot be read.
    #[error("the PostgreSQL URL is not valid")]
    Url(#[source] tokio_postgres::Error),
    /// The URL asks for an encryption that there is not.
    #[error("sslmode in the PostgreSQL URL must be disable, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// Nobody to trust: the file of `sslrootcert`, or the machine's own certificates.
    #[error("the certificates to trust PostgreSQL by cannot be used")]
    Roots(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No connection: no server there, or none that could be spoken to.
    #[error("cannot reach PostgreSQL at {address}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Why not.
        #[source]
        source: tokio_postgres::Error,
    },
    /// PostgreSQL refused the connection: no such database, not this user.
    #[error("PostgreSQL does not let us in")]
    Refused(#[source] tokio_postgres::Error),
    /// A connection was not ready in time.
    #[error("PostgreSQL did not answer in time")]
    Late,
    /// A connection could not be prepared.
    #[error("the connection to PostgreSQL could not be set up")]
    Setup(#[source] diesel::ConnectionError),
    /// A statement of our own failed.
    #[error("PostgreSQL refused a statement")]
    Statement(#[source] DieselError),
    /// A migration failed; it was rolled back.
    #[error("a migration failed and was rolled back")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database has migrations that this program does not know, or lacks some that it knows.
    #[error("the schema is not the one this program was built for: {0}")]
    Schema(String),
}

impl From<PostgresError> for ReadError {
    fn from(error: PostgresError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// What a failed read means. A row that diesel cannot even read is damaged; all else may pass.
pub(crate) fn read_error(error: DieselError) -> ReadError {
    match error {
        DieselError::DeserializationError(reason) => Damaged::at(reason).into(),
        other => ReadError::Unavailable(Box::new(other)),
    }
}
