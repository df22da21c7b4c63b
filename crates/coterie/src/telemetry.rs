//! Logs and metrics.

use crate::settings::{Log, LogFormat};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{io, time::Duration};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How often the recorder folds in what it has collected.
const UPKEEP: Duration = Duration::from_secs(5);

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
    let handle: PrometheusHandle = PrometheusBuilder::new().install_recorder()?;
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
