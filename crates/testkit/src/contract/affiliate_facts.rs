//! The facts for creating and changing an affiliate.

use super::{
    Nodes,
    settle::{other_shop, shop, win},
};
use crate::{
    build,
    sets::{self, Grow},
};
use domain::{Affiliate, AffiliateId, AffiliateStatus, Email, MerchantId, Slug};
use ports::{AffiliateChangeFacts, AffiliateKeys, ChangeSet, IdSourceExt, NewAffiliateFacts, Tree, Version, Versioned};

fn keys(slug: Option<&str>, email: Option<&str>, parent: Option<&str>) -> AffiliateKeys {
    let email_of = |text: Option<&str>| text.map(|text| Email::parse(text).unwrap());
    AffiliateKeys {
        slug: slug.map(|slug| Slug::parse(slug).unwrap()),
        email: email_of(email),
        parent_email: email_of(parent),
        tier_id: None,
    }
}

async fn new_facts(nodes: &Nodes, merchant: MerchantId, keys: &AffiliateKeys) -> NewAffiliateFacts {
    nodes.two.new_affiliate_facts(merchant, keys).await.unwrap().unwrap()
}

async fn change_facts(
    nodes: &Nodes,
    merchant: MerchantId,
    affiliate: &Affiliate,
    keys: &AffiliateKeys,
) -> Option<AffiliateChangeFacts> {
    nodes.two.affiliate_change_facts(merchant, affiliate.id, keys).await.unwrap()
}

pub(crate) async fn what_making_an_affiliate_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let bob = build::affiliate(&ids, "bob");
    let eve = Affiliate { status: AffiliateStatus::Rejected, ..build::affiliate(&ids, "eve") };
    win(nodes, sets::add_affiliate(shop.test.id, &bob).with_affiliate(&eve)).await;
    for foreign in [shop.live.id, other.test.id] {
        let theirs = Affiliate { id: ids.id(), ..build::affiliate(&ids, "theirs") };
        win(nodes, sets::add_affiliate(foreign, &theirs)).await;
    }
    let later = Affiliate { status: AffiliateStatus::Pending, ..bob.clone() };
    win(nodes, sets::change_affiliate(shop.test.id, Version::FIRST, &later)).await;
    let bob = Versioned { row: later, version: Version::FIRST.next() };
    let (bobs, eves) = (Some(bob.row.id.uuid()), Some(eve.id.uuid()));

    for (keys, slug, email, parent) in [
        (keys(None, None, None), None, None, None),
        (keys(Some("bob"), None, None), bobs, None, None),
        (keys(None, Some("BOB@example.COM"), None), None, bobs, None),
        (keys(None, None, Some("Bob@Example.com")), None, None, Some(&bob)),
        (keys(Some("eve"), Some("bob@example.com"), Some("bob@example.com")), eves, bobs, Some(&bob)),
        (keys(Some("bob"), Some("eve@example.com"), Some("nobody@example.com")), bobs, eves, None),
        (keys(Some("theirs"), Some("theirs@example.com"), Some("theirs@example.com")), None, None, None),
    ] {
        let facts = new_facts(nodes, shop.test.id, &keys).await;
        let NewAffiliateFacts { merchant, slug_owner, email_owner, parent: found, tier, seats_taken } = facts;
        assert_eq!((merchant, tier), (sets::first(shop.test.clone()), None));
        assert_eq!((slug_owner, email_owner, found.as_ref()), (slug, email, parent), "{keys:?}");
        assert_eq!(seats_taken, 1, "the rejected one has no seat, and other merchants' are not counted");
    }
    assert!(nodes.two.new_affiliate_facts(ids.id(), &keys(Some("bob"), None, None)).await.unwrap().is_none());
}

/// `count` affiliates, each the parent of the one before.
fn chain(ids: &crate::SeededIds, count: usize) -> Vec<Affiliate> {
    let mut chain: Vec<Affiliate> = (0..count).map(|n| build::affiliate(ids, &format!("link-{n}"))).collect();
    let parents: Vec<AffiliateId> = chain.iter().skip(1).map(|parent| parent.id).collect();
    for (child, parent) in chain.iter_mut().zip(parents) {
        child.parent_id = Some(parent);
    }
    chain
}

async fn add_all(nodes: &Nodes, merchant: MerchantId, affiliates: &[Affiliate]) {
    for part in affiliates.chunks(1_000) {
        win(nodes, part.iter().fold(ChangeSet::new(merchant), Grow::with_affiliate)).await;
    }
}

pub(crate) async fn seats_and_chains_are_counted_up_to_a_thousand(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let chain = chain(&ids, 1_003);
    add_all(nodes, shop.test.id, &chain[..999]).await;
    assert_eq!(new_facts(nodes, shop.test.id, &keys(None, None, None)).await.seats_taken, 999);
    add_all(nodes, shop.test.id, &chain[999..]).await;
    assert_eq!(new_facts(nodes, shop.test.id, &keys(None, None, None)).await.seats_taken, 1_000);

    let child = build::affiliate(&ids, "child");
    add_all(nodes, shop.test.id, std::slice::from_ref(&child)).await;
    let keys = keys(None, None, Some("link-0@example.com"));
    let facts = change_facts(nodes, shop.test.id, &child, &keys).await.unwrap();
    let expected: Vec<AffiliateId> = chain.iter().take(1_000).map(|affiliate| affiliate.id).collect();
    assert!(facts.parent_chain == expected, "the nearest thousand, in order");
}

