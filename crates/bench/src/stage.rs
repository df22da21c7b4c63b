//! The server, its database and merchants on it, ready to be measured.

use crate::Pace;
use crate::cost::Reading;
use crate::load::Load;
use crate::pgbench::Pgbench;
use crate::pgbench_baseline::{Script, Written};
use crate::record;
use crate::sample::Sample;
use crate::server::{Memory, Program, Server};
use crate::shop::{GROUPS, Shop};
use crate::work::Work;
use pgkit::{Cluster, ClusterOptions, Durability};
use std::cell::Cell;
use std::io;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How many clients at once post batches.
pub(crate) const BATCHING: usize = 4;

/// A running server with a furnished shop. The fields end in this order.
pub(crate) struct Stage<'c> {
    server: Server,
    pub(crate) shop: Shop,
    /// Where there is a baseline: the shop whose requests it mirrors, and whose rows it writes.
    mirror: Option<Shop>,
    cluster: Option<&'c Cluster>,
    database: String,
    program: Program,
    folder: TempDir,
    events: Cell<u64>,
    clicks: Cell<u64>,
    orders: Cell<u64>,
}

/// What a server takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Milliseconds from start to ready.
    pub(crate) ready: f64,
    /// Of a server that has just started.
    pub(crate) idle: f64,
    /// At its highest, of the server that was measured.
    pub(crate) loaded: f64,
}

