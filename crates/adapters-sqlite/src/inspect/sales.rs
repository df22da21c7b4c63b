//! What sales earned against what they should have earned, as the domain calculates it.

use crate::{error::SqliteError, reads, rows::whole, schema::events, values::Uid};
use diesel::prelude::*;
use domain::{Commission, Event, Flaw, MerchantId, audit};
use ports::{Difference, Versioned};
use uuid::Uuid;

/// How many sales are in memory at a time.
const CHUNK: usize = 500;

/// At most `most` differences, sale after sale in the order of their ids.
pub(super) fn differences(connection: &mut SqliteConnection, most: usize) -> Result<Vec<Difference>, SqliteError> {
    let mut found = Vec::new();
    let mut after = (Uuid::nil(), Uuid::nil());
    while found.len() < most {
        let sales = chunk(connection, after)?;
        let is_last = sales.len() < CHUNK;
        for (merchant, sale) in sales {
            let (merchant, sale): (MerchantId, Event) = (merchant.id(), sale.row);
            after = (merchant.uuid(), sale.id.uuid());
            let sale_commissions = reads::sale_commissions(connection, merchant, &sale.order_id, sale.id)?;
            let rows: Vec<Commission> = sale_commissions.into_iter().map(|row| row.row).collect();
            found.extend(audit(&sale, &rows).into_iter().map(|Flaw { id, found }| Difference {
                rule: "sale_rows",
                merchant: Some(merchant),
                found: format!("{id} {found}"),
            }));
        }
        if is_last {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// The sales after one of them.
fn chunk(connection: &mut SqliteConnection, (merchant, id): (Uuid, Uuid)) -> QueryResult<Vec<(Uid, Versioned<Event>)>> {
    let later = events::merchant_id.eq(Uid(merchant)).and(events::id.gt(Uid(id)));
    events::table
        .filter(events::refunds.is_null())
        .filter(events::merchant_id.ge(Uid(merchant)))
        .filter(events::merchant_id.gt(Uid(merchant)).or(later))
        .order((events::merchant_id, events::id))
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select((events::merchant_id, whole::<Event>()))
        .load(connection)
}
