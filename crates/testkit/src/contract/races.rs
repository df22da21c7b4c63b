//! Many at once, from two nodes.

use super::{
    Nodes,
    lanes::step,
    settle::{Outcome, at_once, only_conflicts_beside, shop, sound, win},
    tables::stands_at,
};
use crate::{
    Dice, SeededIds,
    build::{self, moment},
    sets::{self, Grow},
};
use domain::{Affiliate, AffiliateId, CouponCode, MerchantId, Rate};
use ports::{
    AffiliateFilter, ChangeSet, Claim, CommitError, CouponFilter, Entity, IdSource, ResponseRecord, Space, Topic, Tree,
    Version,
};
use std::collections::HashSet;
use tokio::task::JoinSet;

const FIRST: Version = Version::FIRST;

/// The place of the only winner.
#[track_caller]
fn only_winner(outcomes: &[Outcome]) -> usize {
    assert_eq!(only_conflicts_beside(outcomes, Outcome::Won), 1, "{outcomes:?}");
    outcomes.iter().position(|&outcome| outcome == Outcome::Won).unwrap()
}

pub(crate) async fn of_many_claims_of_a_key_one_wins(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let owner = build::affiliate(&ids, "bob");
    win(nodes, sets::add_affiliate(shop.test.id, &owner)).await;
    let coupons: Vec<_> = (0..200).map(|_| build::coupon(&ids, &owner, "CODE")).collect();
    let sets = coupons.iter().map(|coupon| ChangeSet::new(shop.test.id).with_coupon(coupon)).collect();
    let winner = &coupons[only_winner(&at_once(nodes, sets).await)];
    let page = nodes.two.coupons(shop.test.id, &CouponFilter::default(), &super::paging::newest(100)).await.unwrap();
    assert_eq!(page.rows, std::slice::from_ref(winner));
    let code = CouponCode::parse("CODE").unwrap();
    let facts = nodes.two.coupon_facts(shop.test.id, owner.id, &code).await.unwrap().unwrap();
    assert_eq!(facts.code_owner, Some(winner.id.uuid()));
    sound(nodes).await;
}

pub(crate) async fn of_many_changes_of_a_row_one_wins(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let affiliate = build::affiliate(&ids, "bob");
    win(nodes, sets::add_affiliate(shop.test.id, &affiliate)).await;
    let images: Vec<Affiliate> =
        (0..50).map(|n| Affiliate { custom_rate: Rate::from_millionths(n), ..affiliate.clone() }).collect();
    let sets = images.iter().map(|image| sets::change_affiliate(shop.test.id, FIRST, image)).collect();
    let winner = &images[only_winner(&at_once(nodes, sets).await)];
    let facts = nodes.two.affiliate_change_facts(shop.test.id, affiliate.id, &Default::default()).await;
    let facts = facts.unwrap().unwrap();
    assert_eq!((&facts.record.affiliate, facts.version), (winner, FIRST.next()));
}

pub(crate) async fn of_many_answers_to_a_request_one_is_kept(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let expired =
        ResponseRecord { expires_at: moment(-50), created_at: moment(-60), ..build::response("POST /events", "old") };
    win(nodes, ChangeSet { response: Some(expired), ..ChangeSet::new(shop.test.id) }).await;
    // A key that was never used, and one with an expired response.
    for key in ["new", "old"] {
        let responses: Vec<ResponseRecord> = (0..50_u8)
            .map(|n| ResponseRecord { body: vec![n], fingerprint: [n; 32], ..build::response("POST /events", key) })
            .collect();
        let sets = responses.iter().map(|response| {
            let announce = vec![build::announcement(&ids, Topic::ConversionRecorded)];
            ChangeSet { response: Some(response.clone()), announce, ..ChangeSet::new(shop.test.id) }
        });
        let winner = &responses[only_winner(&at_once(nodes, sets.collect()).await)];
        let kept = nodes.two.response(shop.test.id, &winner.route, &winner.key, moment(1)).await.unwrap().unwrap();
        assert_eq!((kept.body, kept.fingerprint), (winner.body.clone(), winner.fingerprint));
    }
    sound(nodes).await;
}

