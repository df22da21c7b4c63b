//! Recording conversion events.

use crate::stage::{ALL, TestApp, email_of, once, purchase, refusal, repeated};
use app::{AppError, AskedItem, BatchLine, MoveCommissionCommand, RecordEventBatchCommand, RecordEventCommand};
use domain::{
    AsSent, CommissionMove, CommissionStatus, CouponCode, Currency, EventKind, ExternalId, Refusal, ShortText, Via,
};
use ports::{CouponFilter, ResponseStatus};
use std::sync::Arc;
use testkit::build::moment;

#[tokio::test]
async fn a_sale_pays_the_affiliate_and_its_parent() {
    let stage = TestApp::new().await;
    let parent = stage.affiliate("alice", None).await;
    let leaf = stage.affiliate("bob", Some("alice")).await;
    for (order, amount, currency, leaf_earns, parent_earns) in [
        ("1", "99.00", "USD", "19.80", "1.98"),
        ("2", "999", "JPY", "200", "20"),
        ("3", "1.234", "KWD", "0.247", "0.025"),
    ] {
        let currency: Currency = currency.parse().unwrap();
        let command = RecordEventCommand {
            amount: amount.parse().ok(),
            currency: Some(currency),
            affiliate_id: Some(leaf.id),
            ..purchase(order)
        };
        assert_eq!(stage.record(command).await.unwrap().status, ResponseStatus::Created);
        let record = stage.events().await.remove(0);
        let seen: Vec<_> =
            record.commissions.iter().map(|row| (row.affiliate_id, row.level, row.amount.decimal())).collect();
        assert_eq!(seen, [(leaf.id, 0, leaf_earns.to_owned()), (parent.id, 1, parent_earns.to_owned())]);
        assert_eq!(record.commissions[1].leaf_id, Some(record.commissions[0].id));
        assert_eq!(record.event.decision.via(), Via::Affiliate);
    }
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_with_the_statuses_of_now() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let command = || RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") };
    let first = stage.record(command()).await.unwrap();
    let commission = stage.commissions().await.remove(0);
    let approve = MoveCommissionCommand { step: CommissionMove::Approve, reason: None };
    stage.app.commissions.change(&stage.who, commission.id, approve, None).await.unwrap();
    let repeat = stage.record(command()).await.unwrap();
    assert_eq!((repeat.status, repeat.replayed), (ResponseStatus::Ok, false));
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(
        text(&repeat.body),
        text(&first.body).replace("status: Pending", "status: Approved"),
        "all else is the same"
    );
    let other = RecordEventCommand { fingerprint: [2; 32], ..command() };
    assert_eq!(repeated(stage.record(other).await), ("external_id", vec!["content"]));
    let amount = "98.00".parse().ok();
    let other = RecordEventCommand { fingerprint: [2; 32], amount, occurred_at: Some(moment(1)), ..command() };
    assert_eq!(repeated(stage.record(other).await), ("external_id", vec!["amount", "occurred_at"]));
    assert_eq!(stage.commissions().await.len(), 1);
}

#[tokio::test]
async fn paying_kinds_share_a_space_and_the_others_have_their_own() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let of = |kind: &str| RecordEventCommand {
        kind: EventKind::parse(kind).unwrap(),
        affiliate_id: Some(leaf.id),
        fingerprint: [u8::try_from(kind.len()).unwrap(); 32],
        ..purchase("1")
    };
    for kind in ["purchase", "signup", "lead", "trial_started"] {
        assert_eq!(stage.record(of(kind)).await.unwrap().status, ResponseStatus::Created, "{kind}");
    }
    for kind in ["renewal", "upsell"] {
        assert_eq!(repeated(stage.record(of(kind)).await), ("external_id", vec!["type"]), "{kind}");
    }
    assert_eq!(stage.commissions().await.len(), 1, "only the purchase pays");
}

