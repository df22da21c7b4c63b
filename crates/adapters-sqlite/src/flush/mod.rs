//! The write path: one thread, one connection, one transaction a batch.

mod batch;
mod rows;
mod writer;

pub(crate) use writer::Writer;

use crate::{checkpoint::Signal, connection::Database, error::SqliteError};
use async_trait::async_trait;
use journal::{Flushed, Flusher};
use ports::ChangeSet;
use std::{io, sync::Arc, thread};
use tokio::sync::{mpsc, oneshot};

/// A batch on its way to the writer's thread, and where its outcome goes.
struct Job {
    batch: Vec<Arc<ChangeSet>>,
    outcome: oneshot::Sender<Flushed>,
}

/// Hands batches to the writer's thread. SQLite has one writer at a time, so one of these a storage is right.
#[derive(Debug)]
pub(crate) struct SqliteFlusher {
    database: Database,
    signal: Signal,
    jobs: mpsc::Sender<Job>,
}

impl SqliteFlusher {
    /// Starts the writer's thread; it ends when the flusher is dropped.
    pub(crate) fn start(database: &Database, signal: &Signal) -> io::Result<Self> {
        let jobs = start_thread(database.clone(), signal.clone())?;
        Ok(Self { database: database.clone(), signal: signal.clone(), jobs })
    }

    /// Sends a batch, to a new thread if the last one is gone.
    async fn send(&mut self, job: Job) -> Result<(), SqliteError> {
        let Err(mpsc::error::SendError(job)) = self.jobs.send(job).await else { return Ok(()) };
        self.jobs = start_thread(self.database.clone(), self.signal.clone()).map_err(|_| SqliteError::Gone)?;
        self.jobs.send(job).await.map_err(|_| SqliteError::Gone)
    }
}

fn start_thread(database: Database, signal: Signal) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, mut inbox) = mpsc::channel::<Job>(1);
    let mut writer = Writer::new(database, signal);
    thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || {
        while let Some(Job { batch, outcome }) = inbox.blocking_recv() {
            let flushed = writer.flush(&batch);
            // Whoever asked may have gone; the batch is written all the same.
            let _ = outcome.send(flushed);
        }
    })?;
    Ok(jobs)
}

#[async_trait]
impl Flusher for SqliteFlusher {
    async fn flush(&mut self, batch: &[Arc<ChangeSet>]) -> Flushed {
        let (outcome, answer) = oneshot::channel();
        if let Err(fault) = self.send(Job { batch: batch.to_vec(), outcome }).await {
            return Flushed::Unavailable(Box::new(fault));
        }
        // No answer: the thread died with the batch in its hands, before or after COMMIT.
        answer.await.unwrap_or(Flushed::Unknown)
    }
}
