//! Lanes: a process's own order on a hot aggregate.

use super::{
    Nodes,
    settle::{shop, win},
};
use crate::{SeededIds, build, sets};
use domain::{AffiliateId, MerchantId, Rate};
use ports::{CommitError, IdSource, Lane, LaneKind, Storage};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Loads the affiliate, raises its rate by a millionth and commits, once.
pub(crate) async fn step(node: &dyn Storage, merchant: MerchantId, id: AffiliateId) -> Result<(), CommitError> {
    let facts = node.affiliate_change_facts(merchant, id, &Default::default()).await.unwrap().unwrap();
    // The others get a turn between load and commit.
    tokio::task::yield_now().await;
    let mut affiliate = facts.record.affiliate;
    let rate = affiliate.custom_rate.map_or(0, Rate::millionths);
    affiliate.custom_rate = Rate::from_millionths(rate + 1);
    node.commit(sets::change_affiliate(merchant, facts.version, &affiliate)).await
}

pub(crate) async fn who_has_the_lane_meets_no_conflict(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let affiliate = build::affiliate(&ids, "hot");
    win(nodes, sets::add_affiliate(shop.test.id, &affiliate)).await;
    let lane = Lane { merchant: shop.test.id, kind: LaneKind::Tree, id: affiliate.id.uuid() };
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (node, merchant, id) = (Arc::clone(&nodes.one), shop.test.id, affiliate.id);
        tasks.spawn(async move {
            let _entry = node.enter(&[lane]).await.unwrap();
            step(&*node, merchant, id).await
        });
    }
    for outcome in tasks.join_all().await {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    let read = nodes.two.affiliate(shop.test.id, affiliate.id).await.unwrap().unwrap().affiliate;
    assert_eq!(read.custom_rate.map(Rate::millionths), Some(50));
}

pub(crate) async fn lanes_taken_in_any_order_do_not_lock_up(nodes: &Nodes) {
    let ids = SeededIds::new(1);
    let merchant = domain::Id::from_uuid(ids.uuid());
    let lanes: Vec<Lane> = (0..4).map(|_| Lane { merchant, kind: LaneKind::Affiliate, id: ids.uuid() }).collect();
    let mut tasks = JoinSet::new();
    for n in 0..200_usize {
        let (node, mut lanes) = (Arc::clone(&nodes.one), lanes.clone());
        lanes.rotate_left(n % 4);
        lanes.truncate(1 + n % 3);
        // Named twice it is still one lane.
        lanes.push(lanes[0]);
        if n % 7 == 0 {
            lanes.reverse();
        }
        let task = tasks.spawn(async move {
            let entry = node.enter(&lanes).await.unwrap();
            tokio::task::yield_now().await;
            drop(entry);
        });
        if n % 5 == 0 {
            // A caller that stopped waiting does not block the lane.
            task.abort();
        }
    }
    let mut through = 0;
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(()) => through += 1,
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    assert!(through >= 160);
    nodes.one.enter(&lanes).await.unwrap();
}
