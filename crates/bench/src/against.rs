//! `cargo xtask bench --against <binary>`: two builds of the server side by side, in turns, each on a database of its own.

use crate::compare::{Contender, alternate};
use crate::sample::{Interval, Sample, Series};
use crate::scene::BUSY;
use crate::stage::{self, BATCHING, Stage};
use crate::table::{Table, figure};
use crate::work::Work;
use crate::{Pace, Part, Store};
use std::io;
use std::path::PathBuf;

/// Two builds, and what is asked of both. They are given nothing but settings and requests that older builds know.
pub(crate) struct Duel {
    pub(crate) own: PathBuf,
    pub(crate) other: PathBuf,
    pub(crate) parts: Vec<Part>,
    /// How many clients at once post events.
    pub(crate) clients: Vec<usize>,
    pub(crate) pace: Pace,
}

/// What is compared of each turn: its name, and where it stands.
type Figure = (&'static str, fn(&Sample) -> f64);

const FIGURES: [Figure; 3] = [
    ("per second", |sample| sample.per_second),
    ("server, µs each", |sample| sample.cost.server),
    ("database, µs each", |sample| sample.cost.database),
];

impl Duel {
    /// Measures both on `store`; returns a table in Markdown.
    ///
    /// # Errors
    /// A server does not start or answers wrongly, or what a database holds is not what its server acknowledged.
    pub(crate) fn on(&self, store: Store) -> io::Result<String> {
        let cluster = || matches!(store, Store::Postgres).then(stage::start_cluster).transpose();
        let clusters = [cluster()?, cluster()?];
        let [own_cluster, other_cluster] = &clusters;
        let own = Stage::set(&self.own, own_cluster.as_ref(), "own")?;
        let other = Stage::set(&self.other, other_cluster.as_ref(), "other")?;
        let mut table = Table::new(&["load", "clients", "figure", "this", "other", "ratio", "mean ratio, 95 %"]);
        for (work, clients) in self.works() {
            eprintln!("{}, {clients} clients", work.title());
            let turn = |stage: &Stage<'_>| stage.measure(&work, clients, self.pace);
            let mut contenders = [Contender::new("this", || turn(&own)), Contender::new("other", || turn(&other))];
            if let [own, other] = alternate(self.pace.rounds, &mut contenders)?.as_slice() {
                add(&mut table, &work, clients, own, other);
            }
        }
        let found = format!("Acknowledged and found, this: {}; other: {}.", own.check()?, other.check()?);
        own.end()?;
        other.end()?;
        Ok(format!("## {}\n\n{}\n{found}\n", store.title(), table.markdown()))
    }

    fn works(&self) -> Vec<(Work, usize)> {
        let of_part = |part: &Part| match part {
            Part::Events => self.clients.iter().map(|&clients| (Work::Events, clients)).collect(),
            Part::Batch => vec![(Work::Batch, BATCHING)],
            Part::Orders => vec![(Work::Order, BUSY), (Work::Join, BUSY)],
            Part::Reads => vec![(Work::Affiliate, BUSY), (Work::Affiliates, BUSY)],
            Part::Redirect => vec![(Work::Redirect, BUSY)],
            // These measure how one server fares as its tables grow.
            Part::Growth | Part::Payout => Vec::new(),
        };
        self.parts.iter().flat_map(of_part).collect()
    }
}

/// A row for each figure that is known.
fn add(table: &mut Table, work: &Work, clients: usize, own: &Series, other: &Series) {
    for (name, value) in FIGURES.iter().filter(|(_, value)| !own.median(value).is_nan()) {
        let spread = |series: &Series| {
            let (low, high) = series.range(value);
            format!("{} ({}–{})", figure(series.median(value)), figure(low), figure(high))
        };
        let interval = Interval::of(&own.ratios_to(other, value));
        table.row(vec![
            work.title().to_owned(),
            clients.to_string(),
            (*name).to_owned(),
            spread(own),
            spread(other),
            format!("{:.3}", own.ratio_to(other, value)),
            interval.map_or_else(|| "–".to_owned(), |it| format!("{:.3} to {:.3}", it.low, it.high)),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Latency;

    #[test]
    fn shows_what_is_known_of_both() {
        let series = |rates: [f64; 2]| {
            let samples = rates.map(|rate| Sample::new(1, rate, Latency::mean_only(1.0)));
            Series { name: String::new(), samples: samples.into() }
        };
        let mut table = Table::new(&["load"]);
        add(&mut table, &Work::Events, 64, &series([110.0, 330.0]), &series([100.0, 300.0]));
        let text = table.markdown();
        assert!(text.contains("| 220 (110–330) | 200 (100–300) | 1.100 | 1.100 to 1.100 |"), "{text}");
        assert_eq!(text.lines().count(), 3, "processor time is not known: {text}");
    }
}
