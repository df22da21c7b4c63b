//! All of a set or none of it.
//!
//! Not every table can be read through the ports. What is stored in it shows all the same: a row that is there cannot
//! be made again, and one that is not there can.

use super::{
    Nodes,
    settle::{Outcome, at_once, conflict, only_conflicts_beside, refuse, shop, sound, win},
    tables::{Rows, stands_at},
};
use crate::{
    SeededIds,
    build::{self, Shop, moment},
    sets,
};
use domain::{Affiliate, AffiliateStatus};
use ports::{
    AffiliateFilter, AffiliateKeys, ChangeSet, CommissionFilter, CouponFilter, EventFilter, EventLookup, IdSource,
    IdSourceExt, KeyUse, ListRequest, RuleFilter, RuleNames, Space, Table, TierFilter, Version,
};

const FIRST: Version = Version::FIRST;

/// A set that makes a row in every table, changes one in most, deletes one, and takes, gives back, announces and
/// answers.
fn whole(ids: &SeededIds, shop: &Shop, old: &Rows) -> (Rows, ChangeSet) {
    let new = Rows::of(ids, shop, "whole");
    let mut set = new.insert(shop.test.id);
    let founded = sets::with_organization(&build::shop(ids, "beside"));
    set.claims.extend(founded.claims);
    set.rows.organizations = founded.rows.organizations;
    set.rows.merchants = founded.rows.merchants;
    set.rows.trees = founded.rows.trees;

    set.rows.organizations.change(FIRST, old.organization.clone());
    set.rows.merchants.change(FIRST, old.merchant.clone());
    set.rows.trees.change(FIRST, old.tree);
    set.rows.tiers.change(FIRST, old.tier.clone());
    set.rows.commission_rules.change(FIRST, old.rule.clone());
    set.rows.api_keys.change(FIRST, old.key.clone());
    let suspended = Affiliate { status: AffiliateStatus::Suspended, ..old.affiliate.clone() };
    set.rows.affiliates.change(FIRST, suspended);
    set.rows.bindings.change(FIRST, old.binding.renewed());
    set.rows.events.change(FIRST, old.event.clone());
    set.rows.commissions.change(FIRST, old.commission.clone());
    set.rows.accounts.change(FIRST, old.account.clone());
    set.rows.payouts.change(FIRST, old.payout.clone());
    set.rows.payout_items.change(FIRST, old.payout_item.clone());
    // A merchant has one row of these.
    set.rows.group_settings.new.clear();
    set.rows.group_settings.change(FIRST, old.group_settings.clone());
    set.rows.customers.change(FIRST, old.customer.clone());
    set.rows.groups.change(FIRST, old.group.clone());
    set.rows.orders.change(FIRST, old.order.clone());
    set.rows.mails.change(FIRST, old.mail.clone());
    set.rows.coupons.delete(&sets::first(old.coupon.clone()));
    set.free(Space::CouponCode, old.coupon.code.as_str(), old.coupon.id.uuid());
    set.rows.key_uses.push(KeyUse { key_id: old.key.id, at: moment(60) });
    (new, set)
}

