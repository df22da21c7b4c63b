//! The write path: one connection, a transaction a batch.
//!
//! ```text
//! BEGIN                                   ┐
//! lock expected rows, table by table      │ one pipeline
//! insert responses, claims, directory       ┘
//! -- the judge decides
//! give back what losers took              ┐
//! insert, update and delete of winners    │ one pipeline
//! frees                                   ┘
//! COMMIT                                    alone, and only "done" if it was one
//! ```
//! A batch that expects nothing of any row, gives nothing back and only inserts (visitors' clicks, sales with a live key)
//! first tries to do without all that: one statement with everything in it, which commits by itself (`at_once`). If a
//! key of it is taken nothing of it is written, and the batch goes the long way to learn who loses.
//!
//! All locks are taken in one order (tables as declared, rows by key; then responses, claims and directory, each by key),
//! so that two transactions wait for each other only ever in one direction.

mod at_once;
mod lock;
mod statements;
mod take;
mod write;

use crate::{
    connect::{Connector, Link},
    sql::{Sql, execute},
};
use async_trait::async_trait;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::try_join_all;
use journal::{CommitOutcome, Flushed, Flusher, Judge};
use ports::ChangeSet;
use std::{error::Error, sync::Arc, time::Duration};
use tokio::{time::timeout, try_join};

/// Commits, or fails. PostgreSQL answers the COMMIT of a failed transaction with "done", too: it has rolled back, and says
/// so in a tag that diesel does not pass on. But in a failed transaction the statement before it is refused, and then what
/// follows in the same message is not looked at.
const COMMIT: &str = "SELECT; COMMIT";

/// Writes batches on a connection of its own, which it opens when it needs it.
pub(crate) struct PostgresFlusher {
    connector: Connector,
    /// There only between batches, with no transaction open: whatever goes wrong, the connection is cut with it.
    link: Option<Link>,
    patience: Duration,
}

/// Why a batch was not written. Nothing of it was.
enum Failure {
    Again(DieselError),
    Faulty(Box<dyn Error + Send + Sync>),
    Unavailable(Box<dyn Error + Send + Sync>),
}

/// A statement that must touch an exact number of rows.
struct Step<'a> {
    sql: Sql<'a>,
    rows: usize,
    what: String,
}

/// A statement touched another number of rows than it was sent for: a bug, here or in the change set.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {found} rows instead of {wanted}")]
struct WrongCount {
    what: String,
    wanted: usize,
    found: usize,
}

impl PostgresFlusher {
    /// A flusher that waits at most `patience` for each of the transaction's answers.
    pub(crate) fn new(connector: Connector, patience: Duration) -> Self {
        Self { connector, link: None, patience }
    }

    async fn link(&mut self) -> Result<Link, Failure> {
        match self.link.take() {
            Some(link) if !link.is_gone() => Ok(link),
            _ => self.connector.open().await.map_err(|error| Failure::Unavailable(Box::new(error))),
        }
    }

    /// Runs the one statement that is a whole transaction; `None` if a key is taken, and then nothing was written.
    async fn at_once(&mut self, statement: Sql<'_>, sets: usize) -> Option<Flushed> {
        let link = match self.link().await {
            Ok(link) => link,
            Err(failure) => return Some(failure.into()),
        };
        let done = timeout(self.patience, execute(&link.conn, statement)).await;
        match done {
            Ok(Ok(_)) => {
                self.link = Some(link);
                Some(Flushed::Done(vec![CommitOutcome::Committed; sets]))
            }
            Ok(Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
                self.link = Some(link);
                None
            }
            // An error that the connection outlives is the statement's alone: it was rolled back. One that ends the
            // connection may have come after the commit.
            Ok(Err(error)) if self.outlived(&link).await => {
                self.link = Some(link);
                Some(Failure::from(error).into())
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "no good answer to a statement that commits");
                Some(Flushed::Unknown)
            }
            Err(_) => Some(Flushed::Unknown),
        }
    }

    /// Whether the connection still works.
    async fn outlived(&self, link: &Link) -> bool {
        matches!(timeout(self.patience, (&link.conn).batch_execute("")).await, Ok(Ok(())))
    }

    /// Everything before the COMMIT.
    async fn prepare(&mut self, batch: &[Arc<ChangeSet>]) -> Result<(Link, Vec<CommitOutcome>), Failure> {
        let link = self.link().await?;
        let outcomes = match timeout(self.patience, transact(&link.conn, batch)).await {
            Ok(outcomes) => outcomes?,
            Err(late) => return Err(Failure::Unavailable(Box::new(late))),
        };
        Ok((link, outcomes))
    }
}

