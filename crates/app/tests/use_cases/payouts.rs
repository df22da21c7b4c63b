//! Building, sending and settling payouts.

use crate::stage::{ALL, TestApp, once, purchase, refusal};
use app::{
    AppError, ChangeAffiliateCommand, ChangePayoutCommand, CreatePayoutCommand, MoveCommissionCommand,
    RecordEventCommand, RecordPayoutResultsCommand,
};
use domain::{
    Account, Affiliate, AffiliateChange, AffiliateId, AffiliateStatus, Commission, CommissionId, CommissionMove,
    CommissionStatus, Money, Payout, PayoutItem, PayoutItemStatus, PayoutOutcome, PayoutStatus, Refusal, ResultLine,
    ResultOf, SettingsChange,
};
use ports::{
    ChangeSet, CommissionFilter, IdSource, IdSourceExt, PageRequest, PayoutFilter, PayoutItemFilter, ResponseStatus,
    Space, Version,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use testkit::{
    SeededIds,
    build::{self, usd},
};

/// Stores approved rows of these amounts with their account, as maturing would.
async fn owed(stage: &TestApp, ids: &dyn IdSource, earner: &Affiliate, amounts: &[i64]) -> Vec<Commission> {
    let mut made = Vec::new();
    let mut account = Account::open(ids.id(), earner.id, usd());
    let mut version = None;
    for (n, amounts) in amounts.chunks(900).enumerate() {
        let (sale, rows) = build::earnings(ids, &format!("sale-{n}-{}", earner.id), earner, amounts);
        let mut set = ChangeSet::new(stage.who.merchant_id);
        set.claim(Space::Event(sale.kind.space()), sale.external_id.as_str(), sale.id.uuid());
        for row in rows {
            let row = Commission { status: CommissionStatus::Approved, ..row };
            account = account.with(&row).unwrap();
            set.rows.commissions.insert(row.clone());
            made.push(row);
        }
        set.rows.events.insert(sale);
        match version {
            None => {
                set.claim(Space::Account, account.key(), account.id.uuid());
                set.rows.accounts.insert(account.clone());
                version = Some(Version::FIRST);
            }
            Some(known) => {
                set.rows.accounts.change(known, account.clone());
                version = Some(known.next());
            }
        }
        stage.storage.commit(set).await.unwrap();
    }
    made
}

fn command() -> CreatePayoutCommand {
    CreatePayoutCommand { currency: usd(), affiliate_ids: Vec::new() }
}

async fn created(stage: &TestApp) -> Payout {
    let answer = stage.app.payouts.create(&stage.who, command(), None).await.unwrap();
    assert_eq!(answer.status, ResponseStatus::Created);
    payouts(stage).await.remove(0)
}

async fn payouts(stage: &TestApp) -> Vec<Payout> {
    stage.app.payouts.list(&stage.who, &PayoutFilter::default(), &ALL).await.unwrap().rows
}

async fn items(stage: &TestApp, payout: &Payout) -> Vec<PayoutItem> {
    stage.app.payouts.items(&stage.who, payout.id, &PayoutItemFilter::default(), &ALL).await.unwrap().rows
}

async fn change(stage: &TestApp, payout: &Payout, status: PayoutStatus) -> Result<Payout, AppError> {
    stage.app.payouts.change(&stage.who, payout.id, ChangePayoutCommand { status }, None).await?;
    stage.app.payouts.get(&stage.who, payout.id).await
}

async fn all_commissions(stage: &TestApp) -> Vec<Commission> {
    let mut rows: Vec<Commission> = Vec::new();
    loop {
        let after = rows.last().map(|row| ports::Position { at: row.created_at, id: row.id.uuid() });
        let command = PageRequest { after, offset: 0, limit: 100 };
        let page = stage.app.commissions.list(&stage.who, &CommissionFilter::default(), &command).await.unwrap();
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

fn line(n: usize, of: ResultOf, outcome: PayoutOutcome, amount: &str) -> ResultLine {
    let (name, amount) = (format!("items[{n}]"), amount.parse().unwrap());
    ResultLine { name, of, outcome, amount, currency: None, reference: None, reason: None }
}

#[tokio::test]
async fn who_is_owed_enough_is_paid_with_everything_and_the_others_wait() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let minimum = SettingsChange { min_payout: "5.00".parse().ok(), ..SettingsChange::default() };
    stage.app.settings.change(&stage.who, minimum, None).await.unwrap();
    let [bob, eve, sam] = ["bob", "eve", "sam"].map(|name| name.to_owned());
    let bob = stage.affiliate(&bob, None).await;
    let eve = stage.affiliate(&eve, None).await;
    let sam = stage.affiliate(&sam, None).await;
    owed(&stage, &ids, &bob, &[900, -400]).await;
    owed(&stage, &ids, &eve, &[900, -401]).await;
    owed(&stage, &ids, &sam, &[700]).await;
    let suspend = AffiliateChange { status: Some(AffiliateStatus::Suspended), ..AffiliateChange::default() };
    let suspend = ChangeAffiliateCommand { change: suspend, parent_email: None };
    stage.app.affiliates.change(&stage.who, sam.id, suspend, None).await.unwrap();
    let payout = created(&stage).await;
    assert_eq!((payout.total.minor(), payout.items_count, payout.commissions_count), (500, 1, 2));
    let item = items(&stage, &payout).await.remove(0);
    assert_eq!((item.affiliate_id, item.amount.minor()), (bob.id, 500), "exactly the minimum");
    stage.assert_reconciled().await;
    let again = stage.app.payouts.create(&stage.who, command(), None).await;
    assert!(matches!(refusal(again), Refusal::State(_)), "nothing is due");
    owed_more(&stage, &ids, &eve, 1).await;
    assert_eq!(created(&stage).await.total.minor(), 500, "carried over");
    stage.assert_reconciled().await;
}

/// One more approved row in an account that is there.
async fn owed_more(stage: &TestApp, ids: &dyn IdSource, earner: &Affiliate, minor: i64) {
    let (sale, mut rows) = build::earnings(ids, &format!("more-{}", ids.uuid()), earner, &[minor]);
    let pending = rows.remove(0);
    let mut set = ChangeSet::new(stage.who.merchant_id);
    set.claim(Space::Event(sale.kind.space()), sale.external_id.as_str(), sale.id.uuid());
    set.rows.events.insert(sale);
    set.rows.commissions.insert(pending.clone());
    stage.storage.commit(set).await.unwrap();
    approve(stage, pending.id).await.unwrap();
}

async fn approve(stage: &TestApp, id: CommissionId) -> Result<app::Response, AppError> {
    let command = MoveCommissionCommand { step: CommissionMove::Approve, reason: None };
    stage.app.commissions.change(&stage.who, id, command, None).await
}

#[tokio::test]
async fn affiliates_can_be_named_and_must_exist() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let (bob, eve) = (stage.affiliate("bob", None).await, stage.affiliate("eve", None).await);
    owed(&stage, &ids, &bob, &[900]).await;
    owed(&stage, &ids, &eve, &[900]).await;
    let named = |ids: Vec<AffiliateId>| CreatePayoutCommand { affiliate_ids: ids, ..command() };
    let stranger = stage.app.payouts.create(&stage.who, named(vec![bob.id, ids.id()]), None).await;
    assert!(matches!(refusal(stranger), Refusal::Invalid(faults) if faults[0].field == "affiliate_ids"));
    stage.app.payouts.create(&stage.who, named(vec![eve.id]), None).await.unwrap();
    let payout = payouts(&stage).await.remove(0);
    assert_eq!(items(&stage, &payout).await.iter().map(|item| item.affiliate_id).collect::<Vec<_>>(), [eve.id]);
}

#[tokio::test]
async fn the_same_request_makes_one_payout() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let bob = stage.affiliate("bob", None).await;
    owed(&stage, &ids, &bob, &vec![10; 1_200]).await;
    let key = || once("POST /payouts", "key", 1);
    let first = stage.app.payouts.create(&stage.who, command(), key()).await.unwrap();
    let again = stage.app.payouts.create(&stage.who, command(), key()).await.unwrap();
    assert_eq!((&first.body, again.replayed), (&again.body, true));
    assert_eq!(payouts(&stage).await.len(), 1);
}

