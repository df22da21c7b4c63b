//! Several merchants on one storage, each of whom does the same to the engine and to its books.

use super::books::{Books, Cashback, Circle, Deal, Fate, Promise, Refused, Told};
use crate::{
    conversions::referral,
    groups::order_of,
    refunds::of_order,
    stage::{ALL, TestApp, new_affiliate},
};
use app::{
    AppError, CreateAffiliateCommand, OpenGroupCommand, OrderRepresentation, PlaceOrderCommand, Principal, Worker,
};
use domain::{
    CouponCode, Decimal, DiscountType, EventId, ExternalId, GroupId, GroupSettingsChange, GroupStatus, Level,
    LevelValue, Levels, Metadata, Mode, NewRefund, OrderId, OrderStatus, OrganizationName, Plan, Reminder,
    ScheduleWish, TestClockStep,
};
use ports::{CouponFilter, IdSourceExt, ListRequest};
use std::time::Duration;
use testkit::{Dice, SeededIds, build::usd};

const MERCHANTS: usize = 3;
const PEOPLE: usize = 5;

pub(super) struct Game {
    stage: TestApp,
    dice: Dice,
    merchants: Vec<Merchant>,
}

struct Merchant {
    who: Principal,
    coupon: CouponCode,
    /// How far its clock is ahead.
    ahead: i64,
    books: Books,
    groups: Vec<GroupId>,
    orders: Vec<(OrderId, Option<EventId>)>,
}

fn judged<T: std::fmt::Debug>(done: Result<T, AppError>) -> Result<(), Refused> {
    match done {
        Ok(_) => Ok(()),
        Err(AppError::Refused(_)) => Err(Refused),
        Err(other) => panic!("{other:?}"),
    }
}

fn promise(dice: &mut Dice) -> Promise {
    let is_percent = dice.chance(60);
    let levels = match (is_percent, dice.below(3)) {
        (true, 0) => vec![(2, 50_000), (5, 100_000), (10, 150_000)],
        (true, 1) => vec![(2, 75_000), (3, 333_333)],
        (true, _) => vec![(2, 1), (4, 1_000_000)],
        (false, 0) => vec![(2, 500), (3, 2_000)],
        (false, _) => vec![(2, 100), (4, 100_000)],
    };
    Promise {
        is_percent,
        levels,
        places: *dice.pick(&[2, 3, 15]),
        minutes: *dice.pick(&[1, 10, 1_441, 10_080, 10_081, 43_200]),
        least: *dice.pick(&[0, 0, 100]),
        hold_minutes: *dice.pick(&[0, 0, 30, 2_880]),
    }
}

fn change(promise: &Promise) -> GroupSettingsChange {
    let value = |value| if promise.is_percent { Decimal::new(value, 4) } else { Decimal::new(value / 100, 0) };
    let level = |&(participants, gives): &(usize, i64)| Level {
        value: LevelValue::from_decimal(value(gives)).unwrap(),
        participants: participants.try_into().unwrap(),
    };
    GroupSettingsChange {
        discount: Some(if promise.is_percent { DiscountType::Percentage } else { DiscountType::Amount }),
        levels: Some(Levels::new(promise.levels.iter().map(level).collect()).unwrap()),
        max_participants: Some(promise.places.try_into().unwrap()),
        minutes_duration: Some(promise.minutes.try_into().unwrap()),
        min_purchase: Some(promise.least),
        cashback_hold_minutes: Some(promise.hold_minutes.try_into().unwrap()),
        application_fee_rate: None,
    }
}

impl Game {
    pub(super) async fn begin(seed: u64) -> Self {
        let (stage, mut dice) = (TestApp::new().await, Dice::new(seed));
        let mut merchants = Vec::new();
        for number in 0..MERCHANTS {
            let name = OrganizationName::parse(&format!("Merchant {number}")).unwrap();
            let organization = stage.app.organizations.create(name, Plan::Growth, usd()).await.unwrap();
            let who = Principal {
                merchant_id: organization.test,
                mode: Mode::Test,
                organization_id: organization.id,
                plan: Plan::Growth,
                key_id: SeededIds::new(seed).id(),
            };
            let command = CreateAffiliateCommand { affiliate: new_affiliate("partner"), parent_email: None };
            stage.app.affiliates.create(&who, command, None).await.unwrap();
            let coupons = stage.app.coupons.list(&who, &CouponFilter::default(), &ALL).await.unwrap().rows;
            let promise = promise(&mut dice);
            stage.app.group_settings.change(&who, change(&promise), None).await.unwrap();
            let books = Books { promise, circles: Vec::new(), deals: Vec::new() };
            let coupon = coupons[0].code.clone();
            merchants.push(Merchant { who, coupon, ahead: 0, books, groups: Vec::new(), orders: Vec::new() });
        }
        Self { stage, dice, merchants }
    }

