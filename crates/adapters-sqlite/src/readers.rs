//! The connections that answer questions.

use crate::{
    connection::{Database, Role},
    error::SqliteError,
};
use diesel::{Connection as _, SqliteConnection};
use ports::ReadError;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{sync::Semaphore, task, time};

/// A pool of read-only connections. A read runs on a thread that may block, in one transaction: one answer is of one
/// moment.
#[derive(Debug)]
pub(crate) struct Readers {
    database: Database,
    places: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// The connections that nobody uses.
#[derive(Default)]
struct Idle(Mutex<Vec<SqliteConnection>>);

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Idle(…)")
    }
}

impl Idle {
    fn take(&self) -> Option<SqliteConnection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, connection: SqliteConnection) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl Readers {
    /// A pool without connections; each is opened when it is first needed.
    pub(crate) fn new(database: &Database) -> Self {
        let places = database.options().readers.max(1);
        Self { database: database.clone(), places: Arc::new(Semaphore::new(places)), idle: Arc::default() }
    }

    /// Runs `work` on a snapshot. It goes on to its end even if the caller no longer waits, and only then gives its
    /// connection back.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, ReadError> {
        Ok(self.snapshot(work).await?)
    }

    async fn snapshot<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let place = time::timeout(self.database.options().patience, Arc::clone(&self.places).acquire_owned());
        let place = place.await.map_err(|_| SqliteError::Exhausted)?.map_err(|_| SqliteError::Gone)?;
        let (database, idle) = (self.database.clone(), Arc::clone(&self.idle));
        let reading = task::spawn_blocking(move || {
            let _place = place;
            let mut connection = match idle.take() {
                Some(connection) => connection,
                None => database.connect(Role::Reader)?,
            };
            let answer = connection.transaction(work);
            // A connection on which a statement failed may be broken; a new one costs little.
            if !matches!(answer, Err(SqliteError::Database(_))) {
                idle.put(connection);
            }
            answer
        });
        reading.await.map_err(|_| SqliteError::Gone)?
    }
}
