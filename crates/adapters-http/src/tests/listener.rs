//! The listeners themselves, over real sockets on the loopback interface.

use super::{stub, *};
use crate::{HttpOptions, Limits, Listen, Running, TlsIdentity, serve};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};
use testkit::Authority;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

async fn start(stub: Stub, limits: Limits) -> Running {
    start_with(stub, limits, None).await
}

async fn start_with(stub: Stub, limits: Limits, tls: Option<TlsIdentity>) -> Running {
    let any = || Listen::Address(SocketAddr::from(([127, 0, 0, 1], 0)));
    let options =
        HttpOptions { api: any(), ops: any(), tls, limits, workers: NonZeroUsize::new(1), trusted_proxies: Vec::new() };
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
    // The server closes the connection on its own; otherwise this would never end.
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

/// Sends `text` and, again and again, `drip`; what is answered until the server closes the connection.
async fn drip(to: SocketAddr, text: &str, drip: &'static str) -> String {
    let (mut reading, mut writing) = TcpStream::connect(to).await.unwrap().into_split();
    writing.write_all(text.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writing.write_all(drip.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = reading.read_to_end(&mut answer).await;
    dripping.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_drips_after_an_answer_ends() {
    let limits = Limits { header_deadline: Duration::from_secs(2), ..Limits::default() };
    let running = start(Stub::default(), limits).await;
    let get = "GET /livez HTTP/1.1\r\nhost: x\r\n";
    let later = drip(running.api, &format!("{get}\r\n{get}slow: "), "x").await;
    assert!(
        later.is_empty() || (later.starts_with("HTTP/1.1 200") && later.matches("HTTP/1.1").count() == 1),
        "{later}"
    );
    let chunked = "POST /api/v1/affiliates HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let unwanted = drip(running.api, chunked, "1\r\nx\r\n").await;
    assert!(unwanted.is_empty() || unwanted.starts_with("HTTP/1.1 401"), "{unwanted}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_takes_ends() {
    let limits = Limits { taking_deadline: Duration::from_millis(150), ..Limits::default() };
    let running = start(Stub::default(), limits).await;
    let mut stream = TcpStream::connect(running.api).await.unwrap();
    // More than the network holds.
    let asked = "GET /api/v1/openapi HTTP/1.1\r\nhost: x\r\n\r\n".repeat(64);
    stream.write_all(asked.as_bytes()).await.unwrap();
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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

/// A client's side of an encrypted connection, that offers to speak these protocols.
async fn encrypted(to: SocketAddr, authority: &Authority, offered: &[&str]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(to).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn with_a_certificate_it_speaks_https() {
    let authority = Authority::new();
    let (chain, key) = authority.issue();
    let tls = TlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let limits = Limits { header_deadline: Duration::from_secs(2), ..Limits::default() };
    let running = start_with(Stub::default(), limits, Some(tls)).await;
    for (offered, chosen) in [
        (&[][..], None),
        (&["http/1.1"], Some(&b"http/1.1"[..])),
        (&["http/1.1", "h2"], Some(b"h2")),
        (&["h2"], Some(b"h2")),
    ] {
        let mut stream = encrypted(running.api, &authority, offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
        let mut answer = Vec::new();
        if chosen == Some(b"h2") {
            // The preface and empty settings; the server's settings are the answer.
            stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
            answer.resize(9, 0);
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer.get(3), Some(&4), "{answer:?}");
            continue;
        }
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET /livez HTTP/1.1\r\nhost: ").await.unwrap();
        stream.write_all(b"x\r\nconnection: close\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    }
    let mut slow = encrypted(running.api, &authority, &[]).await;
    let mut answer = Vec::new();
    slow.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
    let _ = slow.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    running.stop().await.unwrap();
}
