//! `coterie serve`: start, say so, wait for a signal, drain, stop.

use crate::{
    address::reachable,
    database::{Database, Purpose},
    failure::Failure,
    files, print, secret_file,
    settings::{Server, ServerSecret, Settings, SettingsError},
    signals::StopSignals,
    telemetry, welcome,
    wiring::{self, Machine},
    workers,
};
use adapters_http::{Listen, Running};
use adapters_system::SecretKeys;
use app::App;
use listenfd::ListenFd;
use ports::{IdSource, Mailer};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long each step of the drain lasts.
const STEP: Duration = Duration::from_millis(500);

/// Serves until a signal says stop.
pub(crate) async fn run(settings: Settings) -> Result<(), Failure> {
    let mut stop = StopSignals::catch()?;
    files::raise_limit(settings.http.connections.size());
    // What the settings name is looked at before anything is made.
    let (api, ops) = sockets(settings.http.addr, settings.ops.addr)?;
    let inherited = matches!(api, Listen::Socket(_));
    let options = wiring::http_options(&settings.http, api, ops)?;
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let mailer = wiring::mailer(&settings.smtp)?;
    let metrics = telemetry::start_metrics()?;
    let machine = Machine::new();
    let database = Database::open(&settings.database, Purpose::Serving).await?;
    let keys = secret_keys(&settings.server, &database, machine.ids.as_ref())?;
    let app = wiring::app(&database, &machine, &settings.server)?;
    let app = app.with_share_ids(settings.groups.share_prefix.0.clone());
    let app = Arc::new(with_mailer(app, mailer));
    let outside = wiring::edge(Arc::clone(&app), machine, &keys, settings.clicks.beacon_per_minute, metrics);
    let server = adapters_http::serve(options, outside).await.map_err(server_failed)?;
    if matches!(database, Database::Embedded { .. }) {
        welcome::on_first_start(&app, &format!("{scheme}://{}", reachable(server.api))).await?;
    }
    print::result(&format!("listening http={scheme}://{} ops=http://{}", server.api, server.ops))?;
    let workers = workers::start(&app, &settings.workers);
    let ended = until_stopped(server, inherited, &mut stop).await;
    workers.stop().await;
    database.close().await;
    ended
}

/// Adds the mailer to the use cases, if one is configured, and logs once whether it is.
fn with_mailer(app: App, mailer: Option<Arc<dyn Mailer>>) -> App {
    if let Some(mailer) = mailer {
        tracing::info!("e-mails are sent");
        app.with_mailer(mailer)
    } else {
        tracing::info!("e-mails are not sent: smtp.host is not set");
        app
    }
}

/// Waits for a signal and drains; a second signal ends the waiting.
async fn until_stopped(mut server: Running, inherited: bool, stop: &mut StopSignals) -> Result<(), Failure> {
    let signal = tokio::select! {
        signal = stop.next() => signal,
        ended = server.ended() => return ended.map_err(server_failed),
    };
    tracing::info!(signal, "draining");
    tokio::select! {
        done = drain(server, inherited) => {
            tracing::info!("stopped");
            done
        }
        signal = stop.next() => {
            tracing::warn!(signal, "stopped before the requests under way were answered");
            Ok(())
        }
    }
}

/// Stops without losing a request (docs/operations.md): readiness turns 503, every response closes its connection, no
/// more connections are accepted, requests under way are finished. Connections wait at an inherited socket for the next
/// server. At a socket of our own they would be reset, so it accepts them until load balancers can have noticed.
async fn drain(server: Running, inherited: bool) -> Result<(), Failure> {
    server.drain();
    if !inherited {
        sleep(STEP).await;
    }
    server.pause().await;
    sleep(STEP).await;
    server.stop().await.map_err(server_failed)
}

/// The keys that come from the server's secret, which an embedded server makes for itself.
fn secret_keys(server: &Server, database: &Database, ids: &dyn IdSource) -> Result<SecretKeys, Failure> {
    let ServerSecret(secret) = match (&server.secret, database) {
        (Some(secret), _) => secret.clone(),
        (None, Database::Embedded { path, .. }) => secret_file::read_or_make(path, ids)?,
        (None, Database::Postgres(_)) => return Err(SettingsError::of("server.secret", "must be set").into()),
    };
    SecretKeys::new(&secret).map_err(|weak| SettingsError::of("server.secret", weak.to_string()).into())
}

/// The sockets that the service manager handed over, the API's first; for those it did not, the addresses.
fn sockets(api: SocketAddr, ops: SocketAddr) -> Result<(Listen, Listen), Failure> {
    let mut inherited = ListenFd::from_env();
    let mut listen = |index, address| -> io::Result<Listen> {
        Ok(inherited.take_tcp_listener(index)?.map_or(Listen::Address(address), Listen::Socket))
    };
    let api = listen(0, api).map_err(server_failed)?;
    let ops = listen(1, ops).map_err(server_failed)?;
    Ok((api, ops))
}

fn server_failed(cause: io::Error) -> Failure {
    Failure::Server(Box::new(cause))
}
