//! Coupons.

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
use domain::{Affiliate, Coupon, CouponCode, MerchantId};
use ports::{
    ChangeSet, CouponFacts, CouponFilter, IdSource, IdSourceExt, Page, PageRequest, Position, Version, Versioned,
};

pub(crate) async fn a_coupon_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let (owner, next) = (build::affiliate(&ids, "bob"), build::affiliate(&ids, "eve"));
    win(nodes, sets::add_affiliate(shop.test.id, &owner).with_affiliate(&next)).await;
    for coupon in [build::coupon(&ids, &owner, "B0"), boundary_values::coupon(&owner)] {
        assert!(nodes.two.coupon(shop.test.id, coupon.id).await.unwrap().is_none());
        win(nodes, ChangeSet::new(shop.test.id).with_coupon(&coupon)).await;
        let read = nodes.two.coupon(shop.test.id, coupon.id).await.unwrap().unwrap();
        assert_eq!(read, (sets::first(shop.test.clone()), sets::first(coupon.clone())));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert!(nodes.two.coupon(foreign, coupon.id).await.unwrap().is_none());
        }
        let replaced = Coupon { affiliate_id: next.id, created_at: moment(5), ..coupon };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.coupons.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        let (_, read) = nodes.two.coupon(shop.test.id, replaced.id).await.unwrap().unwrap();
        assert_eq!(read, Versioned { row: replaced.clone(), version: Version::FIRST.next() });
        win(nodes, ChangeSet::new(shop.test.id).without_coupon(&read)).await;
        assert!(nodes.two.coupon(shop.test.id, replaced.id).await.unwrap().is_none());
    }
    sound(nodes).await;
}

/// Nine coupons of two affiliates; several of one instant, not stored in the order of time.
async fn many(nodes: &Nodes, ids: &dyn IdSource, shop: &Shop) -> (Vec<Affiliate>, Vec<Coupon>) {
    let owners = vec![build::affiliate(ids, "bob"), build::affiliate(ids, "eve")];
    let mut set = ChangeSet::new(shop.test.id).with_affiliate(&owners[0]).with_affiliate(&owners[1]);
    let made: Vec<Coupon> = (0..9_usize)
        .map(|n| Coupon {
            created_at: moment([4, 4, 9, 1, 4, 9, 2, 8, 0][n]),
            ..build::coupon(ids, &owners[usize::from(n % 3 == 0)], &format!("CODE-{n}"))
        })
        .collect();
    for coupon in &made {
        set = set.with_coupon(coupon);
    }
    win(nodes, set).await;
    let foreign = Coupon { id: ids.id(), ..made[0].clone() };
    win(nodes, sets::add_affiliate(shop.live.id, &owners[1]).with_coupon(&foreign)).await;
    (owners, made)
}

fn placed(coupon: &Coupon) -> Position {
    position(coupon.created_at, coupon.id.uuid())
}

async fn listed(nodes: &Nodes, merchant: MerchantId, filter: &CouponFilter, request: PageRequest) -> Page<Position> {
    let page = nodes.two.coupons(merchant, filter, &request).await.unwrap();
    Page { rows: page.rows.iter().map(placed).collect(), more: page.more }
}

pub(crate) async fn coupons_are_listed_newest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let everything = CouponFilter::default();
    walk(&[], async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    let (_, made) = many(nodes, &ids, &shop).await;
    let rows: Vec<Position> = made.iter().map(placed).collect();
    walk(&rows, async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    let mut expected = made;
    expected.sort_by_key(|coupon| std::cmp::Reverse(placed(coupon)));
    let page = nodes.two.coupons(shop.test.id, &everything, &super::paging::newest(100)).await.unwrap();
    assert_eq!(page.rows, expected, "with every field");
}

pub(crate) async fn coupons_are_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (owners, made) = many(nodes, &ids, &shop).await;
    for affiliate_id in [None, Some(owners[0].id), Some(owners[1].id), Some(ids.id())] {
        for code in [None, Some("code-0"), Some("CODE-1"), Some("CODE")] {
            let filter = CouponFilter { affiliate_id, code: code.map(|code| CouponCode::parse(code).unwrap()) };
            let rows = made.iter().filter(|row| matches(&filter, row)).map(placed).collect::<Vec<_>>();
            walk(&rows, async |request| listed(nodes, shop.test.id, &filter, request).await).await;
        }
    }
}

fn matches(filter: &CouponFilter, row: &Coupon) -> bool {
    let CouponFilter { affiliate_id, code } = filter;
    affiliate_id.is_none_or(|id| id == row.affiliate_id) && code.as_ref().is_none_or(|code| *code == row.code)
}

pub(crate) async fn what_making_a_coupon_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (bob, theirs) = (build::affiliate(&ids, "bob"), build::affiliate(&ids, "theirs"));
    let taken = build::coupon(&ids, &bob, "TAKEN");
    win(nodes, sets::add_affiliate(shop.test.id, &bob).with_coupon(&taken)).await;
    let their_coupon = build::coupon(&ids, &theirs, "THEIRS");
    win(nodes, sets::add_affiliate(shop.live.id, &theirs).with_coupon(&their_coupon)).await;
    let facts = async |merchant: MerchantId, affiliate: &Affiliate, code: &str| {
        let code = CouponCode::parse(code).unwrap();
        nodes.two.coupon_facts(merchant, affiliate.id, &code).await.unwrap()
    };
    for (affiliate, code, found, owner) in [
        (&bob, "free", Some(&bob), None),
        (&bob, "taken", Some(&bob), Some(taken.id.uuid())),
        (&theirs, "Taken", None, Some(taken.id.uuid())),
        (&theirs, "theirs", None, None),
    ] {
        let CouponFacts { merchant, affiliate, code_owner } = facts(shop.test.id, affiliate, code).await.unwrap();
        assert_eq!((merchant, code_owner), (sets::first(shop.test.clone()), owner));
        assert_eq!(affiliate, found.cloned().map(sets::first));
    }
    assert!(facts(ids.id(), &bob, "taken").await.is_none());
    win(nodes, sets::change_affiliate(shop.test.id, Version::FIRST, &bob)).await;
    let later = facts(shop.test.id, &bob, "free").await.unwrap();
    assert_eq!(later.affiliate.unwrap().version, Version::FIRST.next());
}
