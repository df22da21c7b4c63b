//! Commission rules.

use crate::stage::{ALL, TestApp, once, refusal};
use app::Principal;
use domain::{
    CommissionRule, Metric, Mode, NewRule, NewTier, Rate, Refusal, RewardWish, RuleChange, RuleLevel, RuleScope,
    ShortText, TierName,
};
use ports::{RuleFilter, TierFilter};

fn wish(scope: RuleScope) -> NewRule {
    let reward = RewardWish { rate: Some(Rate::ONE), ..RewardWish::default() };
    NewRule { scope, reward, event_kind: None, priority: 0, starts_at: None, ends_at: None }
}

async fn rules(stage: &TestApp) -> Vec<CommissionRule> {
    stage.app.rules.list(&stage.who, &RuleFilter::default(), &ALL).await.unwrap().rows
}

fn names(refusal: &Refusal, field: &str) -> bool {
    matches!(refusal, Refusal::Invalid(faults) if faults[0].field == field)
}

#[tokio::test]
async fn what_a_rule_names_must_exist_and_stays() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let gold = NewTier {
        name: TierName::parse("Gold").unwrap(),
        rate: Rate::ONE,
        metric: Metric::Orders,
        threshold: "1".parse().unwrap(),
    };
    stage.app.tiers.create(&stage.who, gold, None).await.unwrap();
    let gold = stage.app.tiers.list(&stage.who, &TierFilter::default(), &ALL).await.unwrap().rows.remove(0);
    let live = Principal { merchant_id: stage.organization.live, mode: Mode::Live, ..stage.who };
    for scope in [RuleScope::Affiliate(bob.id), RuleScope::Tier(gold.id)] {
        let foreign = refusal(stage.app.rules.create(&live, wish(scope.clone()), None).await);
        assert!(names(&foreign, "scope_ref"), "{foreign:?}");
        stage.app.rules.create(&stage.who, wish(scope), None).await.unwrap();
    }
    assert!(matches!(refusal(stage.app.tiers.delete(&stage.who, gold.id).await), Refusal::State(_)));
    let rule = rules(&stage).await.into_iter().find(|rule| rule.scope == RuleScope::Tier(gold.id)).unwrap();
    // Another level with its own reference, and then the tier is free.
    let change = |level, reference: Option<&str>| RuleChange {
        level,
        reference: Some(reference.and_then(|text| ShortText::parse(text).ok())),
        ..RuleChange::default()
    };
    for bad in [
        change(Some(RuleLevel::Affiliate), None),
        change(Some(RuleLevel::Affiliate), Some(&gold.id.to_string())),
        change(None, Some("tier_00000000000000000000000001")),
    ] {
        let refused = refusal(stage.app.rules.change(&stage.who, rule.id, bad, None).await);
        assert!(names(&refused, "scope_ref"), "{refused:?}");
    }
    let to_bob = change(Some(RuleLevel::Affiliate), Some(&bob.id.to_string()));
    stage.app.rules.change(&stage.who, rule.id, to_bob, None).await.unwrap();
    assert_eq!(stage.app.rules.get(&stage.who, rule.id).await.unwrap().scope, RuleScope::Affiliate(bob.id));
    stage.app.tiers.delete(&stage.who, gold.id).await.unwrap();
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn rules_are_counted_up_to_their_limit() {
    let stage = TestApp::new().await;
    for _ in 0..CommissionRule::MOST {
        stage.app.rules.create(&stage.who, wish(RuleScope::Global), None).await.unwrap();
    }
    let one_more = || stage.app.rules.create(&stage.who, wish(RuleScope::Global), None);
    assert!(matches!(refusal(one_more().await), Refusal::State(_)));
    let rule = rules(&stage).await.remove(0);
    stage.app.rules.delete(&stage.who, rule.id).await.unwrap();
    assert_eq!(refusal(stage.app.rules.delete(&stage.who, rule.id).await), Refusal::NotFound);
    one_more().await.unwrap();
}

#[tokio::test]
async fn a_replay_changes_nothing_and_an_empty_change_neither() {
    let stage = TestApp::new().await;
    let create = || stage.app.rules.create(&stage.who, wish(RuleScope::Global), once("POST /commission-rules", "k", 1));
    let first = create().await.unwrap();
    let again = create().await.unwrap();
    assert!(again.replayed && again.body == first.body);
    let made = rules(&stage).await;
    assert_eq!(made.len(), 1);
    stage.clock.advance(std::time::Duration::from_secs(60));
    stage.app.rules.change(&stage.who, made[0].id, RuleChange::default(), None).await.unwrap();
    assert_eq!(rules(&stage).await, made);
    let raise = RuleChange { priority: Some(7), ..RuleChange::default() };
    stage.app.rules.change(&stage.who, made[0].id, raise, None).await.unwrap();
    let after = rules(&stage).await.remove(0);
    assert!(after.priority == 7 && after.updated_at > made[0].updated_at);
}
