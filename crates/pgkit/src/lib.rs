//! A private PostgreSQL for tests and benchmarks.
//!
//! [`Cluster::start`] makes a cluster of its own in a temporary folder, on a unix socket nobody else can reach, proves
//! that the server that answers is that one, and takes it away again, also when the owning process is killed.
//! Tests usually want no cluster but a database: [`shared`] and [`Cluster::database`] give each test its own, copied
//! from a migrated template in some 30 ms.
//!
//! Most functions here block for a moment (they run programs and wait for them). That is meant: they are called at the
//! beginning of a test, which has nothing better to do.

mod address;
#[cfg(feature = "databases")]
mod database;
mod keeper;
mod programs;
mod shared;

use address::Address;
pub use address::USER;
#[cfg(feature = "databases")]
pub use database::Database;
use keeper::Keeper;
pub use programs::Programs;
pub use shared::{SHARED_VARIABLE, shared};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// How much a cluster does to keep what it acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// No fsync. Survives `kill -9` of the server, not of the machine. For tests: several times faster.
    #[default]
    Relaxed,
    /// As in production: fsync, full page writes, synchronous commit. For benchmarks and crash tests.
    Full,
}

/// What kind of cluster is wanted. The default is the one for tests.
#[derive(Debug, Clone, Default)]
pub struct ClusterOptions {
    /// How much it does to keep what it acknowledged.
    pub durability: Durability,
    /// Whether it also listens on a free port of 127.0.0.1, behind a random password. Off: the unix socket alone.
    pub tcp: bool,
    /// Further lines of `postgresql.conf`, name and value; they win over the harness's own.
    pub settings: Vec<(String, String)>,
}

/// A PostgreSQL cluster: made, owned and removed by this process, or (see [`shared`]) by the one that started it.
#[derive(Debug)]
pub struct Cluster {
    address: Address,
    /// The server's keeper, or `None` where another process owns the server.
    keeper: Option<Mutex<Keeper>>,
}

/// How often another TCP port is tried when the free one was taken meanwhile.
const PORT_ATTEMPTS: usize = 5;

impl Cluster {
    /// Makes a new cluster and starts its server. Takes one to two seconds.
    ///
    /// # Errors
    /// No server programs (the message says how to get them), or a server that does not start (with its log).
    pub fn start(options: &ClusterOptions) -> io::Result<Self> {
        let (mut address, folder) = Address::create(Programs::find()?)?;
        let mut keeper = Keeper::start(&address)?;
        // From here on the keeper removes the folder, because it outlives this process.
        let _ = folder.keep();
        address.initdb()?;
        for attempt in 1.. {
            if options.tcp {
                address.open_tcp()?;
            }
            address.write_file("data/postgresql.conf", &configuration(&address, options)?)?;
            match keeper.start_server(&address) {
                Ok(()) => break,
                Err(error) if options.tcp && attempt < PORT_ATTEMPTS && error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { address, keeper: Some(Mutex::new(keeper)) })
    }

    /// Where the database `name` is reached, over the unix socket.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        self.address.url(name)
    }

    /// Where the database `name` is reached over TCP, if the cluster was started with [`ClusterOptions::tcp`].
    #[must_use]
    pub fn tcp_url(&self, name: &str) -> Option<String> {
        self.address.tcp_url(name)
    }

    /// The folder that holds the socket, the data and the log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.address.folder()
    }

    /// The server's version, as PostgreSQL prints it.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn version(&self) -> io::Result<String> {
        self.psql("postgres", "SHOW server_version")
    }

    /// The process id of the server (the postmaster).
    ///
    /// # Errors
    /// The server does not run.
    pub fn pid(&self) -> io::Result<i32> {
        self.address.postmaster().map(|postmaster| postmaster.pid)
    }

    /// Runs SQL through `psql` and returns what it prints, unaligned and without headers, trimmed.
    /// Several statements in one string are one transaction.
    ///
    /// # Errors
    /// The server does not answer or refuses the SQL; the message holds what `psql` printed.
    pub fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        self.address.psql(database, sql)
    }

    /// One of PostgreSQL's client programs (`psql`, `pgbench`, `pg_dump` …), told how to reach this cluster.
    /// The database is the caller's to append, as each program wants it.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.address.command(program)
    }

    /// A database of its own for one test, copied from a template.
    ///
    /// `migrate` is given the URL of an empty database and runs once per template name, test program and cluster, however
    /// many tests ask at once: a rebuilt program makes a new template, so a stale schema cannot be tested.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// let cluster = pgkit::shared()?;
    /// let database = cluster.database("contract", async |url| -> std::io::Result<()> {
    ///     // run the migrations on `url`, once for all tests
    ///     # drop(url);
    ///     Ok(())
    /// }).await?;
    /// // hand `database.url()` to the adapter; the database is dropped with the value
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The server does not answer, or `migrate` failed.
    #[cfg(feature = "databases")]
    pub async fn database<F, R, E>(&self, template: &str, migrate: F) -> io::Result<Database>
    where
        F: FnOnce(String) -> R,
        R: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        Database::create(&self.address, template, migrate).await
    }

    /// Kills the server with SIGKILL, the postmaster and every process of it, as the kernel would. Returns when they
    /// are gone. The data stays: see [`Cluster::restart`].
    ///
    /// # Errors
    /// The cluster belongs to another process.
    pub fn kill9(&self) -> io::Result<()> {
        self.with_keeper(Keeper::kill9)
    }

    /// Stops the server if it runs (open connections are cut, as in a fast shutdown), and starts it again on the same
    /// data, socket and port; recovery is over when this returns.
    ///
    /// # Errors
    /// The cluster belongs to another process, or the server does not start (with its log).
    pub fn restart(&self) -> io::Result<()> {
        self.with_keeper(|keeper| {
            keeper.stop_server()?;
            keeper.start_server(&self.address)
        })
    }

    fn with_keeper<T>(&self, work: impl FnOnce(&mut Keeper) -> io::Result<T>) -> io::Result<T> {
        let Some(keeper) = &self.keeper else {
            return Err(io::Error::other("the cluster belongs to another process, which alone may stop it"));
        };
        work(&mut keeper.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The whole `postgresql.conf`. Of two lines for one setting PostgreSQL takes the last.
fn configuration(address: &Address, options: &ClusterOptions) -> io::Result<String> {
    let fsync = if options.durability == Durability::Full { "on" } else { "off" };
    let listen = if options.tcp { "127.0.0.1" } else { "" };
    let port = address.port().to_string();
    let own = [
        ("cluster_name", address.name()),
        ("unix_socket_directories", address.folder_text()?),
        ("listen_addresses", listen),
        ("port", &port),
        ("fsync", fsync),
        ("full_page_writes", fsync),
        // Even without fsync an acknowledged commit must survive a killed server.
        ("synchronous_commit", "on"),
        // Many tests at once, each with a pool.
        ("max_connections", "300"),
        ("shared_buffers", "128MB"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_line_prefix", "%m [%p] %d "),
    ];
    let further = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut text = String::new();
    for (name, value) in own.into_iter().chain(further) {
        writeln!(text, "{name} = '{}'", value.replace('\'', "''")).map_err(io::Error::other)?;
    }
    Ok(text)
}
