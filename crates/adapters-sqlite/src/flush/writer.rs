//! The writer: its connection and the transaction around a batch.

use super::batch;
use crate::{
    checkpoint::Signal,
    connection::{Database, Role},
    error::{Failure, SqliteError},
};
use diesel::{SqliteConnection, connection::SimpleConnection as _};
use journal::{CommitOutcome, Flushed};
use ports::{ChangeSet, ErrorChain};
use std::sync::Arc;

/// Turns batches into transactions, on a connection that it opens when it is needed and drops when it failed.
pub(crate) struct Writer {
    database: Database,
    signal: Signal,
    connection: Option<SqliteConnection>,
}

/// Why a transaction was not committed.
enum Stopped {
    /// The lock could not be had, or no connection: nothing has begun.
    Outside(SqliteError),
    /// Something failed before COMMIT.
    Inside(SqliteError),
    /// COMMIT failed.
    AtCommit(SqliteError),
}

impl Writer {
    pub(crate) fn new(database: Database, signal: Signal) -> Self {
        Self { database, signal, connection: None }
    }

    /// Writes `batch` in one transaction.
    pub(crate) fn flush(&mut self, batch: &[Arc<ChangeSet>]) -> Flushed {
        self.signal.give_way();
        match self.transact(batch) {
            Ok(outcomes) => {
                self.signal.written();
                Flushed::Done(outcomes)
            }
            Err(stopped) => self.stopped(stopped),
        }
    }

    fn transact(&mut self, batch: &[Arc<ChangeSet>]) -> Result<Vec<CommitOutcome>, Stopped> {
        let connection = self.connection().map_err(Stopped::Outside)?;
        let begun = connection.batch_execute("BEGIN IMMEDIATE");
        begun.map_err(|error| Stopped::Outside(error.into()))?;
        let outcomes = batch::apply(connection, batch).map_err(Stopped::Inside)?;
        // Where every set lost, all that was taken was given back: there is nothing for the disk to do.
        let end = if outcomes.contains(&CommitOutcome::Committed) { "COMMIT" } else { "ROLLBACK" };
        connection.batch_execute(end).map_err(|error| Stopped::AtCommit(error.into()))?;
        Ok(outcomes)
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, SqliteError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connect(Role::Writer)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Ends what was begun and says what it means.
    fn stopped(&mut self, stopped: Stopped) -> Flushed {
        let (fault, begun, at_commit) = match stopped {
            Stopped::Outside(fault) => (fault, false, false),
            Stopped::Inside(fault) => (fault, true, false),
            Stopped::AtCommit(fault) => (fault, true, true),
        };
        let failure = fault.failure();
        let rolled_back = !begun || self.connection.as_mut().is_some_and(|c| c.batch_execute("ROLLBACK").is_ok());
        // A connection that failed in an unclear way is not used again; closing it ends whatever it had begun.
        if !rolled_back || failure == Failure::Away {
            self.connection = None;
        }
        match failure {
            // It has waited as long as it may; to try again at once would only double that.
            Failure::Locked if !begun => Flushed::Unavailable(Box::new(fault)),
            Failure::Locked => Flushed::Again,
            // The log may hold the whole transaction though the disk reported a failure: after a crash it may be found.
            _ if at_commit => {
                tracing::error!(error = %ErrorChain(&fault), "the outcome of a commit is unknown");
                Flushed::Unknown
            }
            Failure::Away => Flushed::Unavailable(Box::new(fault)),
            Failure::Data => Flushed::Faulty(Box::new(fault)),
        }
    }
}