#[tokio::test]
async fn of_twenty_at_once_one_is_recorded_and_all_hear_the_same() {
    let stage = Arc::new(TestApp::new().await);
    let leaf = stage.affiliate("bob", None).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move {
                stage.record(RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") }).await.unwrap()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == ResponseStatus::Created).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!((stage.events().await.len(), stage.commissions().await.len()), (1, 1));
}

#[tokio::test]
async fn an_idempotency_key_comes_before_the_external_id() {
    let stage = TestApp::new().await;
    let record = |body| stage.app.events.record(&stage.who, purchase("1"), once("POST /events", "k", body));
    let first = record(1).await.unwrap();
    let again = record(1).await.unwrap();
    assert_eq!((again.status, again.replayed, again.body), (ResponseStatus::Created, true, first.body));
    assert!(matches!(record(2).await, Err(AppError::IdempotencyMismatch)));
}

#[tokio::test]
async fn amounts_must_fit_their_currency() {
    let stage = TestApp::new().await;
    for (amount, currency) in [(Some("0.5"), "JPY"), (Some("-1"), "USD"), (Some("1.001"), "USD"), (None, "USD")] {
        let command = RecordEventCommand {
            amount: amount.map(|text| text.parse().unwrap()),
            currency: currency.parse().ok(),
            ..purchase("1")
        };
        match refusal(stage.record(command).await) {
            Refusal::Invalid(faults) => assert_eq!(faults[0].field, "amount"),
            other => panic!("{other:?}"),
        }
    }
    assert!(stage.events().await.is_empty());
    // Also where the external id is taken: shape comes before state.
    stage.record(purchase("1")).await.unwrap();
    let command = RecordEventCommand { amount: "-1".parse().ok(), fingerprint: [2; 32], ..purchase("1") };
    assert!(matches!(refusal(stage.record(command).await), Refusal::Invalid(_)));
}

#[tokio::test]
async fn a_self_referral_is_blocked_and_flagged() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let command =
        RecordEventCommand { affiliate_id: Some(leaf.id), customer_email: Some(email_of("BOB")), ..purchase("1") };
    stage.record(command).await.unwrap();
    let record = stage.events().await.remove(0);
    assert_eq!((record.event.affiliate_id, record.commissions.len()), (None, 0));
    assert!(record.event.decision.is_suspicious());
}

#[tokio::test]
async fn a_referral_under_review_waits_for_a_person() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let review = domain::SettingsChange {
        self_referral: Some(domain::SelfReferral::Review),
        ..domain::SettingsChange::default()
    };
    stage.app.settings.change(&stage.who, review, None).await.unwrap();
    let command =
        || RecordEventCommand { affiliate_id: Some(leaf.id), customer_email: Some(email_of("bob")), ..purchase("1") };
    let first = stage.record(command()).await.unwrap();
    assert_eq!(stage.commissions().await[0].status, CommissionStatus::Review);
    assert_eq!(stage.record(command()).await.unwrap().body, first.body);
}

#[tokio::test]
async fn an_unknown_affiliate_is_refused() {
    let stage = TestApp::new().await;
    let command =
        RecordEventCommand { affiliate_id: Some(domain::Id::from_uuid(uuid::Uuid::from_u128(9))), ..purchase("1") };
    assert!(
        matches!(refusal(stage.record(command).await), Refusal::Invalid(faults) if faults[0].field == "affiliate_id")
    );
}

#[tokio::test]
async fn several_affiliates_share_an_order_line_by_line() {
    let stage = TestApp::new().await;
    let model = domain::SettingsChange {
        attribution_model: Some(domain::AttributionModel::Linear),
        ..domain::SettingsChange::default()
    };
    stage.app.settings.change(&stage.who, model, None).await.unwrap();
    let parent = stage.affiliate("alice", None).await;
    let session = testkit::build::session("visitor");
    let (bob, carol) = (stage.affiliate("bob", Some("alice")).await, stage.affiliate("carol", None).await);
    for (affiliate, at) in [(&bob, -3), (&carol, -2), (&bob, -1)] {
        stage.clicked(affiliate, &session, testkit::build::moment(at)).await;
    }
    let (bob, carol) = (bob.id, carol.id);
    let item = |amount: &str| AskedItem { product: None, category: None, amount: amount.parse().unwrap() };
    let items = vec![item("0.99"), item("98.02")];
    let command = RecordEventCommand { amount: None, items, session: Some(session), ..purchase("1") };
    let first = stage.record(command.clone()).await.unwrap();
    let record = stage.events().await.remove(0);
    assert_eq!(record.event.amount.unwrap().decimal(), "99.01");
    let seen: Vec<_> = record
        .commissions
        .iter()
        .map(|row| (row.affiliate_id, row.level, row.basis.decimal(), row.amount.decimal()))
        .collect();
    assert_eq!(record.event.affiliate_id, Some(bob), "the last click's");
    assert_eq!(seen.len(), 3);
    for row in [
        (bob, 0, "49.51".to_owned(), "9.90".to_owned()),
        (carol, 0, "49.50".to_owned(), "9.90".to_owned()),
        (parent.id, 1, "9.90".to_owned(), "0.99".to_owned()),
    ] {
        assert!(seen.contains(&row), "{row:?} in {seen:?}");
    }
    let leaf = record.commissions.iter().find(|row| row.affiliate_id == bob).unwrap();
    let above = record.commissions.iter().find(|row| row.level == 1).unwrap();
    assert_eq!(above.leaf_id, Some(leaf.id));
    assert_eq!(stage.record(command).await.unwrap().body, first.body, "also in which order the rows are");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn what_is_only_tried_is_not_kept() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let command = || RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") };
    let tried = stage.app.events.try_out(&stage.who, command()).await.unwrap();
    assert_eq!((tried.status, stage.events().await.len()), (ResponseStatus::Ok, 0));
    let first = stage.record(command()).await.unwrap();
    assert_eq!(stage.app.events.try_out(&stage.who, command()).await.unwrap().body, first.body);
    let other = RecordEventCommand { fingerprint: [2; 32], ..command() };
    assert_eq!(repeated(stage.app.events.try_out(&stage.who, other).await).0, "external_id");
}

