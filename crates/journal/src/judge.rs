//! Decides which sets of one batch commit. Pure: the adapter asks what to look up, looks it up, and reports what it
//! found.
//!
//! The order is: [`Judge::rows_to_lock`] → lock and read versions → [`Judge::saw_version`] for each row found;
//! [`Judge::responses`] → insert → [`Judge::took_response`] for each inserted; [`Judge::claims`] → insert →
//! [`Judge::took_claim`] for each inserted; then [`Judge::decide`]. An adapter may send all three before it reads the
//! answers: [`Judge::released_claims`] and [`Judge::released_responses`] name what losers had taken and must give back.

use crate::{
    CommitOutcome,
    tokens::{claim_scope, row_scope},
};
use domain::MerchantId;
use ports::{ChangeSet, LockMode, ResponseRecord, RowRef, Space, Table, Version};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use uuid::Uuid;

/// A row to be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockRow {
    /// Its merchant; nil in the server's own tables ([`Table::is_global`]).
    pub merchant: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Whether it will be written by some set of the batch, or only read.
    pub hold: LockMode,
}

/// A claim to be inserted, with everything its row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimRow<'a> {
    /// Its merchant; nil in a global space (the table `directory`).
    pub merchant: Uuid,
    /// Its space.
    pub space: Space,
    /// The key.
    pub key: &'a str,
    /// The owner that takes it.
    pub owner: Uuid,
}

/// A response to be inserted.
#[derive(Debug, Clone, Copy)]
pub struct ResponseRow<'a> {
    /// Its merchant.
    pub merchant: MerchantId,
    /// The response.
    pub response: &'a ResponseRecord,
}

type ResponseKey<'a> = (MerchantId, &'a str, &'a str);

/// Collects what an adapter found and decides on each set.
#[derive(Debug)]
pub struct Judge<'a> {
    batch: &'a [Arc<ChangeSet>],
    versions: HashMap<(Uuid, RowRef), Version>,
    claims: HashSet<(Uuid, Space, &'a str)>,
    responses: HashSet<ResponseKey<'a>>,
}

impl<'a> Judge<'a> {
    /// A judge without any findings yet.
    pub fn new(batch: &'a [Arc<ChangeSet>]) -> Self {
        Self { batch, versions: HashMap::new(), claims: HashSet::new(), responses: HashSet::new() }
    }

    /// Returns the rows to lock, by table in lock order and sorted by key within each; each row once, exclusively if
    /// any set writes it.
    pub fn rows_to_lock(&self) -> BTreeMap<Table, Vec<LockRow>> {
        let mut firmness: BTreeMap<(Table, Uuid, Uuid), LockMode> = BTreeMap::new();
        for set in self.batch {
            for expected in set.expectations() {
                let RowRef { table, id } = expected.row;
                let hold = firmness.entry((table, row_scope(set.merchant, table), id)).or_insert(expected.hold);
                *hold = (*hold).max(expected.hold);
            }
        }
        let mut tables: BTreeMap<Table, Vec<LockRow>> = BTreeMap::new();
        for ((table, merchant, id), hold) in firmness {
            tables.entry(table).or_default().push(LockRow { merchant, id, hold });
        }
        tables
    }

    /// Records that a locked row was found in this version.
    pub fn saw_version(&mut self, table: Table, merchant: Uuid, id: Uuid, version: Version) {
        self.versions.insert((merchant, RowRef { table, id }), version);
    }

    /// The responses to insert, sorted by key.
    pub fn responses(&self) -> Vec<ResponseRow<'a>> {
        let mut all: Vec<ResponseRow<'a>> = self
            .batch
            .iter()
            .filter_map(|set| set.response.as_ref().map(|response| ResponseRow { merchant: set.merchant, response }))
            .collect();
        all.sort_by_key(|row| response_key(row.merchant, row.response));
        all
    }

    /// Records that the response for this key was inserted, or replaced an expired one.
    pub fn took_response(&mut self, merchant: Uuid, route: &str, key: &str) {
        let merchant = MerchantId::from_uuid(merchant);
        let known = self.batch.iter().filter(|set| set.merchant == merchant).filter_map(|set| set.response.as_ref());
        if let Some(response) =
            known.into_iter().find(|response| response.route == route && response.key.as_str() == key)
        {
            self.responses.insert(response_key(merchant, response));
        }
    }

    /// The claims to insert, sorted by key; the global ones (nil merchant) first.
    pub fn claims(&self) -> Vec<ClaimRow<'a>> {
        let mut all: Vec<ClaimRow<'a>> = self.batch.iter().flat_map(|set| claim_rows(set)).collect();
        all.sort();
        all
    }

    /// Records that this claim was inserted: the key was free.
    pub fn took_claim(&mut self, claim: ClaimRow<'a>) {
        self.claims.insert((claim.merchant, claim.space, claim.key));
    }

    /// Returns the verdict on each set, in the batch's order: it wins if every row it expects was seen in the version
    /// it expects and everything it claims was taken.
    pub fn decide(&self) -> Vec<CommitOutcome> {
        self.batch
            .iter()
            .map(|set| if self.wins(set) { CommitOutcome::Committed } else { CommitOutcome::Conflicted })
            .collect()
    }

    /// Whether the versions that `set` expects hold: if not, an adapter that reads versions first need not insert its
    /// claims.
    pub fn versions_hold(&self, set: &ChangeSet) -> bool {
        set.expectations().iter().all(|expected| {
            let scope = row_scope(set.merchant, expected.row.table);
            self.versions.get(&(scope, expected.row)) == Some(&expected.version)
        })
    }

    /// Returns the claims that losers had taken and must give back.
    pub fn released_claims(&self) -> Vec<ClaimRow<'a>> {
        let losers = self.batch.iter().filter(|set| !self.wins(set));
        let taken = |claim: &ClaimRow<'a>| self.claims.contains(&(claim.merchant, claim.space, claim.key));
        let mut all: Vec<ClaimRow<'a>> = losers.flat_map(|set| claim_rows(set)).filter(taken).collect();
        all.sort();
        all
    }

    /// Returns the responses that losers had inserted and must delete.
    pub fn released_responses(&self) -> Vec<ResponseRow<'a>> {
        let losers = self.batch.iter().filter(|set| !self.wins(set));
        losers
            .filter_map(|set| set.response.as_ref().map(|response| ResponseRow { merchant: set.merchant, response }))
            .filter(|row| self.responses.contains(&response_key(row.merchant, row.response)))
            .collect()
    }

    fn wins(&self, set: &ChangeSet) -> bool {
        let claimed = set.claims.iter().all(|claim| {
            self.claims.contains(&(claim_scope(set.merchant, claim.space), claim.space, claim.key.as_str()))
        });
        let replied =
            set.response.as_ref().is_none_or(|response| self.responses.contains(&response_key(set.merchant, response)));
        claimed && replied && self.versions_hold(set)
    }
}

fn response_key(merchant: MerchantId, response: &ResponseRecord) -> ResponseKey<'_> {
    (merchant, &response.route, response.key.as_str())
}

fn claim_rows(set: &ChangeSet) -> impl Iterator<Item = ClaimRow<'_>> {
    set.claims.iter().map(|claim| ClaimRow {
        merchant: claim_scope(set.merchant, claim.space),
        space: claim.space,
        key: &claim.key,
        owner: claim.owner,
    })
}
