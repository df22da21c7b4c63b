//! Tiers, and who rises to which.

use crate::stage::{ALL, TestApp, new_affiliate, once, purchase, refusal};
use app::{ChangeAffiliateCommand, CreateAffiliateCommand, Principal, RecordEventCommand};
use domain::{
    Affiliate, AffiliateChange, AffiliateStatus, Metric, Mode, NewAffiliate, NewTier, Refusal, Tier, TierChange,
    TierId, TierName, Timestamp,
};
use ports::{Position, TierFilter, Window};
use std::sync::Arc;

fn wish(name: &str, rate: &str, metric: Metric, threshold: &str) -> NewTier {
    let rate = domain::Rate::from_decimal(rate.parse().unwrap()).unwrap();
    NewTier { name: TierName::parse(name).unwrap(), rate, metric, threshold: threshold.parse().unwrap() }
}

fn gold() -> NewTier {
    wish("Gold", "0.3", Metric::Revenue, "150")
}

async fn tier(stage: &TestApp, command: NewTier) -> Tier {
    let name = command.name.clone();
    stage.app.tiers.create(&stage.who, command, None).await.unwrap();
    let rows = stage.app.tiers.list(&stage.who, &TierFilter::default(), &ALL).await.unwrap().rows;
    rows.into_iter().find(|tier| tier.name == name).unwrap()
}

/// All of real time.
const EVER: Window = Window { from: Timestamp::MIN, to: Timestamp::MAX };

async fn sale(stage: &TestApp, name: &str, of: &Affiliate) {
    let command = RecordEventCommand { affiliate_id: Some(of.id), ..purchase(name) };
    stage.record(command).await.unwrap();
}

fn with_tier(tier: Option<TierId>) -> ChangeAffiliateCommand {
    let change = AffiliateChange { tier_id: Some(tier), ..AffiliateChange::default() };
    ChangeAffiliateCommand { change, parent_email: None }
}