pub(crate) async fn what_changing_an_affiliate_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let (bob, eve, theirs) =
        (build::affiliate(&ids, "bob"), build::affiliate(&ids, "eve"), build::affiliate(&ids, "theirs"));
    let coupon = build::coupon(&ids, &bob, "BOB-10");
    win(nodes, sets::add_affiliate(shop.test.id, &bob).with_affiliate(&eve).with_coupon(&coupon)).await;
    win(nodes, sets::add_affiliate(other.test.id, &theirs)).await;
    let bob = Affiliate { status: AffiliateStatus::Suspended, ..bob };
    let mut set = sets::change_affiliate(shop.test.id, Version::FIRST, &bob);
    set.rows.trees.change(Version::FIRST, Tree { merchant_id: shop.test.id });
    win(nodes, set).await;
    let (bobs, eves) = (Some(bob.id.uuid()), Some(eve.id.uuid()));

    for (keys, slug, email, parent) in [
        (keys(None, None, None), None, None, vec![]),
        (keys(Some("bob"), Some("Bob@example.com"), Some("BOB@example.com")), bobs, bobs, vec![bob.id]),
        (keys(Some("eve"), Some("EVE@example.com"), Some("eve@example.com")), eves, eves, vec![eve.id]),
        (keys(Some("theirs"), Some("theirs@example.com"), Some("theirs@example.com")), None, None, vec![]),
    ] {
        let facts = change_facts(nodes, shop.test.id, &bob, &keys).await.unwrap();
        let AffiliateChangeFacts {
            merchant,
            record,
            version,
            slug_owner,
            email_owner,
            parent_chain,
            parent: parent_version,
            tier,
            tree,
        } = facts;
        let expected = parent.first().map(|&id| if id == bob.id { version } else { Version::FIRST });
        assert_eq!(parent_version, expected);
        assert_eq!((merchant, tier), (sets::first(shop.test.clone()), None));
        assert_eq!((record.affiliate, record.currency), (bob.clone(), build::usd()));
        assert_eq!((record.coupons, record.paid), (vec![coupon.code.clone()], vec![]));
        assert_eq!(version, Version::FIRST.next());
        assert_eq!((slug_owner, email_owner, parent_chain), (slug, email, parent), "{keys:?}");
        assert_eq!(tree, Version::FIRST.next());
    }
    for (merchant, affiliate) in [(shop.live.id, &bob), (other.test.id, &bob), (shop.test.id, &theirs)] {
        assert!(change_facts(nodes, merchant, affiliate, &keys(None, None, None)).await.is_none());
    }
    let theirs = change_facts(nodes, other.test.id, &theirs, &keys(None, None, None)).await.unwrap();
    assert_eq!((theirs.version, theirs.tree), (Version::FIRST, Version::FIRST), "each merchant has its own tree");

    // Both merchants of an organization were founded in one set, and each has its tree.
    let live = build::affiliate(&ids, "live");
    win(nodes, sets::add_affiliate(shop.live.id, &live)).await;
    let mut set = sets::change_affiliate(shop.live.id, Version::FIRST, &live);
    set.rows.trees.change(Version::FIRST, Tree { merchant_id: shop.live.id });
    win(nodes, set).await;
    let live = change_facts(nodes, shop.live.id, &live, &keys(None, None, None)).await.unwrap();
    assert_eq!(live.tree, Version::FIRST.next());
}

pub(crate) async fn a_chain_of_parents_goes_to_the_root(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let chain = chain(&ids, 9);
    let lonely = build::affiliate(&ids, "lonely");
    add_all(nodes, shop.test.id, &chain).await;
    add_all(nodes, shop.test.id, std::slice::from_ref(&lonely)).await;
    for (first, wanted) in [(0, "link-0"), (4, "link-4"), (8, "link-8")] {
        let keys = keys(None, None, Some(&format!("{wanted}@EXAMPLE.com")));
        let facts = change_facts(nodes, shop.test.id, &lonely, &keys).await.unwrap();
        let expected: Vec<AffiliateId> = chain[first..].iter().map(|affiliate| affiliate.id).collect();
        assert_eq!(facts.parent_chain, expected);
    }
}

pub(crate) async fn a_cycle_of_parents_ends_the_chain(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let mut chain = chain(&ids, 3);
    chain[2].parent_id = Some(chain[0].id);
    add_all(nodes, shop.test.id, &chain).await;
    let keys = keys(None, None, Some("link-0@example.com"));
    let facts = change_facts(nodes, shop.test.id, &chain[1], &keys).await.unwrap();
    let start: Vec<AffiliateId> = chain.iter().map(|affiliate| affiliate.id).collect();
    assert!(facts.parent_chain.len() <= 1_000 && facts.parent_chain.starts_with(&start));
}
