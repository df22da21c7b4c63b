//! A listener: takes connections, with or without TLS, sets a watch on each, and hands it to the HTTP library.

use crate::{
    TlsIdentity,
    connection::{IsWatched, Patience, Watched},
};
use actix_http::{HttpService, Protocol, Request, Response, error::DispatchError};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{Error, body::MessageBody, dev::AppConfig};
use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// How many connections may wait to be taken.
const BACKLOG: u32 = 4_096;
/// How long a client may take to agree on a cipher.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// How long a client that still sends has to read the refusal before the connection is closed.
const LINGER: Duration = Duration::from_secs(1);

/// Where a listener gets its connections.
#[derive(Debug)]
pub enum Listen {
    /// It binds this address; port 0 takes a free one.
    Address(SocketAddr),
    /// A socket that already listens, such as one that was handed over by the service manager.
    Socket(TcpListener),
}

/// How a listener treats connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Threads that serve.
    pub(crate) workers: usize,
    /// The most connections at once, over all workers.
    pub(crate) connections: usize,
    /// How long a client may keep us waiting.
    pub(crate) patience: Patience,
}

/// Starts a listener on the current tokio runtime and returns its address.
pub(crate) fn start<F, I, S, B>(
    listen: Listen,
    tls: Option<&TlsIdentity>,
    terms: Terms,
    app: F,
) -> io::Result<(SocketAddr, Server)>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let Terms { workers, connections, patience } = terms;
    let socket = match listen {
        Listen::Address(address) => bind(address)
            .map_err(|cause| io::Error::new(cause.kind(), format!("cannot listen on {address}: {cause}")))?,
        Listen::Socket(socket) => socket,
    };
    let address = socket.local_addr()?;
    let server =
        Server::build().workers(workers).max_concurrent_connections(connections.div_ceil(workers)).disable_signals();
    let ending = server.graceful_shutdown_signal();
    let server = match tls.map(TlsIdentity::acceptor) {
        None => server.listen("http", socket, move || {
            let taken = move |stream: TcpStream| async move {
                let peer = stream.peer_addr().ok();
                Ok::<_, DispatchError>((Watched::new(stream, patience), Protocol::Http1, peer))
            };
            fn_service(taken).and_then(http(app(), patience, ending.clone()))
        })?,
        Some(acceptor) => server.listen("https", socket, move || {
            let acceptor = acceptor.clone();
            let taken = move |stream: TcpStream| {
                let (peer, acceptor) = (stream.peer_addr().ok(), acceptor.clone());
                async move {
                    let agreed = timeout(HANDSHAKE, acceptor.accept(Watched::new(stream, patience)));
                    let stream = agreed.await.map_err(|_| DispatchError::SlowRequestTimeout)??;
                    let protocol = match stream.get_ref().1.alpn_protocol() {
                        Some(b"h2") => Protocol::Http2,
                        _ => Protocol::Http1,
                    };
                    if protocol == Protocol::Http2 {
                        stream.watch().is_multiplexed();
                    }
                    Ok::<_, DispatchError>((stream, protocol, peer))
                }
            };
            fn_service(taken).and_then(http(app(), patience, ending.clone()))
        })?,
    };
    Ok((address, server.run()))
}

/// Serves HTTP on a stream, and gives its requests access to the watch of their connection.
fn http<T, I, S, B>(
    app: I,
    patience: Patience,
    ending: GracefulShutdownSignal,
) -> impl ServiceFactory<(T, Protocol, Option<SocketAddr>), Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: IsWatched + AsyncRead + AsyncWrite + Unpin + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response());
    HttpService::build()
        .keep_alive(patience.idle)
        .client_request_timeout(patience.head)
        .client_disconnect_timeout(LINGER)
        // Connections without a request end when the server stops.
        .graceful_shutdown_signal(move || {
            let ending = ending.clone();
            async move { ending.notified().await }
        })
        .on_connect_ext(|stream: &T, data| drop(data.insert(stream.watch())))
        .finish(map_config(app, |()| AppConfig::default()))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of a server that has just stopped must not keep the next one from listening on the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