#[tokio::test]
async fn a_large_account_and_many_small_ones_are_taken_whole() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let large = stage.affiliate("large", None).await;
    let mut amounts = vec![3; 2_500];
    amounts.extend(vec![-1; 500]);
    owed(&stage, &ids, &large, &amounts).await;
    for n in 0..60 {
        let small = stage.affiliate(&format!("small-{n}"), None).await;
        owed(&stage, &ids, &small, &[5; 20]).await;
    }
    let payout = created(&stage).await;
    assert_eq!((payout.total.minor(), payout.items_count, payout.commissions_count), (13_000, 61, 4_200));
    stage.assert_reconciled().await;
    change(&stage, &payout, PayoutStatus::Processing).await.unwrap();
    let paid = change(&stage, &payout, PayoutStatus::Paid).await.unwrap();
    assert_eq!((paid.status, paid.paid, paid.paid_count), (PayoutStatus::Paid, paid.total, 61));
    assert!(all_commissions(&stage).await.iter().all(|row| row.status == CommissionStatus::Paid));
    let record = stage.app.affiliates.get(&stage.who, large.id).await.unwrap();
    assert_eq!(record.paid.iter().map(|paid| paid.minor()).collect::<Vec<_>>(), [7_000]);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_payout_moves_as_specified() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let bob = stage.affiliate("bob", None).await;
    owed(&stage, &ids, &bob, &[900]).await;
    let payout = created(&stage).await;
    use PayoutStatus::{Failed, Open, Paid, Processing};
    for wrong in [Open, Paid, Failed] {
        assert!(matches!(refusal(change(&stage, &payout, wrong).await), Refusal::State(_)), "{wrong:?}");
    }
    assert_eq!(change(&stage, &payout, Processing).await.unwrap().status, Processing);
    assert!(matches!(refusal(change(&stage, &payout, Processing).await), Refusal::State(_)));
    let failed = change(&stage, &payout, Failed).await.unwrap();
    assert_eq!((failed.status, failed.failed_count, failed.paid.minor()), (Failed, 1, 0));
    for wrong in [Open, Processing, Paid, Failed] {
        assert!(matches!(refusal(change(&stage, &payout, wrong).await), Refusal::State(_)), "{wrong:?}");
    }
    stage.assert_reconciled().await;
    let next = created(&stage).await;
    assert_eq!((next.total.minor(), next.id == payout.id), (900, false), "what failed is due again");
}

