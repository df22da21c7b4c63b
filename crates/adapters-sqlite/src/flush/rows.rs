//! Writing the rows of one winner.

use crate::{
    error::SqliteError,
    rows::{ClaimedKey, delete, insert, keep_latest_use, update},
};
use diesel::SqliteConnection;
use domain::{Click, MerchantId};
use ports::{Announcement, ChangeSet, Claim, Rows, Version, Versioned, Writes};
use tables::{Outboxed, Row, VersionedRow};

/// Writes everything of a set but its claims and its response, which stand already. Rows go in one by one, each with a
/// statement that stays prepared: inside one transaction on a local file that is the fast way.
pub(super) fn write(connection: &mut SqliteConnection, set: &ChangeSet) -> Result<(), SqliteError> {
    let ChangeSet { merchant, urgent: _, unchanged: _, claims: _, frees, rows, announce, response: _ } = set;
    let merchant = *merchant;
    write_rows(connection, merchant, rows)?;
    for announcement in announce {
        one(Announcement::NAME, insert::<Announcement>(connection, announcement.unversioned(merchant))?)?;
        let outboxed = Outboxed(announcement.id);
        one(Outboxed::NAME, insert::<Outboxed>(connection, outboxed.unversioned(merchant))?)?;
    }
    for Claim { space, key, owner } in frees {
        let key = ClaimedKey { merchant: merchant.uuid(), space: *space, key, owner: *owner };
        one("claims", key.give_back(connection)?)?;
    }
    Ok(())
}

fn write_rows(connection: &mut SqliteConnection, merchant: MerchantId, rows: &Rows) -> Result<(), SqliteError> {
    macro_rules! written {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {{
            let Rows { $($rows,)* clicks, key_uses } = rows;
            $(write_table(connection, merchant, $rows)?;)*
            (clicks, key_uses)
        }};
    }
    let (clicks, key_uses) = ports::tables!(written);
    for click in clicks {
        one(Click::NAME, insert::<Click>(connection, click.unversioned(merchant))?)?;
    }
    for key_use in key_uses {
        // An earlier use than the one that stands touches no row.
        keep_latest_use(connection, key_use.unversioned(merchant))?;
    }
    Ok(())
}

fn write_table<R: VersionedRow>(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    writes: &Writes<R>,
) -> Result<(), SqliteError> {
    let Writes { new, changed, deleted } = writes;
    for row in new {
        one(R::NAME, insert::<R>(connection, row.values(merchant, Version::FIRST))?)?;
    }
    for Versioned { row, version } in changed {
        one(R::NAME, update::<R>(connection, row.values(merchant, version.next()))?)?;
    }
    for (id, _) in deleted {
        one(R::NAME, delete::<R>(connection, merchant.uuid(), *id)?)?;
    }
    Ok(())
}

/// Every statement of a winner touches exactly one row: its versions were seen under the lock.
fn one(table: &'static str, rows: usize) -> Result<(), SqliteError> {
    if rows == 1 { Ok(()) } else { Err(SqliteError::Count { table, rows }) }
}
