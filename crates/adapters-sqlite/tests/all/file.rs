//! The file: who may open it, who may write beside whom, and what becomes of the log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use crate::common;

use adapters_sqlite::{OpenError, SqliteOptions, SqliteStorage};
use common::{Foreign, affiliate, file, folder, founded, merchant, open};
use ports::{AffiliateReads as _, CommitError, Inspection as _, Journal as _, MerchantReads as _, ReadError};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

#[tokio::test]
async fn a_new_file_is_its_owners_only() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    let _lock = storage.lock_for_serving().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn what_cannot_be_a_database_is_refused_by_name() {
    let folder = folder();
    let open = |path: &Path| SqliteStorage::open(path, SqliteOptions::for_tests());
    assert!(matches!(open(Path::new(":memory:")), Err(OpenError::Path(_))));
    assert!(matches!(open(Path::new("")), Err(OpenError::Path(_))));
    let missing = folder.path().join("missing/coterie.db");
    assert!(matches!(open(&missing), Err(OpenError::File { path, .. }) if path == missing));
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, and longer than the header of one would have to be: ".repeat(20)).unwrap();
    assert!(matches!(open(&text), Err(OpenError::Database { path, .. }) if path == text));
    assert!(fs::read_to_string(&text).unwrap().starts_with("not a database"), "and it is left alone");
}

#[tokio::test]
async fn a_second_server_is_refused_while_the_first_one_lives() {
    let folder = folder();
    let storage = || SqliteStorage::open(&file(&folder), SqliteOptions::for_tests()).unwrap();
    let (first, second) = (storage(), storage());
    let lock = first.lock_for_serving().unwrap();
    assert!(matches!(second.lock_for_serving(), Err(OpenError::Served(path)) if path == file(&folder)));
    drop(lock);
    second.lock_for_serving().unwrap();
}

#[tokio::test]
async fn another_program_may_write_beside_it() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    let mut foreign = Foreign::connect(&file(&folder));
    foreign.run("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE; UPDATE merchants SET version = 7");
    let (id, set) = affiliate(1);
    // It waits for the other one's lock, and readers do not.
    let storage = std::sync::Arc::new(storage);
    let writer = std::sync::Arc::clone(&storage);
    let commit = tokio::spawn(async move { writer.commit(set).await });
    let seen = storage.merchant(merchant()).await.unwrap().unwrap();
    assert_eq!((seen.version.number(), commit.is_finished()), (1, false));
    foreign.run("COMMIT");
    commit.await.unwrap().unwrap();
    assert!(storage.affiliate(merchant(), id).await.unwrap().is_some());
    assert_eq!(storage.merchant(merchant()).await.unwrap().unwrap().version.number(), 7);
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_busy_and_nothing_is_written() {
    let folder = folder();
    let options = SqliteOptions { patience: Duration::from_millis(50), ..SqliteOptions::for_tests() };
    let storage = open(&file(&folder), options);
    founded(&storage).await;
    let mut foreign = Foreign::connect(&file(&folder));
    foreign.run("BEGIN IMMEDIATE");
    let (id, set) = affiliate(1);
    assert!(matches!(storage.commit(set.clone()).await, Err(CommitError::Busy)));
    foreign.run("ROLLBACK");
    assert!(storage.affiliate(merchant(), id).await.unwrap().is_none());
    storage.commit(set).await.unwrap();
}

#[tokio::test]
async fn a_set_that_cannot_be_written_says_so_and_leaves_the_writer_well() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    let (id, set) = affiliate(1);
    let mut twice = set.clone();
    twice.rows.affiliates.new.extend(set.rows.affiliates.new.clone());
    assert!(matches!(storage.commit(twice).await, Err(CommitError::Broken(_))));
    assert!(storage.affiliate(merchant(), id).await.unwrap().is_none());
    storage.commit(set).await.unwrap();
}

#[tokio::test]
async fn a_damaged_row_is_named_and_its_value_is_not() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    let (id, set) = affiliate(1);
    storage.commit(set).await.unwrap();
    let mut foreign = Foreign::connect(&file(&folder));
    foreign.run("UPDATE affiliates SET email = 'somebody'");
    let read = storage.affiliate(merchant(), id).await;
    let Err(ReadError::Damaged(what)) = read else { panic!("{read:?}") };
    assert!(what.contains("affiliates.email") && !what.contains("somebody"), "{what}");
    foreign.run("UPDATE affiliates SET email = 'partner1@example.com', parent_id = x'01'");
    assert!(matches!(storage.affiliate(merchant(), id).await, Err(ReadError::Damaged(_))));
}

/// The size of the log beside a database.
fn log_size(path: &Path) -> u64 {
    fs::metadata(format!("{}-wal", path.display())).map_or(0, |log| log.len())
}

#[tokio::test]
async fn the_log_is_copied_and_emptied_beside_the_writer() {
    let folder = folder();
    let path = file(&folder);
    let most_log = 64 * 1024;
    let options = SqliteOptions { checkpoint_every: Duration::from_millis(1), most_log, ..SqliteOptions::for_tests() };
    let storage = open(&path, options);
    founded(&storage).await;
    let (mut written, mut n) = (0, 0);
    // Writes until the log was seen to shrink: it does so only when it was emptied.
    while log_size(&path) >= written {
        written = log_size(&path);
        n += 1;
        assert!(n < 20_000, "the log only grew, to {written} bytes");
        storage.commit(affiliate(n).1).await.unwrap();
    }
    storage.close().await;
    assert!(matches!(storage.commit(affiliate(0).1).await, Err(CommitError::Busy)), "it is closed");
    drop(storage);
    assert_eq!(log_size(&path), 0, "what is left behind needs no recovery");
    let reopened = open(&path, SqliteOptions::for_tests());
    assert!(reopened.affiliate(merchant(), affiliate(n).0).await.unwrap().is_some());
    assert_eq!(reopened.differences(10).await.unwrap(), []);
}