#[tokio::test]
async fn results_must_fit_to_the_cent_and_settle_item_by_item() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let mut earners = Vec::new();
    for (name, minor) in [("bob", 1_050), ("eve", 700), ("sam", 1)] {
        let earner = stage.affiliate(name, None).await;
        owed(&stage, &ids, &earner, &[minor]).await;
        earners.push(earner);
    }
    let payout = created(&stage).await;
    let of = |n: usize| ResultOf::Affiliate(earners[n].id);
    let results = async |lines: Vec<ResultLine>| {
        stage.app.payouts.results(&stage.who, payout.id, RecordPayoutResultsCommand { lines }, None).await
    };
    let good = line(0, of(0), PayoutOutcome::Paid, "10.50");
    assert!(matches!(refusal(results(vec![good.clone()]).await), Refusal::State(_)), "not on its way yet");
    change(&stage, &payout, PayoutStatus::Processing).await.unwrap();
    let bad = line(1, of(1), PayoutOutcome::Failed, "7.01");
    assert!(matches!(refusal(results(vec![good.clone(), bad]).await), Refusal::Invalid(_)));
    assert!(items(&stage, &payout).await.iter().all(|item| item.outcome().is_none()), "nothing is changed");
    results(vec![good.clone()]).await.unwrap();
    let half = stage.app.payouts.get(&stage.who, payout.id).await.unwrap();
    assert_eq!((half.status, half.paid.minor(), half.open_count()), (PayoutStatus::Processing, 1_050, 2));
    stage.assert_reconciled().await;
    assert!(
        matches!(refusal(change(&stage, &payout, PayoutStatus::Failed).await), Refusal::State(_)),
        "not as a whole"
    );
    let mut file = items(&stage, &payout).await;
    assert_eq!(stage.app.payouts.export(&stage.who, payout.id).await.unwrap().len(), 2, "nobody is paid twice");
    file.retain(|item| item.outcome().is_none());
    let lines = file
        .iter()
        .map(|item| line(1, ResultOf::Item(item.id), PayoutOutcome::Failed, &item.amount.decimal()))
        .chain([good]);
    results(lines.collect()).await.unwrap();
    let end = stage.app.payouts.get(&stage.who, payout.id).await.unwrap();
    assert_eq!((end.status, end.paid_count, end.failed_count), (PayoutStatus::Paid, 1, 2), "something was paid");
    stage.assert_reconciled().await;
    assert_eq!(created(&stage).await.total.minor(), 701, "the others wait for the next");
}

