use super::*;
use crate::groups::{
    cashback::tests::terms,
    group::tests::{at, group},
};
use crate::orders::{Checkout, customer::tests::customer};
use proptest::prelude::*;

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, "EUR".parse().unwrap())
}

pub(crate) fn order(minor: i64) -> Order {
    place(minor, &customer(2), RiskContext { creator: Some(&customer(1)), velocity: &OrderVelocity::default() })
}

fn place(minor: i64, buyer: &Customer, around: RiskContext<'_>) -> Order {
    let request = NewOrder {
        first_name: None,
        last_name: None,
        phone: None,
        locale: None,
        amount: euro(minor),
        reference: OrderReference::parse("Order-1").ok(),
        metadata: Metadata::default(),
        checkout: Checkout::default(),
    };
    let id = OrderId::from_uuid(uuid::Uuid::from_u128(3));
    let (by, now) = (Actor::System, at(0));
    Order::place(request, OrderPlacement { id, customer: buyer, group: &group(1, 10), around, by, now })
}

#[test]
fn an_order_takes_from_its_customer_what_it_does_not_say() {
    let order = order(35_000);
    assert_eq!(order.first_name, customer(2).first_name);
    assert_eq!((order.ambassador_id, order.cashback, order.participates), (Some(customer(1).id), euro(0), true));
    assert!(order.search_text().contains("buyer2@example.com ada  order-1 kht-ab12cd34"));
}

#[test]
fn its_risk_is_weighed_when_it_is_placed() {
    let (creator, calm) = (customer(1), OrderVelocity::default());
    let around = RiskContext { creator: Some(&creator), velocity: &calm };
    let risk = |buyer: &Customer| place(35_000, buyer, around).risk;
    let phone = |text| PhoneNumber::parse(text).ok();
    assert_eq!(risk(&Customer { phone: phone("+49 9999"), ..customer(2) }), RiskLevel::Low);
    assert_eq!(risk(&Customer { email: creator.email.clone(), ..customer(2) }), RiskLevel::High);
    let thrown = Customer { email: Email::parse("b@mailinator.com").unwrap(), phone: phone("+49 9999"), ..customer(2) };
    assert_eq!(risk(&thrown), RiskLevel::Medium);
    let order = place(
        35_000,
        &thrown,
        RiskContext { velocity: &OrderVelocity { of_group: vec![at(0); 4], ..calm.clone() }, ..around },
    );
    assert_eq!(order.risk, RiskLevel::High);
    assert_eq!(order.opens(&group(1, 10), Actor::System, at(1)).risk, RiskLevel::Medium, "what it tells itself");
}

#[test]
fn status_moves_are_the_specified_ones() {
    use OrderStatus::{CashbackAvailable, CashbackProcessing, CashbackSent};
    for &from in OrderStatus::ALL {
        for &to in OrderStatus::ALL {
            let allowed = [(CashbackAvailable, CashbackProcessing), (CashbackProcessing, CashbackSent)];
            let moved = Order { status: from, ..order(1) }.moved(to, Actor::System, at(1));
            assert_eq!(moved.is_ok(), allowed.contains(&(from, to)), "{from:?} {to:?}");
        }
    }
}

#[test]
fn cashback_is_available_at_once_or_after_the_hold() {
    let level = terms().levels.get(1);
    let now = order(35_000).settled(&terms(), level, at(10)).unwrap();
    assert_eq!((now.status, now.cashback, now.available_at), (OrderStatus::CashbackAvailable, euro(1_750), None));
    let held = GroupTerms { cashback_hold_minutes: 5, ..terms() };
    let later = order(35_000).settled(&held, level, at(10)).unwrap();
    assert_eq!((later.status, later.available_at), (OrderStatus::Created, Some(at(15))));
    assert_eq!(later.released(at(14)), None);
    let there = later.released(at(15)).unwrap();
    assert_eq!((there.status, there.cashback, there.available_at), (OrderStatus::CashbackAvailable, euro(1_750), None));
    assert_eq!(there.released(at(99)), None, "once");
}

#[test]
fn refunds_before_and_after_the_group_closes() {
    let open = group(2, 10);
    let by = Actor::System;
    let part = order(10_000).refund(Some(4_000), &open, by, at(1)).unwrap();
    assert_eq!((part.left().unwrap(), part.participates), (euro(6_000), true));
    assert!(part.refund(Some(6_001), &open, by, at(2)).is_err(), "above what is left");
    let whole = part.refund(None, &open, by, at(2)).unwrap();
    assert_eq!((whole.refunded, whole.participates), (euro(10_000), false));
    assert!(whole.refund(None, &open, by, at(3)).is_err(), "nothing is left");

    let closed = open.closed(at(10)).unwrap();
    let settled = order(10_000).settled(&closed.terms, closed.reached(), at(10)).unwrap();
    assert_eq!(settled.cashback, euro(500));
    let anew = settled.refund(Some(5_000), &closed, by, at(11)).unwrap();
    assert_eq!((anew.cashback, anew.cashback_in_review, anew.participates), (euro(250), euro(0), true));
    let sending = settled.moved(OrderStatus::CashbackProcessing, by, at(11)).unwrap();
    let reviewed = sending.refund(Some(5_000), &closed, by, at(12)).unwrap();
    assert_eq!((reviewed.cashback, reviewed.cashback_in_review), (euro(500), euro(250)), "no silent clawback");
    let all = reviewed.refund(None, &closed, by, at(13)).unwrap();
    assert_eq!((all.cashback, all.cashback_in_review), (euro(500), euro(500)));

    let canceled = group(1, 10).canceled(by, at(1)).unwrap();
    let nothing = order(10_000).refund(None, &canceled, by, at(2)).unwrap();
    assert_eq!((nothing.cashback, nothing.participates), (euro(0), true), "the group is over");
}

proptest! {
    /// However it is refunded and moved on, the cashback less what is in review is always that of what is left.
    #[test]
    fn cashback_and_review_follow_what_is_left(
        amount in 1_i64..1_000_000, steps in prop::collection::vec((any::<bool>(), 1_i64..400_000), 0..12)
    ) {
        let closed = group(5, 10).closed(at(10)).unwrap();
        let mut order = order(amount).settled(&closed.terms, closed.reached(), at(10)).unwrap();
        for (moves, minor) in steps {
            let next = if moves {
                let to = if order.status == OrderStatus::CashbackAvailable {
                    OrderStatus::CashbackProcessing
                } else {
                    OrderStatus::CashbackSent
                };
                order.moved(to, Actor::System, at(11))
            } else {
                let left = order.left().unwrap().minor();
                let refunded = order.refund(Some(minor), &closed, Actor::System, at(11));
                prop_assert_eq!(refunded.is_ok(), minor <= left);
                refunded
            };
            order = next.unwrap_or(order);
            let due = closed.terms.cashback(closed.reached(), order.left().unwrap());
            prop_assert_eq!(order.cashback.minus(order.cashback_in_review), Ok(due));
            prop_assert!(order.left().unwrap().minor() >= 0 && order.cashback_in_review.minor() >= 0);
        }
    }
}