pub(crate) async fn two_affiliates_do_not_become_each_others_parents(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let mut tree = FIRST;
    for round in 0..30 {
        let pair = ["a", "b"].map(|name| build::affiliate(&ids, &format!("{name}-{round}")));
        win(nodes, sets::add_affiliate(merchant, &pair[0]).with_affiliate(&pair[1])).await;
        let [a, b] = &pair;
        // Both see two affiliates without parents; each may become the other's parent, but not both. The guard is the
        // merchant's tree, or, in every other round, that each holds still what the other changes.
        let guarded_by_tree = round % 2 == 0;
        let sets = [(a, b), (b, a)].map(|(child, parent)| {
            let image = Affiliate { parent_id: Some(parent.id), ..child.clone() };
            let mut set = sets::change_affiliate(merchant, FIRST, &image);
            if guarded_by_tree {
                set.rows.trees.change(tree, Tree { merchant_id: merchant });
            } else {
                set.expect_unchanged(&sets::first(parent.clone()));
            }
            set
        });
        only_winner(&at_once(nodes, sets.to_vec()).await);
        if guarded_by_tree {
            tree = tree.next();
        }
        let mut parents: Vec<Option<AffiliateId>> = Vec::new();
        for one in &pair {
            parents.push(nodes.two.affiliate(merchant, one.id).await.unwrap().unwrap().affiliate.parent_id);
        }
        assert!(parents == [Some(b.id), None] || parents == [None, Some(a.id)], "{parents:?}");
    }
}

pub(crate) async fn independent_sets_all_succeed(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let affiliates: Vec<Affiliate> = (0..300).map(|n| build::affiliate(&ids, &format!("affiliate-{n}"))).collect();
    let sets = affiliates.iter().map(|affiliate| {
        let mut set = sets::add_affiliate(shop.test.id, affiliate);
        set.announce.push(build::announcement(&ids, Topic::AffiliateCreated));
        set.response = Some(build::response("POST /affiliates", affiliate.slug.as_str()));
        set
    });
    let outcomes = at_once(nodes, sets.collect()).await;
    assert_eq!(only_conflicts_beside(&outcomes, Outcome::Won), 300);
    for affiliate in &affiliates {
        let filter = AffiliateFilter { slug: Some(affiliate.slug.clone()), ..AffiliateFilter::default() };
        let page = nodes.two.affiliates(shop.test.id, &filter, &super::paging::newest(2)).await.unwrap();
        assert_eq!(page.rows.len(), 1);
        assert_eq!(&page.rows[0].affiliate, affiliate);
    }
    sound(nodes).await;
}

/// Sets of one merchant that each claim some of `keys`, drawn in any order: `sizes` says how many.
fn shuffled(
    dice: &mut Dice,
    ids: &SeededIds,
    merchant: MerchantId,
    keys: &[String],
    sizes: &[usize],
) -> Vec<ChangeSet> {
    let mut one = |size: usize| {
        let mut mine = keys.to_vec();
        dice.shuffle(&mut mine);
        mine.truncate(size);
        let owner = ids.uuid();
        let claim = |key: String| {
            // Keys of the server and of the merchant, whose tables are locked one after the other.
            let space = if key.ends_with('0') { Space::KeyHash } else { Space::AffiliateSlug };
            Claim { space, key, owner }
        };
        ChangeSet { claims: mine.into_iter().map(claim).collect(), ..ChangeSet::new(merchant) }
    };
    sizes.iter().map(|&size| one(size)).collect()
}

