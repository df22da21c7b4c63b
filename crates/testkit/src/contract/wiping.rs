//! Wiping a merchant.

use super::{
    Nodes,
    settle::{other_shop, shop, sound, win},
    tables::{self, Rows},
};
use crate::build::{self, moment};
use domain::{Merchant, MerchantId};
use ports::{ChangeSet, ResponseRecord, Table, Version};
use tokio::join;

const ROUTE: &str = "POST /test/reset";

/// Marks a merchant as being reset, or not, by its next version.
async fn mark(nodes: &Nodes, merchant: &Merchant, version: Version, resetting: bool) -> Version {
    let mut set = ChangeSet::new(merchant.id);
    set.rows.merchants.change(version, Merchant { resetting, ..merchant.clone() });
    win(nodes, set).await;
    version.next()
}

/// How often it takes to wipe `merchant` with `most` rows at a time.
async fn wipe(nodes: &Nodes, merchant: MerchantId, most: u32) -> usize {
    let mut times = 1;
    while !nodes.turn(times).wipe(merchant, ROUTE, most).await.unwrap() {
        times += 1;
        assert!(times < 1_000, "it comes to no end");
    }
    times
}

async fn is_kept(nodes: &Nodes, merchant: MerchantId, response: &ResponseRecord) -> bool {
    nodes.two.response(merchant, &response.route, &response.key, moment(1)).await.unwrap().is_some()
}

pub(crate) async fn a_wiped_merchant_has_its_keys_and_nothing_else(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    let own = build::response(ROUTE, "own");
    win(nodes, ChangeSet { response: Some(own.clone()), ..ChangeSet::new(shop.test.id) }).await;
    // The same of its live merchant, and of another shop.
    let other = other_shop(nodes, &ids).await;
    let theirs = Rows::of(&ids, &other, "theirs");
    win(nodes, theirs.insert(shop.live.id)).await;
    let others = Rows::of(&ids, &other, "others");
    win(nodes, others.insert(other.test.id)).await;

    assert_eq!(wipe(nodes, shop.test.id, 2).await, 1, "only what is being reset is wiped");
    assert!(is_kept(nodes, shop.test.id, &rows.response).await);
    let marked = mark(nodes, &shop.test, Version::FIRST, true).await;
    assert!(wipe(nodes, shop.test.id, 2).await > 2, "a little at a time");
    let opened = mark(nodes, &shop.test, marked, false).await;
    for table in Table::ALL {
        let is_kept = matches!(table, Table::Organizations | Table::Merchants | Table::ApiKeys | Table::Trees);
        let version = if table == Table::Merchants { opened } else { Version::FIRST };
        let stands = tables::stands_at(nodes, shop.test.id, rows.row(table), version).await;
        assert_eq!(stands, is_kept, "{table:?}");
        if !table.is_global() {
            let untouched = [(shop.live.id, &theirs), (other.test.id, &others)];
            for (merchant, rows) in untouched.into_iter().filter(|_| table != Table::Trees) {
                assert!(tables::stands_at(nodes, merchant, rows.row(table), Version::FIRST).await, "{table:?}");
            }
        }
    }
    assert!(!is_kept(nodes, shop.test.id, &rows.response).await);
    assert!(is_kept(nodes, shop.test.id, &own).await, "a reset's own answer stays");
    assert!(is_kept(nodes, shop.live.id, &theirs.response).await);
    // Every unique key is free again, but for those of the API keys.
    let again = Rows { key: build::api_key(&ids, "another"), ..rows };
    win(nodes, again.insert(shop.test.id)).await;
    sound(nodes).await;
}

pub(crate) async fn two_nodes_wipe_a_merchant_together(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    for n in 0..10 {
        let mut set = ChangeSet::new(shop.test.id);
        for m in 0..40 {
            set.announce.push(build::announcement(&ids, ports::Topic::AffiliateCreated));
            set.claim(ports::Space::AffiliateSlug, format!("{n}-{m}"), ports::IdSource::uuid(&ids));
        }
        win(nodes, set).await;
    }
    mark(nodes, &shop.test, Version::FIRST, true).await;
    let work = async |node: &dyn ports::Storage| while !node.wipe(shop.test.id, ROUTE, 7).await.unwrap() {};
    join!(work(&*nodes.one), work(&*nodes.two));
    let mut set = ChangeSet::new(shop.test.id);
    set.claim(ports::Space::AffiliateSlug, "0-0", ports::IdSource::uuid(&ids));
    win(nodes, set).await;
}

pub(crate) async fn merchants_that_are_being_reset_are_found(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    assert_eq!(nodes.one.resetting_merchants(10).await.unwrap(), []);
    let mut expected = Vec::new();
    for merchant in [&shop.test, &other.test] {
        mark(nodes, merchant, Version::FIRST, true).await;
        expected.push(merchant.id);
    }
    expected.sort_unstable();
    assert_eq!(nodes.two.resetting_merchants(10).await.unwrap(), expected);
    assert_eq!(nodes.two.resetting_merchants(1).await.unwrap(), expected[..1]);
    mark(nodes, &shop.test, Version::FIRST.next(), false).await;
    assert_eq!(nodes.two.resetting_merchants(10).await.unwrap(), [other.test.id]);
}
