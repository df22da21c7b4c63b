//! The server, its database and a merchant on it, ready to be measured.

use super::Pace;
use super::load::Load;
use super::pgbench::Pgbench;
use super::sample::Sample;
use super::server::{Program, Server};
use super::shop::Shop;
use super::table::figure;
use super::work::Work;
use clap::ValueEnum;
use std::io;
use std::path::Path;
use tempfile::TempDir;
use testkit::postgres::{Cluster, ClusterOptions, Durability};

/// Which database the server is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Store {
    /// A private PostgreSQL, durable.
    Postgres,
    /// The embedded default, durable.
    Sqlite,
}

/// The database's name in the private cluster.
const DATABASE: &str = "coterie";

/// A running server with a furnished shop. The fields end in this order.
pub(super) struct Stage {
    server: Server,
    shop: Shop,
    cluster: Option<Cluster>,
    folder: TempDir,
}

impl Stage {
    /// Starts everything.
    pub(super) fn set(store: Store, binary: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let cluster = match store {
            Store::Postgres => Some(start_cluster()?),
            Store::Sqlite => None,
        };
        let embedded = || format!("sqlite:{}", folder.path().join("coterie.db").display());
        let database_url = cluster.as_ref().map_or_else(embedded, |cluster| cluster.url(DATABASE));
        let settings = [
            ("DATABASE__MIGRATE_ON_START", "true"),
            ("SERVER__SECRET", "a secret for benchmarks, kept by nobody"),
            ("LOG__LEVEL", "warn"),
        ];
        let program = Program {
            binary: binary.canonicalize()?,
            database_url,
            folder: folder.path().to_path_buf(),
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let server = Server::start(&program)?;
        let shop = Shop::open(&program, server.http)?;
        Ok(Self { server, shop, cluster, folder })
    }

    /// What was measured on.
    pub(super) fn description(&self) -> io::Result<String> {
        match &self.cluster {
            Some(cluster) => Ok(format!("PostgreSQL {}, fsync on", cluster.version()?)),
            None => Ok("SQLite, synchronous=FULL".to_owned()),
        }
    }

    pub(super) fn load(&self, work: Work, clients: usize, pace: Pace) -> Load {
        Load {
            address: self.server.http,
            requests: work.requests(&self.shop),
            expected: work.expected(),
            connections: clients,
            warm_up: pace.warm_up,
            measured: pace.measured,
        }
    }

    /// The yardsticks of a work, by name; none where the database is not PostgreSQL.
    pub(super) fn yardsticks(
        &self,
        work: Work,
        clients: usize,
        pace: Pace,
    ) -> io::Result<Vec<(&'static str, Pgbench)>> {
        if self.cluster.is_none() {
            return Ok(Vec::new());
        }
        let prepare = |yardstick: &super::work::Yardstick| {
            let script = self.folder.path().join(format!("{}.sql", yardstick.name));
            std::fs::write(&script, yardstick.script)?;
            let pgbench = Pgbench {
                database: DATABASE.to_owned(),
                script,
                variables: Vec::new(),
                clients,
                // The load generator of the server has one thread, too.
                threads: 1,
                warm_up: pace.warm_up,
                measured: pace.measured,
            };
            Ok((yardstick.name, pgbench))
        };
        work.yardsticks().iter().map(prepare).collect()
    }

    pub(super) fn run_pgbench(&self, pgbench: &Pgbench) -> io::Result<Sample> {
        let cluster = self.cluster.as_ref().ok_or_else(|| io::Error::other("there is no PostgreSQL on this stage"))?;
        pgbench.run(cluster)
    }

    /// Stops everything and says what the server took meanwhile.
    pub(super) fn end(self) -> io::Result<String> {
        let memory = self.server.memory()?;
        let ready = figure(self.server.started_in.as_secs_f64() * 1e3);
        self.server.stop()?;
        let (now, highest) = (figure(memory.now), figure(memory.highest));
        Ok(format!("Ready {ready} ms after its start; memory {now} MiB after the load, {highest} MiB at its highest."))
    }
}

fn start_cluster() -> io::Result<Cluster> {
    let settings = [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "30min")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let cluster = Cluster::start(&ClusterOptions { durability: Durability::Full, tcp: false, settings })?;
    cluster.psql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
    Ok(cluster)
}
