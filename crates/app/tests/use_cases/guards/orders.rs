//! Orders that are conversions too: placing them, and taking them back with what they earned.

use super::{Race, cases, each_decides};
use crate::{
    conversions::referral,
    groups::{joining, order_of},
    refunds::of_order,
    stage::{ALL, TestApp, email_of, once, purchase},
};
use app::{AppError, MoveCommissionCommand, OrderReferral, OrderRepresentation, PlaceOrderCommand, RecordEventCommand};
use domain::{
    Commission, CommissionMove, EventSpace, Group, GroupRefusal, GroupSettingsChange, GroupStatus, Metadata,
    NewCustomer, Order, OrderReference, OrderStatus, Refusal,
};
use ports::{ChangeSet, CouponFilter, Space, Table};
use testkit::Guard;

impl TestApp {
    /// By the coupon of an affiliate of this name, who is made.
    async fn coupon_of(&self, name: &str) -> OrderReferral {
        let affiliate_id = Some(self.affiliate(name, None).await.id);
        let filter = CouponFilter { affiliate_id, ..CouponFilter::default() };
        let coupon = self.app.coupons.list(&self.who, &filter, &ALL).await.unwrap().rows.remove(0);
        referral(None, Some(coupon.code))
    }

    /// A group that Ada opened, and an order by which Bob, whom an affiliate brought, wants to join it as `joiner-1`.
    async fn wanting(&self) -> (Group, PlaceOrderCommand) {
        let opened = self.place(order_of("ada")).await.unwrap();
        let group = self.group(&opened).await;
        let referral = Some(self.coupon_of("carl").await);
        let reference = OrderReference::parse("joiner-1").ok();
        let command = PlaceOrderCommand { referral, reference, ..joining(&group, "bob") };
        (group, command)
    }
}

impl Race {
    async fn place(&self, command: PlaceOrderCommand) -> Result<app::Response, AppError> {
        self.app.orders.place(&self.stage.who, command, OrderRepresentation::Order, None).await
    }
}

fn is_taken(outcome: &Result<app::Response, AppError>) -> bool {
    matches!(outcome, Err(AppError::Refused(Refusal::Exists { field: "clientReferenceId" })))
}

fn is_refused(outcome: &Result<app::Response, AppError>, rule: GroupRefusal) -> bool {
    matches!(outcome, Err(AppError::Refused(Refusal::Group(known))) if *known == rule)
}

async fn a_sale_has_one_external_id(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    race.overtaken_by(async |stage, _| {
        stage.record(purchase("joiner-1")).await.unwrap();
    });
    is_taken(&race.place(command).await) && race.stage.adds_up().await
}

async fn an_order_has_one_reference(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    race.overtaken_by(async |stage, _| {
        let reference = OrderReference::parse("joiner-1").ok();
        stage.place(PlaceOrderCommand { reference, ..order_of("eve") }).await.unwrap();
    });
    is_taken(&race.place(command).await)
}

async fn an_address_takes_part_once(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    race.place(command.clone()).await.unwrap();
    is_refused(&race.place(PlaceOrderCommand { reference: None, ..command }).await, GroupRefusal::EmailUsed)
}

async fn a_customer_is_made_once(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    race.overtaken_by(async |stage, _| {
        let email = email_of("bob");
        let new = NewCustomer { email, first_name: None, last_name: None, phone: None, metadata: Metadata::default() };
        stage.app.customers.create(&stage.who, new, None).await.unwrap();
    });
    race.place(command).await.unwrap();
    race.stage.customers().await.len() == 2
}

async fn the_last_place_is_one(race: &Race) -> bool {
    let few = GroupSettingsChange { max_participants: Some(2), ..Default::default() };
    race.stage.settle_on(few).await;
    let (group, command) = race.stage.wanting().await;
    race.overtaken_by(async move |stage, _| {
        stage.place(joining(&group, "eve")).await.unwrap();
    });
    is_refused(&race.place(command).await, GroupRefusal::Full) && race.stage.events().await.is_empty()
}

async fn the_blocked_do_not_join(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    let bob = race.stage.place(order_of("bob")).await.unwrap().customer_id;
    race.overtaken_by(async move |stage, _| {
        stage.app.customers.block(&stage.who, bob, None).await.unwrap();
    });
    is_refused(&race.place(command).await, GroupRefusal::Blocked) && race.stage.events().await.is_empty()
}

