//! Decides which sets of one batch commit. Pure: the adapter asks what to look up, looks it up, and reports what it
//! found.
//!
//! The order is: [`Judge::rows_to_lock`] → lock and read versions → [`Judge::saw_version`] for each row found;
//! [`Judge::replies`] → insert → [`Judge::took_reply`] for each inserted; [`Judge::claims`] → insert →
//! [`Judge::took_claim`] for each inserted; then [`Judge::decide`]. An adapter may send all three before it reads the
//! answers: [`Judge::released_claims`] and [`Judge::released_replies`] name what losers had taken and must give back.

use crate::{
    Verdict,
    tokens::{claim_scope, row_scope},
};
use domain::MerchantId;
use ports::{ChangeSet, Hold, Reply, RowRef, Space, Table, Version};
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
    pub hold: Hold,
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

/// A reply to be inserted.
#[derive(Debug, Clone, Copy)]
pub struct ReplyRow<'a> {
    /// Its merchant.
    pub merchant: MerchantId,
    /// The reply.
    pub reply: &'a Reply,
}

type ReplyKey<'a> = (MerchantId, &'a str, &'a str);

/// Collects what an adapter found and decides on each set.
#[derive(Debug)]
pub struct Judge<'a> {
    batch: &'a [Arc<ChangeSet>],
    versions: HashMap<(Uuid, RowRef), Version>,
    claims: HashSet<(Uuid, Space, &'a str)>,
    replies: HashSet<ReplyKey<'a>>,
}

impl<'a> Judge<'a> {
    /// A judge without any findings yet.
    pub fn new(batch: &'a [Arc<ChangeSet>]) -> Self {
        Self { batch, versions: HashMap::new(), claims: HashSet::new(), replies: HashSet::new() }
    }

    /// Returns the rows to lock, by table in lock order and sorted by key within each; each row once, exclusively if
    /// any set writes it.
    pub fn rows_to_lock(&self) -> BTreeMap<Table, Vec<LockRow>> {
        let mut firmness: BTreeMap<(Table, Uuid, Uuid), Hold> = BTreeMap::new();
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

    /// The replies to insert, sorted by key.
    pub fn replies(&self) -> Vec<ReplyRow<'a>> {
        let mut all: Vec<ReplyRow<'a>> = self
            .batch
            .iter()
            .filter_map(|set| set.reply.as_ref().map(|reply| ReplyRow { merchant: set.merchant, reply }))
            .collect();
        all.sort_by_key(|row| reply_key(row.merchant, row.reply));
        all
    }

    /// Records that the reply for this key was inserted, or replaced an expired one.
    pub fn took_reply(&mut self, merchant: Uuid, route: &str, key: &str) {
        let merchant = MerchantId::from_uuid(merchant);
        let known = self.batch.iter().filter(|set| set.merchant == merchant).filter_map(|set| set.reply.as_ref());
        if let Some(reply) = known.into_iter().find(|reply| reply.route == route && reply.key.as_str() == key) {
            self.replies.insert(reply_key(merchant, reply));
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
    pub fn decide(&self) -> Vec<Verdict> {
        self.batch.iter().map(|set| if self.wins(set) { Verdict::Won } else { Verdict::Lost }).collect()
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

    /// Returns the replies that losers had inserted and must delete.
    pub fn released_replies(&self) -> Vec<ReplyRow<'a>> {
        let losers = self.batch.iter().filter(|set| !self.wins(set));
        losers
            .filter_map(|set| set.reply.as_ref().map(|reply| ReplyRow { merchant: set.merchant, reply }))
            .filter(|row| self.replies.contains(&reply_key(row.merchant, row.reply)))
            .collect()
    }

    fn wins(&self, set: &ChangeSet) -> bool {
        let claimed = set.claims.iter().all(|claim| {
            self.claims.contains(&(claim_scope(set.merchant, claim.space), claim.space, claim.key.as_str()))
        });
        let replied = set.reply.as_ref().is_none_or(|reply| self.replies.contains(&reply_key(set.merchant, reply)));
        claimed && replied && self.versions_hold(set)
    }
}

fn reply_key(merchant: MerchantId, reply: &Reply) -> ReplyKey<'_> {
    (merchant, &reply.route, reply.key.as_str())
}

fn claim_rows(set: &ChangeSet) -> impl Iterator<Item = ClaimRow<'_>> {
    set.claims.iter().map(|claim| ClaimRow {
        merchant: claim_scope(set.merchant, claim.space),
        space: claim.space,
        key: &claim.key,
        owner: claim.owner,
    })
}
