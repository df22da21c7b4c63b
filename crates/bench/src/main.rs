//! `cargo xtask bench`: the server against PostgreSQL's own speed, in one run, on one machine.
//!
//! Figures from a shared machine mean little alone. So every contender is measured in turn, several rounds, and what
//! counts is the ratio to pgbench, which runs the very statements that the server was seen to run and writes the very
//! rows that it was seen to write (see [`pgbench_baseline`]), with as many clients.

#![allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "measured figures are no money")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod against;
mod clock;
mod compare;
mod cost;
mod http;
mod load;
mod machine;
mod payout;
mod pgbench;
mod pgbench_baseline;
mod record;
mod report;
mod request;
mod sample;
mod scene;
mod server;
mod shop;
mod stage;
mod table;
mod work;
mod workspace;

use against::Duel;
use clap::{Parser, ValueEnum};
use report::Chapter;
use scene::{Bound, Goal, Scene};
use stage::{Footprint, Stage};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use work::Work;

/// The command line.
#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "Measures the server against pgbench and prints tables")]
struct Options {
    /// What to measure; everything by default.
    parts: Vec<Part>,
    /// For trying: one short round each, a server that is built sooner, and no report unless asked for.
    #[arg(long)]
    quick: bool,
    /// How many clients at once post events.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    clients: Vec<usize>,
    /// How often each contender has its turn [default: 3, quick 1, against another 5].
    #[arg(long)]
    rounds: Option<usize>,
    /// The measured seconds of a turn [default: 4, quick 2].
    #[arg(long)]
    seconds: Option<u64>,
    /// To how many events tables are grown [default: 1000000, quick 60000]; page 1,000 needs 50,000.
    #[arg(long)]
    grow: Option<u64>,
    /// The databases to measure on.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "postgres,sqlite")]
    stores: Vec<Store>,
    /// A built server to measure instead of building this one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Another built server to measure side by side with this one, in turns, each on a database of its own; prints
    /// what they do in a second and what it costs them, and their ratios. Growth and payouts are left out.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Where the report goes [default: docs/benchmarks.md; quick or only parts: nowhere].
    #[arg(long)]
    output: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Recording events.
    Events,
    /// Recording a thousand events a request.
    Batch,
    /// Placing orders.
    Orders,
    /// Reading affiliates.
    Reads,
    /// Visitors' redirects.
    Redirect,
    /// Long lists and grown tables.
    Growth,
    /// A payout as large as one may be.
    Payout,
}

/// Which database the server is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    /// A private PostgreSQL, durable.
    Postgres,
    /// The embedded default, durable.
    Sqlite,
}

impl Store {
    fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rounds: usize,
    warm_up: Duration,
    measured: Duration,
}

/// What is measured, how.
struct Plan {
    binary: PathBuf,
    parts: Vec<Part>,
    clients: Vec<usize>,
    pace: Pace,
    grow: u64,
    quick: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, prints the report and writes it where it belongs.
fn run(options: &Options) -> io::Result<()> {
    let plan = Plan::of(options)?;
    let began = clock::now();
    if let Some(other) = &options.against {
        let Plan { binary: own, parts, clients, pace, .. } = plan;
        let duel = Duel { own, other: other.clone(), parts, clients, pace };
        return options.stores.iter().try_for_each(|&store| duel.on(store).map(|text| println!("{text}")));
    }
    let mut text = machine::heading(&plan.binary, plan.pace)?;
    for &store in &options.stores {
        text = format!("{text}\n{}", plan.chapter(store)?.markdown());
    }
    text = format!("{text}\nMeasured in {:.0} minutes.\n", began.elapsed().as_secs_f64() / 60.0);
    println!("{text}");
    let whole = options.parts.is_empty() && !options.quick;
    let output = options.output.clone().or_else(|| whole.then(|| workspace::root().join("docs/benchmarks.md")));
    output.map_or(Ok(()), |output| std::fs::write(output, text))
}

impl Plan {
    fn of(options: &Options) -> io::Result<Self> {
        let Options { parts, quick, clients, rounds, seconds, grow, stores: _, binary, against, output: _ } = options;
        let (usual_rounds, usual_seconds, usual_growth) = if *quick { (1, 2, 60_000) } else { (3, 4, 1_000_000) };
        let usual_rounds = if against.is_some() { 5 } else { usual_rounds };
        let profile = if *quick { "fast" } else { "release" };
        let pace = Pace {
            rounds: rounds.unwrap_or(usual_rounds),
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(seconds.unwrap_or(usual_seconds)),
        };
        Ok(Self {
            binary: binary.clone().map_or_else(|| workspace::build_server(profile), Ok)?,
            parts: if parts.is_empty() { Part::value_variants().to_vec() } else { parts.clone() },
            clients: clients.clone(),
            pace,
            grow: grow.unwrap_or(usual_growth),
            quick: *quick,
        })
    }