#[tokio::test]
async fn the_cap_is_frozen_rounded_down() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let change = domain::SettingsChange {
        max_payout_rate: domain::Rate::from_millionths(123_456),
        ..domain::SettingsChange::default()
    };
    // Groups of so few reach the first level only, and what that promises fits.
    let few = domain::GroupSettingsChange { max_participants: Some(4), ..domain::GroupSettingsChange::default() };
    stage.app.group_settings.change(&stage.who, few, None).await.unwrap();
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    let command = RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") };
    stage.record(command).await.unwrap();
    let record = stage.events().await.remove(0);
    assert_eq!(record.event.payout_cap.unwrap().decimal(), "12.22", "12.222144");
    assert_eq!(record.commissions[0].amount.decimal(), "12.22");
    assert_eq!(record.event.decision.cut.unwrap().decimal(), "7.58");
    let lead = RecordEventCommand { kind: EventKind::Lead, affiliate_id: Some(leaf.id), ..purchase("2") };
    stage.record(lead).await.unwrap();
    assert_eq!(stage.events().await.remove(0).event.payout_cap, None, "there is no sale to take a part of");
}

#[tokio::test]
async fn items_and_amount_agree() {
    let stage = TestApp::new().await;
    let item = |amount: &str| AskedItem { product: None, category: None, amount: amount.parse().unwrap() };
    for (amount, items, field) in [
        (Some("2.00"), vec![item("1.00")], "items"),
        (None, vec![item("10000000000000.00"), item("0.01")], "items"),
        (None, vec![item("1.00"), item("0.001")], "items[1].amount"),
        (None, vec![], "amount"),
    ] {
        let command = RecordEventCommand { amount: amount.and_then(|text| text.parse().ok()), items, ..purchase("1") };
        assert!(matches!(refusal(stage.record(command).await), Refusal::Invalid(faults) if faults[0].field == field));
    }
}

/// A subscription's payment by the customer `C-1`.
fn renewal(external_id: &str) -> RecordEventCommand {
    RecordEventCommand {
        kind: EventKind::Renewal,
        customer_external_id: ShortText::parse("C-1").ok(),
        customer_email: Some(email_of("buyer")),
        ..purchase(external_id)
    }
}

async fn recurring(stage: &TestApp, recurring: domain::Recurring) {
    let change = domain::SettingsChange {
        recurring: Some(recurring),
        recurring_max_renewals: Some(2),
        ..domain::SettingsChange::default()
    };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
}

