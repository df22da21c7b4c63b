//! Contenders measured in turn, A B A B, so that what a shared machine does meanwhile meets all of them.

use crate::sample::{Sample, Series};
use std::io;

/// Somebody who is measured.
pub(crate) struct Contender<'a> {
    pub(crate) name: String,
    /// One run.
    pub(crate) run: Box<dyn FnMut() -> io::Result<Sample> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut() -> io::Result<Sample> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Runs every contender once a round; the series come in the order of the contenders.
pub(crate) fn alternate(rounds: usize, contenders: &mut [Contender<'_>]) -> io::Result<Vec<Series>> {
    let empty = |it: &Contender<'_>| Series { name: it.name.clone(), samples: Vec::with_capacity(rounds) };
    let mut all: Vec<Series> = contenders.iter().map(empty).collect();
    for round in 1..=rounds {
        for (contender, series) in contenders.iter_mut().zip(&mut all) {
            let failed = |error| io::Error::other(format!("{}, round {round}: {error}", series.name));
            let sample = (contender.run)().map_err(failed)?;
            eprintln!("  round {round}  {:<40} {:>10.0}/s", contender.name, sample.per_second);
            series.samples.push(sample);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Latency;
    use std::cell::RefCell;

    #[test]
    fn takes_turns() {
        let order = RefCell::new(String::new());
        let run = |name: char, per_second: f64| {
            let order = &order;
            Contender::new(name, move || {
                order.borrow_mut().push(name);
                Ok(Sample::new(1, per_second, Latency::mean_only(1.0)))
            })
        };
        let series = alternate(3, &mut [run('A', 10.0), run('B', 20.0)]).unwrap();
        assert_eq!(*order.borrow(), "ABABAB");
        assert_eq!(series.len(), 2);
        assert_eq!(series[1].median(|it| it.per_second), 20.0);
    }

    #[test]
    fn a_failed_run_says_whose_it_was() {
        let mut contenders = [Contender::new("pgbench", || Err(io::Error::other("no route")))];
        let error = alternate(1, &mut contenders).unwrap_err();
        assert_eq!(error.to_string(), "pgbench, round 1: no route");
    }
}
