//! Workers that die in the middle of their work: another continues it, and nothing is done twice.

use crate::{
    durable_cluster, key,
    support::{Server, Site, until},
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::task::{JoinSet, block_in_place};

/// How soon the work of a dead worker must resume: docs/operations.md says 20 seconds, and the machine may be busy.
const RESUMED: Duration = Duration::from_secs(60);
/// How many affiliates earn something: each is a piece of the worker's work.
const EARNERS: usize = 150;
/// How many groups there are to close.
const GROUPS: usize = 120;

/// The API without any judgement, for a server that may die.
#[derive(Clone)]
struct Caller {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Caller {
    fn of(server: &Server, key: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, base: server.http.clone(), key: key.to_owned() }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}/api/v1/{path}", self.base)).bearer_auth(&self.key).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The status and the body, or nothing if the server died meanwhile.
    async fn post(&self, path: &str, body: Value) -> Option<(u16, Value)> {
        let request = self.http.post(format!("{}/api/v1/{path}", self.base)).bearer_auth(&self.key).json(&body);
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.json().await.ok()?))
    }

    /// An affiliate, and a purchase that it earns by.
    async fn sale(self, number: usize) {
        let (status, affiliate) =
            self.post("affiliates", json!({"email": format!("partner{number}@example.com")})).await.unwrap();
        assert_eq!(status, 201, "{affiliate}");
        let sale = json!({"type": "purchase", "amount": 99.00, "external_id": format!("order-{number}"),
            "affiliate_id": affiliate["id"]});
        let (status, event) = self.post("events", sale).await.unwrap();
        assert_eq!(status, 201, "{event}");
    }

    async fn sales(&self) {
        let mut all: JoinSet<()> = (0..EARNERS).map(|number| self.clone().sale(number)).collect();
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
    }

    /// An order that opens a group, and one that joins it.
    async fn pair(self, number: usize) {
        let mut order = json!({"amount": 10_000, "customerEmail": format!("creator{number}@example.com")});
        let (status, first) = self.post("orders", order.clone()).await.unwrap();
        assert_eq!(status, 201, "{first}");
        order["customerEmail"] = json!(format!("friend{number}@example.com"));
        order["paymentGroupShareId"] = first["paymentGroupShareId"].clone();
        let (status, second) = self.post("orders", order).await.unwrap();
        assert_eq!(status, 201, "{second}");
    }

    /// Every object of a list in camelCase.
    async fn every(&self, list: &str) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let page = self.get(&format!("{list}?take=100&skip={}", found.len())).await;
            found.extend(page["data"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
            if page["count"] == json!(found.len()) {
                return found;
            }
        }
    }

    /// How many groups are in `status`.
    async fn groups(&self, status: &str) -> usize {
        self.every("groups").await.iter().filter(|group| group["status"] == status).count()
    }

    /// Whether any commission is in `status`.
    async fn any(&self, status: &str) -> bool {
        let page = self.get(&format!("commissions?status={status}&limit=1")).await;
        !page["data"].as_array().unwrap_or_else(|| panic!("{page}")).is_empty()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_is_followed_by_another_on_sqlite() {
    worker_dies(Site::sqlite_in(Path::new("/tmp"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_is_followed_by_another_on_postgresql() {
    worker_dies(Site::postgres(durable_cluster())).await;
}

async fn worker_dies(site: Site) {
    let due = async |caller: &Caller| {
        caller.sales().await;
        caller.post("test/clock/advance", json!({"seconds": 30 * 86_400})).await.unwrap();
    };
    let begun = async |caller: &Caller| caller.any("approved").await;
    let ended = async |caller: &Caller| !caller.any("pending").await;
    dies_at_work(site, due, begun, ended, async |_| ()).await;
}

/// Makes work while no worker runs, kills the worker that has started it, and waits until another has finished it; then
/// checks the outcome.
async fn dies_at_work(
    site: Site,
    due: impl AsyncFn(&Caller),
    begun: impl AsyncFn(&Caller) -> bool,
    ended: impl AsyncFn(&Caller) -> bool,
    outcome: impl AsyncFn(&Caller),
) {
    let site = site.with("workers.enabled", "false");
    let idle = site.serve();
    let key = key(&site);
    let caller = Caller::of(&idle, &key);
    due(&caller).await;
    assert!(!begun(&caller).await, "nobody works yet");
    block_in_place(|| idle.kill9());

    let site = site.with("workers.enabled", "true");
    let worker = block_in_place(|| site.serve());
    let caller = Caller::of(&worker, &key);
    until(Duration::from_secs(10), "the beginning", async || begun(&caller).await.then_some(())).await;
    block_in_place(|| worker.kill9());
    let next = block_in_place(|| site.serve());
    let caller = Caller::of(&next, &key);
    until(RESUMED, "the end", async || ended(&caller).await.then_some(())).await;
    outcome(&caller).await;
    block_in_place(|| site.run(&["reconcile"])).success();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_closed_whoever_dies_on_sqlite() {
    closer_dies(Site::sqlite_in(Path::new("/tmp"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_closed_whoever_dies_on_postgresql() {
    closer_dies(Site::postgres(durable_cluster())).await;
}

async fn closer_dies(site: Site) {
    let due = async |caller: &Caller| {
        let mut all: JoinSet<()> = (0..GROUPS).map(|number| caller.clone().pair(number)).collect();
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        caller.post("test/clock/advance", json!({"seconds": 700})).await.unwrap();
    };
    let begun = async |caller: &Caller| caller.groups("COMPLETED").await > 0;
    let ended = async |caller: &Caller| caller.groups("COMPLETED").await == GROUPS;
    let outcome = async |caller: &Caller| {
        let orders = caller.every("orders").await;
        assert_eq!(orders.len(), 2 * GROUPS);
        for order in orders {
            // Two of them have reached the first level: 5 %.
            assert_eq!((&order["status"], &order["amountCashback"]), (&json!("CASHBACK_AVAILABLE"), &json!(500)));
        }
    };
    dies_at_work(site, due, begun, ended, outcome).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_that_died_is_finished_on_sqlite() {
    reset_dies(Site::sqlite_in(Path::new("/tmp"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_that_died_is_finished_on_postgresql() {
    reset_dies(Site::postgres(durable_cluster())).await;
}

async fn reset_dies(site: Site) {
    let server = site.serve();
    let key = key(&site);
    let caller = Caller::of(&server, &key);
    caller.sales().await;
    let asking = tokio::spawn({
        let caller = caller.clone();
        async move { caller.post("test/reset", json!({})).await }
    });
    // As soon as it is seen to have begun; it may have ended by then, which is as good.
    until(RESUMED, "the reset", async || {
        let first = caller.post("affiliates", json!({"email": "partner0@example.com"})).await?;
        (first.0 != 417).then_some(())
    })
    .await;
    block_in_place(|| server.kill9());
    let answered = asking.await.unwrap().is_some();
    let server = block_in_place(|| site.serve());
    let caller = Caller::of(&server, &key);
    until(RESUMED, "the end of the reset", async || {
        let (status, told) = caller.post("affiliates", json!({"email": "new@example.com"})).await?;
        assert!(matches!(status, 201 | 503), "answered before: {answered}; {status} {told}");
        (status == 201).then_some(())
    })
    .await;
    for list in ["events", "commissions"] {
        assert_eq!(caller.get(list).await["data"], json!([]), "{list}");
    }
    block_in_place(|| site.run(&["reconcile"])).success();
}
