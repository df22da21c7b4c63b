//! Changing the settings.

use crate::stage::{TestApp, purchase, refusal};
use app::RecordEventCommand;
use domain::{Rate, Refusal, SettingsChange, Slug};

#[tokio::test]
async fn a_change_is_there_at_once_and_rates_are_frozen() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let sale = |n: &str| RecordEventCommand { affiliate_id: Some(bob.id), ..purchase(n) };
    stage.record(sale("1")).await.unwrap();
    let change = SettingsChange { commission_rate: Rate::from_millionths(500_000), ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    stage.record(sale("2")).await.unwrap();
    let amounts: Vec<_> = stage.commissions().await.iter().map(|row| row.amount.minor()).collect();
    assert_eq!(amounts, [1980, 4950]);
}

#[tokio::test]
async fn the_currency_stays_once_somebody_earned() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let euro = || SettingsChange { currency: "EUR".parse().ok(), ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, euro(), None).await.unwrap();
    stage.record(RecordEventCommand { affiliate_id: Some(bob.id), ..purchase("1") }).await.unwrap();
    let dollar = SettingsChange { currency: "USD".parse().ok(), ..SettingsChange::default() };
    assert!(matches!(refusal(stage.app.settings.change(&stage.who, dollar, None).await), Refusal::State(_)));
    stage.app.settings.change(&stage.who, euro(), None).await.unwrap();
}

#[tokio::test]
async fn a_slug_is_unique_on_the_server() {
    let stage = TestApp::new().await;
    let rename = |slug: &str| SettingsChange { slug: Slug::parse(slug).ok(), ..SettingsChange::default() };
    let taken = stage.app.settings.change(&stage.who, rename("ama"), None).await;
    assert_eq!(refusal(taken), Refusal::Exists { field: "slug" });
    stage.app.settings.change(&stage.who, rename("kofi"), None).await.unwrap();
    assert_eq!(stage.app.settings.get(&stage.who).await.unwrap().slug.as_str(), "kofi");
    stage.assert_reconciled().await;
}