    pub(super) async fn step(&mut self, step: usize) {
        let place = self.dice.below(self.merchants.len());
        let now = self.stage.clock_micros();
        let (stage, dice, merchant) = (&self.stage, &mut self.dice, &mut self.merchants[place]);
        match dice.below(100) {
            0..15 => merchant.place(stage, dice, now, false).await,
            15..45 => merchant.place(stage, dice, now, true).await,
            45..58 => merchant.refund(stage, dice, now, step).await,
            58..64 => merchant.end(stage, dice, now).await,
            64..72 => merchant.send(stage, dice).await,
            72..77 => merchant.reopen(stage, dice, now).await,
            77..81 => merchant.settle(stage, dice).await,
            81..95 => self.pass(place).await,
            _ => self.work().await,
        }
    }

    /// Time passes for one merchant or for all, and mostly somebody notices.
    async fn pass(&mut self, place: usize) {
        let minutes = *self.dice.pick(&[1, 4, 5, 30, 1_440, 2_881, 4_320, 10_080]);
        if self.dice.chance(50) {
            self.stage.clock.advance(Duration::from_secs(60 * minutes));
        } else {
            let merchant = &mut self.merchants[place];
            let step = TestClockStep::By(Duration::from_secs(60 * minutes));
            self.stage.app.test_mode.advance(&merchant.who, step, None).await.unwrap();
            merchant.ahead += i64::try_from(minutes).unwrap() * 60_000_000;
        }
        if self.dice.chance(70) {
            self.work().await;
        }
    }

    async fn work(&mut self) {
        let now = self.stage.clock_micros();
        let (close, release) = (self.dice.chance(80), self.dice.chance(80));
        let app = &self.stage.app;
        if close {
            let steps: u64 = self.merchants.iter_mut().map(|one| one.books.close(now + one.ahead)).sum();
            assert_eq!(app.work(Worker::CloseGroups).await.unwrap().done, steps);
        }
        if release {
            let steps: u64 = self.merchants.iter_mut().map(|one| one.books.release(now + one.ahead)).sum();
            assert_eq!(app.work(Worker::ReleaseCashback).await.unwrap().done, steps);
        }
        self.compare().await;
    }

    pub(super) async fn compare(&self) {
        for merchant in &self.merchants {
            merchant.compare(&self.stage).await;
        }
    }

    pub(super) async fn assert_reconciled(&self) {
        self.stage.assert_reconciled().await;
    }
}

impl TestApp {
    fn clock_micros(&self) -> i64 {
        ports::Clock::now(&*self.clock).micros()
    }
}

impl Merchant {
    /// An order, by one of a few people: it opens a group, or wants to join any there ever was.
    async fn place(&mut self, stage: &TestApp, dice: &mut Dice, now: i64, joins: bool) {
        let now = now + self.ahead;
        let (who, brought) = (dice.below(PEOPLE), dice.chance(40));
        let paid = *dice.pick(&[1, 99, 100, 9_999, 35_000, 123_457]);
        let at =
            (joins && !self.groups.is_empty()).then(|| self.groups.len() - 1 - dice.below(self.groups.len().min(4)));
        let share_id = match at {
            Some(at) => Some(stage.app.groups.get(&self.who, self.groups[at]).await.unwrap().share_id.to_string()),
            None => None,
        };
        let referral = brought.then(|| referral(None, Some(self.coupon.clone())));
        let command = PlaceOrderCommand { amount: paid, share_id, referral, ..order_of(&format!("person-{who}")) };
        let told = match at {
            Some(at) => self.books.join(now, at, who, paid, brought),
            None => self.books.open(now, who, paid, brought),
        };
        assert_eq!(judged(stage.app.orders.place(&self.who, command, OrderRepresentation::Order, None).await), told);
        if told.is_ok() {
            let order = stage.app.orders.list(&self.who, &ListRequest::newest(1)).await.unwrap().rows.remove(0);
            assert_eq!(order.event_id.is_some(), brought);
            self.orders.push((order.id, order.event_id));
            if at.is_none() {
                self.groups.push(order.group_id);
            }
        }
    }

    fn any_order(&self, dice: &mut Dice) -> Option<usize> {
        (!self.orders.is_empty()).then(|| dice.below(self.orders.len()))
    }

