//! The connections that all reads share.

use crate::{
    PostgresError,
    connect::{Connector, Link},
    error::read_error,
    migrate,
    sql::{Sql, Typed, load},
};
use diesel::{deserialize::FromSqlRow, pg::Pg};
use diesel_async::AsyncPgConnection;
use ports::{ErrorChain, ReadError};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long a lost connection rests before it is opened again: short, so that reads are back at once after PostgreSQL
/// is.
const REST: Duration = Duration::from_millis(100);

/// A few connections that any number of reads share: a statement goes out as soon as it is asked, behind those that are
/// still being answered. A task a connection opens it again when it is lost; meanwhile reads take the others, or fail at
/// once if there are none.
pub(crate) struct Readers {
    slots: Vec<Arc<Slot>>,
    keepers: Vec<JoinHandle<()>>,
    patience: Duration,
}

#[derive(Default)]
struct Slot(RwLock<Option<Arc<AsyncPgConnection>>>);

impl Slot {
    fn get(&self) -> Option<Arc<AsyncPgConnection>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, conn: Option<Arc<AsyncPgConnection>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = conn;
    }
}

/// A connection for one read, statements of which are sent in the order of their first polls.
pub(crate) struct Reader {
    conn: Arc<AsyncPgConnection>,
    patience: Duration,
}

impl Readers {
    /// Opens the first connection, or says why it cannot be, and the others in the background. They are all driven on
    /// the current runtime.
    pub(crate) async fn start(connector: Connector, count: usize, patience: Duration) -> Result<Self, PostgresError> {
        let mut first = Some(connector.open().await?);
        let slots: Vec<Arc<Slot>> = (0..count.max(1)).map(|_| Arc::default()).collect();
        let keepers =
            slots.iter().map(|slot| tokio::spawn(keep(Arc::clone(slot), connector.clone(), first.take()))).collect();
        let readers = Self { slots, keepers, patience };
        while readers.pick().is_none() {
            tokio::task::yield_now().await;
        }
        Ok(readers)
    }

    /// A connection to read from.
    pub(crate) fn reader(&self) -> Result<Reader, ReadError> {
        let conn = self.pick().ok_or_else(|| ReadError::Unavailable("no connection to PostgreSQL".into()))?;
        Ok(Reader { conn, patience: self.patience })
    }

    /// The connection with the fewest reads under way, the first of equals: while little is going on one connection does
    /// everything, and its process in PostgreSQL stays warm.
    fn pick(&self) -> Option<Arc<AsyncPgConnection>> {
        self.slots.iter().filter_map(|slot| slot.get()).min_by_key(Arc::strong_count)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        for keeper in &self.keepers {
            keeper.abort();
        }
    }
}

/// Keeps one slot filled with a live connection.
async fn keep(slot: Arc<Slot>, connector: Connector, first: Option<Link>) {
    let mut link = first;
    loop {
        match link.take() {
            Some(open) => {
                let (conn, driver) = open.split();
                slot.set(Some(Arc::new(conn)));
                driver.gone().await;
                slot.set(None);
            }
            None => match connector.open().await {
                Ok(open) => link = Some(open),
                Err(error) => {
                    tracing::debug!(error = %ErrorChain(&error), "no connection to PostgreSQL yet");
                    sleep(REST).await;
                }
            },
        }
    }
}

impl Reader {
    /// The rows of a statement.
    pub(crate) async fn all<U>(&self, sql: Sql<'_, U>) -> Result<Vec<U>, ReadError>
    where
        U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
    {
        let answer = timeout(self.patience, load(&self.conn, sql)).await;
        answer.map_err(|_| PostgresError::Late)?.map_err(read_error)
    }

    /// Whether the schema is the one this program was built for.
    pub(crate) async fn check_schema(&self) -> Result<(), ReadError> {
        let answer = timeout(self.patience, migrate::check(&self.conn)).await;
        Ok(answer.map_err(|_| PostgresError::Late)??)
    }

    /// The first row of a statement.
    pub(crate) async fn first<U>(&self, sql: Sql<'_, U>) -> Result<Option<U>, ReadError>
    where
        U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
    {
        Ok(self.all(sql).await?.into_iter().next())
    }
}
