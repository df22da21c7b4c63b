//! Random lives of referral groups of several merchants, and what every order and group must then be.
//!
//! [`books`] says it without knowing how the engine works; [`player`] does the same things to both.

mod books;
mod player;

use player::Game;

/// How many games are played, and how long each is.
const GAMES: u64 = 8;
const STEPS: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_of_groups() {
    let games = (0..GAMES).map(|seed| {
        tokio::spawn(async move {
            let mut game = Game::begin(seed).await;
            for step in 0..STEPS {
                game.step(step).await;
            }
            game.compare().await;
            game.assert_reconciled().await;
        })
    });
    for game in games.collect::<Vec<_>>() {
        game.await.unwrap();
    }
}
