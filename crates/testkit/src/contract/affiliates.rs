//! Affiliates as callers see them.

use super::{
    Nodes,
    paging::{position, walk},
    settle::{other_shop, shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{Account, Affiliate, AffiliateStatus, Coupon, CouponCode, Email, MerchantId, Money, TierId};
use ports::{AffiliateFilter, AffiliateRecord, ChangeSet, IdSource, IdSourceExt, Page, PageRequest, Position, Version};

async fn record(nodes: &Nodes, merchant: MerchantId, affiliate: &Affiliate) -> Option<AffiliateRecord> {
    nodes.two.affiliate(merchant, affiliate.id).await.unwrap()
}

fn bare(affiliate: &Affiliate) -> AffiliateRecord {
    AffiliateRecord { affiliate: affiliate.clone(), coupons: Vec::new(), paid: Vec::new(), currency: build::usd() }
}

pub(crate) async fn an_affiliate_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let merchant = shop.test.id;
    let plain = build::affiliate(&ids, "plain");
    let full = boundary_values::affiliate(&plain);
    for affiliate in [&plain, &full] {
        assert_eq!(record(nodes, merchant, affiliate).await, None);
        win(nodes, sets::add_affiliate(merchant, affiliate)).await;
        assert_eq!(record(nodes, merchant, affiliate).await, Some(bare(affiliate)));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(record(nodes, foreign, affiliate).await, None);
        }
    }
    // Every field changes to another value, both ways, and no other row does.
    let filled = Affiliate { id: plain.id, slug: plain.slug.clone(), email: plain.email.clone(), ..full.clone() };
    win(nodes, sets::change_affiliate(merchant, Version::FIRST, &filled)).await;
    assert_eq!(record(nodes, merchant, &plain).await, Some(bare(&filled)));
    win(nodes, sets::change_affiliate(merchant, Version::FIRST.next(), &plain)).await;
    assert_eq!(record(nodes, merchant, &plain).await, Some(bare(&plain)));
    assert_eq!(record(nodes, merchant, &full).await, Some(bare(&full)));
    sound(nodes).await;
}

pub(crate) async fn a_record_shows_codes_oldest_first_and_what_was_paid(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (bob, eve) = (build::affiliate(&ids, "bob"), build::affiliate(&ids, "eve"));
    let mut set = ChangeSet::new(shop.test.id).with_affiliate(&bob).with_affiliate(&eve);
    let aged =
        |owner: &Affiliate, code: &str, at| Coupon { created_at: moment(at), ..build::coupon(&ids, owner, code) };
    // Neither the order of making, nor of ids, nor of letters is the order of age; two are of one age.
    let coupons = [aged(&bob, "B-30", 30), aged(&bob, "Z-10", 10), aged(&bob, "A-20", 20), aged(&bob, "AA-10", 10)];
    for coupon in coupons.iter().chain([&aged(&eve, "EVE", 0)]) {
        set = set.with_coupon(coupon);
    }
    let paid = |owner: &Affiliate, minor, currency: &str| {
        let currency = currency.parse().unwrap();
        Account { paid: Money::from_minor(minor, currency), ..build::account(&ids, owner, currency) }
    };
    let accounts = [paid(&bob, 5, "USD"), paid(&bob, i64::MAX, "EUR"), paid(&bob, 0, "GBP"), paid(&eve, 9, "USD")];
    for account in &accounts {
        set = set.with_account(account);
    }
    win(nodes, set).await;
    let expected = AffiliateRecord {
        coupons: ["Z-10", "AA-10", "A-20", "B-30"].map(|code| CouponCode::parse(code).unwrap()).to_vec(),
        paid: vec![accounts[1].paid, accounts[0].paid],
        ..bare(&bob)
    };
    assert_eq!(record(nodes, shop.test.id, &bob).await, Some(expected.clone()));
    let page = nodes.two.affiliates(shop.test.id, &AffiliateFilter::default(), &super::paging::newest(100)).await;
    let listed = page.unwrap().rows.into_iter().find(|record| record.affiliate.id == bob.id);
    assert_eq!(listed, Some(expected), "a list shows the same");

    // The currency is the merchant's as it is now.
    let mut set = ChangeSet::new(shop.test.id);
    let mut merchant = shop.test.clone();
    merchant.settings.currency = "JPY".parse().unwrap();
    set.rows.merchants.change(Version::FIRST, merchant);
    win(nodes, set).await;
    assert_eq!(record(nodes, shop.test.id, &bob).await.unwrap().currency.code(), "JPY");
}

