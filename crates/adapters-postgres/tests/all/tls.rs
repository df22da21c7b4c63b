//! Encrypted connections, and whose certificate is believed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use adapters_postgres::{PostgresError, PostgresOptions, PostgresStorage};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use testkit::{
    Authority,
    postgres::{Cluster, ClusterOptions},
};

/// The authority's own certificate, as a file.
fn file(authority: &Authority, folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, &authority.pem).unwrap();
    path
}

/// A cluster on TCP that speaks TLS, if there is a certificate for it.
fn cluster(identity: Option<(String, String)>) -> Cluster {
    let cluster = Cluster::start(&ClusterOptions { tcp: true, ..ClusterOptions::default() }).unwrap();
    if let Some((certificate, key)) = identity {
        let data = cluster.folder().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            give(&data, name, &text);
        }
        cluster.psql("postgres", "ALTER SYSTEM SET ssl = on").unwrap();
        cluster.restart().unwrap();
    }
    cluster
}

/// Leaves a file for the server's account alone.
fn give(data: &Path, name: &str, text: &str) {
    let path = data.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let owner = fs::metadata(data).unwrap();
    chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// Whether the connections of a storage at this URL are encrypted; fails where it does not get in.
async fn encrypted(cluster: &Cluster, url: String) -> Result<bool, PostgresError> {
    let _storage = PostgresStorage::connect(&url.into(), PostgresOptions::default()).await?;
    let asked = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
        WHERE a.application_name = 'coterie'";
    match cluster.psql("postgres", asked).unwrap().as_str() {
        "t" => Ok(true),
        "f" => Ok(false),
        other => panic!("{other:?}"),
    }
}

fn refused(told: Result<bool, PostgresError>) -> String {
    let error = told.unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mode_encrypts_and_checks_as_much_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new(), Authority::new());
    let cluster = cluster(Some(ours.issue()));
    let (ca, other) = (file(&ours, &folder, "ours.pem"), file(&theirs, &folder, "theirs.pem"));
    let by_address = cluster.tcp_url("postgres").unwrap();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let trusting = |url: &str, mode: &str, ca: &Path| format!("{url}?sslmode={mode}&sslrootcert={}", ca.display());
    let request = async |url: String| encrypted(&cluster, url).await;

    assert!(!request(format!("{by_address}?sslmode=disable")).await.unwrap());
    assert!(!request(cluster.url("postgres")).await.unwrap(), "a unix socket needs none");
    for url in [
        by_address.clone(),
        format!("{by_address}?sslmode=prefer"),
        format!("{by_address}?sslmode=require"),
        trusting(&by_address, "require", &ca),
        trusting(&by_address, "verify-ca", &ca),
        trusting(&by_name, "verify-full", &ca),
    ] {
        assert!(request(url.clone()).await.unwrap(), "{url}");
    }
    for (url, why) in [
        (trusting(&by_address, "verify-full", &ca), "certificate not valid for name"),
        (trusting(&by_name, "verify-full", &other), "invalid peer certificate"),
        (trusting(&by_name, "verify-ca", &other), "invalid peer certificate"),
        (trusting(&by_name, "require", &other), "invalid peer certificate"),
        (format!("{by_name}?sslmode=verify-full"), "invalid peer certificate"),
        (trusting(&by_name, "verify-full", Path::new("/nowhere.pem")), "cannot be used"),
    ] {
        let told = refused(request(url.clone()).await);
        assert!(told.contains(why), "{url}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_encrypt_is_refused_where_it_must() {
    let cluster = cluster(None);
    let url = cluster.tcp_url("postgres").unwrap();
    assert!(!encrypted(&cluster, url.clone()).await.unwrap());
    let told = refused(encrypted(&cluster, format!("{url}?sslmode=require")).await);
    assert!(told.contains("server does not support TLS"), "{told}");
}
