//! Ten thousand random operations on each storage, and what the money side of every merchant must then be.
//!
//! [`books`] says it without knowing how the engine works; [`player`] does the same things to both.

mod books;
mod player;

use crate::stage::{app, open};
use adapters_postgres::{PostgresOptions, PostgresStorage, migrate};
use app::App;
use player::Player;
use ports::Storage;
use std::sync::Arc;
use testkit::{FakeClock, SeededIds, build::moment, postgres::shared};

/// How many merchants play on each storage, and how much each does.
const PLAYERS: u64 = 40;
const STEPS: usize = 250;
/// How many of them play at once.
const TABLES: u64 = 8;

fn engine(storage: &Arc<dyn Storage>) -> Arc<App> {
    let (clock, ids) = (Arc::new(FakeClock::at(moment(0))), Arc::new(SeededIds::new(1)));
    Arc::new(app(storage, storage.clone(), &clock, &ids))
}

/// Plays every game on one storage.
async fn play(app: Arc<App>, storage: Arc<dyn Storage>) {
    let tables = (0..TABLES).map(|table| {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            for seed in (table..PLAYERS).step_by(usize::try_from(TABLES).unwrap()) {
                let mut player = Player::sit_down(&app, seed).await;
                for step in 0..STEPS {
                    player.step(step).await;
                }
                player.compare().await;
            }
        })
    });
    for table in tables.collect::<Vec<_>>() {
        table.await.unwrap();
    }
    assert_eq!(storage.differences(10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_on_sqlite() {
    let folder =
        tempfile::tempdir_in(if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).unwrap();
    let storage = open(&folder);
    play(engine(&storage), storage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_on_postgresql() {
    let migrated = async |url: String| migrate(&url.into()).await.map(drop);
    let database = shared().unwrap().database("coterie", migrated).await.unwrap();
    let options = PostgresOptions { read_connections: 2, ..PostgresOptions::default() };
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::connect(&database.url().into(), options).await.unwrap());
    play(engine(&storage), storage).await;
}