impl<'c> Stage<'c> {
    /// Starts a server on a new database, in this cluster or embedded, and opens its shop.
    pub(crate) fn set(binary: &Path, cluster: Option<&'c Cluster>, database: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database_url = match cluster {
            Some(cluster) => {
                cluster.psql("postgres", &format!("CREATE DATABASE {database}"))?;
                cluster.url(database)
            }
            None => format!("sqlite:{}", folder.path().join("coterie.db").display()),
        };
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
        server.prove(&program.binary)?;
        let shop = Shop::open(&program, server.http, "bench")?;
        let mirror = cluster.map(|_| Shop::open(&program, server.http, "mirror")).transpose()?;
        let clicks = Cell::new(shop.sessions.len() as u64);
        let (database, events, orders) = (database.to_owned(), Cell::new(0), Cell::new(GROUPS as u64));
        Ok(Self { server, shop, mirror, cluster, database, program, folder, events, clicks, orders })
    }

    /// Records events, a thousand at a time, until there are at least so many.
    pub(crate) fn grow(&self, events: u64) -> io::Result<()> {
        let pace = Pace { rounds: 1, warm_up: Duration::ZERO, measured: Duration::from_secs(1) };
        while self.events() < events {
            self.measure(&Work::Batch, BATCHING, pace)?;
        }
        Ok(())
    }

    /// How many events the server has acknowledged.
    pub(crate) fn events(&self) -> u64 {
        self.events.get()
    }

    /// Puts load on the server.
    pub(crate) fn measure(&self, work: &Work, clients: usize, pace: Pace) -> io::Result<Sample> {
        let load = Load {
            address: self.server.http,
            requests: work.requests(&self.shop),
            expected: work.expected(),
            connections: clients,
            warm_up: pace.warm_up,
            measured: pace.measured,
        };
        let sample = self.metered(|| load.run())?;
        if *work == Work::Redirect {
            self.clicks.set(self.clicks.get() + sample.requests);
        }
        self.orders.set(self.orders.get() + work.orders() * sample.requests);
        self.events.set(self.events.get() + work.events() * sample.requests);
        Ok(if *work == Work::Batch { sample.each_of(work.events()) } else { sample })
    }

    /// Puts the same load on PostgreSQL itself.
    pub(crate) fn measure_baseline(&self, script: &Script, clients: usize, pace: Pace) -> io::Result<Sample> {
        let file = self.folder.path().join("pgbench.sql");
        std::fs::write(&file, &script.text)?;
        let pgbench = Pgbench {
            database: self.database.clone(),
            script: file,
            writes: script.text.contains("INSERT INTO"),
            variables: script.variables.clone(),
            clients,
            // The load generator of the server has one thread, too.
            threads: 1,
            warm_up: pace.warm_up,
            measured: pace.measured,
        };
        let cluster = self.cluster()?;
        self.metered(|| pgbench.run(cluster))
    }

    /// The baseline of a work: the statements that the server runs for it, and the rows that it writes.
    /// None where the database is not PostgreSQL.
    pub(crate) fn baseline(&self, work: &Work) -> io::Result<Option<Script>> {
        let Some((cluster, mirror)) = self.cluster.zip(self.mirror.as_ref()) else { return Ok(None) };
        let mut statements = record::record(cluster, || work.once(mirror))?;
        if work.events() + work.orders() == 0 {
            return Ok(Some(Script::reads(&statements)));
        }
        let reads = statements.iter().take_while(|statement| statement.is_read()).count();
        statements.truncate(reads);
        let merchant = self.merchant(cluster, mirror)?;
        let rows = match work {
            Work::Order | Work::Join => Written::order(cluster, &self.database, &merchant, *work == Work::Join)?,
            _ => Written::event(cluster, &self.database, &merchant)?,
        };
        Ok(Some(Script::write(&statements, &rows)))
    }

    /// Insists that the database holds what was acknowledged, no more and no less; returns what was found.
    pub(crate) fn check(&self) -> io::Result<String> {
        let (events, clicks, orders) = (self.events.get(), self.clicks.get(), self.orders.get());
        if let Some(cluster) = self.cluster {
            let merchant = self.merchant(cluster, &self.shop)?;
            let found = cluster.psql(&self.database, &COUNTS.replace("$1", &format!("'{merchant}'")))?;
            let wanted = format!("{events}|{events}|{events}|{}|{}|{clicks}|{orders}", 2 * events, 2 * events);
            if found != wanted {
                return Err(io::Error::other(format!("acknowledged {wanted}, in the database {found}: {COUNTS}")));
            }
            return Ok(format!(
                "{events} events, as many claims and commissions, {} announcements of them, {clicks} clicks, {orders} orders",
                2 * events
            ));
        }
        let (found, _) = self.shop.walk(100, usize::MAX)?;
        if found != events {
            return Err(io::Error::other(format!("acknowledged {events} events, in the database {found}")));
        }
        Ok(format!("{events} events"))
    }

    /// Stops everything, starts the server three times more, and says what it took.
    pub(crate) fn end(self) -> io::Result<Footprint> {
        let Memory { now: _, highest: loaded } = self.server.memory()?;
        self.server.stop()?;
        let (mut ready, mut idle) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let server = Server::start(&self.program)?;
            ready.push(server.started_in.as_secs_f64() * 1e3);
            idle.push(server.memory()?.now);
            server.stop()?;
        }
        Ok(Footprint { ready: crate::sample::median(ready), idle: crate::sample::median(idle), loaded })
    }

    /// The id of a shop's merchant, as PostgreSQL writes it.
    fn merchant(&self, cluster: &Cluster, shop: &Shop) -> io::Result<String> {
        cluster.psql(&self.database, &format!("SELECT id FROM merchants WHERE slug = '{}'", shop.slug))
    }

    fn cluster(&self) -> io::Result<&'c Cluster> {
        self.cluster.ok_or_else(|| io::Error::other("there is no PostgreSQL on this stage"))
    }

    fn metered(&self, run: impl FnOnce() -> io::Result<Sample>) -> io::Result<Sample> {
        let before = Reading::take(self.server.id(), self.cluster)?;
        let mut sample = run()?;
        sample.cost = Reading::take(self.server.id(), self.cluster)?.since(&before, sample.requests);
        Ok(sample)
    }
}

/// Counts what the events of the merchant `$1` left, its clicks and its orders.
const COUNTS: &str = "SELECT (SELECT count(*) FROM events WHERE merchant_id = $1), \
    (SELECT count(*) FROM claims c JOIN events e ON e.merchant_id = $1 AND e.id = c.owner WHERE c.merchant_id = $1), \
    (SELECT count(*) FROM commissions WHERE merchant_id = $1), \
    (SELECT count(*) FROM announcements WHERE merchant_id = $1 \
     AND topic IN ('conversion.recorded', 'commission.created')), \
    (SELECT count(*) FROM outbox o JOIN announcements a ON a.merchant_id = $1 AND a.id = o.announcement_id \
     WHERE o.merchant_id = $1 AND a.topic IN ('conversion.recorded', 'commission.created')), \
    (SELECT count(*) FROM clicks WHERE merchant_id = $1), (SELECT count(*) FROM orders WHERE merchant_id = $1)";

/// A private PostgreSQL, durable, with the memory of a small production server.
pub(crate) fn start_cluster() -> io::Result<Cluster> {
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("log_line_prefix", record::LINE_PREFIX),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Cluster::start(&ClusterOptions { durability: Durability::Full, tcp: false, settings })
}
