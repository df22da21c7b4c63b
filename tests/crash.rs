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
use std::{path::Path, time::Duration};
use support::{Key, Server, Site, until};
use testkit::postgres::{Cluster, ClusterOptions, Durability};

/// How often each dies.
const DEATHS: usize = 20;
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
    // Ends with the tests, as whatever a test leaks.
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
        let history = load.stop().await;
        history.judge(&server.http, &key).await;
        tokio::task::block_in_place(|| site.run(&["reconcile"])).success();
    }
}