/// Everything that the reads return about the shop and about what `new` would add, as text.
async fn told(nodes: &Nodes, shop: &Shop, old: &Rows, new: &Rows) -> String {
    let (node, merchant, page) = (&nodes.two, shop.test.id, super::paging::newest(100));
    let lookup = EventLookup {
        space: new.event.kind.space(),
        external_id: new.event.external_id.clone(),
        session: Some(new.click.session.clone()),
        coupon: Some(new.coupon.code.clone()),
        affiliate_id: Some(new.affiliate.id),
        customer: vec![format!("x:{}", new.event.external_id.as_str())],
        now: moment(1),
    };
    let keys = AffiliateKeys {
        slug: Some(new.affiliate.slug.clone()),
        email: Some(new.affiliate.email.clone()),
        parent_email: Some(new.affiliate.email.clone()),
        tier_id: Some(new.tier.id),
    };
    let parts = [
        format!("{:?}", node.organizations(None, 100).await.unwrap()),
        format!("{:?}", node.organization(shop.organization.id).await.unwrap()),
        format!("{:?}", node.merchant(merchant).await.unwrap()),
        format!("{:?}", node.settings_facts(merchant, Some(&domain::Slug::parse("beside").unwrap())).await.unwrap()),
        format!("{:?}", node.keys_of(shop.organization.id).await.unwrap()),
        format!("{:?}", node.key_by_hash(&[new.key.hash]).await.unwrap()),
        format!("{:?}", node.response(merchant, &new.response.route, &new.response.key, moment(1)).await.unwrap()),
        format!("{:?}", node.affiliates(merchant, &AffiliateFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.new_affiliate_facts(merchant, &keys).await.unwrap()),
        format!("{:?}", node.affiliate_change_facts(merchant, old.affiliate.id, &keys).await.unwrap()),
        format!("{:?}", node.tiers(merchant, &TierFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.tier_change_facts(merchant, old.tier.id, Some(&new.tier.name)).await.unwrap()),
        format!("{:?}", node.rules(merchant, &RuleFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.rule_facts(merchant, Some(old.rule.id), RuleNames::default()).await.unwrap()),
        format!("{:?}", node.coupons(merchant, &CouponFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.coupon_facts(merchant, old.affiliate.id, &old.coupon.code).await.unwrap()),
        format!("{:?}", node.event_facts(merchant, vec![lookup]).await.unwrap()),
        format!("{:?}", node.events(merchant, &EventFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.commissions(merchant, &CommissionFilter::default(), &page).await.unwrap()),
        format!("{:?}", node.commission_move_facts(merchant, old.commission.id).await.unwrap()),
        format!("{:?}", node.payout_facts(merchant, old.payout.id, &[old.payout_item.id], &[]).await.unwrap()),
        format!("{:?}", node.unsealed_payouts(moment(9), 100).await.unwrap()),
        format!("{:?}", node.customers(merchant, &ListRequest::newest(100)).await.unwrap()),
        format!("{:?}", node.orders(merchant, &ListRequest::newest(100)).await.unwrap()),
        format!("{:?}", node.groups(merchant, &ListRequest::newest(100)).await.unwrap()),
        format!("{:?}", node.group_settings(merchant).await.unwrap()),
        format!("{:?}", node.closing_facts(merchant, old.group.id).await.unwrap()),
        format!("{:?}", node.order_facts(merchant, old.order.id).await.unwrap()),
        format!("{:?}", node.mail(merchant, old.mail.id).await.unwrap()),
        format!("{:?}", node.due_mails(moment(9), 0, 100).await.unwrap()),
    ];
    parts.join("\n")
}

pub(crate) async fn a_lost_set_leaves_nothing_behind(nodes: &Nodes) {
    let (ids, shop, old) = Rows::stored(nodes).await;
    let moved = build::affiliate(&ids, "moved");
    win(nodes, sets::add_affiliate(shop.test.id, &moved)).await;
    win(nodes, sets::change_affiliate(shop.test.id, FIRST, &moved)).await;
    let (new, set) = whole(&ids, &shop, &old);
    let before = told(nodes, &shop, &old, &new).await;

    let mut stale = set.clone();
    stale.rows.affiliates.change(FIRST, moved.clone());
    let mut stale_end = set.clone();
    stale_end.rows.affiliates.deleted.push((moved.id.uuid(), FIRST));
    let mut not_still = set.clone();
    not_still.unchanged.push((ports::Entity::row_ref(&moved), FIRST));
    let mut taken = set.clone();
    taken.claim(Space::AffiliateEmail, moved.email.folded(), ids.uuid());
    let mut taken_on_the_server = set.clone();
    taken_on_the_server.claim(Space::MerchantSlug, shop.live.slug.as_str(), shop.test.id.uuid());
    let answered = ChangeSet { response: Some(old.response.clone()), ..set.clone() };
    for (n, lost) in [stale, stale_end, not_still, taken, taken_on_the_server, answered].into_iter().enumerate() {
        // Alone, and in the midst of winners that share its transaction.
        conflict(nodes, lost.clone()).await;
        let company = |m: usize| build::affiliate(&ids, &format!("company-{n}-{m}"));
        let mut sets: Vec<ChangeSet> = (0..24).map(|m| sets::add_affiliate(shop.live.id, &company(m))).collect();
        sets.insert(16, lost);
        let outcomes = at_once(nodes, sets).await;
        assert_eq!((only_conflicts_beside(&outcomes, Outcome::Won), outcomes[16]), (24, Outcome::Conflict));
        assert_eq!(told(nodes, &shop, &old, &new).await, before);
        for table in Table::ALL {
            assert!(stands_at(nodes, shop.test.id, old.row(table), FIRST).await, "{table:?}");
        }
    }
    // Whatever a lost set had left behind would now be in the way.
    win(nodes, set).await;
    assert_ne!(told(nodes, &shop, &old, &new).await, before);
    sound(nodes).await;
}

pub(crate) async fn a_won_set_is_there_in_every_part(nodes: &Nodes) {
    let (ids, shop, old) = Rows::stored(nodes).await;
    let merchant = shop.test.id;
    let (new, set) = whole(&ids, &shop, &old);
    win(nodes, set.clone()).await;
    sound(nodes).await;
    for table in Table::ALL {
        refuse(nodes, new.new_in(table, merchant)).await;
        let version = if table == Table::Coupons { None } else { Some(FIRST.next()) };
        for candidate in [FIRST, FIRST.next()] {
            let stands = stands_at(nodes, merchant, old.row(table), candidate).await;
            assert_eq!(stands, Some(candidate) == version, "{table:?}");
        }
    }
    for claim in &set.claims {
        conflict(nodes, ChangeSet { claims: vec![claim.clone()], ..ChangeSet::new(merchant) }).await;
    }
    for free in &set.frees {
        win(nodes, ChangeSet { claims: vec![free.clone()], ..ChangeSet::new(merchant) }).await;
    }
    conflict(nodes, ChangeSet { response: set.response, ..ChangeSet::new(merchant) }).await;
    refuse(nodes, ChangeSet { announce: set.announce, ..ChangeSet::new(merchant) }).await;
    let mut clicked = ChangeSet::new(merchant);
    clicked.rows.clicks = set.rows.clicks;
    refuse(nodes, clicked).await;
    assert_eq!(nodes.two.key(old.key.id).await.unwrap().unwrap().last_used_at, Some(moment(60)));
}

pub(crate) async fn a_set_that_cannot_be_written_harms_no_other(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let twice = build::affiliate(&ids, "twice");
    win(nodes, sets::add_affiliate(shop.test.id, &twice)).await;
    for round in 0..5 {
        let sets: Vec<ChangeSet> = (0..40)
            .map(|n| {
                let mut set = sets::add_affiliate(shop.test.id, &build::affiliate(&ids, &format!("a-{round}-{n}")));
                if n % 13 == 5 {
                    // An id is made once; a set that has it again is broken.
                    set.rows.affiliates.insert(twice.clone());
                }
                set
            })
            .collect();
        let outcomes = at_once(nodes, sets).await;
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let expected = if n % 13 == 5 { Outcome::Broken } else { Outcome::Won };
            assert_eq!(outcome, expected, "set {n} of round {round}");
        }
        sound(nodes).await;
    }
}

pub(crate) async fn an_empty_set_is_committed(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    win(nodes, ChangeSet::new(shop.test.id)).await;
    win(nodes, ChangeSet::new(ids.id())).await;
}
