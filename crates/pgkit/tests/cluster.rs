//! The private PostgreSQL itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use pgkit::{Cluster, ClusterOptions, Durability, shared};
use rustix::process::{Pid, test_kill_process};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_cluster_is_private_and_leaves_nothing_behind() {
    let cluster = Cluster::start(&ClusterOptions::default()).unwrap();
    assert_eq!(cluster.psql("postgres", "SHOW listen_addresses").unwrap(), "");
    assert_eq!(cluster.psql("postgres", "SHOW fsync").unwrap(), "off");
    assert_eq!(cluster.tcp_url("postgres"), None);
    let (folder, pid) = (cluster.folder().to_path_buf(), cluster.pid().unwrap());
    assert!(alive(pid));

    drop(cluster);
    assert!(!folder.exists());
    assert!(!alive(pid));
}

#[test]
fn options_reach_the_server() {
    let settings = vec![("max_connections".to_owned(), "17".to_owned())];
    let options = ClusterOptions { durability: Durability::Full, tcp: true, settings };
    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(cluster.psql("postgres", "SHOW max_connections").unwrap(), "17");
    assert_eq!(cluster.psql("postgres", "SHOW fsync").unwrap(), "on");

    let program = |url: &str| {
        let mut psql = cluster.command("psql");
        psql.args(["-XAtw", "-c", "SELECT current_user", "-d", url]).output().unwrap()
    };
    let url = cluster.tcp_url("postgres").unwrap();
    assert_eq!(program(&url).stdout, b"coterie\n");
    let wrong = url.replacen('@', "x@", 1);
    assert!(!program(&wrong).status.success(), "TCP is open without the password");
    assert_eq!(program(&cluster.url("postgres")).stdout, b"coterie\n");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let cluster = Cluster::start(&ClusterOptions::default()).unwrap();
    cluster.psql("postgres", "CREATE TABLE kept (n int)").unwrap();
    for n in 1..=3 {
        cluster.psql("postgres", &format!("INSERT INTO kept VALUES ({n})")).unwrap();
        let before = cluster.pid().unwrap();
        cluster.kill9().unwrap();
        assert!(!alive(before));
        assert!(cluster.psql("postgres", "SELECT 1").is_err());

        cluster.restart().unwrap();
        assert_ne!(cluster.pid().unwrap(), before);
        assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM kept").unwrap(), n.to_string());
    }
    // A server that runs is restarted as well.
    let before = cluster.pid().unwrap();
    cluster.restart().unwrap();
    assert_ne!(cluster.pid().unwrap(), before);
}

#[test]
fn a_failing_statement_says_why() {
    let error = shared().unwrap().psql("postgres", "SELECT * FROM nowhere").unwrap_err();
    assert!(error.to_string().contains(r#"relation "nowhere" does not exist"#), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_filled_once_for_all_who_ask_at_once() {
    static FILLED: AtomicUsize = AtomicUsize::new(0);
    let cluster = shared().unwrap();
    let fill = async |url: String| -> io::Result<()> {
        FILLED.fetch_add(1, Ordering::SeqCst);
        let name = url.split(['/', '?']).nth(3).unwrap().to_owned();
        cluster.psql(&name, "CREATE TABLE facts (n int)").map(drop)
    };
    let asked = (0..8).map(|_| cluster.database("filled_once", fill));
    let databases = futures_util::future::try_join_all(asked).await.unwrap();
    assert_eq!(FILLED.load(Ordering::SeqCst), 1);

    // Each is its own: what one writes the others do not see.
    for database in &databases {
        assert_eq!(database.psql("INSERT INTO facts VALUES (1) RETURNING n").unwrap(), "1");
        assert_eq!(database.psql("SELECT count(*) FROM facts").unwrap(), "1");
    }
    let names: Vec<String> = databases.iter().map(|database| format!("'{}'", database.name())).collect();
    let known = format!("SELECT count(*) FROM pg_database WHERE datname IN ({})", names.join(","));
    assert_eq!(cluster.psql("postgres", &known).unwrap(), "8");
    drop(databases);
    assert_eq!(cluster.psql("postgres", &known).unwrap(), "0");
}

#[tokio::test]
async fn a_template_that_could_not_be_filled_is_tried_again() {
    let cluster = shared().unwrap();
    let broken = cluster.database("broken", async |_| Err("no such table")).await.unwrap_err();
    assert!(broken.to_string().contains("no such table"), "{broken}");
    let mended = cluster.database("broken", async |_| Ok::<(), io::Error>(())).await.unwrap();
    assert_eq!(mended.psql("SELECT 1").unwrap(), "1");
}

#[tokio::test]
async fn a_template_name_cannot_carry_sql() {
    let refused = shared().unwrap().database("a; DROP TABLE b", async |_| Ok::<(), io::Error>(())).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
}

fn alive(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}
