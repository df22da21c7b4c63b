//! The judge against a model that takes change sets one after the other: for a batch of independent sets over any state
//! of the storage, both must let the same ones win.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use domain::{Affiliate, AffiliateId, MerchantId, Organization, OrganizationId};
use journal::{ClaimRow, CommitOutcome, Judge, LockRow};
use ports::{ChangeSet, Claim, Entity, IdSource, LockMode, ResponseRecord, RowRef, Space, Table, Tree, Version};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use testkit::{
    Dice, Model, SeededIds,
    build::{self, moment},
};
use uuid::Uuid;

const BATCHES: u64 = 1_500;
const SPACES: [Space; 4] = [Space::AffiliateSlug, Space::CouponCode, Space::KeyHash, Space::MerchantSlug];

/// Makes sets over few merchants, rows, keys and answers.
struct Planner {
    dice: Dice,
    ids: SeededIds,
    merchants: [MerchantId; 2],
}

impl Planner {
    fn new(seed: u64) -> Self {
        let merchants = [1, 2].map(|n| MerchantId::from_uuid(Uuid::from_u128(n)));
        Self { dice: Dice::new(seed), ids: SeededIds::new(seed), merchants }
    }

    fn key(&mut self) -> String {
        format!("key-{}", self.dice.below(6))
    }

    /// An affiliate, an organization or the merchant's tree, by one of few ids.
    fn row(&mut self, merchant: MerchantId) -> RowRef {
        match self.dice.below(5) {
            0 => RowRef { table: Table::Organizations, id: small_id(100 + self.dice.below(3)) },
            1 => RowRef { table: Table::Trees, id: merchant.uuid() },
            _ => RowRef { table: Table::Affiliates, id: small_id(200 + self.dice.below(6)) },
        }
    }

    fn version(&mut self, model: &Model, merchant: MerchantId, row: RowRef) -> Version {
        let current = model.version(merchant, row).unwrap_or(Version::FIRST);
        if self.dice.chance(20) { current.next() } else { current }
    }

    fn plan(&mut self, model: &Model, now: i64) -> ChangeSet {
        let merchant = *self.dice.pick(&self.merchants);
        let mut set = ChangeSet::new(merchant);
        for _ in 0..self.dice.below(4) {
            let row = self.row(merchant);
            let version = self.version(model, merchant, row);
            match self.dice.below(4) {
                0 => set.unchanged.push((row, version)),
                1 if row.table == Table::Affiliates => set.rows.affiliates.deleted.push((row.id, version)),
                _ => change(&self.ids, &mut set, row, version),
            }
        }
        for _ in 0..self.dice.below(4) {
            let claim = Claim { space: *self.dice.pick(&SPACES), key: self.key(), owner: self.ids.uuid() };
            match model.owner(merchant, &claim) {
                Some(owner) if self.dice.chance(50) => set.frees.push(Claim { owner, ..claim }),
                _ => set.claims.push(claim),
            }
        }
        if self.dice.chance(40) {
            let lasting = i64::try_from(self.dice.below(40)).unwrap();
            let response = build::response("POST /events", &self.key());
            set.response =
                Some(ResponseRecord { created_at: moment(now), expires_at: moment(now + lasting), ..response });
        }
        set
    }
}

fn small_id(n: usize) -> Uuid {
    Uuid::from_u128(u128::try_from(n).unwrap())
}

fn organization(ids: &SeededIds, id: Uuid) -> Organization {
    Organization { id: OrganizationId::from_uuid(id), ..build::shop(ids, "shop").organization }
}

fn affiliate(ids: &SeededIds, id: Uuid) -> Affiliate {
    Affiliate { id: AffiliateId::from_uuid(id), ..build::affiliate(ids, "name") }
}

