//! The baseline: PostgreSQL's own load generator running the same SQL.

use crate::sample::{Latency, Sample};
use pgkit::Cluster;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A script and how it is run.
#[derive(Debug, Clone)]
pub(crate) struct Pgbench {
    pub(crate) database: String,
    pub(crate) script: PathBuf,
    /// Whether the script records or places something: the server does that on connections of another kind.
    pub(crate) writes: bool,
    /// Values for the script's `:name`. One that is missing is NULL: pgbench does not complain.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) clients: usize,
    pub(crate) threads: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Pgbench {
    /// Runs the script unmeasured, then measured, with prepared statements.
    ///
    /// # Errors
    /// pgbench fails, prints no figures, or some transactions failed.
    pub(crate) fn run(&self, cluster: &Cluster) -> io::Result<Sample> {
        // With many clients connecting may take all of the warm-up: then it has no figures, which nobody wants of it.
        let warm_up = if self.warm_up.is_zero() { String::new() } else { self.printed(cluster, self.warm_up)? };
        let warmed = figures(&warm_up).map_or(0, |sample| sample.requests);
        let mut sample = figures(&self.printed(cluster, self.measured)?)?;
        sample.requests += warmed;
        Ok(sample)
    }

    fn printed(&self, cluster: &Cluster, span: Duration) -> io::Result<String> {
        let mut command = cluster.command("pgbench");
        // As the server's own connections; with the defaults pgbench would plan worse while tables are small, and what takes
        // arrays more often.
        let plans = if self.writes { " -c plan_cache_mode=force_generic_plan" } else { "" };
        command.env("PGOPTIONS", format!("-c jit=off -c enable_seqscan=off{plans}"));
        command.args(["--no-vacuum", "--protocol=prepared"]).arg("--file").arg(&self.script);
        command.arg(format!("--client={}", self.clients));
        command.arg(format!("--jobs={}", self.threads.min(self.clients)));
        command.arg(format!("--time={}", span.as_secs().max(1)));
        command.arg(format!("--define=run={}", next_run()));
        for (name, value) in &self.variables {
            command.arg(format!("--define={name}={value}"));
        }
        let done = command.arg(&self.database).output()?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        Err(io::Error::other(format!("pgbench failed: {}", String::from_utf8_lossy(&done.stderr).trim())))
    }
}

/// A number of four digits for each run of this process, for scripts whose keys must never come twice: `:run`.
fn next_run() -> u64 {
    static RUNS: AtomicU64 = AtomicU64::new(1_000);
    RUNS.fetch_add(1, Ordering::Relaxed)
}

/// Reads what pgbench prints at the end.
fn figures(printed: &str) -> io::Result<Sample> {
    let word = |start: &str| -> Option<&str> {
        let rest = printed.lines().find_map(|line| line.strip_prefix(start))?;
        rest.split_whitespace().next()
    };
    let number = |start: &str| word(start)?.parse::<f64>().ok();
    if number("number of failed transactions: ").is_some_and(|failed| failed > 0.0) {
        return Err(io::Error::other(format!("some of pgbench's transactions failed:\n{printed}")));
    }
    let done = word("number of transactions actually processed: ").and_then(|done| done.parse().ok());
    match (done, number("tps = "), number("latency average = ")) {
        (Some(done), Some(per_second), Some(mean)) => Ok(Sample::new(done, per_second, Latency::mean_only(mean))),
        _ => Err(io::Error::other(format!("pgbench printed no figures:\n{printed}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "transaction type: insert.sql\nnumber of clients: 4\nnumber of transactions actually processed: 97087\nnumber of failed transactions: 0 (0.000%)\n\
                           latency average = 0.412 ms\ntps = 9708.737 (without initial connection time)\n";

    #[test]
    fn reads_the_figures() {
        let sample = figures(PRINTED).unwrap();
        assert_eq!((sample.requests, sample.per_second, sample.latency.mean), (97_087, 9708.737, 0.412));
    }

    #[test]
    fn failed_transactions_are_no_figures() {
        assert!(figures(&PRINTED.replace("transactions: 0", "transactions: 3")).is_err());
        assert!(figures("pgbench (15.4)\n").is_err());
    }

    #[test]
    fn runs_a_script() {
        let cluster = pgkit::shared().unwrap();
        let mut script = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut script, b"SELECT :wanted + 1;\n").unwrap();
        let bench = Pgbench {
            database: "postgres".into(),
            script: script.path().into(),
            writes: false,
            variables: vec![("wanted".into(), "41".into())],
            clients: 2,
            threads: 4,
            warm_up: Duration::ZERO,
            measured: Duration::from_secs(1),
        };
        assert!(bench.run(cluster).unwrap().per_second > 0.0);

        let nonsense = Pgbench { variables: vec![("wanted".into(), "'a'".into())], ..bench.clone() };
        assert!(nonsense.run(cluster).is_err(), "a script whose statements fail gives figures");
        let nowhere = Pgbench { database: "nowhere".into(), ..bench };
        assert!(nowhere.run(cluster).is_err());
    }
}
