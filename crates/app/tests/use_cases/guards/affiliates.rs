//! Making and changing affiliates.

use super::{Race, cases, each_decides, gone};
use crate::stage::{ALL, email_of, new_affiliate, once};
use app::{AppError, ChangeAffiliateCommand, CreateAffiliateCommand, CreateCouponCommand, Response};
use domain::{Affiliate, AffiliateChange, AffiliateStatus, DisplayName, NewAffiliate, Rate, Slug};
use ports::{AffiliateFilter, CouponFilter, Space, Table};
use std::collections::HashSet;
use testkit::Guard;

fn named(name: &str, parent: Option<&str>) -> CreateAffiliateCommand {
    CreateAffiliateCommand { affiliate: new_affiliate(name), parent_email: parent.map(email_of) }
}

fn change(change: AffiliateChange) -> ChangeAffiliateCommand {
    ChangeAffiliateCommand { change, parent_email: None }
}

fn under(parent: &str) -> ChangeAffiliateCommand {
    ChangeAffiliateCommand { parent_email: Some(Some(email_of(parent))), ..ChangeAffiliateCommand::default() }
}

impl Race {
    async fn affiliates(&self) -> Vec<Affiliate> {
        let page = self.stage.app.affiliates.list(&self.stage.who, &AffiliateFilter::default(), &ALL).await.unwrap();
        page.rows.into_iter().map(|record| record.affiliate).collect()
    }

    async fn alter(&self, affiliate: &Affiliate, command: ChangeAffiliateCommand) -> Result<Response, AppError> {
        self.app.affiliates.change(&self.stage.who, affiliate.id, command, None).await
    }

    /// No two affiliates, and no two coupons, share what must be theirs alone.
    async fn every_key_has_one_owner(&self) -> bool {
        let rows = self.affiliates().await;
        let slugs: HashSet<&str> = rows.iter().map(|row| row.slug.as_str()).collect();
        let emails: HashSet<String> = rows.iter().map(|row| row.email.folded()).collect();
        let stage = &self.stage;
        let coupons = stage.app.coupons.list(&stage.who, &CouponFilter::default(), &ALL).await.unwrap().rows;
        let codes: HashSet<&str> = coupons.iter().map(|row| row.code.as_str()).collect();
        (slugs.len(), emails.len(), codes.len()) == (rows.len(), rows.len(), coupons.len())
    }

    /// Every parent exists.
    async fn nobody_is_an_orphan(&self) -> bool {
        let rows = self.affiliates().await;
        rows.iter().all(|row| row.parent_id.is_none_or(|parent| rows.iter().any(|row| row.id == parent)))
    }

    /// The rival takes the affiliate away.
    fn overtaken_by_the_end_of(&self, affiliate: Affiliate) {
        self.overtaken_by(async move |stage, _| gone(&*stage.storage, stage.who.merchant_id, &affiliate).await);
    }

    /// The rival takes the code that the waiting set makes up.
    fn overtaken_by_a_coupon_of(&self, other: &Affiliate) {
        let affiliate_id = other.id;
        self.overtaken_by(async move |stage, set| {
            let code = set.rows.coupons.new[0].code.clone();
            stage.app.coupons.create(&stage.who, CreateCouponCommand { affiliate_id, code }, None).await.unwrap();
        });
    }
}

async fn a_new_slug_has_one_owner(race: &Race) -> bool {
    race.overtaken_by(async |stage, _| {
        stage.affiliate("bob", None).await;
    });
    let affiliate = NewAffiliate { email: email_of("bert"), ..new_affiliate("bob") };
    let made = race
        .app
        .affiliates
        .create(&race.stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None)
        .await;
    made.is_err() && race.every_key_has_one_owner().await
}

async fn a_new_address_has_one_owner(race: &Race) -> bool {
    race.overtaken_by(async |stage, _| {
        stage.affiliate("bob", None).await;
    });
    let affiliate = NewAffiliate { email: email_of("BOB"), ..new_affiliate("bert") };
    let made = race
        .app
        .affiliates
        .create(&race.stage.who, CreateAffiliateCommand { affiliate, parent_email: None }, None)
        .await;
    made.is_err() && race.every_key_has_one_owner().await
}

async fn a_code_for_the_new_has_one_owner(race: &Race) -> bool {
    race.overtaken_by_a_coupon_of(&race.stage.affiliate("eve", None).await);
    race.app.affiliates.create(&race.stage.who, named("bob", None), None).await.unwrap();
    race.every_key_has_one_owner().await
}

async fn a_parent_of_the_new_exists(race: &Race) -> bool {
    race.overtaken_by_the_end_of(race.stage.affiliate("ama", None).await);
    // The address still leads to who is gone: what counts is that nobody gets a parent who is not there.
    let _ = race.app.affiliates.create(&race.stage.who, named("bob", Some("ama")), None).await;
    race.nobody_is_an_orphan().await
}

async fn the_new_do_not_land_in_a_reset(race: &Race) -> bool {
    race.overtaken_by_a_reset();
    race.app.affiliates.create(&race.stage.who, named("bob", None), None).await.is_err()
}