    /// By the order, or by its event.
    async fn refund(&mut self, stage: &TestApp, dice: &mut Dice, now: i64, step: usize) {
        let Some(at) = self.any_order(dice) else { return };
        let minor = dice.chance(60).then(|| *dice.pick(&[1, 50, 3_333, 20_000]));
        let told = self.books.refund(now + self.ahead, at, minor);
        let done = match self.orders[at] {
            (_, Some(event)) if dice.chance(50) => {
                let external_id = ExternalId::parse(&format!("refund-{step}")).unwrap();
                let amount = minor.map(|minor| Decimal::new(minor, 2));
                let command =
                    NewRefund { refunds: Some(event), order_id: None, external_id, amount, ..of_order("x", "x") };
                judged(stage.app.refunds.record(&self.who, command, None).await)
            }
            (order, _) => judged(stage.app.orders.refund(&self.who, order, minor, None).await),
        };
        assert_eq!(done, told, "{minor:?} of {:?}", self.books.deals[at]);
    }

    async fn end(&mut self, stage: &TestApp, dice: &mut Dice, now: i64) {
        if self.groups.is_empty() {
            return;
        }
        let (at, now) = (dice.below(self.groups.len()), now + self.ahead);
        let (done, told) = if dice.chance(50) {
            (stage.app.groups.cancel(&self.who, self.groups[at], None).await, self.books.cancel(now, at))
        } else {
            (stage.app.groups.expire(&self.who, self.groups[at], None).await, self.books.expire(now, at))
        };
        assert_eq!(judged(done), told);
    }

    async fn send(&mut self, stage: &TestApp, dice: &mut Dice) {
        let Some(at) = self.any_order(dice) else { return };
        let (status, cashback) = *dice.pick(&[
            (OrderStatus::CashbackProcessing, Cashback::UnderWay),
            (OrderStatus::CashbackSent, Cashback::Sent),
            (OrderStatus::CashbackAvailable, Cashback::Ready),
        ]);
        let done = stage.app.orders.change(&self.who, self.orders[at].0, status, None).await;
        assert_eq!(judged(done), self.books.send(at, cashback));
    }

    async fn reopen(&mut self, stage: &TestApp, dice: &mut Dice, now: i64) {
        let Some(at) = self.any_order(dice) else { return };
        let order = stage.app.orders.get(&self.who, self.orders[at].0).await.unwrap();
        let command = OpenGroupCommand {
            customer_id: order.customer_id,
            order_id: Some(order.id),
            metadata: Metadata::default(),
            schedule: ScheduleWish::default(),
        };
        let told = self.books.reopen(now + self.ahead, at);
        assert_eq!(judged(stage.app.groups.open(&self.who, command, None).await), told);
        if told.is_ok() {
            self.groups.push(stage.app.orders.get(&self.who, order.id).await.unwrap().group_id);
        }
    }

    async fn settle(&mut self, stage: &TestApp, dice: &mut Dice) {
        self.books.promise = promise(dice);
        stage.app.group_settings.change(&self.who, change(&self.books.promise), None).await.unwrap();
    }

    async fn compare(&self, stage: &TestApp) {
        for (id, circle) in self.groups.iter().zip(&self.books.circles) {
            let group = stage.app.groups.get(&self.who, *id).await.unwrap();
            let Circle { fate, told, people, level, .. } = circle;
            let status = match fate {
                Fate::Open => GroupStatus::Open,
                Fate::Completed => GroupStatus::Completed,
                Fate::Expired => GroupStatus::Expired,
                Fate::Canceled => GroupStatus::Canceled,
            };
            let reminder = match told {
                Told::Nothing => Reminder::NotSent,
                Told::Midway => Reminder::MidwaySent,
                Told::Day3 => Reminder::Day3Sent,
                Told::Day2 => Reminder::Day2BeforeEndSent,
            };
            let own =
                (group.status, group.reminder, usize::from(group.participants), group.level.map_or(0, usize::from));
            assert_eq!(own, (status, reminder, *people, *level), "{group:#?} is not {circle:#?}");
        }
        for ((id, _), deal) in self.orders.iter().zip(&self.books.deals) {
            let order = stage.app.orders.get(&self.who, *id).await.unwrap();
            let Deal { circle, back, gets, doubted, cashback, counts, .. } = deal;
            let status = match cashback {
                Cashback::None => OrderStatus::Created,
                Cashback::Ready => OrderStatus::CashbackAvailable,
                Cashback::UnderWay => OrderStatus::CashbackProcessing,
                Cashback::Sent => OrderStatus::CashbackSent,
            };
            let money = (order.refunded.minor(), order.cashback.minor(), order.cashback_in_review.minor());
            let own = (order.group_id, order.status, order.participates, money);
            assert_eq!(own, (self.groups[*circle], status, *counts, (*back, *gets, *doubted)), "{order:#?}");
        }
    }
}