#[tokio::test]
async fn a_name_is_taken_once_and_a_freed_one_again() {
    let stage = TestApp::new().await;
    let gold_tier = tier(&stage, gold()).await;
    let again = || stage.app.tiers.create(&stage.who, wish("GOLD", "0.1", Metric::Orders, "1"), None);
    assert_eq!(refusal(again().await), Refusal::Exists { field: "name" });
    let change = TierChange { name: TierName::parse("Platinum").ok(), ..TierChange::default() };
    stage.app.tiers.change(&stage.who, gold_tier.id, change, None).await.unwrap();
    again().await.unwrap();
    let back = TierChange { name: TierName::parse("gold").ok(), ..TierChange::default() };
    let back = stage.app.tiers.change(&stage.who, gold_tier.id, back, None).await;
    assert_eq!(refusal(back), Refusal::Exists { field: "name" });
    stage.app.tiers.delete(&stage.who, gold_tier.id).await.unwrap();
    assert_eq!(refusal(stage.app.tiers.get(&stage.who, gold_tier.id).await), Refusal::NotFound);
    tier(&stage, wish("Platinum", "0.1", Metric::Orders, "1")).await;
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn of_many_who_want_the_last_place_one_gets_it() {
    let stage = Arc::new(TestApp::new().await);
    for n in 1..Tier::MOST {
        tier(&stage, wish(&format!("Tier {n}"), "0.1", Metric::Orders, "1")).await;
    }
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let stage = Arc::clone(&stage);
            let command = wish(&format!("Last {n}"), "0.1", Metric::Orders, "1");
            tokio::spawn(async move { stage.app.tiers.create(&stage.who, command, None).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            lost => assert!(matches!(refusal(lost), Refusal::State(_))),
        }
    }
    assert_eq!(won, 1);
    let shop = stage.app.settings.get(&stage.who).await.unwrap();
    assert_eq!(shop.tier_count, Tier::MOST);
}

#[tokio::test]
async fn a_replay_changes_nothing_and_an_empty_change_neither() {
    let stage = TestApp::new().await;
    let create = || stage.app.tiers.create(&stage.who, gold(), once("POST /tiers", "k", 1));
    let first = create().await.unwrap();
    let again = create().await.unwrap();
    assert!(again.replayed && again.body == first.body);
    let made = stage.app.tiers.list(&stage.who, &TierFilter::default(), &ALL).await.unwrap().rows.remove(0);
    stage.clock.advance(std::time::Duration::from_secs(60));
    stage.app.tiers.change(&stage.who, made.id, TierChange::default(), None).await.unwrap();
    assert_eq!(stage.app.tiers.get(&stage.who, made.id).await.unwrap(), made);
}

#[tokio::test]
async fn a_tier_that_is_had_stays() {
    let stage = TestApp::new().await;
    let gold = tier(&stage, gold()).await;
    let affiliate = NewAffiliate { tier_id: Some(gold.id), ..new_affiliate("bob") };
    stage
        .app
        .affiliates
        .create(&stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None)
        .await
        .unwrap();
    let bob = stage.affiliate_named("bob").await;
    assert_eq!(bob.tier_id, Some(gold.id));
    assert!(matches!(refusal(stage.app.tiers.delete(&stage.who, gold.id).await), Refusal::State(_)));
    stage.app.affiliates.change(&stage.who, bob.id, with_tier(None), None).await.unwrap();
    assert_eq!(stage.affiliate_named("bob").await.tier_id, None);
    stage.app.tiers.delete(&stage.who, gold.id).await.unwrap();
    let gone = stage.app.affiliates.change(&stage.who, bob.id, with_tier(Some(gold.id)), None).await;
    assert!(matches!(refusal(gone), Refusal::Invalid(faults) if faults[0].field == "tier_id"));
    let affiliate = NewAffiliate { tier_id: Some(gold.id), ..new_affiliate("eve") };
    let gone =
        stage.app.affiliates.create(&stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None).await;
    assert!(matches!(refusal(gone), Refusal::Invalid(faults) if faults[0].field == "tier_id"));
}

#[tokio::test]
async fn giving_and_deleting_a_tier_at_once_never_both_succeed() {
    let stage = Arc::new(TestApp::new().await);
    for round in 0..10 {
        let gold = tier(&stage, wish(&format!("Gold {round}"), "0.3", Metric::Orders, "1")).await;
        let bob = stage.affiliate(&format!("bob{round}"), None).await;
        let (giving, deleting) = (Arc::clone(&stage), Arc::clone(&stage));
        let give = tokio::spawn(async move {
            giving.app.affiliates.change(&giving.who, bob.id, with_tier(Some(gold.id)), None).await
        });
        let delete = tokio::spawn(async move { deleting.app.tiers.delete(&deleting.who, gold.id).await });
        let (given, deleted) = (give.await.unwrap().is_ok(), delete.await.unwrap().is_ok());
        assert!(given != deleted, "round {round}: given {given}, deleted {deleted}");
    }
}

#[tokio::test]
async fn an_affiliate_rises_by_its_sales_and_never_falls() {
    let stage = TestApp::new().await;
    let gold = tier(&stage, gold()).await;
    let silver = tier(&stage, wish("Silver", "0.25", Metric::Orders, "1")).await;
    let (bob, eve) = (stage.affiliate("bob", None).await, stage.affiliate("eve", None).await);
    assert_eq!(stage.app.tiers.promote_due(None).await.unwrap(), 0, "nobody sold anything");
    sale(&stage, "1", &bob).await;
    assert_eq!(stage.app.tiers.promote_due(Some(EVER)).await.unwrap(), 1);
    assert_eq!(stage.affiliate_named("bob").await.tier_id, Some(silver.id));
    assert_eq!(stage.app.tiers.promote_due(Some(EVER)).await.unwrap(), 0, "once is enough");
    sale(&stage, "2", &bob).await;
    sale(&stage, "3", &eve).await;
    assert_eq!(stage.app.tiers.promote_due(None).await.unwrap(), 2);
    assert_eq!(stage.affiliate_named("bob").await.tier_id, Some(gold.id), "198.00 is more than 150");
    assert_eq!(stage.affiliate_named("eve").await.tier_id, Some(silver.id));
    // Harder to reach now: who has it keeps it.
    let harder = TierChange { threshold: "1000".parse().ok(), ..TierChange::default() };
    stage.app.tiers.change(&stage.who, gold.id, harder, None).await.unwrap();
    assert_eq!(stage.app.tiers.promote_due(Some(EVER)).await.unwrap(), 0);
    assert_eq!(stage.affiliate_named("bob").await.tier_id, Some(gold.id));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn only_who_may_earn_rises() {
    let stage = TestApp::new().await;
    tier(&stage, wish("Silver", "0.25", Metric::Orders, "0")).await;
    let bob = stage.affiliate("bob", None).await;
    let change = |status| {
        let change = AffiliateChange { status: Some(status), ..AffiliateChange::default() };
        stage.app.affiliates.change(&stage.who, bob.id, ChangeAffiliateCommand { change, parent_email: None }, None)
    };
    change(AffiliateStatus::Suspended).await.unwrap();
    assert!(!stage.app.tiers.promote_one(stage.who.merchant_id, bob.id).await.unwrap());
    change(AffiliateStatus::Approved).await.unwrap();
    assert!(stage.app.tiers.promote_one(stage.who.merchant_id, bob.id).await.unwrap());
    assert!(!stage.app.tiers.promote_one(stage.organization.live, bob.id).await.unwrap(), "not there");
}

#[tokio::test]
async fn another_mode_has_other_tiers() {
    let stage = TestApp::new().await;
    let gold = tier(&stage, gold()).await;
    let live = Principal { merchant_id: stage.organization.live, mode: Mode::Live, ..stage.who };
    assert_eq!(refusal(stage.app.tiers.get(&live, gold.id).await), Refusal::NotFound);
    let change = stage.app.tiers.change(&live, gold.id, TierChange::default(), None).await;
    assert_eq!(refusal(change), Refusal::NotFound);
    assert_eq!(refusal(stage.app.tiers.delete(&live, gold.id).await), Refusal::NotFound);
    let after = Some(Position { at: gold.created_at, id: gold.id.uuid() });
    let rest = ports::PageRequest { after, ..ALL };
    let page = stage.app.tiers.list(&stage.who, &TierFilter::default(), &rest).await.unwrap();
    assert!(page.rows.is_empty());
}
