//! Which node does a kind of work.

use crate::stage::TestApp;
use app::Worker;
use std::time::Duration;

#[tokio::test]
async fn one_node_works_until_it_ends_its_shifts() {
    let stage = TestApp::new().await;
    let other = stage.another_node();
    for &worker in Worker::ALL {
        assert!(stage.app.turn(worker).await.unwrap().is_some(), "{worker:?}");
        assert!(other.turn(worker).await.unwrap().is_none(), "{worker:?}");
    }
    stage.app.end_shifts().await.unwrap();
    // The other does not ask at once again, but soon.
    stage.clock.advance(Duration::from_secs(5));
    assert!(other.turn(Worker::Mature).await.unwrap().is_some());
    assert!(stage.app.turn(Worker::Mature).await.unwrap().is_none());
}

#[tokio::test]
async fn a_working_node_keeps_its_work_and_a_dead_ones_is_taken_over() {
    let stage = TestApp::new().await;
    let other = stage.another_node();
    for _ in 0..120 {
        assert!(stage.app.turn(Worker::Mature).await.unwrap().is_some());
        assert!(other.turn(Worker::Mature).await.unwrap().is_none());
        stage.clock.advance(Duration::from_secs(1));
    }
    // The first one is heard of no more.
    let mut waited = 0;
    while other.turn(Worker::Mature).await.unwrap().is_none() {
        stage.clock.advance(Duration::from_secs(1));
        waited += 1;
    }
    assert!((1..=20).contains(&waited), "taken over after {waited} s");
    assert!(stage.app.turn(Worker::Mature).await.unwrap().is_none(), "and is not the first one's any more");
}

#[tokio::test]
async fn a_clock_that_is_put_back_takes_no_lease_from_anyone() {
    let stage = TestApp::new().await;
    let other = stage.another_node();
    assert!(stage.app.turn(Worker::Mature).await.unwrap().is_some());
    let now = testkit::build::moment(-3_600);
    stage.clock.set(now);
    assert!(stage.app.turn(Worker::Mature).await.unwrap().is_some());
    assert!(other.turn(Worker::Mature).await.unwrap().is_none());
}
