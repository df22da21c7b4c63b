//! Figures: what one run measured, and what several runs say together.

use hdrhistogram::Histogram;
use std::time::Duration;

/// How long single requests took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Latency {
    pub(crate) mean: f64,
    /// NaN, like the others below, where the program that measured does not tell.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Latency {
    /// Only the mean is known.
    pub(crate) fn mean_only(mean: f64) -> Self {
        Self { mean, p50: f64::NAN, p99: f64::NAN, max: f64::NAN }
    }
}

impl From<&Histogram<u64>> for Latency {
    /// From a histogram of microseconds.
    fn from(micros: &Histogram<u64>) -> Self {
        let quantile = |share| millis(micros.value_at_quantile(share));
        Self { mean: micros.mean() / 1e3, p50: quantile(0.5), p99: quantile(0.99), max: millis(micros.max()) }
    }
}

fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

/// What one run measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// All that were answered, those of the warm-up too.
    pub(crate) requests: u64,
    /// Of the measured time alone.
    pub(crate) per_second: f64,
    pub(crate) latency: Latency,
    pub(crate) cost: Cost,
}

impl Sample {
    /// The same, counted in the things of which a request has so many; only its latency stays the request's.
    pub(crate) fn each_of(self, things: u64) -> Self {
        let Self { requests, per_second, latency, cost } = self;
        let Cost { server, database, client, transactions, logged } = cost;
        let [server, database, client, transactions, logged] =
            [server, database, client, transactions, logged].map(|figure| figure / things as f64);
        let cost = Cost { server, database, client, transactions, logged };
        Self { requests: requests * things, per_second: per_second * things as f64, latency, cost }
    }

    /// A sample whose cost nobody measured.
    pub(crate) fn new(requests: u64, per_second: f64, latency: Latency) -> Self {
        Self { requests, per_second, latency, cost: Cost::UNKNOWN }
    }
}

/// What one request took, on average over a whole run; NaN where it is not known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Microseconds of processor time of the server under test.
    pub(crate) server: f64,
    /// Of all of PostgreSQL's processes.
    pub(crate) database: f64,
    /// Of the load generator.
    pub(crate) client: f64,
    /// Transactions that wrote something.
    pub(crate) transactions: f64,
    /// Bytes of write-ahead log.
    pub(crate) logged: f64,
}

impl Cost {
    pub(crate) const UNKNOWN: Self =
        Self { server: f64::NAN, database: f64::NAN, client: f64::NAN, transactions: f64::NAN, logged: f64::NAN };
}

/// All runs of one contender, in the order they were made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) samples: Vec<Sample>,
}

impl Series {
    /// The median of one figure over the runs.
    pub(crate) fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(figure).collect())
    }

    /// The lowest and the highest of one figure over the runs.
    pub(crate) fn range(&self, figure: impl Fn(&Sample) -> f64) -> (f64, f64) {
        let figures: Vec<f64> = self.samples.iter().map(figure).collect();
        (figures.iter().copied().fold(f64::NAN, f64::min), figures.iter().copied().fold(f64::NAN, f64::max))
    }

    /// The median of this series' figure to the other's, round by round: what slows the machine down slows both.
    pub(crate) fn ratio_to(&self, other: &Self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.ratios_to(other, figure))
    }

    /// This series' figure to the other's, round by round.
    pub(crate) fn ratios_to(&self, other: &Self, figure: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let pairs = self.samples.iter().zip(&other.samples);
        pairs.map(|(own, others)| figure(own) / figure(others)).collect()
    }
}

/// Where the mean of what was measured lies with a probability of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// Student's t, two-sided, for 95 %, by degrees of freedom from 1 on.
    const STUDENT: [f64; 15] =
        [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131];

    /// The interval of the mean of these values; none of fewer than two.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let freedom = values.len().checked_sub(1).filter(|&freedom| freedom > 0)?;
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / freedom as f64;
        // For more than the table has, its last value is a little too large.
        let student = Self::STUDENT.get(freedom - 1).or(Self::STUDENT.last())?;
        let half = student * (variance / count).sqrt();
        Some(Self { low: mean - half, high: mean + half })
    }
}

/// The middle value, or the mean of the two in the middle; NaN of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[f64]) -> Series {
        let sample = |&per_second: &f64| Sample::new(1, per_second, Latency::mean_only(1.0));
        Series { name: "x".into(), samples: figures.iter().map(sample).collect() }
    }

    #[test]
    fn medians_and_ranges() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
        assert_eq!(series(&[3.0, 9.0, 5.0]).range(|it| it.per_second), (3.0, 9.0));
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine was ten times slower in the second round, for both.
        let (ours, theirs) = (series(&[200.0, 20.0, 210.0]), series(&[100.0, 10.0, 100.0]));
        assert_eq!(ours.ratio_to(&theirs, |it| it.per_second), 2.0);
    }

    #[test]
    fn intervals_hold_the_mean() {
        assert_eq!(Interval::of(&[1.0]), None);
        // Mean 2, standard deviation 1, three values: 2 ± 4.303 / √3.
        let interval = Interval::of(&[1.0, 2.0, 3.0]).unwrap();
        assert!((interval.low + 0.4843).abs() < 1e-3 && (interval.high - 4.4843).abs() < 1e-3, "{interval:?}");
        assert!(Interval::of(&[1.0; 40]).is_some_and(|it| it.low == 1.0 && it.high == 1.0));
    }

    #[test]
    fn microseconds_become_milliseconds() {
        let mut micros = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        for value in [1_000, 2_000, 3_000] {
            micros.record(value).unwrap();
        }
        let latency = Latency::from(&micros);
        assert!((latency.p50 - 2.0).abs() < 0.01 && (latency.max - 3.0).abs() < 0.01, "{latency:?}");
        assert!((latency.mean - 2.0).abs() < 0.01, "{latency:?}");
    }
}
