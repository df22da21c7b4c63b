//! Slow clients: some drip headers, others a body or unexpected bytes, others do not read responses. They do not affect
//! other clients, and all of them are disconnected.
//!
//! `COTERIE_SLOW_CLIENTS=2000 cargo test --test slow -- --nocapture` sets their number, and prints how long each kind
//! stayed and how the other clients fared.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "support/mod.rs"]
mod support;

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use std::{
    collections::BTreeMap,
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};
use support::{Shop, Storage};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpSocket,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
    time::{sleep, timeout},
};

/// The default number of clients.
const CLIENTS: usize = 400;
/// When each must be disconnected (docs/operations.md).
const PROMISE: Duration = Duration::from_secs(15);
/// What a busy machine may add.
const ALLOWANCE: Duration = Duration::from_secs(15);
/// Fewer files than there are clients: what a shell hands out, and the server must not be content with.
const FILES: u64 = 200;

/// What a slow client sends at first, and then, again and again.
#[derive(Clone)]
struct Slow {
    kind: &'static str,
    begins: String,
    drips: &'static [u8],
    /// The last response; `None` for a client that does not read.
    told: Option<&'static str>,
}

/// How a slow client was got rid of.
struct Gone {
    kind: &'static str,
    after: Duration,
}

impl Slow {
    /// The `n`th of many.
    fn new(n: usize, key: &str) -> Self {
        match n {
            // Each of them has its share of the network's memory: a few are enough.
            n if n % 20 == 19 => Self::taking(),
            n if n % 4 == 0 => Self::headers(),
            n if n % 4 == 1 => Self::body(key),
            n if n % 4 == 2 => Self::later_headers(),
            _ => Self::unwanted_body(),
        }
    }

    fn headers() -> Self {
        let begins = "POST /api/v1/events HTTP/1.1\r\nHost: coterie\r\nX-Slow: ".to_owned();
        Self { kind: "headers", begins, drips: b"x", told: Some("408") }
    }

    /// Behind a request that was quick enough.
    fn later_headers() -> Self {
        let request = "GET /livez HTTP/1.1\r\nHost: coterie\r\n";
        Self {
            kind: "later headers",
            begins: format!("{request}\r\n{request}X-Slow: "),
            drips: b"x",
            told: Some("200"),
        }
    }

    fn body(key: &str) -> Self {
        let head = "Content-Type: application/json\r\nContent-Length: 10000";
        let begins =
            format!("POST /api/v1/events HTTP/1.1\r\nHost: coterie\r\nAuthorization: Bearer {key}\r\n{head}\r\n\r\n{{");
        Self { kind: "body", begins, drips: b" ", told: Some("408") }
    }

    /// Of a request that is refused before its body matters.
    fn unwanted_body() -> Self {
        let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
        let begins = format!("POST /api/v1/events HTTP/1.1\r\nHost: coterie\r\n{head}\r\n\r\n");
        Self { kind: "unwanted body", begins, drips: b"1\r\nx\r\n", told: Some("401") }
    }

    /// Asks for more than the network holds.
    fn taking() -> Self {
        let begins = "GET /api/v1/openapi HTTP/1.1\r\nHost: coterie\r\n\r\n".repeat(16);
        Self { kind: "taking", begins, drips: b"x", told: None }
    }

    /// Connects, drips until the server disconnects, and reports the outcome.
    async fn run(self, place: SocketAddr) -> Gone {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(place).await.unwrap();
        let began = now();
        stream.write_all(self.begins.as_bytes()).await.unwrap();
        let (reading, writing) = stream.into_split();
        timeout(PROMISE + ALLOWANCE, self.stay(reading, writing)).await.expect("it may stay for ever");
        Gone { kind: self.kind, after: began.elapsed() }
    }

    /// Returns when the server has enough. However it ends: a reset is an end as well.
    async fn stay(&self, mut reading: OwnedReadHalf, mut writing: OwnedWriteHalf) {
        let dripping = async {
            while writing.write_all(self.drips).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let Some(told) = self.told else {
            // What lies unread hides the end of the stream, but nothing more can be sent.
            return dripping.await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            _ = reading.read_to_end(&mut answer) => {}
            // Nothing more can be sent, but the response can be read.
            () = async { dripping.await; pending().await } => {}
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {told} ")), "{}: {answer}", self.kind);
    }
}

/// As many files for this process as it may have; the limit from before.
fn more_files() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    before
}

fn few_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(FILES);
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_change_nothing_for_others_and_none_stays() {
    few_files();
    let shop = Shop::alone(Storage::Sqlite);
    more_files();
    let before = timed_posts(&shop, "before", 100).await;
    let place = shop.world.server.http.strip_prefix("http://").unwrap().parse().unwrap();
    let key = shop.key("test", &["--rate-limit", "10000000"]).text;
    let mut slow = JoinSet::new();
    for n in 0..clients() {
        slow.spawn(Slow::new(n, &key).run(place));
    }
    let mut meanwhile = Vec::new();
    let mut gone: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    while !slow.is_empty() {
        meanwhile.extend(timed_posts(&shop, &format!("meanwhile-{}", meanwhile.len()), 20).await);
        while let Some(client) = slow.try_join_next() {
            let Gone { kind, after } = client.unwrap();
            gone.entry(kind).or_default().push(after);
        }
    }
    assert_eq!(gone.values().map(Vec::len).sum::<usize>(), clients());
    for (kind, after) in gone {
        println!("slow clients ({kind}) stayed: {}", spread(after));
    }
    println!("posts of others before: {}", spread(before));
    println!("posts of others meanwhile: {}", spread(meanwhile));
}

/// Posts purchases one after the other, on connections of its own; every one must succeed.
async fn timed_posts(shop: &Shop, name: &str, count: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for n in 0..count {
        let body = json!({"type": "purchase", "amount": 99.00, "external_id": format!("{name}-{n}")});
        let began = now();
        shop.client.post("events", &body).await.created();
        took.push(began.elapsed());
    }
    took
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    format!("{} of them, median {:?}, 99 % within {:?}, all within {:?}", took.len(), at(50), at(99), at(100))
}

#[expect(clippy::disallowed_methods, reason = "how many is the caller's choice, and no setting of the server")]
fn clients() -> usize {
    std::env::var("COTERIE_SLOW_CLIENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(CLIENTS)
}

#[expect(clippy::disallowed_methods, reason = "how long a slow client stays is in real time")]
fn now() -> Instant {
    Instant::now()
}