    /// Everything on one database.
    fn chapter(&self, store: Store) -> io::Result<Chapter> {
        let cluster = match store {
            Store::Postgres => Some(stage::start_cluster()?),
            Store::Sqlite => None,
        };
        let cluster = cluster.as_ref();
        let title = match cluster {
            Some(cluster) => format!("PostgreSQL {}", cluster.version()?),
            None => "SQLite".to_owned(),
        };
        let mut chapter = Chapter { title, notes: Vec::new(), scenes: Vec::new(), goals: Vec::new() };
        let stage = Stage::set(&self.binary, cluster, "first")?;
        self.act(&stage, &mut chapter.scenes)?;
        chapter.notes.push(format!("In the database at the end, as acknowledged: {}.", stage.check()?));
        chapter.goals = footprint(stage.end()?, &self.binary)?;
        if self.parts.contains(&Part::Growth) {
            let small = Stage::set(&self.binary, cluster, "small")?;
            let grown = Stage::set(&self.binary, cluster, "grown")?;
            self.grow(&small, &grown, &mut chapter)?;
        }
        if self.parts.contains(&Part::Payout) {
            let paying = Stage::set(&self.binary, cluster, "paying")?;
            chapter.notes.push(payout::largest(&paying, self.quick)?);
        }
        Ok(chapter)
    }

    fn act(&self, stage: &Stage<'_>, scenes: &mut Vec<Scene>) -> io::Result<()> {
        if self.parts.contains(&Part::Events) {
            // Once, before it has written rows of its own, which must not be taken for the server's.
            let script = stage.baseline(&Work::Events)?;
            for &clients in &self.clients {
                scenes.push(Scene::events(stage, script.as_ref(), clients, self.pace)?);
            }
        }
        if self.parts.contains(&Part::Orders) {
            // Both before either is run, for the same reason.
            let scripts = [stage.baseline(&Work::Order)?, stage.baseline(&Work::Join)?];
            for (work, script) in [Work::Order, Work::Join].iter().zip(&scripts) {
                scenes.push(Scene::orders(stage, work, script.as_ref(), self.pace)?);
            }
        }
        if self.parts.contains(&Part::Batch) {
            scenes.push(Scene::batches(stage, self.pace)?);
        }
        if self.parts.contains(&Part::Reads) {
            scenes.push(Scene::read(stage, &Work::Affiliate, self.pace)?);
            scenes.push(Scene::read(stage, &Work::Affiliates, self.pace)?);
        }
        if self.parts.contains(&Part::Redirect) {
            scenes.push(Scene::redirect(stage, self.pace)?);
        }
        Ok(())
    }

    fn grow(&self, small: &Stage<'_>, grown: &Stage<'_>, chapter: &mut Chapter) -> io::Result<()> {
        eprintln!("growing tables to {} events", self.grow);
        let growing = clock::now();
        grown.grow(self.grow)?;
        let grown_in = growing.elapsed().as_secs_f64();
        let (_, cursor) = grown.shop.walk(50, 999)?;
        let cursor = cursor.ok_or_else(|| io::Error::other("the list has no page 1,000; grow it"))?;
        let began_with = grown.events();
        chapter.scenes.push(Scene::paging(grown, cursor, self.pace)?);
        for work in [Work::Affiliate, Work::Events, Work::EventsPage(None), Work::Commissions] {
            chapter.scenes.push(Scene::growth(small, grown, |_| Ok(work.clone()), self.pace)?);
        }
        let explained = |stage: &Stage<'_>| Ok(Work::Explanation(stage.shop.newest_event()?));
        chapter.scenes.push(Scene::growth(small, grown, explained, self.pace)?);
        let note = format!(
            "Grown tables began with {began_with} events, loaded through `POST /events/batch` in {grown_in:.0} s, and \
             those empty at first ended with {}; {} pages of the list are before page 1,000.",
            small.events(),
            999
        );
        chapter.notes.push(note);
        chapter.goals.push(payout::compare(small, grown, self.pace.rounds)?);
        small.check()?;
        grown.check().map(drop)
    }
}

/// What the server takes beside the load's time.
fn footprint(found: Footprint, binary: &Path) -> io::Result<Vec<Goal>> {
    let Footprint { ready, idle, loaded } = found;
    let goal = |what: &str, measured, most, unit| {
        let bound = Bound::AtMost(most);
        Goal { what: what.to_owned(), measured, bound, unit }
    };
    Ok(vec![
        goal("memory, idle", idle, 40.0, " MB"),
        goal("memory, at its highest under all of this load", loaded, 120.0, " MB"),
        goal("size of the program", server::size_of(binary)?, 40.0, " MB"),
        goal("start to ready", ready, 500.0, " ms"),
    ])
}
