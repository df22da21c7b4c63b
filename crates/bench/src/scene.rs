//! What is compared with what, and what is expected of it (the goals are quality's, Performance).

use crate::Pace;
use crate::compare::{Contender, alternate};
use crate::pgbench_baseline::Script;
use crate::sample::{Sample, Series};
use crate::stage::{BATCHING, Stage};
use crate::work::Work;
use std::io;
use std::time::Duration;

/// The number of clients that most goals speak of.
pub(crate) const BUSY: usize = 64;

/// Where pgbench's best number of clients is looked for.
const TRIED: [usize; 5] = [8, 16, 32, 48, 64];

/// Contenders that were measured in turn.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) title: String,
    pub(crate) clients: usize,
    /// The server first, then what it is compared with.
    pub(crate) series: Vec<Series>,
    pub(crate) goals: Vec<Goal>,
}

/// Something expected, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) bound: Bound,
    pub(crate) unit: &'static str,
}

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    /// "met", or by how much not.
    pub(crate) fn verdict(&self) -> String {
        let (met, short) = match self.bound {
            Bound::AtLeast(least) => (self.measured >= least, 1.0 - self.measured / least),
            Bound::AtMost(most) => (self.measured <= most, self.measured / most - 1.0),
        };
        if met { "met".to_owned() } else { format!("missed by {:.0} %", short * 100.0) }
    }
}

impl Scene {
    /// `POST /events` against pgbench doing the same reads and rows, one transaction each.
    pub(crate) fn events(stage: &Stage<'_>, script: Option<&Script>, clients: usize, pace: Pace) -> io::Result<Self> {
        let server = || stage.measure(&Work::Events, clients, pace);
        let Some(script) = script else {
            return Self::measured(&Work::Events, clients, pace, vec![Contender::new("coterie", server)]);
        };
        let pgbench = move |clients| move || stage.measure_baseline(script, clients, pace);
        let mut contenders = vec![Contender::new("coterie", server), Contender::new("pgbench", pgbench(clients))];
        let mut goals: Vec<Expectation<'_>> = Vec::new();
        if clients == 1 {
            goals.push(("latency of `POST /events`, 1 client, to pgbench's", by_latency, 1, Bound::AtMost(2.0)));
        }
        if clients == BUSY {
            let best = best_clients(stage, script, pace)?;
            contenders.push(Contender::new(format!("pgbench, {best} clients"), pgbench(best)));
            goals.push(("`POST /events`, 64 clients, to pgbench's", by_rate, 1, Bound::AtLeast(1.8)));
            goals.push(("the same, to pgbench at its best number of clients", by_rate, 2, Bound::AtLeast(2.0)));
        }
        Ok(Self::measured(&Work::Events, clients, pace, contenders)?.expecting(&goals))
    }

    /// Orders against pgbench doing the same reads and rows, one transaction each.
    pub(crate) fn orders(stage: &Stage<'_>, work: &Work, script: Option<&Script>, pace: Pace) -> io::Result<Self> {
        let mut contenders = vec![Contender::new("coterie", || stage.measure(work, BUSY, pace))];
        if let Some(script) = script {
            contenders.push(Contender::new("pgbench", || stage.measure_baseline(script, BUSY, pace)));
        }
        Self::measured(work, BUSY, pace, contenders)
    }

    /// Events in batches; the figures are those of an event.
    pub(crate) fn batches(stage: &Stage<'_>, pace: Pace) -> io::Result<Self> {
        let run = || stage.measure(&Work::Batch, BATCHING, pace);
        Self::measured(&Work::Batch, BATCHING, pace, vec![Contender::new("coterie", run)])
    }

    /// A read against pgbench running the same select.
    pub(crate) fn read(stage: &Stage<'_>, work: &Work, pace: Pace) -> io::Result<Self> {
        let script = stage.baseline(work)?;
        let mut contenders = vec![Contender::new("coterie", || stage.measure(work, BUSY, pace))];
        let mut goals: Vec<Expectation<'_>> = Vec::new();
        if let Some(script) = &script {
            contenders.push(Contender::new("pgbench", || stage.measure_baseline(script, BUSY, pace)));
            let least = if *work == Work::Affiliate { 0.8 } else { 0.7 };
            goals.push((work.title(), by_rate, 1, Bound::AtLeast(least)));
        }
        Ok(Self::measured(work, BUSY, pace, contenders)?.expecting(&goals))
    }

