//! A connection for the small statements of the workers.

use crate::{
    PostgresError,
    connect::{Connector, Link},
    error::read_error,
    sql::{Sql, execute},
};
use ports::ReadError;
use std::time::Duration;
use tokio::{sync::Mutex, time::timeout};

/// One connection, opened when it is first needed and again after it was lost. Its statements wait for one another.
pub(crate) struct KeptLink {
    connector: Connector,
    patience: Duration,
    link: Mutex<Option<Link>>,
}

impl KeptLink {
    /// Opens nothing yet.
    pub(crate) fn new(connector: Connector, patience: Duration) -> Self {
        Self { connector, patience, link: Mutex::new(None) }
    }

    /// Runs a statement and returns how many rows it touched.
    pub(crate) async fn execute(&self, sql: Sql<'_>) -> Result<usize, ReadError> {
        let mut kept = self.link.lock().await;
        let link = match kept.take().filter(|link| !link.is_gone()) {
            Some(link) => link,
            None => self.connector.open().await?,
        };
        // A connection on which a statement failed, or was not waited for, is not kept.
        let touched = timeout(self.patience, execute(&link.conn, sql)).await;
        let touched = touched.map_err(|_| PostgresError::Late)?.map_err(read_error)?;
        *kept = Some(link);
        Ok(touched)
    }
}
