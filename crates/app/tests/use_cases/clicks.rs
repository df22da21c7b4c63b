//! Following links.

use crate::stage::{TestApp, purchase, refusal};
use app::{RecordClickCommand, RecordEventCommand};
use domain::{Refusal, SessionId, SettingsChange, Slug, Utm, Via, WebUrl};

fn visit(affiliate: &str) -> RecordClickCommand {
    RecordClickCommand {
        merchant: Slug::parse("ama-test").unwrap(),
        affiliate: Slug::parse(affiliate).unwrap(),
        session: None,
        landing_page: None,
        referrer: None,
        utm: Utm::default(),
        user_agent: None,
        ip_hash: None,
        refused: false,
    }
}

async fn with_landing() -> TestApp {
    let stage = TestApp::new().await;
    let url = WebUrl::parse("https://shop.example.com/").unwrap();
    let change = SettingsChange { landing_url: Some(Some(url)), ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    stage
}

async fn via(stage: &TestApp, order: &str, session: SessionId) -> Via {
    stage.record(RecordEventCommand { session: Some(session), ..purchase(order) }).await.unwrap();
    stage.events().await.remove(0).event.decision.via()
}

#[tokio::test]
async fn a_click_leads_to_the_shop_and_the_purchase_to_the_affiliate() {
    let stage = with_landing().await;
    stage.affiliate("bob", None).await;
    let redirect = stage.app.clicks.redirect(visit("bob"), &[]).await.unwrap();
    let session = redirect.landing.unwrap().session;
    assert_eq!(redirect.target, format!("https://shop.example.com/?_cobz_sess={}", session.as_str()));
    assert_eq!(via(&stage, "1", session.clone()).await, Via::Click);
    let again = RecordClickCommand { session: Some(session.clone()), ..visit("bob") };
    let redirect = stage.app.clicks.redirect(again, &[]).await.unwrap();
    assert_eq!(redirect.landing.unwrap().session, session, "a session that is there is kept");
}

#[tokio::test]
async fn who_refuses_is_redirected_and_not_kept() {
    let stage = with_landing().await;
    stage.affiliate("bob", None).await;
    let session = SessionId::parse("0123456789abcdef").unwrap();
    let command = RecordClickCommand { refused: true, session: Some(session.clone()), ..visit("bob") };
    let redirect = stage.app.clicks.redirect(command, &[]).await.unwrap();
    assert_eq!((redirect.target.as_str(), redirect.landing), ("https://shop.example.com/", None));
    assert_eq!(via(&stage, "1", session).await, Via::None);
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_not_found() {
    let stage = TestApp::new().await;
    stage.affiliate("bob", None).await;
    assert_eq!(refusal(stage.app.clicks.redirect(visit("bob"), &[]).await), Refusal::NotFound);
    let stage = with_landing().await;
    let redirect = stage.app.clicks.redirect(visit("nobody"), &[]).await.unwrap();
    assert_eq!((redirect.target.as_str(), redirect.landing), ("https://shop.example.com/", None), "but to the shop");
    assert!(stage.app.clicks.beacon(visit("nobody")).await.is_ok(), "a beacon has nobody to tell");
}
