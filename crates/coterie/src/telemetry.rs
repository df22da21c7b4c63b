//! Logs and metrics.

use crate::settings::{Log, LogFormat};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{io, time::Duration};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How often the recorder folds in what it has collected.
const UPKEEP: Duration = Duration::from_secs(5);

/// The upper bounds, in seconds, between which times are counted: what several nodes count can be summed, and quantiles
/// be had from the sums, which is not so with quantiles of each node.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Sends logs to stderr. Once in a process; further calls change nothing.
pub(crate) fn start_logs(log: &Log) {
    let Log { format, level } = log;
    // Read once already, when the settings were.
    let filter: Targets = level.0.parse().unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(false);
    let _already_started = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Pretty => registry.with(lines).try_init(),
    };
}

/// Collects metrics; the closure renders them for Prometheus. Needs the runtime, and once in a process.
pub(crate) fn start_metrics() -> Result<impl Fn() -> String + Send + Sync + 'static, BuildError> {
    let times = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(times, &BUCKETS)?;
    let handle: PrometheusHandle = builder.install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(move || handle.render())
}
