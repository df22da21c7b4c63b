//! `cargo xtask pg`: a private PostgreSQL to try things on.

use crate::{Outcome, postgres};
use clap::Args;
use pgkit::{Cluster, ClusterOptions, Durability, SHARED_VARIABLE};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;

#[derive(Args)]
pub(crate) struct Options {
    /// Commits durably, as in production (fsync on).
    #[arg(long)]
    durable: bool,
    /// Listens on a free port of 127.0.0.1 as well.
    #[arg(long)]
    tcp: bool,
    /// The database to make.
    #[arg(long, default_value = "coterie")]
    database: String,
}

/// Starts a cluster, prints how to reach it, and removes it on Ctrl-C or SIGTERM.
pub(crate) fn run(options: &Options) -> Outcome {
    postgres::ensure()?;
    // Before anything is started, so that a signal cannot be missed.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let durability = if options.durable { Durability::Full } else { Durability::Relaxed };
    let cluster = Cluster::start(&ClusterOptions { durability, tcp: options.tcp, settings: Vec::new() })?;
    let name = options.database.replace('"', "\"\"");
    cluster.psql("postgres", &format!("CREATE DATABASE \"{name}\""))?;
    announce(&cluster, &options.database)?;
    signals.forever().next();
    drop(cluster);
    Ok(())
}

fn announce(cluster: &Cluster, database: &str) -> io::Result<()> {
    let url = cluster.tcp_url(database).unwrap_or_else(|| cluster.url(database));
    println!("COTERIE__DATABASE__URL='{url}'");
    if cluster.tcp_url(database).is_none() {
        println!("{SHARED_VARIABLE}='{}'", cluster.folder().display());
    }
    println!("PostgreSQL {} runs as process {}; Ctrl-C removes it and its data", cluster.version()?, cluster.pid()?);
    Ok(())
}
