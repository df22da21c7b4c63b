//! A load of posts that records the responses, and the check of what is stored afterwards.

use reqwest::Client;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    sync::Notify,
    task::{JoinHandle, yield_now},
};

/// How many post at once.
const CLIENTS: usize = 16;

/// Posts under way.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Vec<Told>>>,
    affiliate: String,
}

struct Shared {
    http: Client,
    base: String,
    key: String,
    next: AtomicUsize,
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    changed: Notify,
    stopping: AtomicBool,
}

/// A post and its response.
struct Told {
    body: Value,
    /// The event's id, if it was acknowledged.
    id: Option<String>,
}

/// All responses that a load received.
pub(crate) struct History {
    told: Vec<Told>,
    affiliate: String,
}

impl Load {
    /// Makes an affiliate for this round and begins to post purchases for it.
    pub(crate) async fn start(base: &str, key: &str, round: usize) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        let shared = Arc::new(Shared {
            http,
            base: base.to_owned(),
            key: key.to_owned(),
            next: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            changed: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let parent = json!({"email": format!("parent{round}@example.com")});
        let parent = shared.post("affiliates", &parent).await.unwrap();
        assert_eq!(parent.0, 201, "{}", parent.1);
        let child = json!({"email": format!("child{round}@example.com"), "parent_email": parent.1["email"]});
        let child = shared.post("affiliates", &child).await.unwrap();
        assert_eq!(child.0, 201, "{}", child.1);
        let affiliate = child.1["id"].as_str().unwrap().to_owned();
        let clients = (0..CLIENTS).map(|_| tokio::spawn(Arc::clone(&shared).run(round, affiliate.clone()))).collect();
        Self { shared, clients, affiliate }
    }

    /// Returns when so many posts are acknowledged.
    pub(crate) async fn acknowledged(&self, wanted: usize) {
        self.shared.reaches(&self.shared.acknowledged, wanted).await;
    }

    /// Returns when so many posts are answered with 503.
    pub(crate) async fn refused(&self, wanted: usize) {
        self.shared.reaches(&self.shared.refused, wanted).await;
    }

    /// How many posts are acknowledged so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.acknowledged.load(Ordering::SeqCst)
    }

    /// Lets every client finish its post and collects the responses.
    pub(crate) async fn stop(self) -> History {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let mut told = Vec::new();
        for client in self.clients {
            told.extend(client.await.unwrap());
        }
        History { told, affiliate: self.affiliate }
    }
}

impl Shared {
    async fn post(&self, path: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
        let request = self.http.post(format!("{}/api/v1/{path}", self.base)).bearer_auth(&self.key).json(body);
        read(request).await
    }

    /// Posts until it is stopped, or cannot reach the server any more.
    async fn run(self: Arc<Self>, round: usize, affiliate: String) -> Vec<Told> {
        let mut told = Vec::new();
        while !self.stopping.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let body = json!({"type": "purchase", "amount": 99.00, "currency": "USD", "affiliate_id": affiliate,
                "external_id": format!("{round}-{number}")});
            let (id, gone) = match self.post("events", &body).await {
                Ok((201, event)) => {
                    self.acknowledged.fetch_add(1, Ordering::SeqCst);
                    (event["id"].as_str().map(str::to_owned), false)
                }
                Ok((503, _)) => {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    (None, false)
                }
                Ok((status, body)) => panic!("{status} {body}"),
                Err(_) => (None, true),
            };
            self.changed.notify_waiters();
            told.push(Told { body, id });
            if gone {
                break;
            }
        }
        told
    }

    async fn reaches(&self, count: &AtomicUsize, wanted: usize) {
        while count.load(Ordering::SeqCst) < wanted {
            let changed = self.changed.notified();
            if count.load(Ordering::SeqCst) < wanted {
                changed.await;
            }
            yield_now().await;
        }
    }
}

impl History {
    /// Panics unless what is stored agrees with the responses.
    pub(crate) async fn judge(self, base: &str, key: &str) {
        let http = Client::builder().no_proxy().build().unwrap();
        let there = self.there(&http, base, key).await;
        for Told { body, id } in &self.told {
            let name = body["external_id"].as_str().unwrap();
            match (id, there.get(name)) {
                (Some(id), Some(found)) => assert_eq!(found, id, "{name} is another event than was acknowledged"),
                (Some(id), None) => panic!("{name} was acknowledged as {id} and is lost"),
                (None, _) => {}
            }
        }
        // Asked again, each is there once: the lost ones now, the others with their first answer.
        for Told { body, id } in self.told.iter().rev().take(2 * CLIENTS) {
            let request = http.post(format!("{base}/api/v1/events")).bearer_auth(key).json(body);
            let (status, event) = read(request).await.unwrap();
            let known = there.get(body["external_id"].as_str().unwrap());
            assert_eq!(status, if known.is_some() { 200 } else { 201 }, "{event}");
            for known in known.iter().copied().chain(id) {
                assert_eq!(event["id"], **known);
            }
        }
        self.there(&http, base, key).await;
    }

    /// The events of this round by their external id; each once, asked for, and with its two commissions.
    async fn there(&self, http: &Client, base: &str, key: &str) -> BTreeMap<String, String> {
        let asked: BTreeSet<&str> = self.told.iter().filter_map(|told| told.body["external_id"].as_str()).collect();
        let mut there = BTreeMap::new();
        for event in all(http, base, key, &format!("events?affiliate_id={}", self.affiliate)).await {
            let (name, id) = (event["external_id"].as_str().unwrap(), event["id"].as_str().unwrap());
            assert!(asked.contains(name), "{name} was never asked for");
            assert_eq!(event["commissions"].as_array().unwrap().len(), 2, "{event}");
            assert_eq!(there.insert(name.to_owned(), id.to_owned()), None, "{name} is there twice");
        }
        let earned = all(http, base, key, &format!("commissions?affiliate_id={}", self.affiliate)).await;
        let of: BTreeSet<&str> = earned.iter().filter_map(|row| row["event_id"].as_str()).collect();
        assert_eq!((earned.len(), of.len()), (there.len(), there.len()), "one leaf commission each");
        there
    }
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<(u16, Value)> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.json().await?))
}

/// Every object of a list.
async fn all(http: &Client, base: &str, key: &str, list: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut request = http.get(format!("{base}/api/v1/{list}&limit=100")).bearer_auth(key);
        if let Some(cursor) = cursor.take() {
            request = request.query(&[("cursor", cursor)]);
        }
        let (status, page) = read(request).await.unwrap();
        assert_eq!(status, 200, "{page}");
        found.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return found,
        }
    }
}
