//! Taking sales back.

use crate::stage::{ALL, TestApp, once, purchase, refusal, repeated};
use app::{AppError, ChangePayoutCommand, CreatePayoutCommand, MoveCommissionCommand, RecordEventCommand};
use domain::{
    AsSent, Commission, CommissionMove, CommissionStatus, Event, ExternalId, Metadata, NewRefund, OrderReference,
    PayoutStatus, Refusal,
};
use ports::{PayoutFilter, ResponseStatus};
use std::sync::Arc;

/// A refund of all that is left of an order.
pub(crate) fn of_order(order: &str, external_id: &str) -> NewRefund {
    NewRefund {
        external_id: ExternalId::parse(external_id).unwrap(),
        as_sent: domain::AsSent::default(),
        refunds: None,
        order_id: OrderReference::parse(order).ok(),
        amount: None,
        currency: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [1; 32],
    }
}

fn part(amount: &str, external_id: &str) -> NewRefund {
    NewRefund { amount: amount.parse().ok(), ..of_order("1", external_id) }
}

async fn take_back(stage: &TestApp, command: NewRefund) -> Result<app::Response, AppError> {
    stage.app.refunds.record(&stage.who, command, None).await
}

async fn step(stage: &TestApp, row: &Commission, step: CommissionMove) -> Result<app::Response, AppError> {
    stage.app.commissions.change(&stage.who, row.id, MoveCommissionCommand { step, reason: None }, None).await
}

