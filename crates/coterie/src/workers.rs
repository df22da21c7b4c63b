//! The loops that drive the workers, a task each.

use crate::settings::Workers;
use app::{App, Turn, Worker};
use metrics::{counter, gauge};
use ports::ErrorChain;
use std::{error::Error, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

/// How long a worker rests after a failure: the storage may be unreachable, and each attempt is logged.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long stopping waits for turns under way. What they leave undone is done by another node, or after the next
/// start.
const PATIENCE: Duration = Duration::from_secs(5);
/// The least rest of a worker, as a multiple of its last turn: looking for work that is not there costs the database at
/// most a tenth of one processor, however much there is to scan.
const REST_TO_WORK: u32 = 9;
/// The longest rest for that reason.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// The workers of this node.
pub(crate) struct Running {
    app: Arc<App>,
    stop: watch::Sender<bool>,
    loops: JoinSet<()>,
}

/// Starts the workers, if this node runs them.
pub(crate) fn start(app: &Arc<App>, settings: &Workers) -> Running {
    let (stop, stopped) = watch::channel(false);
    let mut loops = JoinSet::new();
    let all = if settings.enabled { Worker::ALL } else { &[] };
    for &worker in all {
        loops.spawn(work(Arc::clone(app), worker, settings.rest(worker.poll_interval()), stopped.clone()));
    }
    Running { app: Arc::clone(app), stop, loops }
}

impl Running {
    /// Stops the workers after the turns under way, and leaves their work to other nodes.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = timeout(PATIENCE, async { while self.loops.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!("stopped before the workers ended");
        }
        if let Err(error) = self.app.end_shifts().await {
            tracing::warn!(error = %ErrorChain(&error), "could not give the leases back; they end by themselves");
        }
    }
}

/// One worker: does what is to be done, rests, and so on until it is stopped.
async fn work(app: Arc<App>, worker: Worker, rest: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        let rest = turn(&app, worker, rest).await;
        // If the sender is dropped, nothing can stop the loop any more, so it ends as well.
        if timeout(rest, stopped.wait_for(|&stopped| stopped)).await.is_ok() {
            return;
        }
    }
}

/// One turn, in a task of its own, so that a bug in it ends the turn and not the worker; how long to rest after it.
async fn turn(app: &Arc<App>, worker: Worker, rest: Duration) -> Duration {
    let name = worker.name();
    let app = Arc::clone(app);
    let began = Instant::now();
    let failure: Box<dyn Error> = match tokio::spawn(async move { app.turn(worker).await }).await {
        Ok(Ok(done)) => return told(name, done, rest.max(rest_after(began.elapsed()))),
        Ok(Err(error)) => error.into(),
        Err(panicked) => panicked.into(),
    };
    counter!("coterie_worker_failures_total", "worker" => name).increment(1);
    tracing::warn!(worker = name, error = %ErrorChain(&*failure), "a worker's turn failed");
    AFTER_FAILURE.max(rest)
}

/// The least rest after a turn that took so long.
fn rest_after(took: Duration) -> Duration {
    (took * REST_TO_WORK).min(LONGEST_REST)
}

/// Reports a turn in metrics and log, and returns how long to rest.
fn told(name: &'static str, turn: Option<Turn>, rest: Duration) -> Duration {
    gauge!("coterie_worker_has_lease", "worker" => name).set(if turn.is_some() { 1.0 } else { 0.0 });
    let Some(Turn { done, lag, more }) = turn else { return rest };
    counter!("coterie_worker_turns_total", "worker" => name).increment(1);
    counter!("coterie_worker_done_total", "worker" => name).increment(done);
    gauge!("coterie_worker_lag_seconds", "worker" => name).set(lag.as_secs_f64());
    if done > 0 {
        let lag_millis = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(worker = name, done, lag_millis, "worked");
    }
    if more { Duration::ZERO } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::PollInterval;

    /// The rows of the table of workers in the operator's page: the worker's name, and how often it looks for work.
    fn documented() -> Vec<(&'static str, &'static str)> {
        let page = include_str!("../../../docs/operations.md");
        let section = page.split("\n## ").find(|section| section.starts_with("Workers\n")).unwrap();
        let cells = |row: &'static str| row.split('|').map(str::trim).collect::<Vec<_>>();
        let rows = section.lines().filter(|line| line.starts_with("| `")).map(cells);
        rows.map(|cells| (cells[1].trim_matches('`'), cells[3])).collect()
    }

    #[test]
    fn the_operators_page_lists_every_worker_and_its_pace() {
        let described = |worker: &Worker| {
            let setting = match worker.poll_interval() {
                PollInterval::Soon => "`workers.soon_millis`",
                PollInterval::Seldom => "`workers.seldom_seconds`",
            };
            (worker.name(), setting)
        };
        let listed = documented().into_iter().map(|(name, rest)| (name, rest.split(',').next().unwrap_or_default()));
        assert_eq!(listed.collect::<Vec<_>>(), Worker::ALL.iter().map(described).collect::<Vec<_>>());
    }
}
