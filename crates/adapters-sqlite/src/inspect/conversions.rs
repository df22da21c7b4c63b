//! Orders that are conversions too against their events, as the domain compares them.

use crate::{
    error::SqliteError,
    rows::{find, whole},
    schema::orders,
    values::Uid,
};
use diesel::prelude::*;
use domain::{Event, EventId, Group, MerchantId, Order, audit_order};
use ports::{Difference, Versioned};
use uuid::Uuid;

/// How many orders are in memory at a time.
const CHUNK: usize = 500;

/// At most `most` differences, order after order in the order of their ids.
pub(super) fn differences(connection: &mut SqliteConnection, most: usize) -> Result<Vec<Difference>, SqliteError> {
    let mut found = Vec::new();
    let mut after = (Uuid::nil(), Uuid::nil());
    while found.len() < most {
        let orders = chunk(connection, after)?;
        let is_last = orders.len() < CHUNK;
        for (merchant, row) in orders {
            let merchant: MerchantId = merchant.id();
            let order = row.row;
            after = (merchant.uuid(), order.id.uuid());
            let event = order.event_id.map_or_else(Uuid::nil, EventId::uuid);
            let event = find::<Event>(connection, merchant.uuid(), event)?.map(|event| event.row);
            let group = find::<Group>(connection, merchant.uuid(), order.group_id.uuid())?.map(|group| group.row);
            found.extend(audit_order(&order, group.as_ref(), event.as_ref()).map(|why| Difference {
                rule: "order_conversion",
                merchant: Some(merchant),
                found: format!("{} {why}", order.id),
            }));
        }
        if is_last {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// The orders that are conversions after one of them.
fn chunk(connection: &mut SqliteConnection, (merchant, id): (Uuid, Uuid)) -> QueryResult<Vec<(Uid, Versioned<Order>)>> {
    let later = orders::merchant_id.eq(Uid(merchant)).and(orders::id.gt(Uid(id)));
    orders::table
        .filter(orders::event_id.is_not_null())
        .filter(orders::merchant_id.ge(Uid(merchant)))
        .filter(orders::merchant_id.gt(Uid(merchant)).or(later))
        .order((orders::merchant_id, orders::id))
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select((orders::merchant_id, whole::<Order>()))
        .load(connection)
}