    /// Visitors' redirects.
    pub(crate) fn redirect(stage: &Stage<'_>, pace: Pace) -> io::Result<Self> {
        let run = || stage.measure(&Work::Redirect, BUSY, pace);
        let mut scene = Self::measured(&Work::Redirect, BUSY, pace, vec![Contender::new("coterie", run)])?;
        let measured = scene.series.first().map_or(f64::NAN, |series| series.median(|sample| sample.per_second));
        let bound = Bound::AtLeast(10_000.0);
        scene.goals.push(Goal { what: "redirects with the click stored".to_owned(), measured, bound, unit: " /s" });
        Ok(scene)
    }

    /// The first page of a long list against one far down.
    pub(crate) fn paging(stage: &Stage<'_>, cursor: String, pace: Pace) -> io::Result<Self> {
        let (first, far) = (Work::EventsPage(None), Work::EventsPage(Some(cursor)));
        let run = |work: &Work| stage.measure(work, BUSY, pace);
        let contenders =
            vec![Contender::new("page 1", || run(&first)), Contender::new("page 1,000 by cursor", || run(&far))];
        let goal: Expectation<'_> = ("page 1 to page 1,000 by cursor", by_rate, 1, Bound::AtMost(1.2));
        Ok(Self::measured(&first, BUSY, pace, contenders)?.expecting(&[goal]))
    }

    /// A server with few rows against one with many. The work names rows of its own server, if any.
    pub(crate) fn growth(
        small: &Stage<'_>,
        grown: &Stage<'_>,
        work: impl Fn(&Stage<'_>) -> io::Result<Work>,
        pace: Pace,
    ) -> io::Result<Self> {
        let (work, far) = (work(small)?, work(grown)?);
        let contenders = vec![
            Contender::new("tables empty at first", || small.measure(&work, BUSY, pace)),
            Contender::new("grown tables", || grown.measure(&far, BUSY, pace)),
        ];
        let what = format!("{}, empty to grown tables", work.title());
        let goal: Expectation<'_> = (&what, by_rate, 1, Bound::AtMost(1.2));
        Ok(Self::measured(&work, BUSY, pace, contenders)?.expecting(&[goal]))
    }

    fn measured(work: &Work, clients: usize, pace: Pace, mut contenders: Vec<Contender<'_>>) -> io::Result<Self> {
        eprintln!("{}, {clients} clients", work.title());
        let series = alternate(pace.rounds, &mut contenders)?;
        Ok(Self { title: work.title().to_owned(), clients, series, goals: Vec::new() })
    }

    fn expecting(mut self, expectations: &[Expectation<'_>]) -> Self {
        for &(what, figure, other, bound) in expectations {
            let both = self.series.first().zip(self.series.get(other));
            let measured = both.map_or(f64::NAN, |(ours, other)| ours.ratio_to(other, figure));
            self.goals.push(Goal { what: what.to_owned(), measured, bound, unit: " ×" });
        }
        self
    }
}

/// A goal for the ratio of the first contender's figure to that of another, given by its place.
type Expectation<'a> = (&'a str, fn(&Sample) -> f64, usize, Bound);

fn by_rate(sample: &Sample) -> f64 {
    sample.per_second
}

fn by_latency(sample: &Sample) -> f64 {
    sample.latency.mean
}

/// With how many clients pgbench does most.
fn best_clients(stage: &Stage<'_>, script: &Script, pace: Pace) -> io::Result<usize> {
    let pace = Pace { measured: pace.measured.min(Duration::from_secs(3)), ..pace };
    let mut best = (BUSY, 0.0);
    for clients in TRIED {
        let rate = stage.measure_baseline(script, clients, pace)?.per_second;
        eprintln!("  pgbench with {clients} clients: {rate:.0}/s");
        if rate > best.1 {
            best = (clients, rate);
        }
    }
    Ok(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_say_by_how_much() {
        let goal = |measured, bound| Goal { what: String::new(), measured, bound, unit: " ×" }.verdict();
        assert_eq!(goal(1.8, Bound::AtLeast(1.8)), "met");
        assert_eq!(goal(0.9, Bound::AtLeast(1.8)), "missed by 50 %");
        assert_eq!(goal(1.5, Bound::AtMost(1.2)), "missed by 25 %");
        assert_ne!(goal(f64::NAN, Bound::AtMost(1.2)), "met");
    }
}
