//! The two listeners and how they start and stop.

use crate::{
    connection::Patience,
    edge::{Edge, Limits, Outside},
    errors::{ApiError, Code},
    listener::{self, Listen, Terms},
    name::BODY,
    observe::{observe, unmatched},
    openapi::document,
    paths::{BASE, DOCUMENT, Routes},
    routes::{register, register_ops, serve_metrics},
    tls::TlsIdentity,
};
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, FormConfig, JsonConfig, PathConfig, QueryConfig, ServiceConfig},
};
use domain::FieldError;
use ipnet::IpNet;
use std::{io, net::SocketAddr, num::NonZeroUsize, time::Duration};
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// How long an idle connection is kept: longer than clients and proxies keep theirs (60 s is common), so that they
/// close it, and no request is sent into a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How the server listens.
#[derive(Debug)]
pub struct HttpOptions {
    /// The API.
    pub api: Listen,
    /// Probes and metrics, for operators only.
    pub ops: Listen,
    /// Speaks TLS on the API's listener.
    pub tls: Option<TlsIdentity>,
    /// What a request may cost.
    pub limits: Limits,
    /// Threads that serve the API; one for each processor if absent.
    pub workers: Option<NonZeroUsize>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    pub trusted_proxies: Vec<IpNet>,
}

/// A server that listens.
pub struct Running {
    /// The API's address.
    pub api: SocketAddr,
    /// The ops listener's address.
    pub ops: SocketAddr,
    edge: Data<Edge>,
    handles: [ServerHandle; 2],
    tasks: [JoinHandle<io::Result<()>>; 2],
}

/// Starts both listeners on the present tokio runtime.
pub async fn serve(options: HttpOptions, outside: Outside) -> io::Result<Running> {
    let HttpOptions { api, ops, tls, limits, workers, trusted_proxies } = options;
    let edge = Data::new(Edge::new(outside, limits.clone(), trusted_proxies, tls.is_some(), &document()));
    let patience = Patience { head: limits.header_deadline, idle: KEEP_ALIVE, taking: limits.taking_deadline };
    let workers = workers.map_or_else(processors, NonZeroUsize::get);
    let terms = Terms { workers, connections: limits.connections, patience };
    let shared = edge.clone();
    let (api, main) = listener::start(api, tls.as_ref(), terms, move || api_app(shared.clone()))?;
    let shared = edge.clone();
    let terms = Terms { workers: 1, ..terms };
    let (ops, operators) = listener::start(ops, None, terms, move || ops_app(shared.clone()))?;
    let handles = [main.handle(), operators.handle()];
    let tasks = [tokio::spawn(main), tokio::spawn(operators)];
    Ok(Running { api, ops, edge, handles, tasks })
}

impl Running {
    /// Makes the server not ready; from now on every response closes its connection.
    pub fn drain(&self) {
        self.edge.drain();
    }

    /// From now on the API takes no more connections: they wait at the socket, for the next server if it was handed over
    /// by the service manager. Stopping at once would reset those that were taken in the last moment.
    pub async fn pause(&self) {
        let [api, _ops] = &self.handles;
        api.pause().await;
    }

    /// Takes no more connections and returns when the requests under way are answered, or after 30 seconds. Operators
    /// are served until the API has ended.
    pub async fn stop(self) -> io::Result<()> {
        for handle in &self.handles {
            handle.stop(true).await;
        }
        for task in self.tasks {
            task.await.map_err(io::Error::other)??;
        }
        Ok(())
    }

    /// Returns when a listener has ended without being stopped, which is always a failure.
    pub async fn ended(&mut self) -> io::Result<()> {
        let [api, ops] = &mut self.tasks;
        let ended = tokio::select! {
            ended = api => ended,
            ended = ops => ended,
        };
        ended.map_err(io::Error::other)?
    }
}

/// What the API's listener serves.
pub(crate) fn api_app(
    edge: Data<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let routes = edge.routes.clone();
    // The pages that show the document come first: the scope of the API would take their paths. They have one of their
    // own, so that other requests are not held against their pattern.
    let app = App::new()
        .app_data(edge)
        .app_data(routes)
        .configure(common)
        .service(web::redirect(format!("{BASE}/docs"), format!("{BASE}/docs/")).permanent())
        .service(
            web::scope(&format!("{BASE}/docs")).service(SwaggerUi::new("/{tail:.*}").config(Config::new([DOCUMENT]))),
        )
        .default_service(web::to(unmatched))
        .wrap(from_fn(observe));
    app.into_utoipa_app().configure(register).split_for_parts().0
}

/// What the ops listener serves.
fn ops_app(
    edge: Data<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let routes = Data::new(Routes::readable(&["/livez", "/readyz", "/metrics"]));
    let app = App::new()
        .app_data(edge)
        .app_data(routes)
        .configure(common)
        .route("/metrics", web::get().to(serve_metrics))
        .default_service(web::to(unmatched))
        .wrap(from_fn(observe));
    app.into_utoipa_app().configure(register_ops).split_for_parts().0
}

/// Configures both listeners alike: the format of the library's own errors. The operations read queries, paths and
/// bodies themselves; this covers operations that use the library's extractors.
fn common(config: &mut ServiceConfig) {
    let unreadable = |field: &'static str| ApiError::from(FieldError::new(field, "cannot be read"));
    config
        .app_data(PathConfig::default().error_handler(|_, _| ApiError::new(Code::NotFound).into()))
        .app_data(QueryConfig::default().error_handler(move |_, _| unreadable("query").into()))
        .app_data(FormConfig::default().error_handler(move |_, _| unreadable(BODY).into()))
        .app_data(JsonConfig::default().error_handler(move |_, _| unreadable(BODY).into()));
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
