//! One batch inside its transaction: look, judge, write.

use super::rows;
use crate::{
    error::SqliteError,
    rows::{ClaimedKey, keep_reply, stored_version, take_reply_back},
};
use diesel::{QueryResult, SqliteConnection};
use journal::{ClaimRow, CommitOutcome, Judge, LockRow};
use ports::{ChangeSet, Table, Version};
use std::sync::Arc;
use uuid::Uuid;

/// Applies the winners of `batch`. The write lock is held from the beginning, so whatever is seen stays true until the
/// end, and what is taken here nobody else can take.
pub(super) fn apply(
    connection: &mut SqliteConnection,
    batch: &[Arc<ChangeSet>],
) -> Result<Vec<CommitOutcome>, SqliteError> {
    let mut judge = Judge::new(batch);
    look(connection, &mut judge)?;
    take(connection, &mut judge)?;
    release(connection, &judge)?;
    let outcomes = judge.decide();
    let winners = batch.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == CommitOutcome::Committed);
    for (set, _) in winners {
        rows::write(connection, set)?;
    }
    Ok(outcomes)
}

/// Reads the versions that the sets expect something of.
fn look(connection: &mut SqliteConnection, judge: &mut Judge<'_>) -> QueryResult<()> {
    for (table, locked) in judge.rows_to_lock() {
        for LockRow { merchant, id, hold: _ } in locked {
            if let Some(version) = version_in(connection, table, merchant, id)? {
                judge.saw_version(table, merchant, id, version);
            }
        }
    }
    Ok(())
}

/// Takes every response's place and every key that can be taken.
fn take(connection: &mut SqliteConnection, judge: &mut Judge<'_>) -> QueryResult<()> {
    for row in judge.responses() {
        if keep_reply(connection, row.merchant, row.response)? {
            judge.took_response(row.merchant.uuid(), &row.response.route, row.response.key.as_str());
        }
    }
    for claim in judge.claims() {
        if claimed(claim).take(connection)? {
            judge.took_claim(claim);
        }
    }
    Ok(())
}

/// Gives back what losers had taken.
fn release(connection: &mut SqliteConnection, judge: &Judge<'_>) -> QueryResult<()> {
    for row in judge.released_responses() {
        take_reply_back(connection, row.merchant, row.response)?;
    }
    for claim in judge.released_claims() {
        claimed(claim).give_back(connection)?;
    }
    Ok(())
}

fn claimed(claim: ClaimRow<'_>) -> ClaimedKey<'_> {
    let ClaimRow { merchant, space, key, owner } = claim;
    ClaimedKey { merchant, space, key, owner }
}

fn version_in(connection: &mut SqliteConnection, table: Table, scope: Uuid, id: Uuid) -> QueryResult<Option<Version>> {
    macro_rules! versions {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
            match table { $(Table::$table => stored_version::<$entity>(connection, scope, id)),* }
        };
    }
    ports::tables!(versions)
}
