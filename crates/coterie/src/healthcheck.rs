//! `coterie healthcheck`: asks a running server whether it is ready, as a container's health check does.

use crate::address::reachable;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long the whole conversation may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the server is not known to be ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unhealthy {
    #[error("ops.addr must have a fixed port to be asked")]
    NoPort,
    #[error("nothing answers at {0}")]
    Unreachable(SocketAddr, #[source] io::Error),
    #[error("no answer from {0} within 5 s")]
    Slow(SocketAddr),
    #[error("not ready: {0}")]
    NotReady(String),
}

/// Asks `/readyz` of the ops listener.
pub(crate) async fn check(ops: SocketAddr) -> Result<(), Unhealthy> {
    if ops.port() == 0 {
        return Err(Unhealthy::NoPort);
    }
    let at = reachable(ops);
    let head = timeout(PATIENCE, ask(at)).await.map_err(|_| Unhealthy::Slow(at))?;
    let head = head.map_err(|cause| Unhealthy::Unreachable(at, cause))?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(Unhealthy::NotReady(status.to_owned())) }
}

/// The start of the answer, enough for its status line.
async fn ask(at: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(1_024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1_024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        at
    }

    #[tokio::test]
    async fn ready_is_ready_and_everything_else_is_not() {
        let ready = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert!(check(ready).await.is_ok());
        let draining = answering("HTTP/1.1 503 Service Unavailable\r\n\r\n").await;
        assert_eq!(check(draining).await.unwrap_err().to_string(), "not ready: HTTP/1.1 503 Service Unavailable");
        let silent = answering("").await;
        assert!(matches!(check(silent).await, Err(Unhealthy::NotReady(_))));
    }

    #[tokio::test]
    async fn nobody_there_is_not_ready() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(matches!(check(free).await, Err(Unhealthy::Unreachable(..))));
        let unfixed = check(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        assert!(matches!(unfixed, Err(Unhealthy::NoPort)));
    }
}
