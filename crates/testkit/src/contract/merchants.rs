//! Organizations and merchants.

use super::{
    Nodes,
    settle::{shop, sound, win},
};
use crate::{SeededIds, boundary_values, build, sets};
use domain::{Merchant, Organization, OrganizationId, Plan, Settings, Slug};
use ports::{ChangeSet, IdSourceExt, SettingsFacts, Space, Version, Versioned};

async fn stored(nodes: &Nodes, merchant: &Merchant) -> Versioned<Merchant> {
    nodes.two.merchant(merchant.id).await.unwrap().unwrap()
}

pub(crate) async fn settings_and_organizations_come_back_whole(nodes: &Nodes) {
    let ids = SeededIds::new(1);
    let unknown = build::shop(&ids, "unknown");
    for shop in [build::shop(&ids, "plain"), boundary_values::shop(&ids)] {
        win(nodes, sets::with_organization(&shop)).await;
        for merchant in [&shop.test, &shop.live] {
            assert_eq!(stored(nodes, merchant).await, sets::first(merchant.clone()));
        }
        let organization = nodes.two.organization(shop.organization.id).await.unwrap().unwrap();
        assert_eq!(organization, sets::first(shop.organization));
    }
    assert_eq!(nodes.two.merchant(unknown.test.id).await.unwrap(), None);
    assert_eq!(nodes.two.organization(unknown.organization.id).await.unwrap(), None);

    // Changes replace the whole image, and every field can be cleared again.
    let (plain, full) = (build::shop(&ids, "plain-2"), boundary_values::shop(&SeededIds::new(2)));
    win(nodes, sets::with_organization(&plain)).await;
    let settled = Merchant { settings: full.test.settings, clock: full.test.clock, ..plain.live.clone() };
    let renamed = Organization { name: full.organization.name, plan: Plan::Free, ..plain.organization.clone() };
    let mut set = ChangeSet::new(plain.live.id);
    set.rows.merchants.change(Version::FIRST, settled.clone());
    set.rows.organizations.change(Version::FIRST, renamed.clone());
    win(nodes, set).await;
    let second = Version::FIRST.next();
    assert_eq!(stored(nodes, &settled).await, Versioned { row: settled.clone(), version: second });
    let organization = nodes.two.organization(renamed.id).await.unwrap().unwrap();
    assert_eq!(organization, Versioned { row: renamed, version: second });

    let cleared = Merchant { settings: Settings::initial(build::usd()), ..settled };
    let mut set = ChangeSet::new(cleared.id);
    set.rows.merchants.change(second, cleared.clone());
    win(nodes, set).await;
    assert_eq!(stored(nodes, &cleared).await, Versioned { row: cleared.clone(), version: second.next() });
    assert_eq!(stored(nodes, &plain.test).await, sets::first(plain.test), "the other mode is untouched");
    sound(nodes).await;
}

pub(crate) async fn slugs_are_found_on_the_whole_server(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    for merchant in [&shop.test, &shop.live] {
        assert_eq!(nodes.two.slug_owner(&merchant.slug).await.unwrap(), Some(merchant.id.uuid()));
    }
    for free in ["firs", "first-", "first-test-2", "irst"] {
        assert_eq!(nodes.two.slug_owner(&Slug::parse(free).unwrap()).await.unwrap(), None, "{free}");
    }
}

pub(crate) async fn settings_facts_say_who_has_the_slug_and_whether_anything_was_earned(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let facts = async |merchant: &Merchant, slug: Option<&str>| {
        let slug = slug.map(|slug| Slug::parse(slug).unwrap());
        let facts = nodes.two.settings_facts(merchant.id, slug.as_ref()).await.unwrap().unwrap();
        let SettingsFacts { merchant: read, has_commissions, slug_owner, group_settings: _ } = facts;
        assert_eq!(read, sets::first(merchant.clone()));
        (slug_owner, has_commissions)
    };
    let (test, live) = (shop.test.id.uuid(), shop.live.id.uuid());
    assert_eq!(facts(&shop.test, None).await, (None, false));
    assert_eq!(facts(&shop.test, Some("free")).await, (None, false));
    assert_eq!(facts(&shop.test, Some("first")).await, (Some(live), false));
    assert_eq!(facts(&shop.test, Some("first-test")).await, (Some(test), false), "its own");

    let (earner, sale) = (build::affiliate(&ids, "bob"), build::event(&ids, "1"));
    let earned = build::commission(&ids, &sale, &earner);
    let set = sets::add_affiliate(shop.live.id, &earner);
    win(nodes, sets::Grow::with_event(set, &sale, &[earned])).await;
    assert_eq!(facts(&shop.live, None).await, (None, true));
    assert_eq!(facts(&shop.test, None).await, (None, false), "the other mode earned nothing");
    assert!(nodes.two.settings_facts(ids.id(), None).await.unwrap().is_none());

    // A slug that was given up is free, and the new one is taken.
    let mut set = ChangeSet::new(shop.test.id);
    let moved = Merchant { slug: Slug::parse("elsewhere").unwrap(), ..shop.test.clone() };
    set.free(Space::MerchantSlug, shop.test.slug.as_str(), test);
    set.claim(Space::MerchantSlug, moved.slug.as_str(), test);
    set.rows.merchants.change(Version::FIRST, moved);
    win(nodes, set).await;
    assert_eq!(facts(&shop.live, Some("first-test")).await, (None, true));
    assert_eq!(facts(&shop.live, Some("elsewhere")).await, (Some(test), true));
    sound(nodes).await;
}

pub(crate) async fn organizations_are_walked_in_the_order_of_their_ids(nodes: &Nodes) {
    let ids = SeededIds::new(1);
    let mut shops: Vec<_> = (0..7).map(|n| build::shop(&ids, &format!("shop {n}"))).collect();
    // Stored in an order of its own, so that no storage gives the right one by chance.
    shops.rotate_left(3);
    shops.swap(0, 1);
    for shop in &shops {
        win(nodes, sets::with_organization(shop)).await;
    }
    shops.sort_by_key(|shop| shop.organization.id);
    let expected: Vec<Organization> = shops.into_iter().map(|shop| shop.organization).collect();
    for limit in [1, 2, 7, 100] {
        let mut seen: Vec<Organization> = Vec::new();
        loop {
            let after: Option<OrganizationId> = seen.last().map(|last| last.id);
            let page = nodes.two.organizations(after, limit).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, expected, "limit {limit}");
    }
    let between = OrganizationId::from_uuid(uuid::Uuid::max());
    assert!(nodes.two.organizations(Some(between), 10).await.unwrap().is_empty());
}