pub(crate) async fn shuffled_claims_from_two_nodes_only_conflict(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let mut dice = Dice::new(7);
    for round in 0..20 {
        // Many small sets that travel together, or two large ones that meet key by key.
        let (count, sizes) = if round % 2 == 0 { (120, vec![4; 60]) } else { (500, vec![500; 2]) };
        let keys: Vec<String> = (0..count).map(|n| format!("{round}-{n}")).collect();
        let sets = shuffled(&mut dice, &ids, shop.test.id, &keys, &sizes);
        let outcomes = at_once(nodes, sets.clone()).await;
        only_conflicts_beside(&outcomes, Outcome::Won);
        let with = |wanted: Outcome| sets.iter().zip(&outcomes).filter(move |(_, outcome)| **outcome == wanted);
        let mut taken: HashSet<(Space, &str)> = HashSet::new();
        for claim in with(Outcome::Won).flat_map(|(set, _)| &set.claims) {
            assert!(taken.insert((claim.space, &claim.key)), "{claim:?} was taken twice");
        }
        for (set, _) in with(Outcome::Conflict) {
            let lost_to_somebody = set.claims.iter().any(|claim| taken.contains(&(claim.space, claim.key.as_str())));
            assert!(lost_to_somebody, "{:?} lost to nobody", set.claims);
        }
    }
}

pub(crate) async fn shuffled_rows_from_two_nodes_only_conflict(nodes: &Nodes) {
    const ROWS: usize = 300;
    let (ids, shop) = shop(nodes).await;
    let mut dice = Dice::new(8);
    let rows: Vec<Affiliate> = (0..ROWS).map(|n| build::affiliate(&ids, &format!("affiliate-{n}"))).collect();
    win(nodes, rows.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate)).await;
    let mut versions = vec![FIRST; ROWS];
    for round in 0..20 {
        let sizes = if round % 2 == 0 { vec![ROWS; 2] } else { vec![4; 40] };
        let plans: Vec<Vec<usize>> = sizes
            .into_iter()
            .map(|size| {
                let mut mine: Vec<usize> = (0..ROWS).collect();
                dice.shuffle(&mut mine);
                mine.truncate(size);
                mine
            })
            .collect();
        let sets = plans.iter().map(|mine| {
            let mut set = ChangeSet::new(shop.test.id);
            for &n in mine {
                set.rows.affiliates.change(versions[n], rows[n].clone());
            }
            set
        });
        let outcomes = at_once(nodes, sets.collect()).await;
        only_conflicts_beside(&outcomes, Outcome::Won);
        let with = |wanted: Outcome| plans.iter().zip(&outcomes).filter(move |(_, outcome)| **outcome == wanted);
        let mut changed: HashSet<usize> = HashSet::new();
        for &n in with(Outcome::Won).flat_map(|(mine, _)| mine) {
            assert!(changed.insert(n), "row {n} was changed twice");
        }
        for (mine, _) in with(Outcome::Conflict) {
            assert!(mine.iter().any(|n| changed.contains(n)), "{mine:?} lost to nobody");
        }
        for n in changed {
            versions[n] = versions[n].next();
        }
    }
    for (row, version) in rows.iter().zip(versions) {
        assert!(stands_at(nodes, shop.test.id, row.row_ref(), version).await, "{row:?}");
    }
}

pub(crate) async fn counting_by_version_loses_no_step(nodes: &Nodes) {
    const STEPS: usize = 10;
    let (ids, shop) = shop(nodes).await;
    let counter = build::affiliate(&ids, "counter");
    win(nodes, sets::add_affiliate(shop.test.id, &counter)).await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let (node, merchant, id) = (nodes.turn(n), shop.test.id, counter.id);
        tasks.spawn(async move {
            let mut done = 0;
            while done < STEPS {
                match step(&*node, merchant, id).await {
                    Ok(()) => done += 1,
                    Err(CommitError::Conflict | CommitError::Busy) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let read = nodes.two.affiliate(shop.test.id, counter.id).await.unwrap().unwrap().affiliate;
    assert_eq!(read.custom_rate.map(Rate::millionths), Some(80));
}
