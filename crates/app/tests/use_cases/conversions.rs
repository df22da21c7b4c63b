//! Orders that are conversions too.

use crate::{
    groups::{joining, order_of},
    refunds::of_order,
    stage::{ALL, TestApp, email_of, once, purchase, refusal, repeated},
};
use app::{
    App, BatchLine, OpenGroupCommand, OrderReferral, OrderRepresentation, PlaceOrderCommand, RecordEventBatchCommand,
    RecordEventCommand,
};
use domain::{
    Commission, CommissionStatus, CouponCode, EventKind, GroupRefusal, GroupSettingsChange, GroupStatus, LevelValue,
    Levels, Metadata, NewRefund, Order, OrderReference, OrderStatus, Rate, Refusal, Reward, ScheduleWish, SelfReferral,
    SessionId, SettingsChange, Via,
};
use ports::{CommissionFilter, CouponFilter, EventRecord, ResponseStatus};
use std::sync::{Arc, Mutex};
use testkit::{
    Mutant,
    build::{moment, session},
};
use tokio::task::JoinSet;

/// By the coupon that `affiliate` got when it was approved.
async fn by_coupon_of(stage: &TestApp, name: &str) -> OrderReferral {
    let affiliate_id = Some(stage.affiliate_named(name).await.id);
    let filter = CouponFilter { affiliate_id, ..CouponFilter::default() };
    let coupon = stage.app.coupons.list(&stage.who, &filter, &ALL).await.unwrap().rows.remove(0);
    referral(None, Some(coupon.code))
}

pub(crate) fn referral(session: Option<SessionId>, coupon: Option<CouponCode>) -> OrderReferral {
    OrderReferral { session, coupon, unreadable: domain::Unreadable::default(), fingerprint: [9; 32] }
}

