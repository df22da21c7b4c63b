//! API keys and their uses.

use super::{
    Nodes,
    settle::{Outcome, at_once, other_shop, shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, Shop, moment},
    sets::Grow,
};
use domain::{ApiKey, KeyHash, MerchantId, Mode, Organization, Plan, Timestamp};
use ports::{ChangeSet, IdSourceExt, KeyFacts, KeyUse, Version, Versioned};

async fn add(nodes: &Nodes, merchant: MerchantId, key: &ApiKey) {
    win(nodes, ChangeSet::new(merchant).with_key(key)).await;
}

async fn facts(nodes: &Nodes, key: &ApiKey) -> KeyFacts {
    nodes.two.key(key.id).await.unwrap().unwrap()
}

/// Both ways of finding a key say the same, and all of it.
async fn is_as(nodes: &Nodes, shop: &Shop, mode: Mode, key: &Versioned<ApiKey>, used: Option<Timestamp>) {
    let by_hash = nodes.two.key_by_hash(&[key.row.hash]).await.unwrap().unwrap();
    for facts in [by_hash, facts(nodes, &key.row).await] {
        let KeyFacts { key: read, merchant_id, mode: in_mode, organization_id, plan, last_used_at } = facts;
        assert_eq!(&read, key);
        assert_eq!(merchant_id, shop.organization.merchant(mode));
        assert_eq!(in_mode, mode);
        assert_eq!((organization_id, plan), (shop.organization.id, shop.organization.plan));
        assert_eq!(last_used_at, used);
    }
}

pub(crate) async fn a_key_comes_back_whole_with_what_decides_about_it(nodes: &Nodes) {
    let (ids, mut shop) = shop(nodes).await;
    let (plain, full) = (build::api_key(&ids, "plain"), boundary_values::api_key());
    add(nodes, shop.test.id, &plain).await;
    add(nodes, shop.live.id, &full).await;
    is_as(nodes, &shop, Mode::Test, &crate::sets::first(plain.clone()), None).await;
    is_as(nodes, &shop, Mode::Live, &crate::sets::first(full.clone()), None).await;

    // Every field that can change does, and comes back changed.
    let after = ApiKey { hash: plain.hash, id: plain.id, ..full };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.api_keys.change(Version::FIRST, after.clone());
    set.rows.key_uses.push(KeyUse { key_id: plain.id, at: moment(60) });
    win(nodes, set).await;
    let changed = Versioned { row: after, version: Version::FIRST.next() };
    is_as(nodes, &shop, Mode::Test, &changed, Some(moment(60))).await;

    // The plan is the organization's as it is now.
    shop.organization = Organization { plan: Plan::Free, ..shop.organization };
    let mut set = ChangeSet::new(shop.live.id);
    set.rows.organizations.change(Version::FIRST, shop.organization.clone());
    win(nodes, set).await;
    is_as(nodes, &shop, Mode::Test, &changed, Some(moment(60))).await;
    assert!(nodes.two.key(ids.id()).await.unwrap().is_none());
    sound(nodes).await;
}

pub(crate) async fn a_key_is_found_by_any_of_its_hashes(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (key, other) = (build::api_key(&ids, "key"), build::api_key(&ids, "other"));
    add(nodes, shop.test.id, &key).await;
    add(nodes, shop.live.id, &other).await;
    let nobody = |byte| KeyHash::from_bytes([byte; 32]);
    for hashes in [vec![key.hash], vec![nobody(1), key.hash], vec![key.hash, nobody(2)], vec![key.hash, key.hash]] {
        let found = nodes.two.key_by_hash(&hashes).await.unwrap().unwrap();
        assert_eq!(found.key.row, key);
    }
    for hashes in [vec![], vec![nobody(1)], vec![nobody(1), nobody(2)]] {
        assert!(nodes.two.key_by_hash(&hashes).await.unwrap().is_none());
    }
}

pub(crate) async fn the_keys_of_an_organization_are_listed_newest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    add(nodes, other.test.id, &build::api_key(&ids, "foreign")).await;
    // Two of the same instant, whose ids decide, and one older than what was stored before it.
    let mut keys: Vec<(Mode, ApiKey)> = Vec::new();
    for (n, (mode, at)) in [(Mode::Test, 5), (Mode::Live, 9), (Mode::Test, 9), (Mode::Live, 1)].into_iter().enumerate()
    {
        let key = ApiKey { created_at: moment(at), ..build::api_key(&ids, &format!("key {n}")) };
        add(nodes, shop.organization.merchant(mode), &key).await;
        keys.push((mode, key));
    }
    let mut set = ChangeSet::new(shop.live.id);
    set.rows.key_uses.push(KeyUse { key_id: keys[1].1.id, at: moment(120) });
    win(nodes, set).await;
    let used = keys[1].1.id;
    keys.sort_by_key(|(_, key)| std::cmp::Reverse((key.created_at, key.id)));
    let listed = nodes.two.keys_of(shop.organization.id).await.unwrap();
    assert_eq!(listed.len(), keys.len());
    for (facts, (mode, key)) in listed.into_iter().zip(keys) {
        let KeyFacts { key: read, merchant_id, mode: in_mode, organization_id, plan, last_used_at } = facts;
        assert_eq!((read.row.id, in_mode, merchant_id), (key.id, mode, shop.organization.merchant(mode)));
        assert_eq!(read, crate::sets::first(key));
        assert_eq!((organization_id, plan), (shop.organization.id, shop.organization.plan));
        assert_eq!(last_used_at, (read.row.id == used).then_some(moment(120)));
    }
    assert!(nodes.two.keys_of(ids.id()).await.unwrap().is_empty());
}

pub(crate) async fn the_latest_use_of_a_key_stays(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let key = build::api_key(&ids, "key");
    add(nodes, shop.test.id, &key).await;
    for (used, latest) in [(600, 600), (60, 600), (600, 600), (1_200, 1_200)] {
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.key_uses.push(KeyUse { key_id: key.id, at: moment(used) });
        win(nodes, set).await;
        let facts = facts(nodes, &key).await;
        assert_eq!(facts.last_used_at, Some(moment(latest)));
        assert_eq!(facts.key.version, Version::FIRST, "a use is no change of the key");
    }
}

pub(crate) async fn simultaneous_uses_of_a_key_do_not_harm_one_another(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let keys = [build::api_key(&ids, "one"), build::api_key(&ids, "two"), build::api_key(&ids, "three")];
    for key in &keys {
        add(nodes, shop.test.id, key).await;
    }
    let sets = (1..=60).map(|n: i64| {
        let mut set = ChangeSet::new(shop.test.id);
        let mut uses: Vec<KeyUse> =
            keys.iter().map(|key| KeyUse { key_id: key.id, at: moment((n * 37 % 61) * 60) }).collect();
        // Named in different orders, and twice: neither may lock the sets up or break one.
        uses.rotate_left(usize::try_from(n % 3).unwrap());
        uses.push(KeyUse { key_id: keys[0].id, at: moment(0) });
        set.rows.key_uses = uses;
        set
    });
    let outcomes = at_once(nodes, sets.collect()).await;
    assert!(outcomes.iter().all(|&outcome| outcome == Outcome::Won), "{outcomes:?}");
    for key in &keys {
        assert_eq!(facts(nodes, key).await.last_used_at, Some(moment(60 * 60)));
    }
}
