//! What becomes of reads and commits when PostgreSQL, or the way to it, fails.
#![allow(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use crate::common;

use adapters_postgres::{PostgresOptions, PostgresStorage, migrate};
use common::{database, node, psql, url};
use domain::{Affiliate, MerchantId};
use ports::{AffiliateReads as _, ChangeSet, CommitError, IdSource as _, Journal as _, MerchantReads as _, ReadError};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Stdio},
    time::Duration,
};
use testkit::{
    SeededIds, build,
    postgres::{Cluster, ClusterOptions, Database, shared},
    sets,
};

/// A merchant to write for.
async fn merchant(storage: &PostgresStorage, ids: &SeededIds) -> MerchantId {
    let shop = build::shop(ids, "shop");
    storage.commit(sets::with_organization(&shop)).await.unwrap();
    shop.test.id
}

fn newcomer(ids: &SeededIds, merchant: MerchantId, name: &str) -> (Affiliate, ChangeSet) {
    let affiliate = build::affiliate(ids, name);
    let set = sets::add_affiliate(merchant, &affiliate);
    (affiliate, set)
}

/// Asks again until the answer is `wanted`; whoever waits for ever has failed.
async fn until<T>(mut request: impl AsyncFnMut() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let asking = async {
        loop {
            let answer = request().await;
            if wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_away_and_then_back_with_everything() {
    let cluster = Cluster::start(&ClusterOptions::default()).unwrap();
    let url = cluster.url("postgres").into();
    migrate(&url).await.unwrap();
    let storage = PostgresStorage::connect(&url, PostgresOptions::default()).await.unwrap();
    let ids = SeededIds::new(1);
    let merchant = merchant(&storage, &ids).await;
    let (before, set) = newcomer(&ids, merchant, "before");
    storage.commit(set).await.unwrap();

    cluster.kill9().unwrap();
    let read = until(async || storage.merchant(merchant).await, Result::is_err).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    let (during, set) = newcomer(&ids, merchant, "during");
    // The writer may learn only from its statement that the server is gone, and then it cannot know.
    assert!(matches!(storage.commit(set).await, Err(CommitError::Busy | CommitError::Unknown)));

    cluster.restart().unwrap();
    until(async || storage.merchant(merchant).await, Result::is_ok).await.unwrap();
    let (after, set) = newcomer(&ids, merchant, "after");
    until(async || storage.commit(set.clone()).await, Result::is_ok).await.unwrap();
    for (affiliate, there) in [(before, true), (during, false), (after, true)] {
        assert_eq!(storage.affiliate(merchant, affiliate.id).await.unwrap().is_some(), there, "{:?}", affiliate.slug);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_are_opened_again() {
    let database = database().await;
    let storage = node(&database).await;
    let ids = SeededIds::new(1);
    let merchant = merchant(&storage, &ids).await;
    for round in 0..5 {
        let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        assert_ne!(psql(&database, others), "0");
        let (affiliate, set) = newcomer(&ids, merchant, &format!("round-{round}"));
        // Whoever was cut off while its statement was out does not know; here nothing had reached the server.
        let told = |done: &Result<(), CommitError>| !matches!(done, Err(CommitError::Busy | CommitError::Unknown));
        let wrote = until(async || storage.commit(set.clone()).await, told);
        wrote.await.unwrap();
        until(async || storage.affiliate(merchant, affiliate.id).await, |found| matches!(found, Ok(Some(_))))
            .await
            .unwrap();
    }
}

/// A session of `psql` that stays open.
struct Session(Child);

impl Session {
    /// Runs `sql` and returns when it is done; its transaction stays open.
    fn begin(database: &Database, sql: &str) -> Self {
        let mut command = shared().unwrap().command("psql");
        command.args(["--quiet", "--dbname", database.name()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "BEGIN;\n{sql};\n\\echo done").unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "done"), "psql ended");
        Self(child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_too_long_makes_one_set_wait_for_a_better_time() {
    let database = database().await;
    let options = PostgresOptions { lock_timeout: Duration::from_millis(50), ..PostgresOptions::default() };
    let storage = PostgresStorage::connect(&url(&database), options).await.unwrap();
    let ids = SeededIds::new(1);
    let merchant = merchant(&storage, &ids).await;
    let (affiliate, set) = newcomer(&ids, merchant, "held");
    storage.commit(set).await.unwrap();
    let change = || sets::change_affiliate(merchant, ports::Version::FIRST, &affiliate);
    let held = Session::begin(&database, "SELECT FROM affiliates FOR UPDATE");
    assert!(matches!(storage.commit(change()).await, Err(CommitError::Busy)));
    drop(held);
    storage.commit(change()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_at_commit_leaves_the_outcome_unknown() {
    let database = database().await;
    let storage = node(&database).await;
    let ids = SeededIds::new(1);
    let merchant = merchant(&storage, &ids).await;
    // Runs inside COMMIT and ends the connection there.
    let cut = "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'; \
        CREATE CONSTRAINT TRIGGER cut AFTER INSERT OR UPDATE ON affiliates DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION cut()";
    psql(&database, cut);
    let (affiliate, set) = newcomer(&ids, merchant, "lost");
    assert!(matches!(storage.commit(set.clone()).await, Err(CommitError::Unknown)), "in one statement");
    psql(&database, "ALTER TABLE affiliates DISABLE TRIGGER cut");
    storage.commit(set).await.unwrap();
    psql(&database, "ALTER TABLE affiliates ENABLE TRIGGER cut");
    let change = || sets::change_affiliate(merchant, ports::Version::FIRST, &affiliate);
    assert!(matches!(storage.commit(change()).await, Err(CommitError::Unknown)), "in a transaction of several");
    psql(&database, "DROP TRIGGER cut ON affiliates");
    storage.commit(change()).await.unwrap();
    assert!(storage.affiliate(merchant, affiliate.id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_is_broken_and_leaves_nothing() {
    let database = database().await;
    let storage = node(&database).await;
    let ids = SeededIds::new(1);
    let merchant = merchant(&storage, &ids).await;
    let (affiliate, set) = newcomer(&ids, merchant, "twice");
    storage.commit(set).await.unwrap();
    let mut again = ChangeSet::new(merchant);
    again.rows.affiliates.insert(affiliate);
    again.claim(ports::Space::AffiliateSlug, "free", ids.uuid());
    assert!(matches!(storage.commit(again).await, Err(CommitError::Broken(_))));
    assert_eq!(psql(&database, "SELECT count(*) FROM claims WHERE key = 'free'"), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_leads_nowhere_says_so_without_its_password() {
    for url in ["postgres://me:hunter2@/x?host=/nowhere", "postgres://me:hunter2@:bad/x"] {
        let error = PostgresStorage::connect(&url.into(), PostgresOptions::default()).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