async fn an_idempotency_key_makes_one(race: &Race) -> bool {
    const ROUTE: &str = "POST /affiliates";
    race.overtaken_by(async |stage, _| {
        stage.app.affiliates.create(&stage.who, named("eve", None), once(ROUTE, "key", 1)).await.unwrap();
    });
    let other = race.app.affiliates.create(&race.stage.who, named("bob", None), once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.affiliates().await.len() == 1
}

#[tokio::test]
async fn making_an_affiliate() {
    each_decides(cases! {
        Guard::Claim(Space::AffiliateSlug) => a_new_slug_has_one_owner,
        Guard::Claim(Space::AffiliateEmail) => a_new_address_has_one_owner,
        Guard::Claim(Space::CouponCode) => a_code_for_the_new_has_one_owner,
        Guard::Unchanged(Table::Affiliates) => a_parent_of_the_new_exists,
        Guard::Unchanged(Table::Merchants) => the_new_do_not_land_in_a_reset,
        Guard::ResponseRecord => an_idempotency_key_makes_one,
    })
    .await;
}

async fn no_change_is_lost(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    let (id, rate) = (bob.id, Rate::from_millionths(500_000));
    race.overtaken_by(async move |stage, _| {
        let command = change(AffiliateChange { custom_rate: Some(rate), ..AffiliateChange::default() });
        stage.app.affiliates.change(&stage.who, id, command, None).await.unwrap();
    });
    let name = DisplayName::parse("Bob").unwrap();
    let command = change(AffiliateChange { display_name: Some(Some(name.clone())), ..AffiliateChange::default() });
    race.alter(&bob, command).await.unwrap();
    let bob = race.stage.affiliate_named("bob").await;
    (bob.display_name, bob.custom_rate) == (Some(name), rate)
}

async fn parents_never_go_in_a_circle(race: &Race) -> bool {
    // Three, because of two the other is the parent, who is held still.
    let ama = race.stage.affiliate("ama", None).await;
    race.stage.affiliate("eve", Some("ama")).await;
    let bob = race.stage.affiliate("bob", None).await;
    race.overtaken_by(async move |stage, _| {
        stage.app.affiliates.change(&stage.who, ama.id, under("bob"), None).await.unwrap();
    });
    race.alter(&bob, under("eve")).await.is_err() && race.stage.affiliate_named("bob").await.parent_id.is_none()
}

async fn a_new_parent_exists(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    race.overtaken_by_the_end_of(race.stage.affiliate("ama", None).await);
    race.alter(&bob, under("ama")).await.is_err() && race.nobody_is_an_orphan().await
}

async fn a_changed_slug_has_one_owner(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    race.overtaken_by(async |stage, _| {
        stage.affiliate("robert", None).await;
    });
    let slug = Slug::parse("robert").ok();
    let changed = race.alter(&bob, change(AffiliateChange { slug, ..AffiliateChange::default() })).await;
    changed.is_err() && race.every_key_has_one_owner().await
}

async fn a_changed_address_has_one_owner(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    race.overtaken_by(async |stage, _| {
        stage.affiliate("robert", None).await;
    });
    let email = Some(email_of("robert"));
    let changed = race.alter(&bob, change(AffiliateChange { email, ..AffiliateChange::default() })).await;
    changed.is_err() && race.every_key_has_one_owner().await
}

async fn a_code_for_the_approved_has_one_owner(race: &Race) -> bool {
    let pending = NewAffiliate { status: Some(AffiliateStatus::Pending), ..new_affiliate("bob") };
    let command = CreateAffiliateCommand { affiliate: pending, parent_email: None };
    race.stage.app.affiliates.create(&race.stage.who, command, None).await.unwrap();
    race.overtaken_by_a_coupon_of(&race.stage.affiliate("eve", None).await);
    let approved = AffiliateChange { status: Some(AffiliateStatus::Approved), ..AffiliateChange::default() };
    race.alter(&race.stage.affiliate_named("bob").await, change(approved)).await.unwrap();
    race.every_key_has_one_owner().await
}

async fn a_change_does_not_land_in_a_reset(race: &Race) -> bool {
    let bob = race.stage.affiliate("bob", None).await;
    race.overtaken_by_a_reset();
    let email = Some(email_of("robert"));
    race.alter(&bob, change(AffiliateChange { email, ..AffiliateChange::default() })).await.is_err()
}

async fn an_idempotency_key_changes_one(race: &Race) -> bool {
    const ROUTE: &str = "PATCH /affiliates";
    let (bob, eve) = (race.stage.affiliate("bob", None).await, race.stage.affiliate("eve", None).await);
    let suspend = || change(AffiliateChange { status: Some(AffiliateStatus::Suspended), ..AffiliateChange::default() });
    race.overtaken_by(async move |stage, _| {
        stage.app.affiliates.change(&stage.who, eve.id, suspend(), once(ROUTE, "key", 1)).await.unwrap();
    });
    let other = race.app.affiliates.change(&race.stage.who, bob.id, suspend(), once(ROUTE, "key", 2)).await;
    matches!(other, Err(AppError::IdempotencyMismatch)) && race.stage.affiliate_named("bob").await == bob
}

#[tokio::test]
async fn changing_an_affiliate() {
    each_decides(cases! {
        Guard::Version(Table::Affiliates) => no_change_is_lost,
        Guard::Version(Table::Trees) => parents_never_go_in_a_circle,
        Guard::Unchanged(Table::Affiliates) => a_new_parent_exists,
        Guard::Claim(Space::AffiliateSlug) => a_changed_slug_has_one_owner,
        Guard::Claim(Space::AffiliateEmail) => a_changed_address_has_one_owner,
        Guard::Claim(Space::CouponCode) => a_code_for_the_approved_has_one_owner,
        Guard::Unchanged(Table::Merchants) => a_change_does_not_land_in_a_reset,
        Guard::ResponseRecord => an_idempotency_key_changes_one,
    })
    .await;
}
