//! Customers, orders and referral groups.

use crate::stage::{TestApp, email_of, once, refusal, repeated};
use app::{AppError, OpenGroupCommand, OrderRepresentation, PlaceOrderCommand, ValidateGroupCommand, Worker};
use domain::{
    Checkout, Customer, CustomerChange, CustomerId, Group, GroupChange, GroupRefusal, GroupSettingsChange, GroupStatus,
    Metadata, NewCustomer, Order, OrderReference, OrderStatus, PersonName, Rate, Refusal, Reminder, ScheduleWish,
    SettingsChange,
};
use ports::ListRequest;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

pub(crate) fn order_of(name: &str) -> PlaceOrderCommand {
    PlaceOrderCommand {
        amount: 35_000,
        customer_id: None,
        email: Some(email_of(name)),
        first_name: None,
        last_name: None,
        phone: None,
        locale: None,
        currency: None,
        reference: None,
        reference_as_sent: None,
        share_id: None,
        referral: None,
        metadata: Metadata::default(),
        checkout: Checkout::default(),
    }
}

pub(crate) fn joining(group: &Group, name: &str) -> PlaceOrderCommand {
    PlaceOrderCommand { share_id: Some(group.share_id.to_string()), ..order_of(name) }
}

impl TestApp {
    pub(crate) async fn place(&self, command: PlaceOrderCommand) -> Result<Order, AppError> {
        self.app.orders.place(&self.who, command, OrderRepresentation::Order, None).await?;
        Ok(self.orders().await.remove(0))
    }

    pub(crate) async fn orders(&self) -> Vec<Order> {
        self.app.orders.list(&self.who, &ListRequest::newest(100)).await.unwrap().rows
    }

    pub(crate) async fn customers(&self) -> Vec<Customer> {
        self.app.customers.list(&self.who, &ListRequest::newest(100)).await.unwrap().rows
    }

    /// A group that an order of `name` opened.
    async fn opened_by(&self, name: &str) -> Group {
        let order = self.place(order_of(name)).await.unwrap();
        self.group(&order).await
    }

    pub(crate) async fn group(&self, order: &Order) -> Group {
        self.app.groups.get(&self.who, order.group_id).await.unwrap()
    }

    pub(crate) async fn again(&self, group: &Group) -> Group {
        self.app.groups.get(&self.who, group.id).await.unwrap()
    }

    /// Lets time pass and does what is then due; how many steps that were.
    pub(crate) async fn pass(&self, minutes: u64) -> u64 {
        self.clock.advance(Duration::from_secs(60 * minutes));
        let groups = self.app.work(Worker::CloseGroups).await.unwrap().done;
        groups + self.app.work(Worker::ReleaseCashback).await.unwrap().done
    }

    pub(crate) async fn settle_on(&self, change: GroupSettingsChange) {
        self.app.group_settings.change(&self.who, change, None).await.unwrap();
    }
}

