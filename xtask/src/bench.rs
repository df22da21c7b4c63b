//! `cargo xtask bench`: the server against PostgreSQL's own speed, in one run, on one machine.
//!
//! Figures from a shared machine mean little alone. So every contender is measured in turn, several rounds, and what
//! counts is the ratio to pgbench running the same SQL with as many clients (see [`compare`] and [`sample`]).

#![allow(clippy::float_arithmetic, reason = "measured figures are no money")]

mod clock;
mod compare;
mod http;
mod load;
mod pgbench;
mod request;
mod sample;
mod server;
mod shop;
mod stage;
mod table;
mod work;

use crate::{Outcome, workspace};
use clap::{Args, ValueEnum};
use compare::{Contender, alternate};
use sample::{Sample, Series};
use stage::{Stage, Store};
use std::path::PathBuf;
use std::time::Duration;
use table::{Table, figure};
use work::Work;

#[derive(Args)]
pub(crate) struct Options {
    /// What to measure; everything by default.
    works: Vec<Work>,
    /// How many clients at once, one table row each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    clients: Vec<usize>,
    /// How often each contender has its turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The measured seconds of a turn.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The unmeasured seconds before them.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// The databases to measure on.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "postgres,sqlite")]
    stores: Vec<Store>,
    /// A built server to measure instead of building this one.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rounds: usize,
    warm_up: Duration,
    measured: Duration,
}

/// Measures and prints a table for every database.
pub(crate) fn run(options: &Options) -> Outcome {
    if cfg!(debug_assertions) {
        return run_optimized();
    }
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let (warm_up, measured) = (Duration::from_secs(options.warm_up), Duration::from_secs(options.seconds));
    let pace = Pace { rounds: options.rounds, warm_up, measured };
    let works = if options.works.is_empty() { Work::value_variants() } else { &options.works };
    println!("`coterie` {:.1} MiB, {} processors", server::size_of(&binary)?, std::thread::available_parallelism()?);
    for &store in &options.stores {
        let stage = Stage::set(store, &binary)?;
        println!("\n### {}\n", stage.description()?);
        let mut table = heading();
        for work in works {
            for &clients in &options.clients {
                eprintln!("{work:?}, {clients} clients");
                add_rows(&mut table, *work, clients, &measure(&stage, *work, clients, pace)?);
            }
        }
        println!("{}", table.markdown());
        println!("{}", stage.end()?);
    }
    Ok(())
}

/// A load generator built for debugging would take the processors from the server it measures.
fn run_optimized() -> Outcome {
    let mut command = workspace::cargo(&["run", "--quiet", "--locked", "--profile=fast", "--package=xtask", "--"]);
    workspace::run(command.args(std::env::args_os().skip(1)))
}

/// The release build, as it is handed out.
fn build() -> Outcome<PathBuf> {
    workspace::run(&mut workspace::cargo(&["build", "--release", "--locked", "--package", "coterie"]))?;
    Ok(workspace::target()?.join("release/coterie"))
}

/// One work at one number of clients: the server first, then its yardsticks.
fn measure(stage: &Stage, work: Work, clients: usize, pace: Pace) -> Outcome<Vec<Series>> {
    let load = stage.load(work, clients, pace);
    let yardsticks = stage.yardsticks(work, clients, pace)?;
    let mut contenders = vec![Contender::new("coterie", || load.run())];
    for (name, pgbench) in &yardsticks {
        contenders.push(Contender::new(*name, || stage.run_pgbench(pgbench)));
    }
    alternate(pace.rounds, &mut contenders)
}

fn heading() -> Table {
    Table::new(&["work", "clients", "", "a second", "lowest to highest", "mean ms", "p50 ms", "p99 ms", "coterie is"])
}

/// A row for the server, and one for each yardstick with the server's ratio to it.
fn add_rows(table: &mut Table, work: Work, clients: usize, all: &[Series]) {
    let Some((ours, yardsticks)) = all.split_first() else { return };
    table.row(cells(work, clients, ours, String::new()));
    for yardstick in yardsticks {
        let ratio = ours.ratio_to(yardstick, |it| it.per_second);
        table.row(cells(work, clients, yardstick, format!("{} ×", figure(ratio))));
    }
}

fn cells(work: Work, clients: usize, series: &Series, ratio: String) -> Vec<String> {
    let rate = |sample: &Sample| sample.per_second;
    let (lowest, highest) = series.range(rate);
    let latency = |part: fn(&sample::Latency) -> f64| figure(series.median(|sample| part(&sample.latency)));
    vec![
        work.title().to_owned(),
        clients.to_string(),
        series.name.clone(),
        figure(series.median(rate)),
        format!("{} to {}", figure(lowest), figure(highest)),
        latency(|it| it.mean),
        latency(|it| it.p50),
        latency(|it| it.p99),
        ratio,
    ]
}
