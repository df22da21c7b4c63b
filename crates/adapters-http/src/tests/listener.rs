//! The listeners themselves, over real sockets on the loopback interface.

use super::{stub, *};
use crate::{HttpOptions, Limits, Listen, Running, serve};
use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn start(stub: Stub, limits: Limits) -> Running {
    let any = || Listen::Address(SocketAddr::from(([127, 0, 0, 1], 0)));
    let options = HttpOptions {
        api: any(),
        ops: any(),
        tls: None,
        limits,
        workers: NonZeroUsize::new(1),
        trusted_proxies: Vec::new(),
    };
    serve(options, stub::outside(Arc::new(stub))).await.unwrap()
}

/// Sends `text` and reads until the server closes the connection.
async fn talk(to: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(key: &str, length: usize, rest: &str) -> String {
    format!(
        "POST /api/v1/affiliates HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{rest}\r\n"
    )
}

#[tokio::test]
async fn ops_and_draining() {
    let running = start(Stub::default(), Limits::default()).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let closing = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let metrics = talk(running.ops, &closing("/metrics")).await;
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.ends_with("up 1\n"), "{metrics}");
    assert!(talk(running.ops, &closing("/api/v1/settings")).await.contains("404"));
    assert!(talk(running.api, &closing("/metrics")).await.starts_with("HTTP/1.1 404"));
    let head = talk(running.api, "HEAD /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    running.drain();
    // Nobody asked for it: the server closes by itself, or this would never end.
    let last = talk(running.api, &get("/livez")).await;
    assert!(last.to_lowercase().contains("connection: close"), "{last}");
    assert!(talk(running.ops, &get("/readyz")).await.starts_with("HTTP/1.1 503"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn slow_bodies_and_slow_answers_end() {
    let limits = Limits {
        body_deadline: Duration::from_millis(150),
        answer_deadline: Duration::from_millis(150),
        ..Limits::default()
    };
    let running = start(Stub::slow(Duration::from_secs(60)), limits).await;
    let dripped = talk(running.api, &post(&Who::All.key(), 100, "\r\n{")).await;
    assert!(dripped.starts_with("HTTP/1.1 408") && dripped.contains("REQUEST_TIMEOUT"), "{dripped}");
    let path = "/api/v1/affiliates/aff_00000000000000000000000007";
    let key = Who::All.key();
    let slow = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n");
    let slow = talk(running.api, &slow).await;
    assert!(slow.starts_with("HTTP/1.1 503") && slow.contains("UNAVAILABLE"), "{slow}");
    let lower = slow.to_lowercase();
    assert!(
        lower.contains("retry-after: 1") && lower.contains("x-request-id: ") && lower.contains("ratelimit: "),
        "{slow}"
    );
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_request_does_not_keep_its_body_open() {
    let running = start(Stub::default(), Limits::default()).await;
    let refused = talk(running.api, &post("x", 100, "\r\n{")).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let large = talk(running.api, &post(&Who::All.key(), 1_000_000, "\r\n{")).await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    running.stop().await.unwrap();
}
