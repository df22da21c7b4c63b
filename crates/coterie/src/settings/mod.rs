//! What can be configured. `config/default.toml` says what each setting is for.

mod layers;
mod smtp;
mod value;

pub(crate) use layers::{Environment, SettingsError, load};
pub(crate) use smtp::{MailRoute, Smtp};
pub(crate) use value::{DatabaseUrl, KeyPrefix, LogFormat, LogLevel, PerMinute, ServerSecret, SharePrefix, Whole};

use app::{KeyPolicy, PollInterval};
use domain::{KeyFormat, Pepper};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use value::{list, maybe, one};

/// All settings, valid each and together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) http: Http,
    pub(crate) ops: Ops,
    pub(crate) database: Database,
    pub(crate) log: Log,
    pub(crate) workers: Workers,
    pub(crate) clicks: Clicks,
    pub(crate) groups: Groups,
    pub(crate) smtp: Smtp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Server {
    #[serde(deserialize_with = "maybe")]
    pub(crate) secret: Option<ServerSecret>,
    #[serde(deserialize_with = "maybe")]
    pub(crate) pepper: Option<SecretString>,
    #[serde(deserialize_with = "list")]
    pub(crate) earlier_peppers: Vec<SecretString>,
    #[serde(deserialize_with = "one")]
    pub(crate) key_prefix: KeyPrefix,
    #[serde(deserialize_with = "list")]
    pub(crate) earlier_key_prefixes: Vec<KeyPrefix>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Http {
    #[serde(deserialize_with = "one")]
    pub(crate) addr: SocketAddr,
    #[serde(deserialize_with = "maybe")]
    tls_cert: Option<PathBuf>,
    #[serde(deserialize_with = "maybe")]
    tls_key: Option<PathBuf>,
    #[serde(deserialize_with = "one")]
    pub(crate) workers: Whole<0, 1_024>,
    #[serde(deserialize_with = "one")]
    pub(crate) connections: Whole<1, 1_000_000>,
    #[serde(deserialize_with = "one")]
    pub(crate) body_bytes: Whole<1_024, 16_777_216>,
    #[serde(deserialize_with = "one")]
    pub(crate) batch_bytes: Whole<1_024, 16_777_216>,
    #[serde(deserialize_with = "one")]
    header_seconds: Whole<1, 3_600>,
    #[serde(deserialize_with = "one")]
    body_seconds: Whole<1, 3_600>,
    #[serde(deserialize_with = "one")]
    answer_seconds: Whole<1, 3_600>,
    #[serde(deserialize_with = "list")]
    pub(crate) trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Ops {
    #[serde(deserialize_with = "one")]
    pub(crate) addr: SocketAddr,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Database {
    #[serde(deserialize_with = "one")]
    pub(crate) url: DatabaseUrl,
    #[serde(deserialize_with = "one")]
    pub(crate) migrate_on_start: bool,
    #[serde(deserialize_with = "one")]
    pub(crate) connections: Whole<1, 256>,
    #[serde(deserialize_with = "one")]
    pub(crate) committers: Whole<1, 32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Log {
    #[serde(deserialize_with = "one")]
    pub(crate) format: LogFormat,
    #[serde(deserialize_with = "one")]
    pub(crate) level: LogLevel,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Workers {
    #[serde(deserialize_with = "one")]
    pub(crate) enabled: bool,
    #[serde(deserialize_with = "one")]
    soon_millis: Whole<50, 10_000>,
    #[serde(deserialize_with = "one")]
    seldom_seconds: Whole<1, 3_600>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Clicks {
    #[serde(deserialize_with = "one")]
    pub(crate) beacon_per_minute: PerMinute,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a section of settings")]
pub(crate) struct Groups {
    #[serde(deserialize_with = "one")]
    pub(crate) share_prefix: SharePrefix,
}

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Settings {
    /// What only shows when settings are seen together: the key, and what was expected.
    fn clash(&self) -> Option<(&'static str, &'static str)> {
        match (&self.http.tls_cert, &self.http.tls_key) {
            (Some(_), None) => return Some(("http.tls_key", "must be set where http.tls_cert is")),
            (None, Some(_)) => return Some(("http.tls_cert", "must be set where http.tls_key is")),
            _ => {}
        }
        match (&self.database.url, &self.server.secret) {
            (DatabaseUrl::Postgres(_), None) => Some(("server.secret", "must be set where PostgreSQL is used")),
            _ => self.smtp.clash(),
        }
    }
}

impl Server {
    /// What keys look like and how they are hashed.
    pub(crate) fn key_policy(&self) -> Result<KeyPolicy, SettingsError> {
        let earlier: Vec<String> = self.earlier_key_prefixes.iter().map(|prefix| prefix.0.clone()).collect();
        let format = KeyFormat::new(&self.key_prefix.0, &earlier)
            .map_err(|expected| SettingsError::of("server.key_prefix", expected))?;
        let pepper = self.pepper.clone().map(Pepper::new);
        // Keys that were made before there was a pepper stay valid.
        let none = pepper.is_some().then_some(None);
        let earlier_peppers = self.earlier_peppers.iter().cloned().map(Pepper::new).map(Some).chain(none).collect();
        Ok(KeyPolicy { format, pepper, earlier_peppers })
    }
}

impl Workers {
    /// How long a worker rests before it looks for work again.
    pub(crate) fn rest(&self, interval: PollInterval) -> Duration {
        match interval {
            PollInterval::Soon => Duration::from_millis(self.soon_millis.get().into()),
            PollInterval::Seldom => Duration::from_secs(self.seldom_seconds.get().into()),
        }
    }
}

impl Http {
    /// Certificate and key, if the API speaks HTTPS.
    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        let (cert, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(TlsFiles { cert, key })
    }

    /// How long a client may take to send its headers.
    pub(crate) fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_seconds.get().into())
    }

    /// How long a client may take to send a whole request.
    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_seconds.get().into())
    }

    /// How long the server may take to answer.
    pub(crate) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds.get().into())
    }
}

#[cfg(test)]
mod tests;
