//! Approving and voiding commissions.

use super::{Race, cases, each_decides};
use crate::stage::{TestApp, once, purchase};
use app::{AppError, ChangeAffiliateCommand, MoveCommissionCommand, RecordEventCommand, Response};
use domain::{Affiliate, AffiliateChange, AffiliateStatus, Commission, CommissionId, CommissionMove, CommissionStatus};
use ports::{Space, Table};
use testkit::Guard;

impl TestApp {
    /// What `earner`, and whoever is above, earns by one sale; the leaf first.
    async fn sale(&self, order: &str, earner: &Affiliate) -> Vec<Commission> {
        self.record(RecordEventCommand { affiliate_id: Some(earner.id), ..purchase(order) }).await.unwrap();
        self.commissions().await.into_iter().filter(|row| row.order_id.as_str() == order).collect()
    }

    async fn step(&self, id: CommissionId, step: CommissionMove) {
        let command = MoveCommissionCommand { step, reason: None };
        self.app.commissions.change(&self.who, id, command, None).await.unwrap();
    }

    async fn status(&self, id: CommissionId) -> CommissionStatus {
        self.app.commissions.get(&self.who, id).await.unwrap().status
    }

    pub(super) async fn adds_up(&self) -> bool {
        self.storage.differences(10).await.unwrap().is_empty()
    }
}

impl Race {
    async fn step(&self, id: CommissionId, step: CommissionMove) -> Result<Response, AppError> {
        self.app.commissions.change(&self.stage.who, id, MoveCommissionCommand { step, reason: None }, None).await
    }

    /// The rival makes this move.
    fn overtaken_by_a_move(&self, id: CommissionId, step: CommissionMove) {
        self.overtaken_by(async move |stage, _| stage.step(id, step).await);
    }
}

async fn the_void_stay_void(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let row = race.stage.sale("1", &bob).await[0].id;
    race.overtaken_by_a_move(row, CommissionMove::Void);
    race.step(row, CommissionMove::Approve).await.is_err() && race.stage.status(row).await == CommissionStatus::Void
}

async fn the_first_two_approvals_open_one_account(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let (one, two) = (race.stage.sale("1", &bob).await[0].id, race.stage.sale("2", &bob).await[0].id);
    race.overtaken_by_a_move(two, CommissionMove::Approve);
    race.step(one, CommissionMove::Approve).await.unwrap();
    race.stage.adds_up().await
}

async fn no_approval_is_lost_from_the_account(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let first = race.stage.sale("0", &bob).await[0].id;
    race.stage.step(first, CommissionMove::Approve).await;
    let (one, two) = (race.stage.sale("1", &bob).await[0].id, race.stage.sale("2", &bob).await[0].id);
    race.overtaken_by_a_move(two, CommissionMove::Approve);
    race.step(one, CommissionMove::Approve).await.unwrap();
    race.stage.adds_up().await
}

async fn the_suspended_are_not_approved_anything(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let row = race.stage.sale("1", &bob).await[0].id;
    race.overtaken_by(async move |stage, _| {
        let change = AffiliateChange { status: Some(AffiliateStatus::Suspended), ..AffiliateChange::default() };
        let command = ChangeAffiliateCommand { change, parent_email: None };
        stage.app.affiliates.change(&stage.who, bob.id, command, None).await.unwrap();
    });
    race.step(row, CommissionMove::Approve).await.is_err()
}

async fn an_approval_does_not_land_in_a_reset(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let row = race.stage.sale("1", &bob).await[0].id;
    race.overtaken_by_a_reset();
    race.step(row, CommissionMove::Approve).await.is_err()
}

async fn an_idempotency_key_approves_one(race: &Race) -> bool {
    const ROUTE: &str = "PATCH /commissions";
    let (bob, eve) = (race.stage.affiliate("bob", None).await, race.stage.affiliate("eve", None).await);
    let (one, two) = (race.stage.sale("1", &bob).await[0].id, race.stage.sale("2", &eve).await[0].id);
    let approve = || MoveCommissionCommand { step: CommissionMove::Approve, reason: None };
    race.overtaken_by(async move |stage, _| {
        stage.app.commissions.change(&stage.who, two, approve(), once(ROUTE, "key", 1)).await.unwrap();
    });
    let other = race.app.commissions.change(&race.stage.who, one, approve(), once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.stage.status(one).await == CommissionStatus::Pending
}

#[tokio::test]
async fn approving_a_commission() {
    each_decides(cases! {
        Guard::Version(Table::Commissions) => the_void_stay_void,
        Guard::Claim(Space::Account) => the_first_two_approvals_open_one_account,
        Guard::Version(Table::Accounts) => no_approval_is_lost_from_the_account,
        Guard::Unchanged(Table::Affiliates) => the_suspended_are_not_approved_anything,
        Guard::Unchanged(Table::Merchants) => an_approval_does_not_land_in_a_reset,
        Guard::ResponseRecord => an_idempotency_key_approves_one,
    })
    .await;
}

async fn what_an_override_became_meanwhile_counts(race: &Race) -> bool {
    race.stage.affiliate("ama", None).await;
    let bob = race.stage.affiliate("bob", Some("ama")).await;
    let rows = race.stage.sale("1", &bob).await;
    race.overtaken_by_a_move(rows[1].id, CommissionMove::Approve);
    race.step(rows[0].id, CommissionMove::Void).await.unwrap();
    race.stage.adds_up().await
}

async fn a_void_takes_nothing_else_from_the_account(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let (one, two) = (race.stage.sale("1", &bob).await[0].id, race.stage.sale("2", &bob).await[0].id);
    race.stage.step(one, CommissionMove::Approve).await;
    race.overtaken_by_a_move(two, CommissionMove::Approve);
    race.step(one, CommissionMove::Void).await.unwrap();
    race.stage.adds_up().await
}

async fn a_void_does_not_land_in_a_reset(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let row = race.stage.sale("1", &bob).await[0].id;
    race.overtaken_by_a_reset();
    race.step(row, CommissionMove::Void).await.is_err()
}

#[tokio::test]
async fn voiding_a_commission() {
    each_decides(cases! {
        Guard::Version(Table::Commissions) => what_an_override_became_meanwhile_counts,
        Guard::Version(Table::Accounts) => a_void_takes_nothing_else_from_the_account,
        Guard::Unchanged(Table::Merchants) => a_void_does_not_land_in_a_reset,
    })
    .await;
}
