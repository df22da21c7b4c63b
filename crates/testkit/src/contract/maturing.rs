//! What is due by time.

use super::{
    Nodes,
    settle::{other_shop, shop, sound, win},
};
use crate::{
    SeededIds,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{
    Affiliate, AffiliateStatus, Commission, CommissionId, CommissionStatus, Event, Merchant, MerchantClock, MerchantId,
    Money, Timestamp,
};
use ports::{ChangeSet, IdSourceExt, MaturingFacts, Version};

/// The ids of what is due at `now`, sorted.
async fn due(nodes: &Nodes, now: Timestamp, limit: u32) -> Vec<CommissionId> {
    let mut due: Vec<CommissionId> =
        nodes.two.due_commissions(now, limit).await.unwrap().iter().map(|due| due.id).collect();
    due.sort_unstable();
    due
}

/// A pending commission that matures at `at`, stored with its sale.
async fn earned(
    nodes: &Nodes,
    ids: &SeededIds,
    merchant: MerchantId,
    earner: &Affiliate,
    name: &str,
    at: Timestamp,
) -> Commission {
    let sale = build::event(ids, name);
    let row = Commission { matures_at: at, ..build::commission(ids, &sale, earner) };
    win(nodes, ChangeSet::new(merchant).with_event(&sale, std::slice::from_ref(&row))).await;
    row
}

async fn joined(nodes: &Nodes, ids: &SeededIds, merchant: MerchantId, name: &str) -> Affiliate {
    let affiliate = build::affiliate(ids, name);
    win(nodes, sets::add_affiliate(merchant, &affiliate)).await;
    affiliate
}

/// Stores another image of a merchant that is in its first version.
async fn change(nodes: &Nodes, merchant: Merchant) {
    let mut set = ChangeSet::new(merchant.id);
    set.rows.merchants.change(Version::FIRST, merchant);
    win(nodes, set).await;
}

pub(crate) async fn what_is_due_is_found_at_its_time_and_not_before(nodes: &Nodes) {
    let (ids, Shop { live, .. }) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let (bob, eve) = (joined(nodes, &ids, live.id, "bob").await, joined(nodes, &ids, other.live.id, "eve").await);
    let first = earned(nodes, &ids, live.id, &bob, "first", moment(10)).await;
    let second = earned(nodes, &ids, other.live.id, &eve, "second", moment(20)).await;
    let micro = std::time::Duration::from_micros(1);
    assert_eq!(due(nodes, moment(10).minus(micro), 10).await, []);
    assert_eq!(due(nodes, moment(10), 10).await, [first.id]);
    assert_eq!(due(nodes, moment(20).minus(micro), 10).await, [first.id]);
    let all = nodes.two.due_commissions(moment(20), 10).await.unwrap();
    let seen: Vec<_> = all.iter().map(|due| (due.merchant_id, due.affiliate_id, due.id)).collect();
    assert_eq!(seen, [(live.id, bob.id, first.id), (other.live.id, eve.id, second.id)], "over all merchants");
    assert_eq!(due(nodes, moment(20), 1).await, [first.id], "the earliest first");
    sound(nodes).await;
}

pub(crate) async fn only_what_is_pending_with_an_approved_affiliate_is_due(nodes: &Nodes) {
    let (ids, Shop { live, .. }) = shop(nodes).await;
    let bob = joined(nodes, &ids, live.id, "bob").await;
    let mut due_ones = Vec::new();
    for &status in CommissionStatus::ALL {
        let row = earned(nodes, &ids, live.id, &bob, status.as_str(), moment(1)).await;
        let mut set = ChangeSet::new(live.id);
        set.rows.commissions.change(Version::FIRST, Commission { status, ..row.clone() });
        win(nodes, set).await;
        due_ones.extend((status == CommissionStatus::Pending).then_some(row.id));
    }
    for &status in AffiliateStatus::ALL {
        let name = status.as_str();
        let earner = Affiliate { status, ..build::affiliate(&ids, name) };
        win(nodes, sets::add_affiliate(live.id, &earner)).await;
        // More of them than are asked for, and due before everything else.
        for n in 0..4 {
            let row = earned(nodes, &ids, live.id, &earner, &format!("{name}-{n}"), moment(0)).await;
            due_ones.extend((status == AffiliateStatus::Approved).then_some(row.id));
        }
    }
    due_ones.sort_unstable();
    assert_eq!(due_ones.len(), 5);
    assert_eq!(due(nodes, moment(1), 5).await, due_ones, "what cannot be approved does not take their place");
}

pub(crate) async fn a_clock_that_is_ahead_decides_for_its_merchant(nodes: &Nodes) {
    let (ids, Shop { test, live, .. }) = shop(nodes).await;
    let (bob, eve) = (joined(nodes, &ids, test.id, "bob").await, joined(nodes, &ids, live.id, "eve").await);
    let tested = earned(nodes, &ids, test.id, &bob, "tested", moment(100)).await;
    let lived = earned(nodes, &ids, live.id, &eve, "lived", moment(100)).await;
    assert_eq!(due(nodes, moment(99), 10).await, []);
    let ahead = Merchant { clock: MerchantClock::ahead_by(40_000_000), ..test.clone() };
    change(nodes, ahead.clone()).await;
    assert_eq!(due(nodes, moment(59), 10).await, []);
    assert_eq!(due(nodes, moment(60), 10).await, [tested.id]);
    let mut both = [tested.id, lived.id];
    both.sort_unstable();
    assert_eq!(due(nodes, moment(100), 10).await, both, "each once");
    let mut set = ChangeSet::new(test.id);
    set.rows.merchants.change(Version::FIRST.next(), ahead.reset_begun());
    win(nodes, set).await;
    assert_eq!(due(nodes, moment(100), 10).await, [lived.id], "nothing of what is being wiped");
}

pub(crate) async fn what_maturing_needs(nodes: &Nodes) {
    let (ids, Shop { live, .. }) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let (bob, eve) = (joined(nodes, &ids, live.id, "bob").await, joined(nodes, &ids, live.id, "eve").await);
    let sale = build::event(&ids, "sale");
    let leaf = build::commission(&ids, &sale, &bob);
    let reversal = Commission {
        id: ids.id(),
        reverses: Some(leaf.id),
        amount: Money::from_minor(-7, build::usd()),
        ..leaf.clone()
    };
    let settled = Commission { id: ids.id(), status: CommissionStatus::Void, ..leaf.clone() };
    let above = build::override_of(&ids, &leaf, &eve, 1);
    let rows = [leaf.clone(), reversal.clone(), settled.clone(), above.clone()];
    win(nodes, ChangeSet::new(live.id).with_event(&sale, &rows)).await;
    // In the same order by another event; and in another order.
    let more = Event { order_id: sale.order_id.clone(), ..build::event(&ids, "more") };
    let beside = build::commission(&ids, &more, &bob);
    win(nodes, ChangeSet::new(live.id).with_event(&more, std::slice::from_ref(&beside))).await;
    let linger = earned(nodes, &ids, live.id, &bob, "apart", moment(1)).await;
    let accounts = ["USD", "EUR"].map(|currency| build::account(&ids, &bob, currency.parse().unwrap()));
    let set = accounts.iter().fold(ChangeSet::new(live.id), Grow::with_account);
    win(nodes, set.with_account(&build::account(&ids, &eve, build::usd()))).await;

    let request = [leaf.id, settled.id, above.id, ids.id()];
    let facts = nodes.two.maturing_facts(live.id, bob.id, &request).await.unwrap().unwrap();
    let MaturingFacts { merchant, affiliate, mut rows, accounts: mut read } = facts;
    assert_eq!((merchant, affiliate), (sets::first(live.clone()), sets::first(bob.clone())));
    rows.sort_by_key(|row| row.row.id);
    let mut expected = [leaf.clone(), reversal, beside].map(sets::first);
    expected.sort_by_key(|row| row.row.id);
    assert_eq!(rows, expected, "each once: neither settled ones, nor others' ones, nor those of other orders");
    read.sort_by_key(|account| account.row.id);
    assert_eq!(read, accounts.map(sets::first));

    let linger = nodes.two.maturing_facts(live.id, bob.id, &[linger.id]).await.unwrap().unwrap();
    assert_eq!(linger.rows.len(), 1);
    assert_eq!(nodes.two.maturing_facts(live.id, bob.id, &[]).await.unwrap().unwrap().rows, []);
    for foreign in [other.live.id, ids.id()] {
        assert!(nodes.two.maturing_facts(foreign, bob.id, &[leaf.id]).await.unwrap().is_none());
    }
    assert!(nodes.two.maturing_facts(live.id, ids.id(), &[leaf.id]).await.unwrap().is_none());
}
