//! Links and clicks.

use super::{
    Nodes,
    settle::{refuse, shop, sound, win},
};
use crate::{boundary_values, build, sets};
use domain::{Affiliate, AffiliateStatus, ExternalId, Slug};
use ports::{ChangeSet, EventLookup, LinkFacts, SessionClick, Version};

pub(crate) async fn a_link_is_found_by_its_two_slugs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let bob = build::affiliate(&ids, "bob");
    win(nodes, sets::add_affiliate(shop.test.id, &bob)).await;
    // The same name at the other mode is another affiliate.
    let namesake = Affiliate { status: AffiliateStatus::Pending, ..build::affiliate(&ids, "bob") };
    win(nodes, sets::add_affiliate(shop.live.id, &namesake)).await;
    let link = async |merchant: &str, affiliate: &str| {
        let (merchant, affiliate) = (Slug::parse(merchant).unwrap(), Slug::parse(affiliate).unwrap());
        nodes.two.link(&merchant, &affiliate).await.unwrap()
    };
    for (merchant, affiliate, expected) in [
        (&shop.test, "bob", Some((bob.id, true))),
        (&shop.live, "bob", Some((namesake.id, false))),
        (&shop.test, "bo", None),
        (&shop.test, "first-test", None),
    ] {
        let LinkFacts { merchant: found, affiliate } = link(merchant.slug.as_str(), affiliate).await.unwrap();
        assert_eq!((found, affiliate), (sets::first(merchant.clone()), expected));
    }
    assert!(link("nobody", "bob").await.is_none());
    assert!(link("bob", "bob").await.is_none(), "an affiliate's slug is no merchant's");
    for &status in AffiliateStatus::ALL {
        let at = nodes.two.affiliate_change_facts(shop.test.id, bob.id, &Default::default()).await.unwrap().unwrap();
        let next = Affiliate { status, ..bob.clone() };
        win(nodes, sets::change_affiliate(shop.test.id, at.version, &next)).await;
        let found = link("first-test", "bob").await.unwrap().affiliate;
        assert_eq!(found, Some((bob.id, status == AffiliateStatus::Approved)));
    }
}

pub(crate) async fn a_click_of_any_size_is_kept(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let bob = build::affiliate(&ids, "bob");
    let (full, bare) =
        (boundary_values::click(&bob), build::click(&ids, &bob, &boundary_values::session(), build::moment(0)));
    let mut set = sets::add_affiliate(shop.test.id, &bob);
    set.rows.clicks = vec![full.clone(), bare.clone()];
    win(nodes, set).await;
    let lookup = EventLookup {
        space: domain::EventSpace::Paying,
        external_id: ExternalId::parse("1").unwrap(),
        session: Some(boundary_values::session()),
        coupon: None,
        affiliate_id: None,
        customer: Vec::new(),
        now: build::moment(1),
    };
    let mut facts = nodes.two.event_facts(shop.test.id, vec![lookup]).await.unwrap().unwrap();
    let mut read = facts.found.remove(0).clicks;
    read.sort_by_key(|click| click.at);
    let expected = [bare.clone(), full].map(|click| SessionClick {
        id: click.id,
        at: click.created_at,
        affiliate_id: click.affiliate_id,
    });
    assert_eq!(read, expected);
    sound(nodes).await;

    // Clicks have no version: the same one twice is an error in the set, not a conflict.
    let mut again = ChangeSet::new(shop.test.id);
    again.rows.clicks.push(bare);
    again.rows.affiliates.change(Version::FIRST, Affiliate { status: AffiliateStatus::Pending, ..bob.clone() });
    refuse(nodes, again).await;
    assert_eq!(nodes.two.affiliate(shop.test.id, bob.id).await.unwrap().unwrap().affiliate, bob);
}
