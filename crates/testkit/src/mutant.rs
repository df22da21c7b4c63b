//! A write path without one of its guards, with a hook between load and commit.
//!
//! A guard is justified by what breaks without it. [`Mutant`] removes one [`Guard`] from every set before it commits
//! it, so that a race which the guard decides can be run with and without it; and it lets a rival finish between one
//! use case's load and its commit, so that the race is arranged and does not depend on luck.

use async_trait::async_trait;
use ports::{
    ChangeSet, CommitError, Entity, Entry, Expectation, Journal, Lane, LockMode, RowRef, Rows, Space, Storage, Table,
    Version, Writes,
};
use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{Arc, Mutex},
};

/// One thing that makes a set lose where it must not win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A row that is changed or deleted must be as it was read.
    Version(Table),
    /// A row that was only read must be as it was read.
    Unchanged(Table),
    /// A unique key must be free.
    Claim(Space),
    /// The key of the stored response must be free.
    ResponseRecord,
}

impl Guard {
    /// The guards that `set` carries.
    pub fn of(set: &ChangeSet) -> BTreeSet<Self> {
        let rows = set.expectations().into_iter().map(|Expectation { row, hold, version: _ }| match hold {
            LockMode::Shared => Self::Unchanged(row.table),
            LockMode::Exclusive => Self::Version(row.table),
        });
        let claims = set.claims.iter().map(|claim| Self::Claim(claim.space));
        rows.chain(claims).chain(set.response.as_ref().map(|_| Self::ResponseRecord)).collect()
    }
}

/// What a rival does between load and commit. It is given the set that waits.
pub type Rival<'a> = dyn FnOnce(ChangeSet) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'a;

/// A [`Journal`] that drops a guard from every set, and can be made to wait for a rival.
pub struct Mutant {
    storage: Arc<dyn Storage>,
    without: Option<Guard>,
    rival: Mutex<Option<Box<Rival<'static>>>>,
    carried: Mutex<BTreeSet<Guard>>,
}

impl Mutant {
    /// The write path of `storage`, whole or without one guard.
    pub fn of(storage: Arc<dyn Storage>, without: Option<Guard>) -> Self {
        Self { storage, without, rival: Mutex::default(), carried: Mutex::default() }
    }

    /// Makes the next commit wait until `rival` has finished. The rival's own commits must go through another journal.
    pub fn let_pass(&self, rival: Box<Rival<'static>>) {
        *self.rival.lock().unwrap() = Some(rival);
    }

    /// The guards that all sets carried so far, before one was taken out.
    pub fn carried(&self) -> BTreeSet<Guard> {
        self.carried.lock().unwrap().clone()
    }

    async fn weakened(&self, mut set: ChangeSet) -> ChangeSet {
        match self.without {
            None => {}
            Some(Guard::Unchanged(table)) => set.unchanged.retain(|(row, _)| row.table != table),
            Some(Guard::Claim(space)) => set.claims.retain(|claim| claim.space != space),
            Some(Guard::ResponseRecord) => set.response = None,
            // A row cannot be written without naming the version that is replaced: name the one that is there.
            Some(Guard::Version(table)) => {
                for (row, read) in set.rows.expected().filter(|(row, _)| row.table == table).collect::<Vec<_>>() {
                    let there = self.version_of(&set, row, read).await;
                    in_table(&mut set.rows, row, there);
                }
            }
        }
        set
    }

    /// The version of a row, if it is there: asked through the write side, which every table has.
    async fn version_of(&self, set: &ChangeSet, row: RowRef, read: Version) -> Option<Version> {
        let mut version = read;
        for _ in 0..10 {
            let asked = ChangeSet { unchanged: vec![(row, version)], ..ChangeSet::new(set.merchant) };
            if self.storage.commit(asked).await.is_ok() {
                return Some(version);
            }
            version = version.next();
        }
        None
    }
}

#[async_trait]
impl Journal for Mutant {
    async fn enter(&self, lanes: &[Lane]) -> Result<Entry, CommitError> {
        self.storage.enter(lanes).await
    }

    async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        self.carried.lock().unwrap().extend(Guard::of(&set));
        let rival = self.rival.lock().unwrap().take();
        if let Some(rival) = rival {
            rival(set.clone()).await;
        }
        self.storage.commit(self.weakened(set).await).await
    }
}

/// Replaces what the set expects of `row` by `there`, or removes the expectation if that is `None`.
fn in_table(rows: &mut Rows, row: RowRef, there: Option<Version>) {
    macro_rules! expected {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
            match row.table { $(Table::$table => expect(&mut rows.$rows, row, there)),* }
        };
    }
    ports::tables!(expected)
}

fn expect<T: Entity>(writes: &mut Writes<T>, row: RowRef, there: Option<Version>) {
    let Writes { new: _, changed, deleted } = writes;
    let Some(there) = there else {
        changed.retain(|change| change.row.row_ref() != row);
        deleted.retain(|(id, _)| *id != row.id);
        return;
    };
    let changed = changed.iter_mut().filter(|change| change.row.row_ref() == row);
    let deleted = deleted.iter_mut().filter(|(id, _)| *id == row.id);
    for version in changed.map(|change| &mut change.version).chain(deleted.map(|(_, version)| version)) {
        *version = there;
    }
}