/// Twelve affiliates that differ in what filters compare; several of one instant, not stored in the order of time.
async fn many(nodes: &Nodes, ids: &dyn IdSource, shop: &Shop, tiers: &[TierId]) -> Vec<Affiliate> {
    let mut set = ChangeSet::new(shop.test.id);
    let made: Vec<Affiliate> = (0..12_usize)
        .map(|n| Affiliate {
            status: AffiliateStatus::ALL[n % AffiliateStatus::ALL.len()],
            tier_id: (n % 3 > 0).then(|| tiers[n % 3 - 1]),
            email: Email::parse(&format!("Some.{n}@Example.com")).unwrap(),
            created_at: moment([7, 3, 3, 9, 1, 3, 5, 9, 9, 2, 3, 8][n]),
            ..build::affiliate(ids, &format!("affiliate-{n}"))
        })
        .collect();
    for affiliate in &made {
        set = set.with_affiliate(affiliate);
    }
    win(nodes, set).await;
    // The other mode has one that every filter could take for its own.
    win(nodes, sets::add_affiliate(shop.live.id, &Affiliate { id: ids.id(), ..made[0].clone() })).await;
    made
}

fn placed(affiliate: &Affiliate) -> Position {
    position(affiliate.created_at, affiliate.id.uuid())
}

async fn listed(nodes: &Nodes, merchant: MerchantId, filter: &AffiliateFilter, request: PageRequest) -> Page<Position> {
    let page = nodes.two.affiliates(merchant, filter, &request).await.unwrap();
    Page { rows: page.rows.iter().map(|record| placed(&record.affiliate)).collect(), more: page.more }
}

pub(crate) async fn affiliates_are_listed_newest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let everything = AffiliateFilter::default();
    walk(&[], async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    let made = many(nodes, &ids, &shop, &[ids.id(), ids.id()]).await;
    let rows: Vec<Position> = made.iter().map(placed).collect();
    walk(&rows, async |request| listed(nodes, shop.test.id, &everything, request).await).await;
}

pub(crate) async fn affiliates_are_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let tiers: [TierId; 2] = [ids.id(), ids.id()];
    let made = many(nodes, &ids, &shop, &tiers).await;
    let statuses = [None, Some(AffiliateStatus::Approved), Some(AffiliateStatus::Suspended)];
    let tier_ids = [None, Some(tiers[0]), Some(ids.id())];
    let emails = [None, Some("sOME.1@eXAMPLE.COM"), Some("nobody@example.com")];
    let slugs = [None, Some("affiliate-1"), Some("affiliate")];
    for status in statuses {
        for tier_id in tier_ids {
            for email in emails.map(|email| email.map(|email| Email::parse(email).unwrap())) {
                for slug in slugs.map(|slug| slug.map(|slug| domain::Slug::parse(slug).unwrap())) {
                    let filter = AffiliateFilter { status, tier_id, email: email.clone(), slug };
                    let rows: Vec<Position> = made.iter().filter(|row| matches(&filter, row)).map(placed).collect();
                    walk(&rows, async |request| listed(nodes, shop.test.id, &filter, request).await).await;
                }
            }
        }
    }
}

fn matches(filter: &AffiliateFilter, row: &Affiliate) -> bool {
    let AffiliateFilter { status, tier_id, email, slug } = filter;
    status.is_none_or(|status| status == row.status)
        && tier_id.is_none_or(|tier| Some(tier) == row.tier_id)
        && email.as_ref().is_none_or(|email| email.folded() == row.email.folded())
        && slug.as_ref().is_none_or(|slug| *slug == row.slug)
}