#[async_trait]
impl Flusher for PostgresFlusher {
    async fn flush(&mut self, batch: &[Arc<ChangeSet>]) -> Flushed {
        if let Some(statement) = at_once::statement(batch)
            && let Some(flushed) = self.at_once(statement, batch.len()).await
        {
            return flushed;
        }
        let (link, outcomes) = match self.prepare(batch).await {
            Ok(prepared) => prepared,
            Err(failure) => return failure.into(),
        };
        // Any answer to COMMIT but "done" leaves open what became of it: PostgreSQL may have committed before it said
        // something else.
        let end = if outcomes.contains(&CommitOutcome::Committed) { COMMIT } else { "ROLLBACK" };
        match timeout(self.patience, (&link.conn).batch_execute(end)).await {
            Ok(Ok(())) => {
                self.link = Some(link);
                Flushed::Done(outcomes)
            }
            // Everybody lost: cutting the connection rolls back just as well.
            _ if end == "ROLLBACK" => Flushed::Done(outcomes),
            Ok(Err(error)) => {
                tracing::error!(%error, "no good answer to COMMIT");
                Flushed::Unknown
            }
            Err(_) => Flushed::Unknown,
        }
    }
}

/// Opens the transaction, finds out who wins, and writes what the winners write.
async fn transact(conn: &AsyncPgConnection, batch: &[Arc<ChangeSet>]) -> Result<Vec<CommitOutcome>, Failure> {
    let mut judge = Judge::new(batch);
    let (rows, responses, claims) = (judge.rows_to_lock(), judge.responses(), judge.claims());
    let begin = async { Ok::<_, Failure>((&*conn).batch_execute("BEGIN").await?) };
    let ((), versions, replies_taken, claims_taken) = try_join!(
        biased;
        begin,
        lock::versions(conn, &rows),
        take::responses(conn, &responses),
        take::claims(conn, &claims),
    )?;
    for (table, merchant, id, version) in versions {
        judge.saw_version(table, merchant, id, version);
    }
    for (merchant, route, key) in replies_taken {
        judge.took_response(merchant, &route, &key);
    }
    for claim in claims_taken {
        judge.took_claim(claim);
    }
    let outcomes = judge.decide();
    if outcomes.contains(&CommitOutcome::Committed) {
        let mut steps = take::release(&judge);
        steps.extend(write::steps(batch, &outcomes));
        run(conn, steps).await?;
    }
    Ok(outcomes)
}

/// Sends all steps at once and checks what each of them touched.
async fn run(conn: &AsyncPgConnection, steps: Vec<Step<'_>>) -> Result<(), Failure> {
    try_join_all(steps.into_iter().map(async |Step { sql, rows, what }| {
        let found = execute(conn, sql).await?;
        if found == rows { Ok(()) } else { Err(Failure::Faulty(Box::new(WrongCount { what, wanted: rows, found }))) }
    }))
    .await
    .map(drop)
}

impl From<DieselError> for Failure {
    /// Diesel does not pass PostgreSQL's error codes on, save for a few it names. What it names as the data's fault is;
    /// the rest (deadlock, lock or statement timeout, no memory, no disk, …) may well pass.
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match error {
            DieselError::DatabaseError(Kind::UnableToSendCommand | Kind::ClosedConnection, _)
            | DieselError::DatabaseError(Kind::ReadOnlyTransaction, _) => Self::Unavailable(Box::new(error)),
            DieselError::DatabaseError(
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::RestrictViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation
                | Kind::ExclusionViolation,
                _,
            ) => Self::Faulty(Box::new(error)),
            DieselError::DatabaseError(..) => Self::Again(error),
            other => Self::Faulty(Box::new(other)),
        }
    }
}

impl From<Failure> for Flushed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Again(error) => {
                tracing::warn!(%error, "PostgreSQL gave a transaction up");
                Self::Again
            }
            Failure::Faulty(error) => Self::Faulty(error),
            Failure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PostgresOptions, connect::Purpose};
    use testkit::postgres::shared;

    /// Begins a transaction, spoils it if told so, and ends it with `end`; whether that was answered with "done".
    async fn ends(spoil: bool, end: &str) -> bool {
        let database = shared().unwrap().database("empty", async |_| Ok::<_, std::io::Error>(())).await.unwrap();
        let connector = Connector::new(&database.url().into(), &PostgresOptions::default(), Purpose::Write).unwrap();
        let link = connector.open().await.unwrap();
        let run = async |sql: &str| (&link.conn).batch_execute(sql).await;
        run("BEGIN; CREATE TABLE kept ()").await.unwrap();
        if spoil {
            run("SELECT 1 / 0").await.unwrap_err();
        }
        let done = run(end).await.is_ok();
        let kept = database.psql("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'").unwrap();
        assert_eq!(kept == "1", !spoil, "a spoiled transaction leaves nothing, a sound one what it did");
        done
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_commit_of_a_failed_transaction_is_no_success() {
        assert!(ends(false, COMMIT).await);
        assert!(!ends(true, COMMIT).await);
        assert!(ends(true, "COMMIT").await, "as long as PostgreSQL says so, COMMIT must not be sent alone");
    }
}