/// A sale of 99.00 with a leaf and its parent.
async fn sold(stage: &TestApp) -> Event {
    stage.affiliate("alice", None).await;
    let leaf = stage.affiliate("bob", Some("alice")).await;
    stage.record(RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") }).await.unwrap();
    stage.events().await.remove(0).event
}

fn sum(rows: &[Commission], level: u8) -> i64 {
    rows.iter()
        .filter(|row| row.level == level && row.status != CommissionStatus::Void)
        .map(|row| row.amount.minor())
        .sum()
}

async fn of_level(stage: &TestApp, level: u8) -> Vec<Commission> {
    let mut rows = stage.commissions().await;
    rows.retain(|row| row.level == level);
    rows.sort_by_key(|row| (row.reverses.is_some(), row.id));
    rows
}

/// Approves the leaf's row and puts it in a payout, which is paid if the row shall be.
async fn paid(stage: &TestApp, status: CommissionStatus) {
    let row = of_level(stage, 0).await.remove(0);
    step(stage, &row, CommissionMove::Approve).await.unwrap();
    let command = CreatePayoutCommand { currency: row.amount.currency(), affiliate_ids: Vec::new() };
    stage.app.payouts.create(&stage.who, command, None).await.unwrap();
    let payout = stage.app.payouts.list(&stage.who, &PayoutFilter::default(), &ALL).await.unwrap().rows.remove(0);
    if status == CommissionStatus::Paid {
        for status in [PayoutStatus::Processing, PayoutStatus::Paid] {
            stage.app.payouts.change(&stage.who, payout.id, ChangePayoutCommand { status }, None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn ten_parts_add_up_and_the_eleventh_is_refused() {
    let stage = TestApp::new().await;
    let sale = sold(&stage).await;
    for n in 1..=10 {
        let answer = take_back(&stage, part("9.90", &format!("r{n}"))).await.unwrap();
        assert_eq!(answer.status, ResponseStatus::Created);
        let rows = stage.commissions().await;
        assert_eq!((sum(&rows, 0), sum(&rows, 1)), (1_980 - 198 * n, 198 - (198 * n + 5) / 10));
        stage.assert_reconciled().await;
    }
    assert!(matches!(refusal(take_back(&stage, part("0.01", "r11")).await), Refusal::State(_)));
    let record = stage.app.events.get(&stage.who, sale.id).await.unwrap();
    assert_eq!((record.event.refunded_minor, record.commissions.len()), (9_900, 22));
    let refund = &stage.events().await[0];
    assert_eq!((refund.event.refunds, refund.commissions.len()), (Some(sale.id), 2), "a refund shows its own rows");
    assert_eq!((refund.event.order_id.as_str(), refund.event.affiliate_id), ("1", sale.affiliate_id));
}

#[tokio::test]
async fn all_at_once_makes_pending_rows_void() {
    let stage = TestApp::new().await;
    sold(&stage).await;
    take_back(&stage, of_order("1", "r")).await.unwrap();
    let rows = stage.commissions().await;
    assert!(rows.len() == 2 && rows.iter().all(|row| row.status == CommissionStatus::Void), "{rows:#?}");
    let refund = &stage.events().await[0];
    assert!(rows.iter().all(|row| row.refund_id == Some(refund.event.id)));
    assert_eq!(refund.commissions.len(), 2);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn what_is_approved_or_in_a_payout_nets_in_the_next() {
    for in_payout in [false, true] {
        let stage = TestApp::new().await;
        sold(&stage).await;
        if in_payout {
            paid(&stage, CommissionStatus::Approved).await;
        } else {
            step(&stage, &of_level(&stage, 0).await[0], CommissionMove::Approve).await.unwrap();
        }
        take_back(&stage, of_order("1", "r")).await.unwrap();
        let rows = of_level(&stage, 0).await;
        assert_eq!(
            (rows[1].status, rows[1].payout_id, rows[1].amount.minor()),
            (CommissionStatus::Approved, None, -1_980)
        );
        let facts = stage.storage.commission_move_facts(stage.who.merchant_id, rows[0].id).await.unwrap().unwrap();
        let account = &facts.accounts[0].row;
        let wanted = if in_payout { (-1_980, 1_980) } else { (0, 0) };
        assert_eq!((account.approved.minor(), account.in_payout.minor()), wanted);
        stage.assert_reconciled().await;
        if in_payout {
            assert!(matches!(refusal(step(&stage, &rows[0], CommissionMove::Void).await), Refusal::State(_)));
        }
    }
}

#[tokio::test]
async fn what_is_paid_waits_for_a_person_who_nets_it_or_writes_it_off() {
    for (move_, status) in
        [(CommissionMove::Approve, CommissionStatus::Approved), (CommissionMove::Void, CommissionStatus::Void)]
    {
        let stage = TestApp::new().await;
        sold(&stage).await;
        paid(&stage, CommissionStatus::Paid).await;
        take_back(&stage, part("9.90", "r1")).await.unwrap();
        let rows = of_level(&stage, 0).await;
        assert_eq!((rows[1].status, rows[1].amount.minor()), (CommissionStatus::Review, -198));
        step(&stage, &rows[1], move_).await.unwrap();
        let rows = of_level(&stage, 0).await;
        assert_eq!((rows[0].status, rows[1].status), (CommissionStatus::Paid, status));
        stage.assert_reconciled().await;
        take_back(&stage, of_order("1", "r2")).await.unwrap();
        assert_eq!(of_level(&stage, 0).await.iter().map(|row| row.amount.minor()).sum::<i64>(), 0);
        stage.assert_reconciled().await;
    }
}

#[tokio::test]
async fn a_row_and_its_siblings_move_together() {
    let stage = TestApp::new().await;
    sold(&stage).await;
    take_back(&stage, part("9.90", "r1")).await.unwrap();
    step(&stage, &of_level(&stage, 0).await[0], CommissionMove::Approve).await.unwrap();
    assert!(of_level(&stage, 0).await.iter().all(|row| row.status == CommissionStatus::Approved));
    assert!(of_level(&stage, 1).await.iter().all(|row| row.status == CommissionStatus::Pending));
    stage.assert_reconciled().await;
    step(&stage, &of_level(&stage, 0).await[1], CommissionMove::Void).await.unwrap();
    assert!(stage.commissions().await.iter().all(|row| row.status == CommissionStatus::Void));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_with_the_statuses_of_now() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let sale = || RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") };
    let sold = stage.record(sale()).await.unwrap();
    let first = take_back(&stage, part("9.90", "r1")).await.unwrap();
    step(&stage, &of_level(&stage, 0).await[0], CommissionMove::Approve).await.unwrap();
    let last = take_back(&stage, of_order("1", "r2")).await.unwrap();
    // All but the statuses of commissions.
    let made = |body: &[u8]| {
        let text = String::from_utf8(body.to_vec()).unwrap();
        ["Pending", "Approved", "Void"].iter().fold(text, |text, word| text.replace(&format!(" status: {word}"), ""))
    };
    for (command, answer) in [(part("9.90", "r1"), &first), (of_order("1", "r2"), &last)] {
        let repeat = take_back(&stage, command).await.unwrap();
        assert_eq!((repeat.status, made(&repeat.body)), (ResponseStatus::Ok, made(&answer.body)));
    }
    let repeat = take_back(&stage, part("9.90", "r1")).await.unwrap();
    assert_ne!(repeat.body, first.body, "its reversal went with what it reverses");
    assert_eq!(made(&stage.record(sale()).await.unwrap().body), made(&sold.body), "the purchase too");
    let other = NewRefund { fingerprint: [2; 32], ..part("1.00", "r1") };
    assert_eq!(repeated(take_back(&stage, other).await), ("external_id", vec!["content"]));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn an_idempotency_key_keeps_the_answer_and_a_preview_keeps_nothing() {
    let stage = TestApp::new().await;
    sold(&stage).await;
    let preview = stage.app.refunds.preview(&stage.who, part("9.90", "r")).await.unwrap();
    assert_eq!((preview.status, stage.events().await.len()), (ResponseStatus::Ok, 1));
    let command = || stage.app.refunds.record(&stage.who, part("99.00", "r"), once("POST /events", "k", 1));
    let first = command().await.unwrap();
    let again = command().await.unwrap();
    assert_eq!((again.status, again.replayed, again.body), (ResponseStatus::Created, true, first.body));
}

#[tokio::test]
async fn an_order_with_several_sales_needs_the_events_id() {
    let stage = TestApp::new().await;
    let sale = sold(&stage).await;
    let second =
        RecordEventCommand { order_id: OrderReference::parse("1").ok(), fingerprint: [3; 32], ..purchase("2") };
    stage.record(second).await.unwrap();
    let field = |refusal: Refusal| match refusal {
        Refusal::Invalid(faults) => faults[0].field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(refusal(take_back(&stage, of_order("1", "r")).await)), "order_id");
    let early = refusal(take_back(&stage, of_order("9", "r")).await);
    assert!(matches!(&early, Refusal::NotYet(fault) if fault.field == "order_id"), "{early:?}");
    let unknown = NewRefund { refunds: Some(domain::Id::from_uuid(uuid::Uuid::from_u128(9))), ..of_order("1", "r") };
    assert_eq!(field(refusal(take_back(&stage, unknown).await)), "refunds");
    let by_id = NewRefund { refunds: Some(sale.id), order_id: None, ..of_order("1", "r") };
    take_back(&stage, by_id).await.unwrap();
    // The order still names two, and the repeat is a repeat all the same.
    let refund = stage.events().await.remove(0).event;
    let of_refund = NewRefund { refunds: Some(refund.id), order_id: None, ..of_order("1", "r2") };
    assert_eq!(field(refusal(take_back(&stage, of_refund).await)), "refunds", "a refund is no sale");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn of_two_hundred_at_once_never_more_than_is_left_is_taken() {
    let stage = Arc::new(TestApp::new().await);
    let sale = sold(&stage).await;
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let stage = Arc::clone(&stage);
            let by_id = n % 2 == 0;
            tokio::spawn(async move {
                let command = part("1.00", &format!("r{n}"));
                let command =
                    if by_id { NewRefund { refunds: Some(sale.id), order_id: None, ..command } } else { command };
                take_back(&stage, command).await
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => taken += 1,
            Err(AppError::Refused(Refusal::State(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 99);
    let rows = stage.commissions().await;
    let record = stage.app.events.get(&stage.who, sale.id).await.unwrap();
    assert_eq!((record.event.refunded_minor, sum(&record.commissions, 0), sum(&record.commissions, 1)), (9_900, 0, 0));
    assert!(rows.iter().all(|row| row.reverses.is_none() || row.amount.minor() <= 0));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn whoever_approves_during_a_refund_takes_its_sibling_along() {
    for n in 0..20 {
        let stage = Arc::new(TestApp::new().await);
        sold(&stage).await;
        let leaf = of_level(&stage, 0).await.remove(0);
        let (one, two) = (Arc::clone(&stage), Arc::clone(&stage));
        let refund = tokio::spawn(async move { take_back(&one, part("9.90", "r")).await });
        let approve = tokio::spawn(async move { step(&two, &leaf, CommissionMove::Approve).await });
        refund.await.unwrap().unwrap();
        approve.await.unwrap().unwrap();
        let rows = of_level(&stage, 0).await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.status == CommissionStatus::Approved), "round {n}: {rows:#?}");
        stage.assert_reconciled().await;
    }
}

#[tokio::test]
async fn a_refund_goes_by_the_names_that_were_kept() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    // As an earlier version recorded them.
    stage.record(RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1 ") }).await.unwrap();
    let part = |command: NewRefund| NewRefund { amount: "9.90".parse().ok(), ..command };
    take_back(&stage, part(of_order("1 ", "r ")).clone()).await.unwrap();
    let as_sent = |order: &str, id: &str| AsSent {
        external_id: ExternalId::parse(id).ok(),
        order_id: OrderReference::parse(order).ok(),
        customer_external_id: None,
    };
    let again = NewRefund { as_sent: as_sent("1 ", "r "), ..part(of_order("1", "r")) };
    assert_eq!(take_back(&stage, again).await.unwrap().status, ResponseStatus::Ok, "it is the same refund");
    let next = NewRefund { as_sent: as_sent("1 ", "r2 "), ..part(of_order("1", "r2")) };
    assert_eq!(take_back(&stage, next).await.unwrap().status, ResponseStatus::Created);
    stage.assert_reconciled().await;
}