fn change(ids: &SeededIds, set: &mut ChangeSet, row: RowRef, version: Version) {
    match row.table {
        Table::Organizations => set.rows.organizations.change(version, organization(ids, row.id)),
        Table::Trees => set.rows.trees.change(version, Tree { merchant_id: set.merchant }),
        _ => set.rows.affiliates.change(version, affiliate(ids, row.id)),
    }
}

/// Some of the rows, keys and answers, in some versions.
fn state(planner: &mut Planner) -> Model {
    let mut model = Model::default();
    let ids = SeededIds::new(0);
    for &merchant in &planner.merchants.clone() {
        let mut set = ChangeSet::new(merchant);
        set.rows.trees.insert(Tree { merchant_id: merchant });
        for n in 200..206 {
            if planner.dice.chance(70) {
                set.rows.affiliates.insert(affiliate(&ids, small_id(n)));
            }
        }
        assert!(model.apply(&set));
    }
    let mut set = ChangeSet::new(planner.merchants[0]);
    set.rows.organizations.insert(organization(&ids, Uuid::from_u128(101)));
    assert!(model.apply(&set));
    for now in 0..15 {
        let set = planner.plan(&model, now);
        if !meets_itself(&set) {
            model.apply(&set);
        }
    }
    model
}

/// What a set touches, and whether it must be alone with it.
fn touched(set: &ChangeSet) -> HashMap<String, LockMode> {
    let scope = |is_global: bool| if is_global { Uuid::nil() } else { set.merchant.uuid() };
    let rows = set.expectations().into_iter().map(|expected| {
        let RowRef { table, id } = expected.row;
        (format!("row {} {table:?} {id}", scope(table.is_global())), expected.hold)
    });
    let keys = set.claims.iter().chain(&set.frees).map(|claim| {
        (format!("key {} {} {}", scope(claim.space.is_global()), claim.space.number(), claim.key), LockMode::Exclusive)
    });
    let response = set.response.iter().map(|_| (reply_name(set), LockMode::Exclusive));
    rows.chain(keys).chain(response).collect()
}

fn reply_name(set: &ChangeSet) -> String {
    let name = set.response.as_ref().map(|response| format!("{} {}", response.route, response.key.as_str()));
    format!("reply {} {name:?}", set.merchant)
}

/// A set that names a row or key twice is no use case's.
fn meets_itself(set: &ChangeSet) -> bool {
    let rows: BTreeSet<RowRef> =
        set.rows.expected().map(|(row, _)| row).chain(set.unchanged.iter().map(|s| s.0)).collect();
    let keys: BTreeSet<(Space, &str)> =
        set.claims.iter().chain(&set.frees).map(|claim| (claim.space, claim.key.as_str())).collect();
    rows.len() < set.rows.expected().count() + set.unchanged.len() || keys.len() < set.claims.len() + set.frees.len()
}

/// Independent sets, as the queue batches them.
fn batch(planner: &mut Planner, model: &Model) -> Vec<Arc<ChangeSet>> {
    let mut taken: HashMap<String, LockMode> = HashMap::new();
    let mut batch = Vec::new();
    for _ in 0..12 {
        let set = planner.plan(model, 20);
        let names = touched(&set);
        let meets = |(name, hold): (&String, &LockMode)| {
            taken.get(name).is_some_and(|other| *other == LockMode::Exclusive || *hold == LockMode::Exclusive)
        };
        if !meets_itself(&set) && !names.iter().any(meets) {
            taken.extend(names);
            batch.push(Arc::new(set));
        }
    }
    batch
}

