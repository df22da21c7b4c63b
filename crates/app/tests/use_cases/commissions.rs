//! Approving and voiding commissions.

use crate::stage::{TestApp, purchase, refusal};
use app::{AppError, ChangeAffiliateCommand, MoveCommissionCommand, RecordEventCommand};
use domain::{AffiliateChange, AffiliateStatus, Commission, CommissionId, CommissionMove, CommissionStatus, Refusal};
use std::sync::Arc;

async fn step(stage: &TestApp, id: CommissionId, step: CommissionMove) -> Result<app::Response, AppError> {
    stage.app.commissions.change(&stage.who, id, MoveCommissionCommand { step, reason: None }, None).await
}

/// A leaf's and its parent's commission of one sale.
async fn sale(stage: &TestApp) -> [Commission; 2] {
    stage.affiliate("alice", None).await;
    let leaf = stage.affiliate("bob", Some("alice")).await;
    stage.record(RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase("1") }).await.unwrap();
    let mut rows = stage.commissions().await;
    rows.sort_by_key(|row| row.level);
    rows.try_into().unwrap()
}

#[tokio::test]
async fn each_row_is_approved_by_itself_and_the_accounts_follow() {
    let stage = TestApp::new().await;
    let [leaf, over] = sale(&stage).await;
    step(&stage, leaf.id, CommissionMove::Approve).await.unwrap();
    let status = |rows: &[Commission], id| rows.iter().find(|row| row.id == id).unwrap().status;
    let rows = stage.commissions().await;
    assert_eq!(status(&rows, leaf.id), CommissionStatus::Approved);
    assert_eq!(status(&rows, over.id), CommissionStatus::Pending);
    stage.assert_reconciled().await;
    assert!(matches!(refusal(step(&stage, leaf.id, CommissionMove::Approve).await), Refusal::State(_)));
}

#[tokio::test]
async fn voiding_the_leaf_voids_what_was_reckoned_from_it() {
    let stage = TestApp::new().await;
    let [leaf, over] = sale(&stage).await;
    step(&stage, over.id, CommissionMove::Approve).await.unwrap();
    step(&stage, leaf.id, CommissionMove::Void).await.unwrap();
    assert!(stage.commissions().await.iter().all(|row| row.status == CommissionStatus::Void));
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_suspended_affiliates_commission_is_not_approved() {
    let stage = TestApp::new().await;
    let [leaf, _] = sale(&stage).await;
    let change = AffiliateChange { status: Some(AffiliateStatus::Suspended), ..AffiliateChange::default() };
    let command = ChangeAffiliateCommand { change, parent_email: None };
    stage.app.affiliates.change(&stage.who, leaf.affiliate_id, command, None).await.unwrap();
    assert!(matches!(refusal(step(&stage, leaf.id, CommissionMove::Approve).await), Refusal::State(_)));
}

#[tokio::test]
async fn approvals_and_voids_at_once_leave_every_sum_right() {
    let stage = Arc::new(TestApp::new().await);
    let leaf = stage.affiliate("bob", None).await;
    for n in 0..20 {
        let command = RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase(&n.to_string()) };
        stage.record(command).await.unwrap();
    }
    let rows = stage.commissions().await;
    let tasks: Vec<_> = rows
        .iter()
        .flat_map(|row| [(row.id, CommissionMove::Approve), (row.id, CommissionMove::Void)])
        .map(|(id, wanted)| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { step(&stage, id, wanted).await })
        })
        .collect();
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) | Err(AppError::Refused(Refusal::State(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(stage.commissions().await.iter().all(|row| row.status == CommissionStatus::Void));
    stage.assert_reconciled().await;
}
