//! The report, in Markdown.

use crate::sample::{Latency, Sample, Series};
use crate::scene::{Bound, Goal, Scene};
use crate::table::{Table, figure};
use std::fmt::Write as _;

/// Everything that was measured on one database.
pub(crate) struct Chapter {
    pub(crate) title: String,
    /// Sentences about what the figures are of.
    pub(crate) notes: Vec<String>,
    pub(crate) scenes: Vec<Scene>,
    pub(crate) goals: Vec<Goal>,
}

impl Chapter {
    /// The chapter's text.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n", self.title);
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        let goals = self.scenes.iter().flat_map(|scene| &scene.goals).chain(&self.goals);
        let _ =
            write!(text, "\n{}\n{}\n{}", goals_table(goals), figures_table(&self.scenes), costs_table(&self.scenes));
        text
    }
}

fn goals_table<'g>(goals: impl Iterator<Item = &'g Goal>) -> String {
    let mut table = Table::new(&["goal", "wanted", "measured", ""]);
    for goal in goals {
        let wanted = match goal.bound {
            Bound::AtLeast(least) => format!("≥ {}{}", figure(least), goal.unit),
            Bound::AtMost(most) => format!("≤ {}{}", figure(most), goal.unit),
        };
        table.row(vec![goal.what.clone(), wanted, format!("{}{}", figure(goal.measured), goal.unit), goal.verdict()]);
    }
    table.markdown()
}

fn figures_table(scenes: &[Scene]) -> String {
    let head = ["work", "clients", "", "a second", "lowest to highest", "mean ms", "p50 ms", "p99 ms", "first is"];
    let mut table = Table::new(&head);
    each(scenes, |scene, series, ratio| {
        let rate = |sample: &Sample| sample.per_second;
        let (lowest, highest) = series.range(rate);
        let latency = |part: fn(&Latency) -> f64| figure(series.median(|sample| part(&sample.latency)));
        table.row(vec![
            scene.title.clone(),
            scene.clients.to_string(),
            series.name.clone(),
            figure(series.median(rate)),
            format!("{} to {}", figure(lowest), figure(highest)),
            latency(|it| it.mean),
            latency(|it| it.p50),
            latency(|it| it.p99),
            ratio,
        ]);
    });
    table.markdown()
}

fn costs_table(scenes: &[Scene]) -> String {
    let head = ["work", "clients", "", "server µs", "PostgreSQL µs", "client µs", "a write transaction", "WAL bytes"];
    let mut table = Table::new(&head);
    each(scenes, |scene, series, _| {
        let cost = |part: fn(&Sample) -> f64| series.median(part);
        let transactions = cost(|it| it.cost.transactions);
        table.row(vec![
            scene.title.clone(),
            scene.clients.to_string(),
            series.name.clone(),
            figure(cost(|it| it.cost.server)),
            figure(cost(|it| it.cost.database)),
            figure(cost(|it| it.cost.client)),
            figure(if transactions > 0.01 { 1.0 / transactions } else { f64::NAN }),
            figure(cost(|it| it.cost.logged)),
        ]);
    });
    table.markdown()
}

/// Every series with its scene and the first one's ratio to it.
fn each(scenes: &[Scene], mut row: impl FnMut(&Scene, &Series, String)) {
    for scene in scenes {
        for (place, series) in scene.series.iter().enumerate() {
            let ratio = scene.series.first().map_or(f64::NAN, |first| first.ratio_to(series, |it| it.per_second));
            row(scene, series, if place == 0 { String::new() } else { format!("{} ×", figure(ratio)) });
        }
    }
}
