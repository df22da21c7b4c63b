//! Slow clients: some drip their headers, others a body. They change nothing for anybody else, and none of them stays.
//!
//! `COTERIE_SLOW_CLIENTS=2000 cargo test --test slow -- --nocapture` tries as many as one likes, and says how the others
//! fared meanwhile.
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
use std::time::{Duration, Instant};
use support::{Shop, Storage};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How many there are unless the environment says otherwise.
const CLIENTS: usize = 400;
/// When each must be gone (quality, Security).
const PROMISE: Duration = Duration::from_secs(15);
/// What a busy machine may add.
const ALLOWANCE: Duration = Duration::from_secs(15);
/// Fewer files than there are clients: what a shell hands out, and the server must not be content with.
const FILES: u64 = 200;

/// What a slow client sends at first, and then, again and again.
#[derive(Clone)]
struct Slow {
    begins: String,
    drips: &'static [u8],
}

/// How a slow client was got rid of.
struct Gone {
    after: Duration,
    answer: String,
}

impl Slow {
    fn headers() -> Self {
        Self { begins: "POST /api/v1/events HTTP/1.1\r\nHost: coterie\r\nX-Slow: ".to_owned(), drips: b"x" }
    }

    fn body(key: &str) -> Self {
        let head = "Content-Type: application/json\r\nContent-Length: 10000";
        let begins =
            format!("POST /api/v1/events HTTP/1.1\r\nHost: coterie\r\nAuthorization: Bearer {key}\r\n{head}\r\n\r\n{{");
        Self { begins, drips: b" " }
    }

    /// Connects, drips until the server has enough, and tells how that went.
    async fn run(self, place: String) -> Gone {
        let mut stream = TcpStream::connect(place).await.unwrap();
        let began = now();
        stream.write_all(self.begins.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let dripping = tokio::spawn(async move {
            while writing.write_all(self.drips).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let mut answer = Vec::new();
        // However it ends: a reset is an end as well.
        let _ = timeout(PROMISE + ALLOWANCE, reading.read_to_end(&mut answer)).await.expect("it may stay for ever");
        dripping.abort();
        Gone { after: began.elapsed(), answer: String::from_utf8(answer).unwrap() }
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
    let place = shop.world.server.http.strip_prefix("http://").unwrap();
    let key = shop.key("test", &["--rate-limit", "10000000"]).text;
    let mut slow = JoinSet::new();
    for n in 0..clients() {
        let client = if n.is_multiple_of(2) { Slow::headers() } else { Slow::body(&key) };
        slow.spawn(client.run(place.to_owned()));
    }
    let mut meanwhile = Vec::new();
    let mut gone = Vec::new();
    while !slow.is_empty() {
        meanwhile.extend(timed_posts(&shop, &format!("meanwhile-{}", meanwhile.len()), 20).await);
        while let Some(client) = slow.try_join_next() {
            gone.push(client.unwrap());
        }
    }
    assert_eq!(gone.len(), clients());
    for Gone { answer, .. } in &gone {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    let longest = gone.iter().map(|gone| gone.after).max();
    println!("{} slow clients, the last gone after {longest:?}", gone.len());
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