#[tokio::test]
async fn renewals_of_a_bound_customer_earn_as_the_program_says() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let via = async |command: RecordEventCommand| {
        stage.record(command).await.unwrap();
        let event = stage.events().await.remove(0).event;
        (event.decision.via(), event.affiliate_id)
    };
    let unbound =
        RecordEventCommand { customer_external_id: ShortText::parse("C-2").ok(), customer_email: None, ..renewal("0") };
    assert_eq!(via(unbound.clone()).await, (Via::None, None), "nobody brought this customer");
    let first = RecordEventCommand { kind: EventKind::Purchase, affiliate_id: Some(bob.id), ..renewal("1") };
    assert_eq!(via(first).await, (Via::Affiliate, Some(bob.id)));
    assert_eq!(via(renewal("2")).await, (Via::None, None), "by default only the first order earns");
    recurring(&stage, domain::Recurring::FirstNRenewals).await;
    assert_eq!(via(renewal("3")).await, (Via::Customer, Some(bob.id)));
    let by_mail = RecordEventCommand { customer_external_id: None, ..renewal("4") };
    assert_eq!(via(by_mail).await, (Via::Customer, Some(bob.id)));
    assert_eq!(via(renewal("5")).await, (Via::None, None), "two have earned");
    assert!(stage.events().await[0].event.decision.reason().contains("As many"));
    recurring(&stage, domain::Recurring::AllRenewals).await;
    assert_eq!(via(renewal("6")).await, (Via::Customer, Some(bob.id)));
    let again = RecordEventCommand { kind: EventKind::Purchase, ..renewal("7") };
    assert_eq!(via(again).await, (Via::None, None), "a purchase is not a renewal");
    let other = RecordEventCommand { external_id: domain::ExternalId::parse("8").unwrap(), ..unbound };
    assert_eq!(via(other).await, (Via::None, None));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn of_renewals_at_once_no_more_earn_than_can() {
    let stage = Arc::new(TestApp::new().await);
    let bob = stage.affiliate("bob", None).await;
    recurring(&stage, domain::Recurring::FirstNRenewals).await;
    let storm = async |asks: Vec<RecordEventCommand>| {
        let tasks: Vec<_> = asks
            .into_iter()
            .map(|command| {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move { stage.record(command).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    };
    let first = |n| RecordEventCommand {
        kind: EventKind::Purchase,
        affiliate_id: Some(bob.id),
        ..renewal(&format!("first-{n}"))
    };
    storm((0..10).map(first).collect()).await;
    storm((0..10).map(|n| renewal(&format!("again-{n}"))).collect()).await;
    let events = stage.events().await;
    let by_bond = events.iter().filter(|record| record.event.decision.via() == Via::Customer);
    assert_eq!((by_bond.count(), events.len()), (2, 20));
    stage.assert_reconciled().await;
}

/// A command whose names were sent with something around them that cannot be seen.
fn as_sent(external_id: &str, customer: &str) -> AsSent {
    AsSent {
        external_id: ExternalId::parse(external_id).ok(),
        order_id: None,
        customer_external_id: ShortText::parse(customer).ok(),
    }
}

#[tokio::test]
async fn what_was_kept_as_it_was_sent_goes_on_answering_to_it() {
    let stage = TestApp::new().await;
    recurring(&stage, domain::Recurring::FirstNRenewals).await;
    let leaf = stage.affiliate("bob", None).await;
    let customer = |id: &str| ShortText::parse(id).ok();
    // As an earlier version recorded it.
    let kept =
        RecordEventCommand { affiliate_id: Some(leaf.id), customer_external_id: customer("C-1 "), ..purchase("1 ") };
    let first = stage.record(kept).await.unwrap();
    let command = RecordEventCommand {
        affiliate_id: Some(leaf.id),
        as_sent: as_sent("1 ", "C-1 "),
        customer_external_id: customer("C-1"),
        ..purchase("1")
    };
    let again = stage.record(command.clone()).await.unwrap();
    assert_eq!((again.status, again.body), (ResponseStatus::Ok, first.body.clone()));
    let tried = stage.app.events.try_out(&stage.who, command.clone()).await.unwrap();
    assert_eq!(tried.body, first.body);
    let lines = vec![Ok(BatchLine::Event(command))];
    let batch = RecordEventBatchCommand { lines, request_id: "r".to_owned() };
    stage.app.events.record_batch(&stage.who, batch, &stage.app.refunds, None).await.unwrap();
    assert_eq!(stage.events().await.len(), 1, "nothing is paid twice by a blank");

    // What nothing was kept under is read without the blank, and the customer is still known by its old name.
    let renewal = RecordEventCommand {
        as_sent: as_sent(" 2", "C-1 "),
        customer_external_id: customer("C-1"),
        kind: EventKind::Renewal,
        ..purchase("2")
    };
    stage.record(renewal).await.unwrap();
    let event = stage.events().await.remove(0).event;
    assert_eq!((event.external_id.as_str(), event.affiliate_id), ("2", Some(leaf.id)));
}

#[tokio::test]
async fn of_several_coupons_the_first_that_belongs_to_an_affiliate_counts() {
    let stage = TestApp::new().await;
    let (bob, ann) = (stage.affiliate("bob", None).await, stage.affiliate("ann", None).await);
    let coupons = stage.app.coupons.list(&stage.who, &CouponFilter::default(), &ALL).await.unwrap().rows;
    let code_of = |id| coupons.iter().find(|coupon| coupon.affiliate_id == id).unwrap().code.clone();
    let (bobs, anns) = (code_of(bob.id), code_of(ann.id));
    let unknown = CouponCode::parse("SUMMER10").unwrap();
    for (id, codes, credited) in [
        ("1", vec![unknown.clone(), anns.clone(), bobs.clone()], Some(ann.id)),
        ("2", vec![bobs.clone(), anns.clone()], Some(bob.id)),
        ("3", vec![unknown.clone(), unknown.clone()], None),
    ] {
        let mut codes = codes.into_iter();
        let command = RecordEventCommand { coupon: codes.next(), more_coupons: codes.collect(), ..purchase(id) };
        stage.record(command).await.unwrap();
        assert_eq!(stage.events().await.remove(0).event.affiliate_id, credited, "{id}");
    }
}
