//! Why a command ends without having done what was asked.

use crate::{healthcheck::Unhealthy, secret_file::SecretFileError, settings::SettingsError};
use app::AppError;
use domain::Refusal;
use metrics_exporter_prometheus::BuildError;
use std::{error::Error, io};

type Source = Box<dyn Error + Send + Sync>;

/// Why a command failed, with its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The embedded server's secret is unusable.
    #[error("the server's secret")]
    Secret(#[from] SecretFileError),
    /// The database cannot be opened or brought up to date.
    #[error("the database")]
    Database(#[source] Source),
    /// The database is not up to date, and this command must not change that.
    #[error("the database is not up to date ({} pending: {}); run `coterie migrate`", .0.len(), .0.join(", "))]
    Pending(Vec<String>),
    /// The rules say no.
    #[error("{}", in_words(.0))]
    Refused(Refusal),
    /// A use case could not be done.
    #[error(transparent)]
    Undone(AppError),
    /// The storage contradicts itself.
    #[error("{0} differences found")]
    Differences(usize),
    /// The server does not answer as a healthy one does.
    #[error(transparent)]
    Unhealthy(#[from] Unhealthy),
    /// The server cannot start, or stopped unexpectedly.
    #[error("the server")]
    Server(#[source] Source),
    /// Metrics cannot be collected.
    #[error("metrics")]
    Metrics(#[from] BuildError),
    /// Standard output is closed.
    #[error("standard output")]
    Output(#[from] io::Error),
    /// A result has no JSON.
    #[error("the result has no JSON")]
    Json(#[source] serde_json::Error),
}

impl Failure {
    /// The exit code: 78 is EX_CONFIG of sysexits, for what the operator must set right first.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Secret(_) => 78,
            _ => 1,
        }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => Self::Refused(refusal),
            other => Self::Undone(other),
        }
    }
}

/// A refusal with all its faults.
fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Invalid(faults) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FieldError;
    use ports::ErrorChain;

    #[test]
    fn each_failure_is_said_once_with_all_its_causes() {
        let faults = vec![FieldError::new("name", "must be short"), FieldError::new("plan", "must be paid")];
        let database = io::Error::other(ErrorChain(&io::Error::other("refused")).to_string());
        for (failure, said, code) in [
            (Failure::from(SettingsError::of("http.addr", "must be one")), "http.addr: must be one", 78),
            (AppError::from(Refusal::Invalid(faults)).into(), "name must be short; plan must be paid", 1),
            (AppError::from(Refusal::NotFound).into(), "there is no such object", 1),
            (AppError::ApiPlan.into(), "API access requires the Growth plan or above.", 1),
            (Failure::Database(Box::new(database)), "the database: refused", 1),
            (Unhealthy::NoPort.into(), "ops.addr must have a fixed port to be asked", 1),
            (
                Failure::Pending(vec!["0001".into(), "0002".into()]),
                "the database is not up to date (2 pending: 0001, 0002); run `coterie migrate`",
                1,
            ),
        ] {
            assert_eq!((ErrorChain(&failure).to_string().as_str(), failure.exit_code()), (said, code));
        }
    }
}
