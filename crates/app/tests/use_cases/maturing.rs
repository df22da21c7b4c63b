//! Time approves commissions: each at its time, once, and only those of approved affiliates.

use crate::stage::{TestApp, purchase};
use app::{App, ChangeAffiliateCommand, RecordEventCommand, Turn, Worker};
use domain::{
    Affiliate, AffiliateChange, AffiliateStatus, Commission, CommissionStatus, Money, TestClockStep, Timestamp,
};
use ports::{ChangeSet, CommissionFilter, IdSourceExt as _, Versioned};
use std::{sync::Arc, time::Duration};
use testkit::{
    SeededIds,
    build::{self, usd},
};

const DAY: Duration = Duration::from_secs(86_400);

/// Everything that is due, done.
async fn mature(app: &App) -> u64 {
    let mut done = 0;
    loop {
        match app.turn(Worker::Mature).await.unwrap() {
            Some(turn) => {
                done += turn.done;
                if !turn.more {
                    return done;
                }
            }
            None => return done,
        }
    }
}

async fn sale(stage: &TestApp, earner: &Affiliate, order: &str) {
    stage.record(RecordEventCommand { affiliate_id: Some(earner.id), ..purchase(order) }).await.unwrap();
}

async fn set_status(stage: &TestApp, affiliate: &Affiliate, status: AffiliateStatus) {
    let change = AffiliateChange { status: Some(status), ..AffiliateChange::default() };
    let command = ChangeAffiliateCommand { change, parent_email: None };
    stage.app.affiliates.change(&stage.who, affiliate.id, command, None).await.unwrap();
}

async fn statuses(stage: &TestApp) -> Vec<CommissionStatus> {
    stage.commissions().await.iter().map(|row| row.status).collect()
}

/// Stores rows as they are, without a use case.
async fn store(stage: &TestApp, rows: Vec<Commission>) {
    let mut set = ChangeSet::new(stage.who.merchant_id);
    set.rows.commissions.new = rows;
    stage.storage.commit(set).await.unwrap();
}

/// Every status that the merchant's commissions have, counted by the storage.
async fn count(stage: &TestApp, status: CommissionStatus) -> usize {
    let filter = CommissionFilter { status: Some(status), ..CommissionFilter::default() };
    let mut count = 0;
    let mut command = crate::stage::ALL;
    loop {
        let page = stage.storage.commissions(stage.who.merchant_id, &filter, &command).await.unwrap();
        count += page.rows.len();
        let Some(last) = page.rows.last().filter(|_| page.more) else { return count };
        command.after = Some(ports::Position { at: last.created_at, id: last.id.uuid() });
    }
}

#[tokio::test]
async fn a_commission_is_approved_at_its_time_and_not_before() {
    let stage = TestApp::new().await;
    stage.affiliate("alice", None).await;
    let bob = stage.affiliate("bob", Some("alice")).await;
    sale(&stage, &bob, "1").await;
    let due: Timestamp = stage.commissions().await[0].matures_at;
    stage.clock.set(due.minus(Duration::from_micros(1)));
    assert_eq!(mature(&stage.app).await, 0);
    stage.clock.set(due);
    assert_eq!(mature(&stage.app).await, 2, "the leaf's and the parent's");
    for row in stage.commissions().await {
        assert_eq!((row.status, row.updated_at, row.reason), (CommissionStatus::Approved, due, None));
    }
    assert_eq!(mature(&stage.app).await, 0, "once");
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_clock_that_was_advanced_matures_what_is_due_by_it() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    sale(&stage, &bob, "1").await;
    stage.app.test_mode.advance(&stage.who, TestClockStep::By(29 * DAY), None).await.unwrap();
    assert_eq!(mature(&stage.app).await, 0);
    sale(&stage, &bob, "2").await;
    stage.app.test_mode.advance(&stage.who, TestClockStep::By(DAY), None).await.unwrap();
    assert_eq!(mature(&stage.app).await, 1);
    assert_eq!(statuses(&stage).await, [CommissionStatus::Approved, CommissionStatus::Pending]);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_suspended_affiliates_commissions_wait_until_it_is_back() {
    let stage = TestApp::new().await;
    let (bob, eve) = (stage.affiliate("bob", None).await, stage.affiliate("eve", None).await);
    sale(&stage, &bob, "1").await;
    sale(&stage, &eve, "2").await;
    set_status(&stage, &bob, AffiliateStatus::Suspended).await;
    stage.clock.advance(40 * DAY);
    assert_eq!(mature(&stage.app).await, 1);
    assert_eq!(statuses(&stage).await, [CommissionStatus::Pending, CommissionStatus::Approved]);
    set_status(&stage, &bob, AffiliateStatus::Approved).await;
    assert_eq!(mature(&stage.app).await, 1);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn many_rows_of_one_affiliate_come_in_chunks_and_groups_stay_whole() {
    let stage = TestApp::new().await;
    let bob = stage.affiliate("bob", None).await;
    let ids = SeededIds::new(7);
    let mut rows = Vec::new();
    for n in 0..1_200 {
        let row = build::commission(&ids, &build::event(&ids, &format!("order-{n}")), &bob);
        // Those about the ends of chunks were refunded in part.
        if n % 100 == 99 {
            let amount = Money::from_minor(-5, usd());
            rows.push(Commission { id: ids.id(), reverses: Some(row.id), amount, ..row.clone() });
        }
        rows.push(row);
    }
    let all = rows.len();
    store(&stage, rows).await;
    stage.clock.advance(30 * DAY);
    // The due-scan is asked as often as a worker would.
    let mut done = 0;
    while let Some(Turn { done: some @ 1.., .. }) = stage.app.turn(Worker::Mature).await.unwrap() {
        done += some;
    }
    assert_eq!(done, u64::try_from(all).unwrap());
    assert_eq!(count(&stage, CommissionStatus::Approved).await, all);
    let earned = 1_200_i64 * 1_980 - 12 * 5;
    let commission = stage.commissions().await.remove(0);
    let facts = stage.storage.commission_move_facts(stage.who.merchant_id, commission.id).await.unwrap().unwrap();
    let approved: Vec<i64> = facts.accounts.iter().map(|Versioned { row, .. }| row.approved.minor()).collect();
    assert_eq!(approved, [earned]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_without_leases_do_everything_once() {
    let stage = Arc::new(TestApp::new().await);
    for name in ["bob", "eve", "ada", "kim"] {
        let earner = stage.affiliate(name, None).await;
        for n in 0..25 {
            sale(&stage, &earner, &format!("{name}-{n}")).await;
        }
    }
    stage.clock.advance(30 * DAY);
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { stage.another_node().work(Worker::Mature).await.unwrap().done })
        })
        .collect();
    let mut done = 0;
    for node in nodes {
        done += node.await.unwrap();
    }
    assert_eq!(done, 100);
    assert_eq!(count(&stage, CommissionStatus::Approved).await, 100);
    stage.assert_reconciled().await;
}