/// Plays the adapter: looks up what the judge asks for and reports it. `versions_first`: the keys and responses of sets
/// whose versions moved are not tried.
fn judged<'a>(batch: &'a [Arc<ChangeSet>], model: &Model, versions_first: bool) -> Judge<'a> {
    let mut judge = Judge::new(batch);
    for (table, rows) in judge.rows_to_lock() {
        for LockRow { merchant, id, hold: _ } in rows {
            if let Some(version) = model.version(MerchantId::from_uuid(merchant), RowRef { table, id }) {
                judge.saw_version(table, merchant, id, version);
            }
        }
    }
    let tried: Vec<bool> = batch.iter().map(|set| !versions_first || judge.versions_hold(set)).collect();
    let is_tried =
        |wanted: &dyn Fn(&ChangeSet) -> bool| batch.iter().zip(&tried).any(|(set, &tried)| tried && wanted(set));
    for row in judge.responses() {
        let mine = |set: &ChangeSet| set.merchant == row.merchant && set.response.as_ref() == Some(row.response);
        if is_tried(&mine) && model.has_room(row.merchant, row.response) {
            judge.took_response(row.merchant.uuid(), &row.response.route, row.response.key.as_str());
        }
    }
    for row in judge.claims() {
        let mine = |set: &ChangeSet| claim_rows(set).contains(&row);
        let claim = Claim { space: row.space, key: row.key.to_owned(), owner: row.owner };
        if is_tried(&mine) && model.owner(MerchantId::from_uuid(row.merchant), &claim).is_none() {
            judge.took_claim(row);
        }
    }
    judge
}

fn claim_rows(set: &ChangeSet) -> Vec<ClaimRow<'_>> {
    let row = |claim| {
        let Claim { space, key, owner }: &Claim = claim;
        let merchant = if space.is_global() { Uuid::nil() } else { set.merchant.uuid() };
        ClaimRow { merchant, space: *space, key, owner: *owner }
    };
    set.claims.iter().map(row).collect()
}

/// What sets do one after the other, in the order of `places`.
fn one_by_one(batch: &[Arc<ChangeSet>], places: &[usize], model: &Model) -> (Vec<CommitOutcome>, Model) {
    let (mut model, mut outcomes) = (model.clone(), vec![CommitOutcome::Conflicted; batch.len()]);
    for &n in places {
        if model.apply(&batch[n]) {
            outcomes[n] = CommitOutcome::Committed;
        }
    }
    (outcomes, model)
}

#[test]
fn a_batch_comes_out_as_its_sets_do_one_after_the_other() {
    let (mut won, mut lost) = (0, 0);
    for seed in 0..BATCHES {
        let mut planner = Planner::new(seed);
        let model = state(&mut planner);
        let batch = batch(&mut planner, &model);
        let mut places: Vec<usize> = (0..batch.len()).collect();
        let (expected, after) = one_by_one(&batch, &places, &model);
        for versions_first in [false, true] {
            let judge = judged(&batch, &model, versions_first);
            assert_eq!(judge.decide(), expected, "batch {seed}, versions first: {versions_first}: {batch:#?}");
        }
        // Independent means that the order among them says nothing.
        planner.dice.shuffle(&mut places);
        assert_eq!(one_by_one(&batch, &places, &model), (expected.clone(), after), "batch {seed}");
        let winners = expected.iter().filter(|&&outcome| outcome == CommitOutcome::Committed).count();
        (won, lost) = (won + winners, lost + expected.len() - winners);
    }
    assert!(won > 1_000 && lost > 1_000, "a fair mixture: {won} won, {lost} lost");
}

#[test]
fn what_losers_took_is_given_back_and_nothing_else() {
    let mut released = 0;
    for seed in 0..BATCHES {
        let mut planner = Planner::new(seed);
        let model = state(&mut planner);
        let batch = batch(&mut planner, &model);
        let judge = judged(&batch, &model, false);
        let losers = || batch.iter().zip(judge.decide()).filter(|(_, outcome)| *outcome == CommitOutcome::Conflicted);
        let mut claims: Vec<ClaimRow<'_>> = losers()
            .flat_map(|(set, _)| claim_rows(set))
            .filter(|row| {
                let claim = Claim { space: row.space, key: row.key.to_owned(), owner: row.owner };
                model.owner(MerchantId::from_uuid(row.merchant), &claim).is_none()
            })
            .collect();
        claims.sort();
        assert_eq!(judge.released_claims(), claims, "batch {seed}");
        let mut responses: Vec<String> = losers()
            .filter(|(set, _)| set.response.as_ref().is_some_and(|response| model.has_room(set.merchant, response)))
            .map(|(set, _)| reply_name(set))
            .collect();
        responses.sort();
        let mut told: Vec<String> = judge
            .released_responses()
            .iter()
            .map(|row| {
                let set = ChangeSet { response: Some(row.response.clone()), ..ChangeSet::new(row.merchant) };
                reply_name(&set)
            })
            .collect();
        told.sort();
        assert_eq!(told, responses, "batch {seed}");
        released += claims.len() + responses.len();
    }
    assert!(released > 500, "{released} were released");
}

