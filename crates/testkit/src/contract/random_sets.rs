//! Random sets that meet one another, committed at once from two nodes, against a model that takes them one by one.

use super::{
    Nodes,
    random_plan::{CODES, NAMES, Planner, REPLIES, code, email, response, slug},
    settle::{Outcome, at_once, only_conflicts_beside, shop, sound},
};
use crate::{Dice, Model, SeededIds, build::moment, sets};
use domain::{AffiliateId, CouponCode};
use ports::{
    AffiliateKeys, ChangeSet, Entity, IdSourceExt, ResponseRecord, RowRef, Space, StoredResponse, Table, Version,
};
use std::collections::{BTreeMap, HashSet};

const ROUNDS: i64 = 60;
const SETS: usize = 10;

pub(crate) async fn simultaneous_sets_come_out_as_if_one_after_the_other(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    let mut planner = Planner {
        ids: SeededIds::new(99),
        dice: Dice::new(20_260_101),
        merchant: shop.test.id,
        model: Model::default(),
        affiliates: BTreeMap::new(),
        coupons: BTreeMap::new(),
    };
    assert!(planner.model.apply(&sets::with_organization(&shop)));
    let (mut won, mut lost) = (0, 0);
    for round in 0..ROUNDS {
        let now = 10 * round;
        let sets: Vec<ChangeSet> = (0..SETS).map(|_| planner.plan(now)).collect();
        let outcomes = at_once(nodes, sets.clone()).await;
        let winners = only_conflicts_beside(&outcomes, Outcome::Won);
        (won, lost) = (won + winners, lost + SETS - winners);
        let Some(order) = serial_order(&planner.model, &sets, &outcomes) else {
            panic!("round {round}: no order of these sets gives {outcomes:?}: {sets:#?}");
        };
        for n in order {
            assert!(planner.model.apply(&sets[n]));
            planner.learn(&sets[n]);
        }
        agrees(nodes, &planner, &sets, now).await;
    }
    sound(nodes).await;
    assert!(won > 100 && lost > 100, "a fair mixture: {won} won, {lost} lost");
}

/// An order of the winners in which each would be taken, and each loser would be refused somewhere on the way. A set
/// that is refused changes nothing, so it may stand at the first place where it would be.
fn serial_order(start: &Model, sets: &[ChangeSet], outcomes: &[Outcome]) -> Option<Vec<usize>> {
    let is = |outcome: Outcome| (0..sets.len()).filter(move |&n| outcomes[n] == outcome).collect::<Vec<usize>>();
    let search = Search { sets, winners: is(Outcome::Won) };
    search.go(start, is(Outcome::Conflict), &mut Vec::new(), &mut HashSet::new())
}

struct Search<'a> {
    sets: &'a [ChangeSet],
    winners: Vec<usize>,
}

impl Search<'_> {
    /// Goes on from `model`, after the winners in `placed`; `waiting` are the losers that nothing has refused yet.
    fn go(
        &self,
        model: &Model,
        mut waiting: Vec<usize>,
        placed: &mut Vec<usize>,
        dead_ends: &mut HashSet<Vec<usize>>,
    ) -> Option<Vec<usize>> {
        waiting.retain(|&n| model.would_take(&self.sets[n]));
        if placed.len() == self.winners.len() {
            return waiting.is_empty().then(|| placed.clone());
        }
        for &next in self.winners.iter().filter(|next| !placed.contains(next)).collect::<Vec<_>>() {
            let mut after = model.clone();
            if !after.apply(&self.sets[next]) {
                continue;
            }
            placed.push(next);
            let mut reached = placed.clone();
            reached.sort_unstable();
            reached.push(usize::MAX);
            reached.extend(&waiting);
            if dead_ends.insert(reached)
                && let Some(order) = self.go(&after, waiting.clone(), placed, dead_ends)
            {
                return Some(order);
            }
            placed.pop();
        }
        None
    }
}

/// The storage holds what the model holds: every key and answer, and every row that the round's sets touched.
async fn agrees(nodes: &Nodes, planner: &Planner, sets: &[ChangeSet], now: i64) {
    let (node, merchant) = (&nodes.two, planner.merchant);
    for n in 0..NAMES {
        let keys =
            AffiliateKeys { slug: Some(slug(n)), email: Some(email(n)), parent_email: Some(email(n)), tier_id: None };
        let facts = node.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap();
        assert_eq!(facts.slug_owner, planner.owner(Space::AffiliateSlug, slug(n).as_str()));
        assert_eq!(facts.email_owner, planner.owner(Space::AffiliateEmail, &email(n).folded()));
        assert_eq!(facts.parent.map(|parent| parent.row.row_id()), facts.email_owner);
        assert_eq!(usize::try_from(facts.seats_taken).unwrap(), planner.affiliates.len());
    }
    for n in 0..CODES {
        let code = CouponCode::parse(&code(n)).unwrap();
        let facts = node.coupon_facts(merchant, planner.ids.id(), &code).await.unwrap().unwrap();
        assert_eq!(facts.code_owner, planner.owner(Space::CouponCode, code.as_str()));
    }
    for n in 0..REPLIES {
        let (place, now) = (response(n), moment(now + 1));
        let kept = node.response(merchant, &place.route, &place.key, now).await.unwrap();
        let expected = planner.model.kept(merchant, &place).filter(|kept| kept.expires_at > now);
        let expected = expected.map(|ResponseRecord { fingerprint, status, body, .. }| StoredResponse {
            fingerprint: *fingerprint,
            status: *status,
            body: body.clone(),
        });
        assert_eq!(kept, expected);
    }
    let touched: HashSet<RowRef> = sets
        .iter()
        .flat_map(|set| {
            let new = &set.rows;
            let made =
                new.affiliates.new.iter().map(Entity::row_ref).chain(new.coupons.new.iter().map(Entity::row_ref));
            made.chain(set.expectations().into_iter().map(|expected| expected.row)).collect::<Vec<_>>()
        })
        .collect();
    for row in touched {
        let stored = stored(nodes, planner, row).await;
        let expected = planner.model.version(merchant, row).zip(planner.model.image(merchant, row));
        let stored = stored.as_ref().map(|(version, image)| (*version, image.as_str()));
        assert_eq!(stored, expected, "{row:?}");
    }
}

/// The version and image of a row, as the storage returns them.
async fn stored(nodes: &Nodes, planner: &Planner, row: RowRef) -> Option<(Version, String)> {
    let (node, merchant) = (&nodes.two, planner.merchant);
    match row.table {
        Table::Affiliates => {
            let id = AffiliateId::from_uuid(row.id);
            let facts = node.affiliate_change_facts(merchant, id, &AffiliateKeys::default()).await.unwrap()?;
            Some((facts.version, format!("{:?}", facts.record.affiliate)))
        }
        Table::Coupons => {
            let (_, coupon) = node.coupon(merchant, domain::Id::from_uuid(row.id)).await.unwrap()?;
            Some((coupon.version, format!("{:?}", coupon.row)))
        }
        Table::Trees => {
            // Returned with any affiliate; without one there are no facts to load.
            let expected = planner.model.version(merchant, row)?;
            let version = match planner.affiliates.keys().next() {
                Some(&any) => {
                    node.affiliate_change_facts(merchant, any, &AffiliateKeys::default()).await.unwrap()?.tree
                }
                None => expected,
            };
            Some((version, planner.model.image(merchant, row)?.to_owned()))
        }
        table => panic!("no set of the plan touches {table:?}"),
    }
}
