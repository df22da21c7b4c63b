//! Which adapter serves which port. The only place that names them all, save the storage (`database`).

use crate::{
    database::Database,
    failure::Failure,
    settings::{self, MailRoute, PerMinute, SettingsError, TlsFiles},
};
use adapters_http::{CursorKey, HttpOptions, JsonRenderer, Limits, Listen, TlsError, TlsIdentity, Visitors};
use adapters_smtp::{SmtpError, SmtpMailer, SmtpOptions};
use adapters_system::{AddressRateLimiter, KeyedRateLimiter, SecretKeys, SystemClock, SystemIds};
use app::App;
use ports::Mailer;
use secrecy::ExposeSecret;
use std::{fs, num::NonZeroUsize, path::Path, sync::Arc};

/// The machine's services that all parts share.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) clock: Arc<SystemClock>,
    pub(crate) ids: Arc<SystemIds>,
}

impl Machine {
    /// Once in a process: ids are in order only if they come from one source.
    pub(crate) fn new() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds::new()) }
    }
}

/// The use cases over a database.
pub(crate) fn app(database: &Database, machine: &Machine, server: &settings::Server) -> Result<App, Failure> {
    let Machine { clock, ids } = machine.clone();
    let outside = app::Dependencies {
        journal: database.storage(),
        storage: database.storage(),
        clock,
        ids,
        renderer: Arc::new(JsonRenderer),
        redactor: Arc::new(JsonRenderer),
        limiter: Arc::new(KeyedRateLimiter::new()),
    };
    Ok(App::new(outside, server.key_policy()?))
}

/// What the API needs from outside.
pub(crate) fn edge(
    app: Arc<App>,
    machine: Machine,
    keys: &SecretKeys,
    beacons: PerMinute,
    metrics: impl Fn() -> String + Send + Sync + 'static,
) -> adapters_http::Outside {
    let Machine { clock, ids } = machine;
    let hasher = keys.addresses();
    let limiter = AddressRateLimiter::default();
    let visitors = Visitors {
        hash: Arc::new(move |address, at| hasher.hash(address, at)),
        count_beacon: Arc::new(move |address| limiter.count(address, beacons.get())),
    };
    let cursor_key = CursorKey::new(*keys.cursor().expose_secret());
    adapters_http::Outside { app, clock, ids, cursor_key, visitors, metrics: Arc::new(metrics) }
}

/// How the API listens.
pub(crate) fn http_options(http: &settings::Http, api: Listen, ops: Listen) -> Result<HttpOptions, SettingsError> {
    let limits = Limits {
        body_bytes: http.body_bytes.size(),
        batch_bytes: http.batch_bytes.size(),
        body_deadline: http.body_time(),
        answer_deadline: http.answer_time(),
        header_deadline: http.header_time(),
        connections: http.connections.size(),
        ..Limits::default()
    };
    let tls = tls_identity(http)?;
    let workers = NonZeroUsize::new(http.workers.size());
    Ok(HttpOptions { api, ops, tls, limits, workers, trusted_proxies: http.trusted_proxies.clone() })
}

/// The certificate and its key, read from their files, if the API speaks HTTPS.
pub(crate) fn tls_identity(http: &settings::Http) -> Result<Option<TlsIdentity>, SettingsError> {
    let Some(TlsFiles { cert, key }) = http.tls() else { return Ok(None) };
    let read = |name: &str, path: &Path| {
        fs::read(path).map_err(|error| SettingsError::of(name, format!("must name a readable PEM file: {error}")))
    };
    let (chain, key) = (read("http.tls_cert", &cert)?, read("http.tls_key", &key)?);
    TlsIdentity::from_pem(&chain, &key).map(Some).map_err(|error| {
        let name = match error {
            TlsError::Chain => "http.tls_cert",
            TlsError::Key | TlsError::Mismatch(_) => "http.tls_key",
        };
        SettingsError::of(name, ports::ErrorChain(&error).to_string())
    })
}

/// Builds the mailer, if a mail server is configured.
pub(crate) fn mailer(smtp: &settings::Smtp) -> Result<Option<Arc<dyn Mailer>>, SettingsError> {
    let Some(MailRoute { host, port, security, ca_file, login, from, timeout }) = smtp.route() else { return Ok(None) };
    let unreadable = |error| SettingsError::of("smtp.ca_file", format!("must name a readable PEM file: {error}"));
    let authorities = ca_file.map(fs::read).transpose().map_err(unreadable)?;
    let options = SmtpOptions { host, port, security, login, from, timeout, authorities };
    let mailer = SmtpMailer::new(options).map_err(|error| {
        let name = match error {
            SmtpError::Authorities => "smtp.ca_file",
            SmtpError::Host(_) => "smtp.host",
        };
        SettingsError::of(name, error.to_string())
    })?;
    Ok(Some(Arc::new(mailer)))
}
