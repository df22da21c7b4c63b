//! Batches that need no transaction of several statements.

use super::{
    Step,
    statements::split,
    take::kept_rows,
    write::{insert, steps},
};
use crate::sql::Sql;
use journal::{CommitOutcome, Judge};
use ports::ChangeSet;
use std::sync::Arc;

/// A statement that writes the whole batch or, if any key of it is taken, fails and writes nothing. `None` if the batch
/// needs to look before it writes.
///
/// Every part is a plain insert: it writes all of its rows or fails, so there is nothing to count.
pub(super) fn statement(batch: &[Arc<ChangeSet>]) -> Option<Sql<'_>> {
    if !batch.iter().all(|set| only_inserts(set)) {
        return None;
    }
    let judge = Judge::new(batch);
    let mut all: Vec<Step<'_>> = Vec::new();
    insert(kept_rows(&judge.responses()), &mut all);
    let (own, global) = split(&judge.claims());
    insert(own, &mut all);
    insert(global, &mut all);
    all.extend(steps(batch, &vec![CommitOutcome::Committed; batch.len()]));
    // PostgreSQL runs the parts from the last to the first. So keys are taken in the order in which every transaction
    // takes them, and before anything else is written.
    (!all.is_empty()).then(|| Sql::all_of(all.into_iter().rev().map(|step| step.sql)))
}

fn only_inserts(set: &ChangeSet) -> bool {
    let ChangeSet { merchant: _, urgent: _, unchanged, claims: _, frees, rows, announce: _, response: _ } = set;
    unchanged.is_empty() && frees.is_empty() && rows.expected().next().is_none()
}