async fn a_customer_has_one_binding(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    let rival = race.stage.coupon_of("dora").await.coupon;
    race.overtaken_by(async move |stage, _| {
        let sale = RecordEventCommand { coupon: rival, customer_email: Some(email_of("bob")), ..purchase("first") };
        stage.record(sale).await.unwrap();
    });
    race.place(command).await.unwrap();
    race.stage.adds_up().await
}

async fn an_order_does_not_land_in_a_reset(race: &Race) -> bool {
    let (_, command) = race.stage.wanting().await;
    race.overtaken_by_a_reset();
    race.place(command).await.is_err()
}

async fn an_idempotency_key_places_one(race: &Race) -> bool {
    const ROUTE: &str = "POST /orders";
    let (_, command) = race.stage.wanting().await;
    race.overtaken_by(async |stage, _| {
        stage
            .app
            .orders
            .place(&stage.who, order_of("eve"), OrderRepresentation::Order, once(ROUTE, "key", 1))
            .await
            .unwrap();
    });
    let other =
        race.app.orders.place(&race.stage.who, command, OrderRepresentation::Order, once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.stage.orders().await.len() == 2
}

#[tokio::test]
async fn joining_as_a_conversion() {
    each_decides(cases! {
        Guard::Claim(Space::Event(EventSpace::Paying)) => a_sale_has_one_external_id,
        Guard::Claim(Space::OrderReference) => an_order_has_one_reference,
        Guard::Claim(Space::GroupEmail) => an_address_takes_part_once,
        Guard::Claim(Space::CustomerEmail) => a_customer_is_made_once,
        Guard::Claim(Space::Binding) => a_customer_has_one_binding,
        Guard::Version(Table::Groups) => the_last_place_is_one,
        Guard::Unchanged(Table::Customers) => the_blocked_do_not_join,
        Guard::Unchanged(Table::Merchants) => an_order_does_not_land_in_a_reset,
        Guard::ResponseRecord => an_idempotency_key_places_one,
    })
    .await;
}

/// An order of Ada's that an affiliate brought; the shop knows it as `1`.
async fn brought(stage: &TestApp) -> Order {
    let reference = OrderReference::parse("1").ok();
    let referral = Some(stage.coupon_of("carl").await);
    stage.place(PlaceOrderCommand { referral, reference, ..order_of("ada") }).await.unwrap()
}

/// Takes all that is left of it back, by its event.
async fn take_back(race: &Race) -> Result<app::Response, AppError> {
    race.app.refunds.record(&race.stage.who, of_order("1", "r-1"), None).await
}

async fn moved(stage: &TestApp, row: &Commission, step: CommissionMove) {
    stage.app.commissions.change(&stage.who, row.id, MoveCommissionCommand { step, reason: None }, None).await.unwrap();
}

async fn nothing_is_taken_back_twice(race: &Race) -> bool {
    race.stage.record(purchase("1")).await.unwrap();
    race.overtaken_by(async |stage, _| {
        stage.app.refunds.record(&stage.who, of_order("1", "r-0"), None).await.unwrap();
    });
    take_back(race).await.is_err() && race.stage.adds_up().await
}

async fn a_refund_has_one_external_id(race: &Race) -> bool {
    brought(&race.stage).await;
    race.stage.record(purchase("2")).await.unwrap();
    race.overtaken_by(async |stage, _| {
        let other = domain::NewRefund { fingerprint: [2; 32], ..of_order("2", "r-1") };
        stage.app.refunds.record(&stage.who, other, None).await.unwrap();
    });
    let refused = take_back(race).await;
    matches!(refused, Err(AppError::Refused(Refusal::Repeated { field: "external_id", .. })))
}

async fn cashback_on_its_way_stays_on_its_way(race: &Race) -> bool {
    let order = brought(&race.stage).await;
    let group = race.stage.group(&order).await;
    race.stage.place(joining(&group, "eve")).await.unwrap();
    race.stage.pass(10).await;
    let id = order.id;
    race.overtaken_by(async move |stage, _| {
        stage.app.orders.change(&stage.who, id, OrderStatus::CashbackProcessing, None).await.unwrap();
    });
    take_back(race).await.unwrap();
    let order = race.stage.app.orders.get(&race.stage.who, id).await.unwrap();
    (order.status, order.cashback_in_review) == (OrderStatus::CashbackProcessing, order.cashback)
}

async fn who_joins_meanwhile_counts(race: &Race) -> bool {
    let order = brought(&race.stage).await;
    let group = race.stage.group(&order).await;
    let id = group.id;
    race.overtaken_by(async move |stage, _| {
        stage.place(joining(&group, "eve")).await.unwrap();
    });
    take_back(race).await.unwrap();
    race.stage.app.groups.get(&race.stage.who, id).await.unwrap().participants == 1
}

async fn the_group_is_as_it_was_read(race: &Race) -> bool {
    let order = brought(&race.stage).await;
    let group = race.stage.group(&order).await;
    // The group closes, and nothing else is written: whatever closing does to its orders, the refund must see the group.
    race.overtaken_by(async move |stage, _| {
        let loaded = stage.storage.group_facts(stage.who.merchant_id, group.id).await.unwrap().unwrap().group;
        let closed = Group { status: GroupStatus::Completed, level: Some(1), ..loaded.row };
        let mut set = ChangeSet::new(stage.who.merchant_id);
        set.rows.groups.change(loaded.version, closed);
        stage.storage.commit(set).await.unwrap();
    });
    let part = domain::NewRefund { amount: "150.00".parse().ok(), ..of_order("1", "r-1") };
    race.app.refunds.record(&race.stage.who, part, None).await.unwrap();
    race.stage.app.orders.get(&race.stage.who, order.id).await.unwrap().cashback.minor() == 1_000
}

async fn what_is_void_stays_void(race: &Race) -> bool {
    brought(&race.stage).await;
    let row = race.stage.commissions().await.remove(0);
    race.overtaken_by(async move |stage, _| moved(&stage, &row, CommissionMove::Void).await);
    let part = domain::NewRefund { amount: "150.00".parse().ok(), ..of_order("1", "r-1") };
    race.app.refunds.record(&race.stage.who, part, None).await.unwrap();
    race.stage.commissions().await.len() == 1
}

async fn no_refund_is_lost_from_the_account(race: &Race) -> bool {
    let order = brought(&race.stage).await;
    let row = race.stage.commissions().await.remove(0);
    moved(&race.stage, &row, CommissionMove::Approve).await;
    let other = RecordEventCommand { affiliate_id: Some(row.affiliate_id), ..purchase("2") };
    race.stage.record(other).await.unwrap();
    let mut rows = race.stage.commissions().await;
    rows.retain(|other| other.event_id != order.event_id.unwrap());
    race.overtaken_by(async move |stage, _| moved(&stage, &rows[0], CommissionMove::Approve).await);
    take_back(race).await.unwrap();
    race.stage.adds_up().await
}

async fn a_refund_does_not_land_in_a_reset(race: &Race) -> bool {
    brought(&race.stage).await;
    race.overtaken_by_a_reset();
    take_back(race).await.is_err()
}

async fn an_idempotency_key_takes_back_once(race: &Race) -> bool {
    const ROUTE: &str = "POST /events";
    brought(&race.stage).await;
    race.overtaken_by(async |stage, _| {
        stage.app.events.record(&stage.who, purchase("2"), once(ROUTE, "key", 1)).await.unwrap();
    });
    let other = race.app.refunds.record(&race.stage.who, of_order("1", "r-1"), once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.stage.events().await.len() == 2
}

#[tokio::test]
async fn taking_an_order_back_with_what_it_earned() {
    each_decides(cases! {
        Guard::Version(Table::Events) => nothing_is_taken_back_twice,
        Guard::Claim(Space::Event(EventSpace::Refund)) => a_refund_has_one_external_id,
        Guard::Version(Table::Orders) => cashback_on_its_way_stays_on_its_way,
        Guard::Version(Table::Groups) => who_joins_meanwhile_counts,
        Guard::Unchanged(Table::Groups) => the_group_is_as_it_was_read,
        Guard::Version(Table::Commissions) => what_is_void_stays_void,
        Guard::Version(Table::Accounts) => no_refund_is_lost_from_the_account,
        Guard::Unchanged(Table::Merchants) => a_refund_does_not_land_in_a_reset,
        Guard::ResponseRecord => an_idempotency_key_takes_back_once,
    })
    .await;
}
