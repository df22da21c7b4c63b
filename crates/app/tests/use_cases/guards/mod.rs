//! Every guard of every use case, by what happens without it (docs/write-path.md).
//!
//! A case names a guard and a race that the guard decides. The race is run twice, arranged and not awaited: the use case
//! loads, a rival finishes, the use case commits. With all guards the outcome must be right; without the one it must be
//! wrong, or the guard guards nothing. A guard that a use case carries and no case names fails the test.

mod affiliates;
mod commissions;
mod events;
mod orders;
mod others;

use crate::stage::TestApp;
use app::App;
use domain::{Merchant, MerchantId};
use ports::{ChangeSet, Entity, Storage, Table, Version, Versioned};
use std::{collections::BTreeSet, pin::Pin, sync::Arc};
use testkit::{Guard, Mutant};

/// A stage on which one use case is overtaken by another.
pub(super) struct Race {
    /// The rival, and what everything looks like in the end.
    pub(super) stage: Arc<TestApp>,
    /// The use case under test, on a node of its own.
    pub(super) app: App,
    mutant: Arc<Mutant>,
}

/// Runs a race; true if its outcome is right.
pub(super) type Run = fn(&Race) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;

/// Cases as `guard => race`, each race an `async fn(&Race) -> bool`.
macro_rules! cases {
    ($($guard:expr => $race:path,)*) => {
        &[$(($guard, (|race| Box::pin($race(race))) as $crate::guards::Run)),*]
    };
}
pub(super) use cases;

impl Race {
    async fn without(guard: Option<Guard>) -> Self {
        let stage = Arc::new(TestApp::new().await);
        let (app, mutant) = stage.node(|storage| Mutant::of(storage, guard));
        Self { stage, app, mutant }
    }

    /// Before the use case under test commits for the first time, `rival` finishes. It is given the set that waits.
    pub(super) fn overtaken_by<F>(&self, rival: impl FnOnce(Arc<TestApp>, ChangeSet) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stage = Arc::clone(&self.stage);
        self.mutant.let_pass(Box::new(move |set| Box::pin(rival(stage, set))));
    }

    /// The rival begins to wipe the merchant: whatever was decided before must not land.
    pub(super) fn overtaken_by_a_reset(&self) {
        self.overtaken_by(async |stage, _| {
            let Versioned { row, version } = stage.storage.merchant(stage.who.merchant_id).await.unwrap().unwrap();
            let mut set = ChangeSet::new(row.id);
            set.rows.merchants.change(version, Merchant { resetting: true, ..row });
            stage.storage.commit(set).await.unwrap();
        });
    }
}

/// Takes a row away, as a wipe or an erasure does, and nothing else.
pub(super) async fn gone<T: Entity>(storage: &dyn Storage, merchant: MerchantId, row: &T) {
    let mut set = ChangeSet::new(merchant);
    let gone = (row.row_id(), Version::FIRST);
    match T::TABLE {
        Table::Affiliates => set.rows.affiliates.deleted.push(gone),
        table => panic!("no race takes a row of {table:?} away"),
    }
    storage.commit(set).await.unwrap();
}

/// Runs every race with and without its guard. All of them are races of one use case, and name every guard it carries.
pub(super) async fn each_decides(cases: &[(Guard, Run)]) {
    let mut carried = BTreeSet::new();
    for (guard, run) in cases {
        let whole = Race::without(None).await;
        assert!(run(&whole).await, "with every guard, the race for {guard:?} comes out wrong");
        assert!(whole.mutant.carried().contains(guard), "no set of the race for {guard:?} carries it");
        carried.append(&mut whole.mutant.carried());
        assert!(!run(&Race::without(Some(*guard)).await).await, "without {guard:?} nothing breaks");
    }
    let named: BTreeSet<Guard> = cases.iter().map(|(guard, _)| *guard).collect();
    assert_eq!(carried, named, "carried, and named by a race");
}
