//! The storage contract on SQLite: two storages on one file in RAM, as the server and the command line have it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use adapters_sqlite::{SqliteOptions, SqliteStorage};
use std::path::Path;
use testkit::contract::Nodes;

/// A file in RAM where the system has that, so that a test waits for no disk.
fn folder() -> tempfile::TempDir {
    let ram = Path::new("/dev/shm");
    if ram.is_dir() { tempfile::tempdir_in(ram) } else { tempfile::tempdir() }.unwrap()
}

async fn fresh() -> Nodes {
    let folder = folder();
    let file = folder.path().join("coterie.db");
    let open = || SqliteStorage::open(&file, SqliteOptions::for_tests()).unwrap();
    let (one, two) = (open(), open());
    one.migrate().unwrap();
    Nodes::new(one, two, folder)
}

testkit::storage_contract!(fresh);