/// Alice above Bob; a fifth to him, a tenth of that to her; so much of a sale may be paid out.
async fn program(stage: &TestApp, most: u32) {
    stage.affiliate("alice", None).await;
    stage.affiliate("bob", Some("alice")).await;
    let max_payout_rate = Rate::from_millionths(most);
    let change = SettingsChange { max_payout_rate, ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
}

impl TestApp {
    /// Places an order that Bob's coupon brought.
    async fn brought(&self, command: PlaceOrderCommand) -> Order {
        let referral = Some(by_coupon_of(self, "bob").await);
        self.place(PlaceOrderCommand { referral, ..command }).await.unwrap()
    }

    async fn order(&self, order: &Order) -> Order {
        self.app.orders.get(&self.who, order.id).await.unwrap()
    }

    async fn event_of(&self, order: &Order) -> EventRecord {
        self.app.events.get(&self.who, order.event_id.unwrap()).await.unwrap()
    }

    /// What is left of the order's commissions, by level.
    async fn earned(&self, order: &Order) -> Vec<i64> {
        let rows = self.event_of(order).await.commissions;
        let live = |level| rows.iter().filter(move |row: &&Commission| row.level == level && !is_void(row));
        let levels = rows.iter().map(|row| row.level).max().map_or(0, |level| level + 1);
        (0..levels).map(|level| live(level).map(|row| row.amount.minor()).sum()).collect()
    }
}

fn is_void(row: &Commission) -> bool {
    row.status == CommissionStatus::Void
}

#[tokio::test]
async fn an_order_by_a_coupon_opens_a_group_and_earns_what_its_promise_leaves() {
    let stage = TestApp::new().await;
    program(&stage, 300_000).await;
    let order = stage.brought(order_of("ada")).await;
    let EventRecord { event, commissions } = stage.event_of(&order).await;
    let own = order.id.to_string();
    assert_eq!(
        (event.external_id.as_str(), event.order_id.as_str(), &event.kind),
        (&*own, &*own, &EventKind::Purchase)
    );
    assert_eq!((event.amount, event.customer_email.as_ref()), (Some(order.amount), Some(&order.email)));
    assert_eq!((event.decision.via(), event.affiliate_id), (Via::Coupon, Some(stage.affiliate_named("bob").await.id)));
    // 105.00 of 350.00 may be paid, 52.50 are promised; 70.00 and 7.00 would have been earned.
    let reserve = event.decision.reserve.unwrap();
    assert_eq!((reserve.cap.minor(), reserve.promise), (10_500, Reward::Rate(Rate::from_millionths(150_000).unwrap())));
    assert_eq!((event.payout_cap.unwrap().minor(), event.decision.cut.unwrap().minor()), (5_250, 2_450));
    assert_eq!(commissions.iter().map(|row| row.amount.minor()).collect::<Vec<_>>(), [5_250, 0]);
    let filter = CommissionFilter { order_id: OrderReference::parse(&own).ok(), ..CommissionFilter::default() };
    let listed = stage.app.commissions.list(&stage.who, &filter, &ALL).await.unwrap().rows;
    assert_eq!((listed.len(), stage.events().await.len()), (2, 1));
    // The customer is bound as by any first order.
    let renewal =
        RecordEventCommand { kind: EventKind::Renewal, customer_email: Some(email_of("ada")), ..purchase("renewal") };
    stage.record(renewal).await.unwrap();
    let bound = &stage.events().await[0].event.decision.candidates;
    assert_eq!(bound.len(), 1, "the bond was weighed: {bound:?}");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn an_order_by_a_session_joins_and_its_groups_own_terms_count() {
    let stage = TestApp::new().await;
    program(&stage, 1_000_000).await;
    let opened = stage.place(order_of("ada")).await.unwrap();
    assert_eq!((opened.event_id, stage.events().await.len()), (None, 0), "nobody is named: no conversion");
    let group = stage.group(&opened).await;
    let level = domain::Level { value: LevelValue::whole(50), participants: 2 };
    stage.settle_on(GroupSettingsChange { levels: Levels::new(vec![level]).ok(), ..Default::default() }).await;
    let bob = stage.affiliate_named("bob").await;
    stage.clicked(&bob, &session("visit"), moment(0)).await;
    let command = PlaceOrderCommand {
        referral: Some(referral(Some(session("visit")), None)),
        reference: OrderReference::parse("shop-7").ok(),
        ..joining(&group, "eve")
    };
    let joined = stage.place(command).await.unwrap();
    let event = stage.event_of(&joined).await.event;
    assert_eq!((event.external_id.as_str(), event.order_id.as_str()), ("shop-7", "shop-7"));
    assert_eq!((event.decision.via(), event.payout_cap.unwrap().minor()), (Via::Click, 35_000 - 5_250));
    assert_eq!((joined.group_id, stage.again(&group).await.participants), (group.id, 2));
    assert_eq!(stage.earned(&joined).await, [7_000, 700]);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn what_leads_to_nobody_is_recorded_with_its_reason() {
    let stage = TestApp::new().await;
    program(&stage, 1_000_000).await;
    let unknown = referral(Some(session("nobody")), CouponCode::parse("NOBODY").ok());
    for (name, referral) in [("ada", unknown), ("eve", referral(None, None))] {
        let order = stage.place(PlaceOrderCommand { referral: Some(referral), ..order_of(name) }).await.unwrap();
        let EventRecord { event, commissions } = stage.event_of(&order).await;
        assert_eq!((event.decision.via(), commissions.len()), (Via::None, 0));
        assert!(!event.decision.reason().is_empty() && event.decision.reserve.is_some());
    }
    let own = stage.brought(order_of("bob")).await;
    let event = stage.event_of(&own).await.event;
    assert!(event.decision.is_suspicious() && event.affiliate_id.is_none(), "bob brings himself");
    let change = SettingsChange { self_referral: Some(SelfReferral::Review), ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, change, None).await.unwrap();
    let own = stage.brought(order_of("bob")).await;
    assert!(stage.event_of(&own).await.commissions.iter().all(|row| row.status == CommissionStatus::Review));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn one_reference_is_one_sale() {
    let stage = TestApp::new().await;
    program(&stage, 1_000_000).await;
    stage.record(purchase("taken")).await.unwrap();
    let named =
        |reference: &str| PlaceOrderCommand { reference: OrderReference::parse(reference).ok(), ..order_of("ada") };
    let by_bob = Some(by_coupon_of(&stage, "bob").await);
    let command = PlaceOrderCommand { referral: by_bob.clone(), ..named("taken") };
    let refused = stage.app.orders.place(&stage.who, command, OrderRepresentation::Order, None).await;
    assert_eq!(refusal(refused), Refusal::Exists { field: "clientReferenceId" });
    stage.place(named("taken")).await.unwrap();
    let command = PlaceOrderCommand { referral: by_bob, ..named("ours") };
    let first = stage
        .app
        .orders
        .place(&stage.who, command.clone(), OrderRepresentation::Order, once("POST /orders", "k", 1))
        .await
        .unwrap();
    let again = stage
        .app
        .orders
        .place(&stage.who, command.clone(), OrderRepresentation::Order, once("POST /orders", "k", 1))
        .await
        .unwrap();
    assert_eq!((again.body, again.replayed), (first.body, true));
    let refused = stage.app.orders.place(&stage.who, command, OrderRepresentation::Order, None).await;
    assert_eq!(refusal(refused), Refusal::Exists { field: "clientReferenceId" });
    assert_eq!(repeated(stage.record(purchase("ours")).await).0, "external_id");
    assert_eq!((stage.orders().await.len(), stage.events().await.len()), (2, 2));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn whichever_is_refunded_both_are() {
    let stage = TestApp::new().await;
    program(&stage, 300_000).await;
    let order =
        stage.brought(PlaceOrderCommand { reference: OrderReference::parse("7").ok(), ..order_of("ada") }).await;
    let standing = async || {
        let (order, event) = (stage.order(&order).await, stage.event_of(&order).await.event);
        assert_eq!(order.refunded.minor(), event.refunded_minor);
        stage.assert_reconciled().await;
        (event.refunded_minor, order.participates, stage.earned(&order).await)
    };
    let of_order_7 = |amount: &str, id: &str| NewRefund { amount: amount.parse().ok(), ..of_order("7", id) };
    let refund = async |minor| stage.app.orders.refund(&stage.who, order.id, minor, None).await;
    let answer = refund(Some(10_000)).await.unwrap();
    assert_eq!(answer.status, ResponseStatus::Ok);
    // 250.00 are left: 75.00 may be paid, 37.50 are promised.
    assert_eq!(standing().await, (10_000, true, vec![3_750, 0]));
    stage.app.refunds.record(&stage.who, of_order_7("100.00", "r-1"), None).await.unwrap();
    assert_eq!(standing().await, (20_000, true, vec![2_250, 0]));
    let again = stage.app.refunds.record(&stage.who, of_order_7("100.00", "r-1"), None).await.unwrap();
    assert_eq!(again.status, ResponseStatus::Ok);
    assert_eq!(standing().await.0, 20_000, "a repeat takes nothing");
    let lines = vec![Ok(BatchLine::Refund(of_order_7("100.00", "r-2")))];
    let batch = RecordEventBatchCommand { lines, request_id: "r".to_owned() };
    stage.app.events.record_batch(&stage.who, batch, &stage.app.refunds, None).await.unwrap();
    assert_eq!(standing().await, (30_000, true, vec![750, 0]));
    assert!(matches!(refusal(refund(Some(5_001)).await), Refusal::State(_)), "more than is left");
    let much = stage.app.refunds.record(&stage.who, of_order_7("50.01", "r-3"), None).await;
    assert!(matches!(refusal(much), Refusal::State(_)), "more than is left");
    refund(None).await.unwrap();
    assert_eq!(standing().await, (35_000, false, vec![0, 0]));
    assert_eq!(stage.group(&order).await.participants, 0);
    assert!(matches!(refusal(refund(None).await), Refusal::State(_)));
    assert_eq!(stage.events().await.len(), 5, "the sale and four refunds");
}

#[tokio::test]
async fn a_refund_after_completion_takes_cashback_and_commissions() {
    let stage = TestApp::new().await;
    program(&stage, 300_000).await;
    let order = stage.brought(order_of("ada")).await;
    let group = stage.group(&order).await;
    stage.brought(joining(&group, "eve")).await;
    assert_eq!(stage.pass(10).await, 1);
    assert_eq!(stage.again(&group).await.status, GroupStatus::Completed);
    assert_eq!(stage.order(&order).await.cashback.minor(), 1_750, "five percent");
    let event = NewRefund { refunds: order.event_id, order_id: None, ..of_order("x", "r-1") };
    stage.app.refunds.record(&stage.who, NewRefund { amount: "150.00".parse().ok(), ..event }, None).await.unwrap();
    let after = stage.order(&order).await;
    assert_eq!((after.cashback.minor(), after.refunded.minor()), (1_000, 15_000));
    assert_eq!(stage.earned(&order).await, [3_000, 0], "what the highest level leaves, whichever was reached");
    stage.app.orders.change(&stage.who, order.id, OrderStatus::CashbackProcessing, None).await.unwrap();
    stage.app.orders.refund(&stage.who, order.id, Some(10_000), None).await.unwrap();
    let late = stage.order(&order).await;
    assert_eq!((late.cashback.minor(), late.cashback_in_review.minor()), (1_000, 500));
    assert_eq!(stage.earned(&order).await, [1_500, 0]);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_conversion_opens_no_group_that_promises_more() {
    let stage = TestApp::new().await;
    program(&stage, 1_000_000).await;
    let order = stage.brought(order_of("ada")).await;
    assert_eq!((stage.pass(5).await, stage.pass(5).await), (1, 1), "reminded, then expired");
    let command = || OpenGroupCommand {
        customer_id: order.customer_id,
        order_id: Some(order.id),
        metadata: Metadata::default(),
        schedule: ScheduleWish::default(),
    };
    let level = |percent| {
        let level = domain::Level { value: LevelValue::whole(percent), participants: 2 };
        GroupSettingsChange { levels: Levels::new(vec![level]).ok(), ..Default::default() }
    };
    stage.settle_on(level(16)).await;
    assert!(matches!(refusal(stage.app.groups.open(&stage.who, command(), None).await), Refusal::State(_)));
    stage.settle_on(level(15)).await;
    stage.app.groups.open(&stage.who, command(), None).await.unwrap();
    assert_ne!(stage.order(&order).await.group_id, order.group_id);
    stage.app.orders.refund(&stage.who, order.id, None, None).await.unwrap();
    assert_eq!((stage.order(&order).await.participates, stage.earned(&order).await), (false, vec![0, 0]));
    stage.assert_reconciled().await;
}

/// The topics of what the next use case of a node announces.
async fn announced(stage: &Arc<TestApp>, work: impl AsyncFnOnce(&App)) -> Vec<&'static str> {
    let (app, mutant) = stage.node(|storage| Mutant::of(storage, None));
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    mutant.let_pass(Box::new(move |set| {
        let mut topics: Vec<&str> = set.announce.iter().map(|one| one.topic.as_str()).collect();
        topics.sort_unstable();
        *seen.lock().unwrap() = topics;
        Box::pin(async {})
    }));
    work(&app).await;
    let told = told.lock().unwrap();
    told.clone()
}

#[tokio::test]
async fn each_thing_is_told_once() {
    let stage = Arc::new(TestApp::new().await);
    program(&stage, 1_000_000).await;
    let command = PlaceOrderCommand { referral: Some(by_coupon_of(&stage, "bob").await), ..order_of("ada") };
    let who = stage.who;
    let placed = announced(&stage, async |app| {
        drop(app.orders.place(&who, command, OrderRepresentation::Order, None).await.unwrap())
    })
    .await;
    assert_eq!(
        placed,
        [
            "commission.created",
            "commission.created",
            "conversion.recorded",
            "customer.created",
            "order.created",
            "payment_group.created",
        ]
    );
    let order = stage.orders().await.remove(0);
    let back = announced(&stage, async |app| drop(app.orders.refund(&who, order.id, Some(1_000), None).await.unwrap()));
    let expected = ["commission.refunded", "commission.refunded", "conversion.recorded", "order.refunded"];
    assert_eq!(back.await, expected);
    let command =
        NewRefund { refunds: order.event_id, order_id: None, amount: "10.00".parse().ok(), ..of_order("x", "r-1") };
    let back = announced(&stage, async |app| drop(app.refunds.record(&who, command, None).await.unwrap()));
    assert_eq!(back.await, expected);
}

/// By the order and by its event, while others join its group and its cashback becomes due.
#[tokio::test(flavor = "multi_thread")]
async fn refunds_by_both_doors_at_once_take_no_more_than_there_is() {
    let stage = Arc::new(TestApp::new().await);
    program(&stage, 1_000_000).await;
    let reference = OrderReference::parse("7").ok();
    let order = stage.brought(PlaceOrderCommand { reference, ..order_of("ada") }).await;
    let (id, group) = (order.id, stage.group(&order).await);
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (one, two, three) = (Arc::clone(&stage), Arc::clone(&stage), Arc::clone(&stage));
        let friend = joining(&group, &format!("friend-{n}"));
        tasks.spawn(async move { one.app.orders.refund(&one.who, id, Some(2_000), None).await });
        let command = NewRefund { amount: "20.00".parse().ok(), ..of_order("7", &format!("r-{n}")) };
        tasks.spawn(async move { two.app.refunds.record(&two.who, command, None).await });
        tasks.spawn(async move { three.app.orders.place(&three.who, friend, OrderRepresentation::Order, None).await });
    }
    let outcomes = tasks.join_all().await;
    for refused in outcomes.into_iter().filter(Result::is_err) {
        assert!(matches!(refusal(refused), Refusal::State(_) | Refusal::Group(GroupRefusal::Full)));
    }
    // 350.00 are seventeen times 20.00 and a rest.
    let (after, event) = (stage.order(&order).await, stage.event_of(&order).await.event);
    assert_eq!((after.refunded.minor(), event.refunded_minor), (34_000, 34_000));
    assert_eq!((stage.events().await.len(), stage.again(&group).await.participants), (18, 15));
    stage.assert_reconciled().await;
}
