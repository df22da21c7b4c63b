//! A hundred thousand random operations on each storage, and what the money side of every merchant must then be.
//!
//! [`books`] says it without knowing how the engine works; [`player`] does the same things to both.

mod books;
mod player;

use crate::stage::{app, in_memory, open};
use adapters_postgres::{PostgresOptions, PostgresStorage, migrate};
use app::App;
use player::Player;
use ports::Storage;
use std::{ops::Range, sync::Arc};
use testkit::{FakeClock, SeededIds, build::moment, postgres::shared};

/// How many merchants play on each storage, and how much each does.
const PLAYERS: u64 = 200;
const STEPS: usize = 500;
/// How many of them play at once, on a database of their own.
const TABLE: u64 = 10;

fn engine(storage: &Arc<dyn Storage>) -> Arc<App> {
    let (clock, ids) = (Arc::new(FakeClock::at(moment(0))), Arc::new(SeededIds::new(1)));
    Arc::new(app(storage, storage.clone(), &clock, &ids))
}

/// Plays some of the games on one storage.
async fn play(storage: Arc<dyn Storage>, seeds: Range<u64>) {
    let app = engine(&storage);
    let games = seeds.map(|seed| {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let mut player = Player::sit_down(&app, seed).await;
            for step in 0..STEPS {
                player.step(step).await;
            }
            player.compare().await;
        })
    });
    for game in games.collect::<Vec<_>>() {
        game.await.unwrap();
    }
    assert_eq!(storage.differences(10).await.unwrap(), []);
}

/// The games, as many as go on one database.
fn tables() -> impl Iterator<Item = Range<u64>> {
    (0..PLAYERS / TABLE).map(|table| table * TABLE..(table + 1) * TABLE)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_on_sqlite() {
    for seeds in tables() {
        let folder = in_memory();
        play(open(&folder), seeds).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_on_postgresql() {
    for seeds in tables() {
        let migrated = async |url: String| migrate(&url.into()).await.map(drop);
        let database = shared().unwrap().database("coterie", migrated).await.unwrap();
        let options = PostgresOptions { read_connections: 2, ..PostgresOptions::default() };
        let storage = PostgresStorage::connect(&database.url().into(), options).await.unwrap();
        play(Arc::new(storage), seeds).await;
    }
}
