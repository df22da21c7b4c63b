//! Test mode: the clock and the reset.

use crate::stage::{TestApp, once, purchase, refusal};
use app::{AppError, RecordClickCommand, RecordEventCommand, TestMode, Worker};
use domain::{
    CommissionMove, MerchantClock, Rate, Refusal, Settings, SettingsChange, Slug, TestClockStep, Utm, WebUrl,
};
use ports::ChangeSet;
use std::{sync::Arc, time::Duration};
use testkit::build::moment;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn the_clock_goes_forward_and_business_time_with_it() {
    let stage = TestApp::new().await;
    let shown = async || stage.app.test_mode.clock(&stage.who).await.unwrap();
    assert_eq!((shown().await.now, shown().await.ahead), (moment(0), MerchantClock::default()));
    stage.app.test_mode.advance(&stage.who, TestClockStep::By(HOUR), None).await.unwrap();
    stage.app.test_mode.advance(&stage.who, TestClockStep::To(moment(7_200)), None).await.unwrap();
    assert_eq!(shown().await.now, moment(7_200));
    stage.clock.advance(HOUR);
    assert_eq!(shown().await.now, moment(10_800), "it goes on from there");
    stage.record(purchase("1")).await.unwrap();
    assert_eq!(stage.events().await[0].event.created_at, moment(10_800));
    let back = stage.app.test_mode.advance(&stage.who, TestClockStep::To(moment(7_200)), None).await;
    assert!(matches!(refusal(back), Refusal::Invalid(faults) if faults[0].field == "to"));
}

#[tokio::test]
async fn an_advance_is_done_once_for_its_key() {
    let stage = TestApp::new().await;
    for replayed in [false, true] {
        let once = once("POST /test/clock/advance", "k", 1);
        let answer = stage.app.test_mode.advance(&stage.who, TestClockStep::By(HOUR), once).await.unwrap();
        assert_eq!(answer.replayed, replayed);
    }
    assert_eq!(stage.app.test_mode.clock(&stage.who).await.unwrap().now, moment(3_600));
}

#[tokio::test]
async fn nothing_of_it_exists_in_live_mode() {
    let stage = TestApp::new().await;
    let live = stage.live();
    let cases = &stage.app.test_mode;
    assert!(matches!(cases.clock(&live).await, Err(AppError::LiveMode)));
    assert!(matches!(cases.advance(&live, TestClockStep::By(HOUR), None).await, Err(AppError::LiveMode)));
    assert!(matches!(cases.reset(&live, None).await, Err(AppError::LiveMode)));
}

/// A shop with something of everything.
async fn used() -> TestApp {
    let stage = TestApp::new().await;
    let change = SettingsChange {
        currency: "EUR".parse().ok(),
        slug: Slug::parse("my-shop").ok(),
        commission_rate: Rate::from_millionths(500_000),
        landing_url: Some(WebUrl::parse("https://shop.example.com/").ok()),
        ..SettingsChange::default()
    };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    let bob = stage.affiliate("bob", None).await;
    stage.record(RecordEventCommand { affiliate_id: Some(bob.id), ..purchase("1") }).await.unwrap();
    let commission = stage.commissions().await.remove(0);
    let command = app::MoveCommissionCommand { step: CommissionMove::Approve, reason: None };
    stage.app.commissions.change(&stage.who, commission.id, command, None).await.unwrap();
    stage.app.clicks.redirect(click(), &[]).await.unwrap();
    stage.app.test_mode.advance(&stage.who, TestClockStep::By(HOUR), None).await.unwrap();
    stage
}

fn click() -> RecordClickCommand {
    RecordClickCommand {
        merchant: Slug::parse("my-shop").unwrap(),
        affiliate: Slug::parse("bob").unwrap(),
        session: None,
        landing_page: None,
        referrer: None,
        utm: Utm::default(),
        user_agent: None,
        ip_hash: None,
        refused: false,
    }
}

async fn assert_as_new(stage: &TestApp) {
    let merchant = stage.app.settings.get(&stage.who).await.unwrap();
    assert_eq!(merchant.settings, Settings::initial("EUR".parse().unwrap()), "the currency stays");
    assert_eq!((merchant.slug.as_str(), merchant.resetting), ("my-shop", false), "the slug stays");
    assert_eq!(stage.app.test_mode.clock(&stage.who).await.unwrap().ahead, MerchantClock::default());
    assert!(stage.events().await.is_empty() && stage.commissions().await.is_empty());
    stage.assert_reconciled().await;
    // Every name and every external id is free again.
    let bob = stage.affiliate("bob", None).await;
    stage.record(RecordEventCommand { affiliate_id: Some(bob.id), ..purchase("1") }).await.unwrap();
    assert_eq!(stage.commissions().await.len(), 1);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_reset_leaves_a_merchant_as_new() {
    let stage = used().await;
    stage.app.test_mode.reset(&stage.who, None).await.unwrap();
    assert_as_new(&stage).await;
}

#[tokio::test]
async fn a_reset_is_done_once_for_its_key() {
    let stage = used().await;
    let first = stage.app.test_mode.reset(&stage.who, once(TestMode::RESET, "k", 1)).await.unwrap();
    let bob = stage.affiliate("bob", None).await;
    let again = stage.app.test_mode.reset(&stage.who, once(TestMode::RESET, "k", 1)).await.unwrap();
    assert_eq!((again.body, again.replayed), (first.body, true));
    assert_eq!(stage.affiliate_named("bob").await.id, bob.id, "what came after the reset is still there");
}

#[tokio::test]
async fn a_reset_that_died_refuses_writes_and_is_finished_by_the_worker() {
    let stage = used().await;
    let loaded = stage.storage.merchant(stage.who.merchant_id).await.unwrap().unwrap();
    let mut set = ChangeSet::new(stage.who.merchant_id);
    set.rows.merchants.change(loaded.version, loaded.row.reset_begun());
    stage.storage.commit(set).await.unwrap();
    stage.storage.wipe(stage.who.merchant_id, TestMode::RESET, 3).await.unwrap();

    assert!(matches!(stage.record(purchase("2")).await, Err(AppError::Unavailable(_))));
    let advanced = stage.app.test_mode.advance(&stage.who, TestClockStep::By(HOUR), None).await;
    assert!(matches!(advanced, Err(AppError::Unavailable(_))));
    let lead = stage.app.clicks.redirect(click(), &[]).await;
    // The link leads on as long as there is one, and keeps nothing.
    assert!(lead.is_err() || lead.unwrap().landing.is_none());
    let turn = stage.another_node().turn(Worker::FinishResets).await.unwrap().unwrap();
    assert_eq!((turn.done, turn.more), (1, false));
    assert_as_new(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_flight_survives_a_reset() {
    let stage = Arc::new(used().await);
    let bob = stage.affiliate_named("bob").await;
    let posts: Vec<_> = (0..200)
        .map(|n| {
            let (stage, bob) = (Arc::clone(&stage), bob.id);
            tokio::spawn(async move {
                let command = RecordEventCommand { affiliate_id: Some(bob), ..purchase(&format!("storm-{n}")) };
                stage.record(command).await.is_ok()
            })
        })
        .collect();
    tokio::task::yield_now().await;
    let resets = [(); 2].map(|()| {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move { stage.app.test_mode.reset(&stage.who, None).await })
    });
    for reset in resets {
        reset.await.unwrap().unwrap();
    }
    // Whatever was accepted named an affiliate that the reset has wiped: none of it can have come after.
    for post in posts {
        let _accepted_before_or_refused = post.await.unwrap();
    }
    assert!(stage.events().await.is_empty());
    assert_as_new(&stage).await;
}