#[test]
fn every_expected_row_is_locked_once_in_one_order_and_firmly_enough() {
    for seed in 0..BATCHES {
        let mut planner = Planner::new(seed);
        let model = state(&mut planner);
        let batch = batch(&mut planner, &model);
        let mut wanted: BTreeMap<(Table, Uuid, Uuid), LockMode> = BTreeMap::new();
        for (set, expected) in batch.iter().flat_map(|set| set.expectations().into_iter().map(move |e| (set, e))) {
            let RowRef { table, id } = expected.row;
            let scope = if table.is_global() { Uuid::nil() } else { set.merchant.uuid() };
            let hold = wanted.entry((table, scope, id)).or_insert(expected.hold);
            *hold = (*hold).max(expected.hold);
        }
        let judge = Judge::new(&batch);
        let locked: Vec<((Table, Uuid, Uuid), LockMode)> = judge
            .rows_to_lock()
            .into_iter()
            .flat_map(|(table, rows)| rows.into_iter().map(move |row| ((table, row.merchant, row.id), row.hold)))
            .collect();
        assert_eq!(locked, wanted.into_iter().collect::<Vec<_>>(), "batch {seed}");

        let claims = judge.claims();
        assert!(claims.is_sorted(), "batch {seed}");
        assert_eq!(claims.len(), batch.iter().map(|set| set.claims.len()).sum::<usize>());
        let responses = judge.responses();
        assert!(responses.is_sorted_by_key(|row| (row.merchant, &row.response.route, row.response.key.as_str())));
        assert_eq!(responses.len(), batch.iter().filter(|set| set.response.is_some()).count());
    }
}

#[test]
fn a_row_both_read_and_written_is_written() {
    let ids = SeededIds::new(1);
    let merchant = MerchantId::from_uuid(Uuid::from_u128(1));
    let row = affiliate(&ids, Uuid::from_u128(7));
    let mut set = ChangeSet::new(merchant);
    set.unchanged.push((row.row_ref(), Version::FIRST));
    set.rows.affiliates.change(Version::FIRST, row.clone());
    let batch = [Arc::new(set)];
    let mut judge = Judge::new(&batch);
    let locks = judge.rows_to_lock();
    let expected = LockRow { merchant: merchant.uuid(), id: row.row_id(), hold: LockMode::Exclusive };
    assert_eq!(locks.into_iter().collect::<Vec<_>>(), [(Table::Affiliates, vec![expected])]);
    assert_eq!(judge.decide(), [CommitOutcome::Conflicted], "nobody has seen the row");
    judge.saw_version(Table::Affiliates, merchant.uuid(), row.row_id(), Version::FIRST);
    assert_eq!(judge.decide(), [CommitOutcome::Committed]);
    // The same id in another merchant, or another table, is another row.
    let mut judge = Judge::new(&batch);
    judge.saw_version(Table::Affiliates, Uuid::from_u128(2), row.row_id(), Version::FIRST);
    judge.saw_version(Table::Coupons, merchant.uuid(), row.row_id(), Version::FIRST);
    assert_eq!(judge.decide(), [CommitOutcome::Conflicted]);
}
