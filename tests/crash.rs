//! Sudden death, of the server and of PostgreSQL, again and again under a load of posts. What was acknowledged is there
//! once; of what was not, nothing is there twice; and every sum agrees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "support/mod.rs"]
mod support;

#[path = "crash/load.rs"]
mod load;

#[path = "crash/workers.rs"]
mod workers;

use load::Load;
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use support::{Key, Server, Shop, Site, Storage, World, until};
use testkit::postgres::{Cluster, ClusterOptions, Durability};

/// How often each dies.
const DEATHS: usize = 20;
/// How often PostgreSQL goes away for a while.
const ABSENCES: usize = 5;
/// How many posts fail in the meantime.
const PUT_OFF: usize = 20;
/// How soon after PostgreSQL is back the first post must succeed; quality asks for 1 s, the rest is for a busy machine.
const BACK: Duration = Duration::from_secs(10);

/// How many posts of a round are acknowledged before death: few and many, at no fixed point of the work.
const fn acknowledged_before(round: usize) -> usize {
    1 + (round * 37 + 11) % 150
}

fn key(site: &Site) -> String {
    let org = site.json(&["org", "create", "--name", "Crash", "--plan", "growth"]);
    let org = org["id"].as_str().unwrap();
    let limit = ["--rate-limit", "10000000"];
    Key::of(&site.json(&["keys", "create", "--org", org, "--mode", "test", "--name", "k", limit[0], limit[1]])).text
}

fn durable_cluster() -> &'static Cluster {
    let options = ClusterOptions { durability: Durability::Full, ..ClusterOptions::default() };
    // Ends with the tests, like everything that a test leaks.
    Box::leak(Box::new(Cluster::start(&options).unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_on_sqlite() {
    // On a disk, where there is one to write to.
    server_dies(&Site::sqlite_in(Path::new("/tmp"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_on_postgresql() {
    server_dies(&Site::postgres(durable_cluster())).await;
}

async fn server_dies(site: &Site) {
    let mut server = site.serve();
    let key = key(site);
    for round in 0..DEATHS {
        let load = Load::start(&server.http, &key, round).await;
        load.acknowledged(acknowledged_before(round)).await;
        tokio::task::block_in_place(|| server.kill9());
        let history = load.stop().await;
        server = tokio::task::block_in_place(|| site.serve());
        history.judge(&server.http, &key).await;
        tokio::task::block_in_place(|| site.run(&["reconcile"])).success();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgresql_loses_nothing() {
    let cluster = durable_cluster();
    let site = Site::postgres(cluster);
    let server: Server = site.serve();
    let key = key(&site);
    for round in 0..DEATHS {
        let load = Load::start(&server.http, &key, round).await;
        load.acknowledged(acknowledged_before(round)).await;
        tokio::task::block_in_place(|| cluster.kill9()).unwrap();
        load.refused(5).await;
        tokio::task::block_in_place(|| cluster.restart()).unwrap();
        let before = load.count();
        until(BACK, "a success after PostgreSQL came back", async || (load.count() > before).then_some(())).await;
        until_ready(&server).await;
        let history = load.stop().await;
        history.judge(&server.http, &key).await;
        tokio::task::block_in_place(|| site.run(&["reconcile"])).success();
    }
}

/// The status of the probe for readiness.
fn readiness(server: &Server) -> u16 {
    let ask = "GET /readyz HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n";
    tokio::task::block_in_place(|| server.raw(ask)).status
}

/// Reads have connections of their own, which are opened again by themselves: a post that succeeds says nothing of them.
async fn until_ready(server: &Server) {
    let ready = async || (readiness(server) == 200).then_some(());
    until(BACK, "readiness after PostgreSQL came back", ready).await;
}

/// While PostgreSQL is down every post gets 503 with `Retry-After`; once it is back, one succeeds soon, and the refused
/// ones succeed when they are posted again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_away_posts_are_put_off() {
    let cluster = durable_cluster();
    let world = World::open_with(Storage::Postgres, Site::postgres(cluster));
    let shop = Shop::open_in(Box::leak(Box::new(world)));
    let post = async |name: &str| {
        let body = json!({"type": "purchase", "amount": 99.00, "external_id": name});
        shop.client.post("events", &body).await
    };
    let until_done = async |name: &str| {
        until(BACK, "a success after PostgreSQL came back", async || {
            let reply = post(name).await;
            match reply.status {
                // Twice posted: the connection broke when the first was already done.
                200 | 201 => Some(()),
                _ => {
                    reply.refused(503, "UNAVAILABLE");
                    None
                }
            }
        })
        .await;
    };
    let mut back = Vec::new();
    for round in 0..ABSENCES {
        post(&format!("{round}-before")).await.created();
        tokio::task::block_in_place(|| cluster.kill9()).unwrap();
        for n in 0..PUT_OFF {
            let reply = post(&format!("{round}-{n}")).await;
            reply.refused(503, "UNAVAILABLE");
            assert_ne!(reply.header("retry-after").unwrap().parse::<u64>().unwrap(), 0);
        }
        assert_eq!(readiness(&shop.world.server), 503);
        tokio::task::block_in_place(|| cluster.restart()).unwrap();
        let began = now();
        until_done(&format!("{round}-after")).await;
        back.push(began.elapsed());
        for n in 0..PUT_OFF {
            until_done(&format!("{round}-{n}")).await;
        }
    }
    until_ready(&shop.world.server).await;
    println!("from PostgreSQL's return to the first success: {back:?}");
    assert_eq!(shop.client.all("events").await.len(), ABSENCES * (PUT_OFF + 2));
    tokio::task::block_in_place(|| shop.world.site.run(&["reconcile"])).success();
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is told, and nothing depends on it")]
fn now() -> Instant {
    Instant::now()
}
