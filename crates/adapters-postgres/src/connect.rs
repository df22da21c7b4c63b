//! Opening connections.

use crate::{PostgresError, PostgresOptions, tls};
use diesel_async::AsyncPgConnection;
use futures_util::TryFutureExt;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Config, config::Host};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Opens connections to one database, each with limits of its own on what PostgreSQL does for it.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
    connect_timeout: Duration,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Single statements, many at a time.
    Read,
    /// Statements by keys for many at once.
    BatchLoader,
    /// Transactions.
    Write,
    /// Statements over whole tables.
    Inspect,
    /// Changes of the schema, which may take long and wait for one another.
    Migrate,
}

/// A connection and the task that moves its bytes. Dropping it cuts the connection, and PostgreSQL rolls back whatever
/// was under way.
pub(crate) struct Link {
    /// The connection.
    pub(crate) conn: AsyncPgConnection,
    driver: Driver,
}

/// The task that moves a connection's bytes; it ends with the connection, or with this value.
pub(crate) struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Driver {
    /// Returns when the connection is gone.
    pub(crate) async fn gone(mut self) {
        // A panic of the task means the same.
        let _ = (&mut self.0).await;
    }
}

impl Link {
    /// Whether the other side has hung up.
    pub(crate) fn is_gone(&self) -> bool {
        self.driver.0.is_finished()
    }

    /// The connection alone, for sharing, and the task that it lives by.
    pub(crate) fn split(self) -> (AsyncPgConnection, Driver) {
        let Self { conn, driver } = self;
        (conn, driver)
    }
}

impl Connector {
    /// Opens connections to the database at `url`, for one purpose.
    pub(crate) fn new(url: &SecretString, options: &PostgresOptions, purpose: Purpose) -> Result<Self, PostgresError> {
        let (mut config, tls) = tls::read(url.expose_secret())?;
        if config.get_application_name().is_none() {
            config.application_name("coterie");
        }
        let own = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{own} {}", settings(options, purpose)));
        // A peer that vanished without a word is noticed in seconds, not hours.
        config
            .connect_timeout(options.connect_timeout)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2)
            .tcp_user_timeout(options.patience());
        Ok(Self { config, tls, connect_timeout: options.connect_timeout })
    }

    /// Opens a connection, driven on the current runtime.
    pub(crate) async fn open(&self) -> Result<Link, PostgresError> {
        timeout(self.connect_timeout, self.open_patiently()).await.map_err(|_| PostgresError::Late)?
    }

    async fn open_patiently(&self) -> Result<Link, PostgresError> {
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(|error| self.refused(error))?;
        let driver = Driver(tokio::spawn(
            connection
                .inspect_err(|error| tracing::warn!(%error, "a connection to PostgreSQL broke"))
                .unwrap_or_else(drop),
        ));
        let conn = AsyncPgConnection::try_from(client).await.map_err(PostgresError::Setup)?;
        Ok(Link { conn, driver })
    }

    fn refused(&self, source: tokio_postgres::Error) -> PostgresError {
        match source.as_db_error() {
            Some(_) => PostgresError::Refused(source),
            None => PostgresError::Unreachable { address: address(&self.config), source },
        }
    }
}

/// Where a connection goes: each host with its port. One port, or none, is for all of them.
fn address(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |place: usize| ports.get(place).or(ports.first()).copied().unwrap_or(5432);
    let shown = |(place, host): (usize, &Host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(place)),
        Host::Unix(folder) => format!("{}:{}", folder.display(), port(place)),
    };
    config.get_hosts().iter().enumerate().map(shown).collect::<Vec<_>>().join(", ")
}

/// What PostgreSQL is told at the start of a connection.
fn settings(options: &PostgresOptions, purpose: Purpose) -> String {
    let limits = |statement: Duration, lock: Duration| {
        format!(
            "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} -c jit=off",
            statement.as_millis(),
            lock.as_millis(),
            options.idle_in_transaction_timeout.as_millis(),
        )
    };
    match purpose {
        // There is an index for every statement of these connections. Without this, a plan made while a table was tiny
        // goes on reading all of it until the statistics catch up with its growth.
        Purpose::Read => format!("{} -c enable_seqscan=off", limits(options.statement_timeout, options.lock_timeout)),
        // PostgreSQL would plan statements that take arrays anew each time, which takes it longer than running them. They
        // go by keys, so there is one good plan. Not so lists: one planned while its table was tiny goes on sorting it.
        Purpose::BatchLoader | Purpose::Write => format!(
            "{} -c enable_seqscan=off -c plan_cache_mode=force_generic_plan",
            limits(options.statement_timeout, options.lock_timeout),
        ),
        Purpose::Inspect => limits(options.inspection_timeout, options.lock_timeout),
        Purpose::Migrate => limits(Duration::ZERO, Duration::from_secs(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::ErrorChain;
    use std::net::TcpListener;

    #[test]
    fn an_address_is_each_host_with_its_port() {
        let shown = |url: &str| address(&url.parse().unwrap());
        assert_eq!(shown("postgres://me:sesame@db.example.com/shop"), "db.example.com:5432");
        assert_eq!(shown("postgres://a:1,b:2/shop"), "a:1, b:2");
        assert_eq!(shown("host=a,b port=7"), "a:7, b:7");
        assert_eq!(shown("host=/run/postgresql"), "/run/postgresql:5432");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_with_the_cause_once() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("postgres://me:sesame@127.0.0.1:{port}/shop").into();
        let connector = Connector::new(&url, &PostgresOptions::default(), Purpose::Read).unwrap();
        let error = connector.open().await.err().unwrap();
        let told = ErrorChain(&error).to_string();
        assert!(told.starts_with(&format!("cannot reach PostgreSQL at 127.0.0.1:{port}: ")), "{told}");
        assert_eq!(told.matches("refused").count(), 1, "{told}");
        assert!(!told.contains("sesame"), "{told}");
    }
}
