//! What requests cost: processor time by process, write transactions, write-ahead log.

use crate::sample::Cost;
use pgkit::Cluster;
use std::io;

/// The kernel counts processor time for `/proc` in hundredths of a second, whatever its own tick.
const MICROS_PER_TICK: f64 = 10_000.0;

/// Counters that only grow, as they stood at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    server: f64,
    database: f64,
    /// Ours, and of the programs we ran and waited for: whichever of both is the load generator.
    client: f64,
    transactions: f64,
    logged: f64,
}

impl Reading {
    /// Reads the counters of the server with this process id, of its database and of ourselves.
    pub(crate) fn take(server: u32, cluster: Option<&Cluster>) -> io::Result<Self> {
        let (mut database, mut transactions, mut logged) = (f64::NAN, f64::NAN, f64::NAN);
        if let Some(cluster) = cluster {
            database = with_children(cluster.pid()?)?;
            let counters = "SELECT pg_snapshot_xmax(pg_current_snapshot()), pg_current_wal_insert_lsn() - '0/0'";
            let text = cluster.psql("postgres", counters)?;
            let both = text.split_once('|').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
            (transactions, logged) = both.ok_or_else(|| io::Error::other(format!("no counters in {text:?}")))?;
        }
        let server = Process::of(&std::fs::read_to_string(format!("/proc/{server}/stat"))?)?.own;
        let ourselves = Process::of(&std::fs::read_to_string("/proc/self/stat")?)?;
        Ok(Self { server, database, client: ourselves.own + ourselves.ended_children, transactions, logged })
    }

    /// What each of `requests` took since `earlier`.
    pub(crate) fn since(&self, earlier: &Self, requests: u64) -> Cost {
        let each = |counter: fn(&Self) -> f64| (counter(self) - counter(earlier)) / requests as f64;
        Cost {
            server: each(|it| it.server),
            database: each(|it| it.database),
            client: each(|it| it.client),
            transactions: each(|it| it.transactions),
            logged: each(|it| it.logged),
        }
    }
}

/// A line of `/proc/<pid>/stat`.
struct Process {
    parent: i32,
    /// Microseconds.
    own: f64,
    /// Of children that have ended and were waited for.
    ended_children: f64,
}

impl Process {
    fn of(stat: &str) -> io::Result<Self> {
        // The name, in parentheses, may hold anything, so count from its end: state, parent, …
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
        let read = || {
            let parent = fields.get(1)?.parse().ok()?;
            let own = (ticks(11)? + ticks(12)?) * MICROS_PER_TICK;
            Some(Self { parent, own, ended_children: (ticks(13)? + ticks(14)?) * MICROS_PER_TICK })
        };
        read().ok_or_else(|| io::Error::other(format!("no counters in /proc: {stat:?}")))
    }
}

/// Processor time of a process and its children, those that ended included.
fn with_children(parent: i32) -> io::Result<f64> {
    let process = Process::of(&std::fs::read_to_string(format!("/proc/{parent}/stat"))?)?;
    let mut sum = process.own + process.ended_children;
    for entry in std::fs::read_dir("/proc")? {
        // Not every entry is a process, and processes come and go meanwhile.
        let Ok(stat) = std::fs::read_to_string(entry?.path().join("stat")) else { continue };
        sum += Process::of(&stat).ok().filter(|child| child.parent == parent).map_or(0.0, |child| child.own);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_process_whatever_its_name() {
        let stat = "7 (a) b (c) S 3 7 7 0 -1 4 1 2 3 4 150 50 20 10 20 0 1 0 99 1 2";
        let process = Process::of(stat).unwrap();
        assert_eq!((process.parent, process.own, process.ended_children), (3, 2_000_000.0, 300_000.0));
        assert!(Process::of("7 (cut").is_err());
    }

    #[test]
    fn costs_are_shared_among_the_requests() {
        let at = |value| Reading { server: value, database: value, client: value, transactions: value, logged: value };
        let cost = at(30.0).since(&at(10.0), 4);
        assert_eq!((cost.server, cost.transactions), (5.0, 5.0));
    }

    #[test]
    fn sees_the_children_of_a_process() {
        let ourselves = i32::try_from(std::process::id()).unwrap();
        assert!(with_children(ourselves).unwrap() >= 0.0);
        Reading::take(std::process::id(), None).unwrap();
    }
}
