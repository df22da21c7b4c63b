//! Writing what the winners write: a statement a table and kind of write, from arrays, and only for tables that have
//! any.

use super::{
    Step,
    statements::{arrays_as_table, claims_gone, matched},
};
use crate::{
    rows::{Batch, arrays, bound, list},
    sql::Sql,
};
use domain::{ApiKeyId, MerchantId};
use journal::{ClaimRow, CommitOutcome};
use ports::{ChangeSet, Claim, KeyUse, Rows, Version, Writes};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};
use tables::{Outboxed, Row, Value, VersionedRow};
use uuid::Uuid;

/// The statements that write what the winners write, frees last.
pub(super) fn steps<'a>(batch: &'a [Arc<ChangeSet>], outcomes: &[CommitOutcome]) -> Vec<Step<'a>> {
    let winners: Vec<&ChangeSet> = batch
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| **outcome == CommitOutcome::Committed)
        .map(|(set, _)| set.as_ref())
        .collect();
    let mut steps = Vec::new();
    macro_rules! each {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
            $(changes(&winners, |rows| &rows.$rows, &mut steps);)*
        };
    }
    ports::tables!(each);
    insert(side(&winners, |set| &set.rows.clicks), &mut steps);
    insert(side(&winners, |set| &set.announce), &mut steps);
    let outboxed = |set: &&'a ChangeSet| {
        let set: &'a ChangeSet = set;
        let merchant = set.merchant;
        let row = move |id| Outboxed(id).unversioned(merchant).into_iter().map(Value::into_owned).collect();
        set.announce.iter().map(move |announcement| row(announcement.id))
    };
    insert(Batch::of::<Outboxed>(winners.iter().flat_map(outboxed)), &mut steps);
    steps.extend(use_keys(&winners));
    let mut frees: Vec<ClaimRow<'a>> = winners.iter().flat_map(|set| freed(set)).collect();
    frees.sort();
    steps.extend(claims_gone(&frees, "claims freed"));
    steps
}

fn freed(set: &ChangeSet) -> impl Iterator<Item = ClaimRow<'_>> {
    set.frees.iter().map(|Claim { space, key, owner }| ClaimRow {
        merchant: if space.is_global() { Uuid::nil() } else { set.merchant.uuid() },
        space: *space,
        key,
        owner: *owner,
    })
}

/// What becomes of the rows of one table.
fn changes<'a, R: VersionedRow>(winners: &[&'a ChangeSet], of: fn(&Rows) -> &Writes<R>, steps: &mut Vec<Step<'a>>) {
    let sets = || winners.iter().map(|set| (set.merchant, of(&set.rows)));
    let new =
        sets().flat_map(|(merchant, writes)| writes.new.iter().map(move |row| row.values(merchant, Version::FIRST)));
    insert(Batch::of::<R>(new), steps);
    let changed = sets().flat_map(|(merchant, writes)| {
        writes.changed.iter().map(move |change| change.row.values(merchant, change.version.next()))
    });
    update(Batch::of::<R>(changed), steps);
    let deleted = sets().flat_map(|(merchant, writes)| {
        writes.deleted.iter().map(move |&(id, version)| (merchant.uuid(), id, version.number()))
    });
    delete::<R>(deleted.collect(), steps);
}

/// The rows of a table that is only inserted into.
fn side<'a, R: Row>(winners: &[&'a ChangeSet], of: fn(&ChangeSet) -> &Vec<R>) -> Batch<'a> {
    let rows = |set: &&'a ChangeSet| {
        let set: &'a ChangeSet = set;
        of(set).iter().map(move |row| row.unversioned(set.merchant))
    };
    Batch::of::<R>(winners.iter().flat_map(rows))
}

/// So many rows are written value by value: PostgreSQL has taken arrays apart for two or three times as long.
const FEW: usize = 2;

