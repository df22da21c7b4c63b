//! Recording events and clicks.

use super::{Race, cases, each_decides};
use crate::stage::{once, purchase};
use app::{AppError, RecordClickCommand};
use domain::{EventSpace, SettingsChange, Slug, Utm, WebUrl};
use ports::{Space, Table};
use testkit::Guard;

const ROUTE: &str = "POST /events";

async fn an_external_id_is_recorded_once(race: &Race) -> bool {
    race.overtaken_by(async |stage, _| {
        stage.record(purchase("1001")).await.unwrap();
    });
    race.app.events.record(&race.stage.who, purchase("1001"), None).await.unwrap();
    race.stage.events().await.len() == 1
}

async fn an_idempotency_key_is_used_once(race: &Race) -> bool {
    race.overtaken_by(async |stage, _| {
        stage.app.events.record(&stage.who, purchase("1001"), once(ROUTE, "key", 1)).await.unwrap();
    });
    let other = race.app.events.record(&race.stage.who, purchase("1002"), once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.stage.events().await.len() == 1
}

async fn an_event_does_not_land_in_a_reset(race: &Race) -> bool {
    race.overtaken_by_a_reset();
    race.app.events.record(&race.stage.who, purchase("1001"), None).await.is_err()
}

#[tokio::test]
async fn recording_an_event() {
    each_decides(cases! {
        Guard::Claim(Space::Event(EventSpace::Paying)) => an_external_id_is_recorded_once,
        Guard::ResponseRecord => an_idempotency_key_is_used_once,
        Guard::Unchanged(Table::Merchants) => an_event_does_not_land_in_a_reset,
    })
    .await;
}

async fn a_click_does_not_land_in_a_reset(race: &Race) -> bool {
    let stage = &race.stage;
    let landing_url = Some(WebUrl::parse("https://shop.example.com/").ok());
    let change = SettingsChange { landing_url, ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    stage.affiliate("bob", None).await;
    race.overtaken_by_a_reset();
    let visit = RecordClickCommand {
        merchant: Slug::parse("ama-test").unwrap(),
        affiliate: Slug::parse("bob").unwrap(),
        session: None,
        landing_page: None,
        referrer: None,
        utm: Utm::default(),
        user_agent: None,
        ip_hash: None,
        refused: false,
    };
    race.app.clicks.redirect(visit, &[]).await.is_err()
}

#[tokio::test]
async fn following_a_link() {
    each_decides(cases! { Guard::Unchanged(Table::Merchants) => a_click_does_not_land_in_a_reset, }).await;
}