#[tokio::test]
async fn three_friends_get_what_they_were_promised() {
    let stage = TestApp::new().await;
    let group = stage.opened_by("ada").await;
    assert_eq!((group.participants, group.status), (1, GroupStatus::Open));
    for name in ["bob", "eve"] {
        let command = ValidateGroupCommand { email: Some(email_of(name)), amount: Some(1) };
        let valid = stage.app.groups.validate(&stage.who, group.id, command).await.unwrap();
        assert_eq!(valid.next_level().map(|(number, _)| number), Some(1));
        let order = stage.place(joining(&group, name)).await.unwrap();
        assert_eq!((order.group_id, order.ambassador_id), (group.id, Some(group.customer_id)));
    }
    assert_eq!(stage.pass(9).await, 0, "never early");
    assert_eq!(stage.pass(1).await, 1);
    let closed = stage.again(&group).await;
    assert_eq!((closed.status, closed.level, closed.participants), (GroupStatus::Completed, Some(1), 3));
    for order in stage.orders().await {
        assert_eq!((order.status, order.cashback.minor()), (OrderStatus::CashbackAvailable, 1_750));
    }
    assert_eq!(stage.pass(100).await, 0, "it is over");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_lone_creator_is_reminded_and_the_group_expires() {
    let stage = TestApp::new().await;
    let group = stage.opened_by("ada").await;
    assert_eq!((stage.pass(4).await, stage.pass(1).await, stage.pass(1).await), (0, 1, 0));
    assert_eq!(stage.again(&group).await.reminder, Reminder::MidwaySent);
    assert_eq!(stage.pass(4).await, 1);
    assert_eq!(stage.again(&group).await.status, GroupStatus::Expired);
    assert_eq!(stage.orders().await[0].status, OrderStatus::Created);
    let late = refusal(stage.place(joining(&group, "bob")).await);
    assert_eq!(late, Refusal::Group(GroupRefusal::Closed));

    // The order of a group that came to nothing may open another, once.
    let order = stage.orders().await[0].clone();
    let command = |order_id| OpenGroupCommand {
        customer_id: group.customer_id,
        order_id: Some(order_id),
        metadata: Metadata::default(),
        schedule: ScheduleWish::default(),
    };
    stage.app.groups.open(&stage.who, command(order.id), None).await.unwrap();
    let moved = stage.app.orders.get(&stage.who, order.id).await.unwrap();
    assert_ne!(moved.group_id, group.id);
    assert!(matches!(refusal(stage.app.groups.open(&stage.who, command(order.id), None).await), Refusal::State(_)));
    let second = stage.group(&moved).await;
    stage.place(joining(&second, "bob")).await.unwrap();
    assert_eq!(stage.pass(10).await, 1);
    assert_eq!(stage.again(&second).await.status, GroupStatus::Completed);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn join_rules_have_their_codes() {
    let stage = TestApp::new().await;
    stage
        .settle_on(GroupSettingsChange { max_participants: Some(2), min_purchase: Some(100), ..Default::default() })
        .await;
    let told = async |command: PlaceOrderCommand| {
        refusal(stage.app.orders.place(&stage.who, command, OrderRepresentation::Order, None).await)
    };
    let group = |rule| Refusal::Group(rule);
    assert_eq!(told(PlaceOrderCommand { amount: 99, ..order_of("ada") }).await, group(GroupRefusal::AmountTooLow));
    assert_eq!(stage.customers().await, [], "a refused order makes nobody");
    let opened = stage.opened_by("ada").await;
    let low = PlaceOrderCommand { amount: 99, ..joining(&opened, "bob") };
    assert_eq!(
        told(PlaceOrderCommand { share_id: Some("KHT-00000000".to_owned()), ..low.clone() }).await,
        Refusal::NotFound
    );
    assert_eq!(
        told(PlaceOrderCommand { share_id: Some("nonsense".to_owned()), ..low.clone() }).await,
        Refusal::NotFound
    );
    assert_eq!(told(low).await, group(GroupRefusal::AmountTooLow));
    assert_eq!(told(joining(&opened, "ADA")).await, group(GroupRefusal::EmailUsed));
    let euro = PlaceOrderCommand { currency: "EUR".parse().ok(), ..joining(&opened, "bob") };
    assert!(matches!(told(euro).await, Refusal::Invalid(faults) if faults[0].field == "currency"));
    let shouted = opened.share_id.to_string().to_lowercase().replace("kht-", "khtpay-test-");
    stage.place(PlaceOrderCommand { share_id: Some(shouted), ..order_of("bob") }).await.unwrap();
    assert_eq!(told(joining(&opened, "eve")).await, group(GroupRefusal::Full));
    let named = CustomerId::from_uuid(uuid::Uuid::nil());
    let unknown = PlaceOrderCommand { customer_id: Some(named), email: None, ..order_of("x") };
    assert!(matches!(told(unknown).await, Refusal::Invalid(faults) if faults[0].field == "customerId"));
    let bob = stage.customers().await.into_iter().find(|one| one.email == email_of("bob")).unwrap();
    stage.app.customers.block(&stage.who, bob.id, None).await.unwrap();
    for share_id in [None, Some("KHT-00000000".to_owned()), Some(opened.share_id.to_string())] {
        let blocked = PlaceOrderCommand { share_id, amount: 1, ..order_of("bob") };
        assert_eq!(told(blocked).await, group(GroupRefusal::Blocked), "before all others");
    }
    let command = ValidateGroupCommand { email: Some(email_of("bob")), amount: None };
    let validated = stage.app.groups.validate(&stage.who, opened.id, command).await;
    assert_eq!(refusal(validated), group(GroupRefusal::Blocked));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn an_order_is_placed_once_under_its_reference_and_its_key() {
    let stage = TestApp::new().await;
    let command = PlaceOrderCommand { reference: OrderReference::parse("shop-1").ok(), ..order_of("ada") };
    let first = stage
        .app
        .orders
        .place(&stage.who, command.clone(), OrderRepresentation::Order, once("POST /orders", "k", 1))
        .await
        .unwrap();
    let replay = stage
        .app
        .orders
        .place(&stage.who, command.clone(), OrderRepresentation::Order, once("POST /orders", "k", 1))
        .await
        .unwrap();
    assert_eq!((replay.body, replay.replayed), (first.body, true));
    let taken = stage.app.orders.place(&stage.who, command, OrderRepresentation::Order, None).await;
    assert_eq!(refusal(taken), Refusal::Exists { field: "clientReferenceId" });
    assert_eq!(stage.orders().await.len(), 1);
    stage.assert_reconciled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_simultaneous_orders_with_one_address_one_joins() {
    let stage = Arc::new(TestApp::new().await);
    let group = stage.opened_by("ada").await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (stage, command) = (Arc::clone(&stage), joining(&group, "bob"));
        tasks.spawn(async move { stage.app.orders.place(&stage.who, command, OrderRepresentation::Order, None).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(outcome), Refusal::Group(GroupRefusal::EmailUsed));
    }
    assert_eq!((stage.orders().await.len(), stage.customers().await.len()), (2, 2));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn refunds_follow_the_group() {
    let stage = TestApp::new().await;
    let group = stage.opened_by("ada").await;
    let bob = stage.place(joining(&group, "bob")).await.unwrap();
    let eve = stage.place(joining(&group, "eve")).await.unwrap();
    let refund = async |order: &Order, minor| {
        stage.app.orders.refund(&stage.who, order.id, minor, None).await?;
        stage.app.orders.get(&stage.who, order.id).await
    };
    let part = refund(&bob, Some(15_000)).await.unwrap();
    assert_eq!((part.refunded.minor(), part.participates), (15_000, true));
    assert!(!refund(&eve, None).await.unwrap().participates);
    assert_eq!(stage.again(&group).await.participants, 2);
    assert!(matches!(refusal(refund(&eve, Some(1)).await), Refusal::State(_)), "nothing is left");
    stage.place(joining(&group, "eve")).await.unwrap();
    assert_eq!(stage.pass(10).await, 1);
    let cashback = async |order: &Order| stage.app.orders.get(&stage.who, order.id).await.unwrap().cashback.minor();
    assert_eq!((cashback(&bob).await, cashback(&eve).await), (1_000, 0));
    let sending = OrderStatus::CashbackProcessing;
    stage.app.orders.change(&stage.who, bob.id, sending, None).await.unwrap();
    let late = refund(&bob, Some(10_000)).await.unwrap();
    assert_eq!((late.cashback.minor(), late.cashback_in_review.minor()), (1_000, 500));
    stage.app.orders.change(&stage.who, bob.id, OrderStatus::CashbackSent, None).await.unwrap();
    assert!(matches!(refusal(stage.app.orders.change(&stage.who, bob.id, sending, None).await), Refusal::State(_)));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn cashback_waits_for_the_hold() {
    let stage = TestApp::new().await;
    stage.settle_on(GroupSettingsChange { cashback_hold_minutes: Some(30), ..Default::default() }).await;
    let group = stage.opened_by("ada").await;
    stage.place(joining(&group, "bob")).await.unwrap();
    assert_eq!(stage.pass(10).await, 1);
    let standing =
        async || stage.orders().await.iter().map(|order| (order.status, order.cashback.minor())).collect::<Vec<_>>();
    assert_eq!(standing().await, [(OrderStatus::Created, 1_750); 2]);
    assert_eq!((stage.pass(29).await, stage.pass(1).await), (0, 2));
    assert_eq!(standing().await, [(OrderStatus::CashbackAvailable, 1_750); 2]);
}

#[tokio::test]
async fn groups_are_changed_canceled_and_expired_by_hand() {
    let stage = TestApp::new().await;
    let (who, groups) = (&stage.who, &stage.app.groups);
    let group = stage.opened_by("ada").await;
    let change =
        GroupChange { metadata: Some(Metadata::stored("{\"a\":1}".to_owned())), creator_email: Some(email_of("x")) };
    groups.change(who, group.id, change.clone(), None).await.unwrap();
    assert_eq!(refusal(stage.place(joining(&group, "ada")).await), Refusal::Group(GroupRefusal::EmailUsed));
    assert!(matches!(refusal(groups.expire(who, group.id, None).await), Refusal::State(_)), "not yet");
    groups.cancel(who, group.id, None).await.unwrap();
    let canceled = stage.again(&group).await;
    assert_eq!((canceled.status, canceled.metadata.as_str()), (GroupStatus::Canceled, "{\"a\":1}"));
    assert_eq!(refusal(groups.cancel(who, group.id, None).await), Refusal::Group(GroupRefusal::Closed));
    let other = GroupChange { creator_email: Some(email_of("y")), ..change };
    groups.change(who, group.id, other, None).await.unwrap();
    assert_eq!(stage.again(&group).await.creator_email, email_of("y"), "in every status");

    let second = stage.opened_by("bob").await;
    stage.clock.advance(Duration::from_secs(600));
    groups.expire(who, second.id, None).await.unwrap();
    assert_eq!(stage.again(&second).await.status, GroupStatus::Expired);
    let third = stage.opened_by("eve").await;
    stage.place(joining(&third, "ada")).await.unwrap();
    assert!(matches!(refusal(groups.cancel(who, third.id, None).await), Refusal::State(_)), "not alone");
    assert_eq!(groups.named(who, &third.share_id.to_string().to_lowercase()).await.unwrap(), third.id);
    assert_eq!(refusal(groups.named(who, "KHT-00000000").await), Refusal::NotFound);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn customers_come_change_and_go() {
    let stage = TestApp::new().await;
    let (who, customers) = (&stage.who, &stage.app.customers);
    let new = |name: &str| NewCustomer {
        email: email_of(name),
        first_name: None,
        last_name: None,
        phone: None,
        metadata: Metadata::default(),
    };
    customers.create(who, new("ada"), None).await.unwrap();
    let taken = customers.create(who, new("ADA"), None).await;
    assert_eq!(repeated(taken), ("emailAddress", vec![]), "it is as was asked");
    let other = NewCustomer { first_name: PersonName::parse("Ada").ok(), ..new("ada") };
    assert_eq!(refusal(customers.create(who, other, None).await), Refusal::Exists { field: "emailAddress" });
    let ada = stage.customers().await.remove(0);
    let renamed = CustomerChange { email: Some(email_of("ada2")), ..CustomerChange::default() };
    customers.change(who, ada.id, renamed, None).await.unwrap();
    customers.create(who, new("ada"), None).await.unwrap();
    customers.delete(who, ada.id).await.unwrap();
    customers.delete(who, ada.id).await.unwrap();
    assert!(customers.get(who, ada.id).await.unwrap().deleted_at.is_some());
    assert_eq!(stage.customers().await.len(), 1);
    let command = PlaceOrderCommand { customer_id: Some(ada.id), email: None, ..order_of("ada2") };
    assert!(matches!(refusal(stage.place(command).await), Refusal::Invalid(_)), "it is gone");
    stage.place(order_of("ada2")).await.unwrap();
    assert_eq!(stage.customers().await.len(), 2, "its address was free");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn what_is_promised_is_never_cut() {
    let stage = TestApp::new().await;
    let cap = |percent: u32| Rate::from_millionths(percent * 10_000);
    let lower = async |rate| {
        let change = SettingsChange { max_payout_rate: rate, ..SettingsChange::default() };
        stage.app.settings.change(&stage.who, change, None).await
    };
    let named = |refusal: Refusal| match refusal {
        Refusal::Invalid(faults) => faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(refusal(lower(cap(14)).await)), ["max_payout_rate"], "fifteen percent are promised");
    lower(cap(15)).await.unwrap();
    let more = GroupSettingsChange { min_purchase: Some(1), discount: "AMOUNT".parse().ok(), ..Default::default() };
    let refused = stage.app.group_settings.change(&stage.who, more, None).await;
    assert_eq!(named(refusal(refused)), ["discountLevels"]);
    let few = GroupSettingsChange { max_participants: Some(2), ..Default::default() };
    stage.settle_on(few).await;
    lower(cap(5)).await.unwrap();
    let open = stage.opened_by("ada").await;
    stage.settle_on(GroupSettingsChange { minutes_duration: Some(1), ..Default::default() }).await;
    assert_eq!(stage.again(&open).await.terms.minutes_duration, 10, "an open group keeps what it promised");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_reference_that_was_kept_as_it_was_sent_is_still_taken() {
    let stage = TestApp::new().await;
    let reference = |text: &str| OrderReference::parse(text).ok();
    // As an earlier version placed it.
    stage.place(PlaceOrderCommand { reference: reference("7 "), ..order_of("ada") }).await.unwrap();
    let read = |sent: &str| PlaceOrderCommand {
        reference: reference("7"),
        reference_as_sent: reference(sent),
        ..order_of("bob")
    };
    let taken = stage.app.orders.place(&stage.who, read("7 "), OrderRepresentation::Order, None).await;
    assert_eq!(refusal(taken), Refusal::Exists { field: "clientReferenceId" });
    stage.place(read(" 7")).await.unwrap();
}
