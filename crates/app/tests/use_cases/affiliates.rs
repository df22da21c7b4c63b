//! Making and changing affiliates.

use crate::stage::{ALL, TestApp, email_of, new_affiliate, once, refusal};
use app::{ChangeAffiliateCommand, CreateAffiliateCommand};
use domain::{AffiliateChange, AffiliateStatus, DisplayName, NewAffiliate, Plan, Refusal, Slug};
use ports::AffiliateFilter;
use std::sync::Arc;

fn named(name: &str) -> CreateAffiliateCommand {
    CreateAffiliateCommand { affiliate: new_affiliate(name), parent_email: None }
}

fn under(parent: &str) -> ChangeAffiliateCommand {
    ChangeAffiliateCommand { parent_email: Some(Some(email_of(parent))), ..ChangeAffiliateCommand::default() }
}

#[tokio::test]
async fn unique_keys_are_refused_by_name() {
    let stage = TestApp::new().await;
    stage.affiliate("bob", None).await;
    let same_slug = CreateAffiliateCommand {
        affiliate: NewAffiliate { email: email_of("bert"), ..new_affiliate("bob") },
        parent_email: None,
    };
    let same_email = CreateAffiliateCommand {
        affiliate: NewAffiliate { email: email_of("BOB"), ..new_affiliate("bert") },
        parent_email: None,
    };
    let create = |command| stage.app.affiliates.create(&stage.who, command, None);
    assert_eq!(refusal(create(same_slug).await), Refusal::Exists { field: "slug" });
    assert_eq!(refusal(create(same_email).await), Refusal::Exists { field: "email" });
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_name_that_is_taken_gives_another_slug() {
    let stage = TestApp::new().await;
    for person in ["bob", "bert"] {
        let affiliate =
            NewAffiliate { slug: None, display_name: DisplayName::parse("Big Bob").ok(), ..new_affiliate(person) };
        stage
            .app
            .affiliates
            .create(&stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None)
            .await
            .unwrap();
    }
    let page = stage.app.affiliates.list(&stage.who, &AffiliateFilter::default(), &ALL).await.unwrap();
    let slugs: Vec<_> = page.rows.iter().map(|row| row.affiliate.slug.as_str().to_owned()).collect();
    assert_eq!(slugs[1], "big-bob");
    assert!(slugs[0].starts_with("big-bob-") && slugs[0].len() == 12, "{slugs:?}");
}

#[tokio::test]
async fn a_replay_comes_before_the_refusal_that_its_own_change_would_provoke() {
    let stage = TestApp::new().await;
    let create = || stage.app.affiliates.create(&stage.who, named("bob"), once("POST /affiliates", "k", 1));
    let first = create().await.unwrap();
    let again = create().await.unwrap();
    assert!(again.replayed && again.body == first.body);
}

#[tokio::test]
async fn fifty_at_once_with_one_key_make_one() {
    let stage = Arc::new(TestApp::new().await);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move {
                let once = once("POST /affiliates", "k", 1);
                stage.app.affiliates.create(&stage.who, named("bob"), once).await.unwrap()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| (answer.status, &answer.body) == (answers[0].status, &answers[0].body)));
}

#[tokio::test]
async fn approval_makes_one_personal_coupon() {
    let stage = TestApp::new().await;
    let affiliate = NewAffiliate { status: Some(AffiliateStatus::Pending), ..new_affiliate("bob") };
    stage
        .app
        .affiliates
        .create(&stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None)
        .await
        .unwrap();
    let id = stage.affiliate_named("bob").await.id;
    let mut codes = Vec::new();
    for status in [AffiliateStatus::Approved, AffiliateStatus::Suspended, AffiliateStatus::Approved] {
        let change = AffiliateChange { status: Some(status), ..AffiliateChange::default() };
        let command = ChangeAffiliateCommand { change, parent_email: None };
        stage.app.affiliates.change(&stage.who, id, command, None).await.unwrap();
        codes.push(stage.app.affiliates.get(&stage.who, id).await.unwrap().coupons);
    }
    assert!(codes[0].len() == 1 && codes[0][0].as_str().starts_with("BOB-"));
    assert_eq!((&codes[1], &codes[2]), (&codes[0], &codes[0]));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn two_simultaneous_changes_of_parents_never_close_a_cycle() {
    let stage = Arc::new(TestApp::new().await);
    for round in 0..10 {
        let names = [format!("a{round}"), format!("b{round}")];
        let [a, b] = [stage.affiliate(&names[0], None).await, stage.affiliate(&names[1], None).await];
        let change = |id, parent: &str| {
            let (stage, command) = (Arc::clone(&stage), under(parent));
            tokio::spawn(async move { stage.app.affiliates.change(&stage.who, id, command, None).await })
        };
        let (one, two) = (change(a.id, &names[1]), change(b.id, &names[0]));
        let done = [one.await.unwrap(), two.await.unwrap()];
        assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1, "one closes the way for the other");
    }
}

#[tokio::test]
async fn a_parent_must_exist_and_the_plan_must_have_parents() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let unknown = stage.app.affiliates.change(&stage.who, bob.id, under("nobody"), None).await;
    assert!(matches!(refusal(unknown), Refusal::Invalid(faults) if faults[0].field == "parent_email"));
    assert!(matches!(
        refusal(stage.app.affiliates.change(&stage.who, bob.id, under("bob"), None).await),
        Refusal::State(_)
    ));
    let poor = app::Principal { plan: Plan::Starter, ..stage.who };
    let command = CreateAffiliateCommand { affiliate: new_affiliate("carl"), parent_email: Some(email_of("bob")) };
    assert!(matches!(refusal(stage.app.affiliates.create(&poor, command, None).await), Refusal::Plan(_)));
}

#[tokio::test]
async fn a_plan_with_seats_is_full_at_its_last_one() {
    let stage = TestApp::new().await;
    let free = app::Principal { plan: Plan::Free, ..stage.who };
    for n in 0..25 {
        stage.app.affiliates.create(&free, named(&format!("partner{n}")), None).await.unwrap();
    }
    assert!(matches!(refusal(stage.app.affiliates.create(&free, named("one-more"), None).await), Refusal::Plan(_)));
}

#[tokio::test]
async fn a_freed_slug_and_address_can_be_taken_again() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let change = AffiliateChange {
        slug: Slug::parse("robert").ok(),
        email: Some(email_of("robert")),
        ..AffiliateChange::default()
    };
    let command = ChangeAffiliateCommand { change, parent_email: None };
    stage.app.affiliates.change(&stage.who, bob.id, command, None).await.unwrap();
    stage.affiliate("bob", None).await;
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    stage.clock.advance(std::time::Duration::from_secs(60));
    stage.app.affiliates.change(&stage.who, bob.id, ChangeAffiliateCommand::default(), None).await.unwrap();
    assert_eq!(stage.affiliate_named("bob").await, bob);
}

#[tokio::test]
async fn what_belongs_to_the_other_mode_does_not_exist() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let live = app::Principal { merchant_id: stage.organization.live, mode: domain::Mode::Live, ..stage.who };
    assert_eq!(refusal(stage.app.affiliates.get(&live, bob.id).await), Refusal::NotFound);
    let change = stage.app.affiliates.change(&live, bob.id, ChangeAffiliateCommand::default(), None).await;
    assert_eq!(refusal(change), Refusal::NotFound);
}
