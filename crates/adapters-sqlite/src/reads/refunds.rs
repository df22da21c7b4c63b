//! Refunds.

use super::{
    commissions::{accounts_of, sale_commissions},
    events::event,
    one::{group, merchant, order},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{find, owner_of, whole},
    schema::events,
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{Event, EventSpace, MerchantId, OrderId, OrderReference};
use ports::{OrderInGroup, ReadError, RefundFacts, RefundLookup, RefundReads, RefundedSale, Space, Versioned};

fn facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    lookup: &RefundLookup,
) -> Result<Option<RefundFacts>, SqliteError> {
    let RefundLookup { external_id, sale } = lookup;
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let earlier = match owner_of(connection, id, Space::Event(EventSpace::Refund), external_id.as_str())? {
        Some(owner) => event(connection, id, owner)?,
        None => None,
    };
    let sales: Vec<Versioned<Event>> = match sale {
        RefundedSale::Event(event) => find::<Event>(connection, id.uuid(), event.uuid())?.into_iter().collect(),
        RefundedSale::Order(order) => of_order(connection, id, order)?,
    };
    let rows = match sales.first() {
        Some(sale) => sale_commissions(connection, id, &sale.row.order_id, sale.row.id)?,
        None => Vec::new(),
    };
    let accounts = accounts_of(connection, id, &rows)?;
    let order = match sales.first() {
        Some(sale) => order_of(connection, id, &sale.row)?,
        None => None,
    };
    Ok(Some(RefundFacts { merchant, earlier, sales, rows, accounts, order }))
}

/// The order that a sale is too, with its group: one whose reference, or else whose own id, is the sale's order.
fn order_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    sale: &Event,
) -> Result<Option<OrderInGroup>, SqliteError> {
    let by_reference = owner_of(connection, merchant, Space::OrderReference, sale.order_id.as_str())?;
    let by_reference = by_reference.map(OrderId::from_uuid);
    for id in by_reference.into_iter().chain(sale.order_id.as_str().parse().ok()) {
        let found = order(connection, merchant, id)?.filter(|order| order.row.event_id == Some(sale.id));
        let Some(found) = found else { continue };
        return Ok(group(connection, merchant, found.row.group_id)?.map(|group| (found, group)));
    }
    Ok(None)
}

/// The paying events of an order, two at the most: the one whose external id is the order, which has a claim, and those
/// that name an order of another name, which have an index.
fn of_order(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    order: &OrderReference,
) -> Result<Vec<Versioned<Event>>, SqliteError> {
    let owner = owner_of(connection, merchant, Space::Event(EventSpace::Paying), order.as_str())?;
    let own = match owner {
        Some(id) => find::<Event>(connection, merchant.uuid(), id)?.filter(|event| event.row.order_id == *order),
        None => None,
    };
    let elsewhere = events::merchant_id
        .eq(Uid::from(merchant))
        .and(events::order_id.eq(order.as_str()))
        .and(events::order_id.ne(events::external_id));
    let rows: Vec<Versioned<Event>> = events::table
        .filter(elsewhere.and(events::kind.ne_all(["refund", "signup", "lead", "trial_started"])))
        .order(events::id)
        .limit(2)
        .select(whole::<Event>())
        .load(connection)?;
    Ok(own.into_iter().chain(rows).take(2).collect())
}

#[async_trait]
impl RefundReads for SqliteStorage {
    async fn refund_facts(
        &self,
        merchant: MerchantId,
        lookup: &RefundLookup,
    ) -> Result<Option<RefundFacts>, ReadError> {
        let lookup = lookup.clone();
        self.readers.read(move |connection| facts(connection, merchant, &lookup)).await
    }
}