/// The items as they would stand had the server died after the first of several steps.
#[tokio::test]
async fn what_a_crash_left_half_settled_is_settled_by_asking_again() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let bob = stage.affiliate("bob", None).await;
    let eve = stage.affiliate("eve", None).await;
    owed(&stage, &ids, &bob, &[5; 700]).await;
    owed(&stage, &ids, &eve, &[5; 10]).await;
    let payout = created(&stage).await;
    change(&stage, &payout, PayoutStatus::Processing).await.unwrap();
    let command = ports::FrozenRequest { payout: payout.id, only: vec![bob.id], after: None, rows: 300 };
    let facts = stage.storage.payout_frozen(stage.who.merchant_id, &command).await.unwrap().unwrap();
    let mut set = ChangeSet::new(stage.who.merchant_id);
    let now = build::moment(1);
    let frozen = &facts.items[0];
    let half = facts.payout.row.with_settled(&frozen.item.row, PayoutOutcome::Paid, now).unwrap();
    set.rows.payouts.change(facts.payout.version, half);
    let ended = frozen.item.row.settled(PayoutOutcome::Paid.into(), now).unwrap();
    set.rows.payout_items.change(frozen.item.version, ended);
    let mut account = frozen.account.row.clone();
    for row in &frozen.rows {
        let after = row.row.paid_out(now).unwrap();
        account = account.moved(&row.row, &after).unwrap();
        set.rows.commissions.change(row.version, after);
    }
    set.rows.accounts.change(frozen.account.version, account);
    stage.storage.commit(set).await.unwrap();
    stage.assert_reconciled().await;
    let again = line(0, ResultOf::Affiliate(bob.id), PayoutOutcome::Paid, "35.00");
    let other = line(1, ResultOf::Affiliate(eve.id), PayoutOutcome::Failed, "0.50");
    let command = RecordPayoutResultsCommand { lines: vec![again, other] };
    stage.app.payouts.results(&stage.who, payout.id, command, None).await.unwrap();
    let end = stage.app.payouts.get(&stage.who, payout.id).await.unwrap();
    assert_eq!((end.status, end.paid.minor()), (PayoutStatus::Paid, 3_500));
    let rows = all_commissions(&stage).await;
    assert_eq!(rows.iter().filter(|row| row.status == CommissionStatus::Paid).count(), 700);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_payout_that_was_never_sealed_gives_everything_back() {
    let (stage, ids) = (TestApp::new().await, SeededIds::new(7));
    let bob = stage.affiliate("bob", None).await;
    let rows = owed(&stage, &ids, &bob, &[5; 1_100]).await;
    let payout = Payout::begin(ids.id(), usd(), build::moment(0), build::moment(0));
    let due = ports::DueRequest {
        currency: usd(),
        least: Money::from_minor(1, usd()),
        only: Vec::new(),
        part: ports::DuePart::Accounts { after: None },
        rows: 800,
    };
    let facts = stage.storage.payout_due(stage.who.merchant_id, &due).await.unwrap().unwrap();
    let mut set = ChangeSet::new(stage.who.merchant_id);
    let mut item = PayoutItem::begin(ids.id(), &payout, bob.id, build::moment(0));
    let mut account = facts.accounts[0].account.row.clone();
    for row in &facts.accounts[0].rows {
        let after = row.row.frozen_in(payout.id, build::moment(0)).unwrap();
        account = account.moved(&row.row, &after).unwrap();
        item = item.with(&after).unwrap();
        set.rows.commissions.change(row.version, after);
    }
    set.rows.accounts.change(facts.accounts[0].account.version, account);
    set.claim(Space::PayoutAccount, item.key(), item.id.uuid());
    set.rows.payout_items.insert(item);
    set.rows.payouts.insert(payout);
    stage.storage.commit(set).await.unwrap();
    stage.assert_reconciled().await;
    stage.clock.advance(Duration::from_secs(60));
    assert_eq!(stage.app.payouts.dissolve_stale().await.unwrap(), 0, "somebody may still build it");
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(stage.app.payouts.dissolve_stale().await.unwrap(), 1);
    assert_eq!(stage.app.payouts.dissolve_stale().await.unwrap(), 0);
    stage.assert_reconciled().await;
    assert_eq!(created(&stage).await.commissions_count, u32::try_from(rows.len()).unwrap());
    stage.assert_reconciled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_and_approvals_at_once_leave_every_sum_right_and_no_row_in_two() {
    let stage = Arc::new(TestApp::new().await);
    let bob = stage.affiliate("bob", None).await;
    for n in 0..100 {
        let command = RecordEventCommand { affiliate_id: Some(bob.id), ..purchase(&n.to_string()) };
        stage.record(command).await.unwrap();
    }
    let rows = stage.commissions().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (stage, row) = (Arc::clone(&stage), rows[n % rows.len()].id);
        tasks.spawn(async move {
            let done = match n % 2 {
                0 => stage.app.payouts.create(&stage.who, command(), None).await,
                _ if n % 3 == 0 => {
                    let command = MoveCommissionCommand { step: CommissionMove::Void, reason: None };
                    stage.app.commissions.change(&stage.who, row, command, None).await
                }
                _ => approve(&stage, row).await,
            };
            match done {
                Ok(_) | Err(AppError::Refused(Refusal::State(_))) => {}
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    stage.assert_reconciled().await;
    // What could still be approved or paid is, in one last payout.
    for row in &rows {
        let _ = approve(&stage, row.id).await;
    }
    let _ = stage.app.payouts.create(&stage.who, command(), None).await;
    stage.assert_reconciled().await;
    let mut by_payout: BTreeMap<_, (i64, u32)> = BTreeMap::new();
    for row in stage.commissions().await {
        match (row.status, row.payout_id) {
            (CommissionStatus::Approved, Some(id)) => {
                let sum = by_payout.entry(id).or_default();
                *sum = (sum.0 + row.amount.minor(), sum.1 + 1);
            }
            (CommissionStatus::Void, None) => {}
            other => panic!("{other:?}"),
        }
    }
    let made = payouts(&stage).await;
    assert_eq!(made.len(), by_payout.len());
    for payout in made {
        assert_eq!(by_payout[&payout.id], (payout.total.minor(), payout.commissions_count));
        assert_eq!(items(&stage, &payout).await[0].status, PayoutItemStatus::Open);
    }
}
