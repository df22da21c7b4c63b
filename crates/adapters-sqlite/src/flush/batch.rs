//! One batch inside its transaction: look, judge, write.

use super::rows;
use crate::{
    error::Fault,
    rows::{ClaimedKey, keep_reply, stored_version, take_reply_back},
};
use diesel::{QueryResult, SqliteConnection};
use journal::{ClaimRow, Judge, LockRow, Verdict};
use ports::{ChangeSet, Table, Version};
use std::sync::Arc;
use uuid::Uuid;

/// Applies the winners of `batch`. The write lock is held from the beginning, so whatever is seen stays true until the
/// end, and what is taken here nobody else can take.
pub(super) fn apply(connection: &mut SqliteConnection, batch: &[Arc<ChangeSet>]) -> Result<Vec<Verdict>, Fault> {
    let mut judge = Judge::new(batch);
    look(connection, &mut judge)?;
    take(connection, &mut judge)?;
    release(connection, &judge)?;
    let verdicts = judge.decide();
    let winners = batch.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Won);
    for (set, _) in winners {
        rows::write(connection, set)?;
    }
    Ok(verdicts)
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

/// Takes every reply's place and every key that can be taken.
fn take(connection: &mut SqliteConnection, judge: &mut Judge<'_>) -> QueryResult<()> {
    for row in judge.replies() {
        if keep_reply(connection, row.merchant, row.reply)? {
            judge.took_reply(row.merchant.uuid(), &row.reply.route, row.reply.key.as_str());
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
    for row in judge.released_replies() {
        take_reply_back(connection, row.merchant, row.reply)?;
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