pub(super) fn insert<'a>(batch: Batch<'a>, steps: &mut Vec<Step<'a>>) {
    let Batch { table, columns, key: _, rows } = batch;
    if rows.is_empty() {
        return;
    }
    let (listed, count) = (columns.join(", "), rows.len());
    let into = format!("INSERT INTO {table} ({listed})");
    let sql = if count <= FEW {
        let row = format!("({})", list(columns, |_| "?".to_owned()));
        let sql = Sql::new(format!("{into} VALUES {}", vec![row; count].join(", ")));
        sql.bind_all(rows.into_iter().flatten().map(bound))
    } else {
        Sql::new(format!("{into} SELECT {listed} FROM {}", arrays_as_table(columns))).bind_all(arrays(rows))
    };
    steps.push(Step { rows: count, sql, what: format!("new {table}") });
}

/// Replaces rows that are locked and were seen in the version before.
fn update<'a>(batch: Batch<'a>, steps: &mut Vec<Step<'a>>) {
    let Batch { table, columns, key, rows } = batch;
    if rows.is_empty() {
        return;
    }
    let set: Vec<&str> = columns.iter().filter(|column| !key.contains(column)).copied().collect();
    let sql = Sql::new(format!(
        "UPDATE {table} t SET {} FROM {} WHERE {} AND t.version = n.version - 1",
        list(&set, |column| format!("{column} = n.{column}")),
        arrays_as_table(columns),
        matched(key),
    ));
    steps.push(Step { rows: rows.len(), sql: sql.bind_all(arrays(rows)), what: format!("changed {table}") });
}

/// Deletes rows that are locked and were seen in this version: merchants, ids and versions.
fn delete<'a, R: Row>(rows: Vec<(Uuid, Uuid, i64)>, steps: &mut Vec<Step<'a>>) {
    if rows.is_empty() {
        return;
    }
    let sql = Sql::new(format!(
        "DELETE FROM {} t USING {} WHERE {} AND t.version = n.version",
        R::NAME,
        arrays_as_table(&["merchant_id", "id", "version"]),
        matched(R::KEY),
    ));
    let (keys, versions): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|(merchant, id, version)| ((merchant, id), version)).unzip();
    let (merchants, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    steps.push(Step {
        rows: versions.len(),
        sql: sql.bind_each(merchants).bind_each(ids).bind_each(versions),
        what: format!("gone {}", R::NAME),
    });
}

/// Notes when keys were used; a later time that is already there stays, and still counts as touched. One statement cannot
/// touch a row twice, so of several uses of a key the latest goes into it.
fn use_keys<'a>(winners: &[&'a ChangeSet]) -> Option<Step<'a>> {
    let mut latest: BTreeMap<(MerchantId, ApiKeyId), &'a KeyUse> = BTreeMap::new();
    for (merchant, key_use) in winners.iter().flat_map(|set| set.rows.key_uses.iter().map(|one| (set.merchant, one))) {
        match latest.entry((merchant, key_use.key_id)) {
            Entry::Vacant(entry) => drop(entry.insert(key_use)),
            Entry::Occupied(mut entry) if entry.get().at < key_use.at => drop(entry.insert(key_use)),
            Entry::Occupied(_) => {}
        }
    }
    let rows = latest.into_iter().map(|((merchant, _), key_use)| key_use.unversioned(merchant));
    let Batch { table: _, columns, key: _, rows } = Batch::of::<KeyUse>(rows);
    if rows.is_empty() {
        return None;
    }
    let listed = columns.join(", ");
    let sql = Sql::new(format!(
        "INSERT INTO key_uses AS t ({listed}) SELECT {listed} FROM {} ORDER BY merchant_id, key_id \
         ON CONFLICT (merchant_id, key_id) DO UPDATE SET last_used_at = greatest(t.last_used_at, excluded.last_used_at)",
        arrays_as_table(columns),
    ));
    Some(Step { rows: rows.len(), sql: sql.bind_all(arrays(rows)), what: "used keys".to_owned() })
}
