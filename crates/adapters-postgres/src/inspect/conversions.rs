//! Orders that are conversions too against their events, as the domain compares them.

use crate::{
    error::read_error,
    rows::{Found, Mapped, select},
    sql::{Sql, execute, load},
};
use diesel_async::AsyncPgConnection;
use domain::{Event, EventId, Group, MerchantId, Order, audit_order};
use ports::{Difference, ReadError};
use std::collections::HashMap;
use uuid::Uuid;

/// How many orders are looked at together.
const CHUNK: usize = 500;

/// A row with its merchant.
type Key = (Uuid, Uuid);

/// Orders, and what they name.
struct Chunk {
    orders: Vec<(Uuid, Order)>,
    events: HashMap<Key, Event>,
    groups: HashMap<Key, Group>,
}

/// At most `most` differences, order after order in the order of their ids; a chunk of them is in memory.
pub(super) async fn differences(conn: &AsyncPgConnection, most: usize) -> Result<Vec<Difference>, ReadError> {
    let mut found = Vec::new();
    let mut after: Option<Key> = None;
    while found.len() < most {
        let Chunk { orders, events, groups } = chunk(conn, after).await?;
        after = orders.last().map(|(merchant, order)| (*merchant, order.id.uuid()));
        let is_last = orders.len() < CHUNK;
        for (merchant, order) in orders {
            let event = order.event_id.and_then(|id| events.get(&(merchant, id.uuid())));
            let group = groups.get(&(merchant, order.group_id.uuid()));
            found.extend(audit_order(&order, group, event).map(|why| Difference {
                rule: "order_conversion",
                merchant: Some(MerchantId::from_uuid(merchant)),
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

/// The orders that are conversions after `after` and what they name, of one moment: a refund in between would look like a
/// difference.
async fn chunk(conn: &AsyncPgConnection, after: Option<Key>) -> Result<Chunk, ReadError> {
    execute(conn, Sql::new("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await.map_err(read_error)?;
    let (merchant, id) = after.unwrap_or_default();
    let orders = Sql::<Found<Order>>::new(format!(
        "SELECT {} FROM orders o WHERE o.event_id IS NOT NULL AND (o.merchant_id, o.id) > (?, ?) \
         ORDER BY o.merchant_id, o.id LIMIT {CHUNK}",
        select::<Order>("o"),
    ));
    let orders = load(conn, orders.bind(merchant).bind(id)).await.map_err(read_error)?;
    let orders = orders.into_iter().map(|row| Ok((row.merchant, row.entity()?))).collect::<Mapped<Vec<_>>>()?;
    let events = Sql::<Found<Event>>::new(format!(
        "SELECT {} FROM unnest(?, ?) AS n (merchant_id, id) JOIN events e \
         ON e.merchant_id = n.merchant_id AND e.id = n.id",
        select::<Event>("e"),
    ));
    let events = events
        .bind_each(orders.iter().filter(|(_, order)| order.event_id.is_some()).map(|(merchant, _)| *merchant))
        .bind_each(orders.iter().filter_map(|(_, order)| order.event_id.map(EventId::uuid)));
    let events = load(conn, events).await.map_err(read_error)?;
    let groups = Sql::<Found<Group>>::new(format!(
        "SELECT DISTINCT {} FROM unnest(?, ?) AS n (merchant_id, id) JOIN referral_groups g \
         ON g.merchant_id = n.merchant_id AND g.id = n.id",
        select::<Group>("g"),
    ));
    let groups = groups
        .bind_each(orders.iter().map(|(merchant, _)| *merchant))
        .bind_each(orders.iter().map(|(_, order)| order.group_id.uuid()));
    let groups = load(conn, groups).await.map_err(read_error)?;
    execute(conn, Sql::new("COMMIT")).await.map_err(read_error)?;
    let events = events.into_iter().map(|row| Ok(((row.merchant, row.id), row.entity()?))).collect::<Mapped<_>>()?;
    let groups = groups.into_iter().map(|row| Ok(((row.merchant, row.id), row.entity()?))).collect::<Mapped<_>>()?;
    Ok(Chunk { orders, events, groups })
}
