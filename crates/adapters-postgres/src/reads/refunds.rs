//! Refunds.

use super::{
    Read,
    commissions::{BY_LEVEL, accounts, commissions, earners},
    events::{event, events},
    one::group,
    owner,
};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{Event, EventId, EventKind, EventSpace, Merchant, MerchantId, Order, OrderId, OrderReference};
use ports::{RefundFacts, RefundLookup, RefundReads, RefundedSale, Space};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl RefundReads for PostgresStorage {
    /// Three round trips: what is named; what it earned, and the order that it is too; the accounts of those who earned it,
    /// and the order's group.
    async fn refund_facts(&self, merchant: MerchantId, lookup: &RefundLookup) -> Read<Option<RefundFacts>> {
        let RefundLookup { external_id, sale } = lookup;
        let shop = Sql::<(Found<Merchant>, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::Event(EventSpace::Refund)),
        ));
        let shop = shop.bind(merchant.uuid()).bind(external_id.as_str()).bind(merchant.uuid());
        let sales = match sale {
            RefundedSale::Event(id) => events(merchant).text(" AND e.id = ?").bind(id.uuid()),
            RefundedSale::Order(order) => of_order(merchant, order),
        };
        let reader = self.readers.reader()?;
        let (shop, sales) = try_join!(biased; reader.first(shop), reader.all(sales))?;
        let Some((shop, earlier)) = shop else { return Ok(None) };
        let sales = sales.into_iter().map(Found::versioned).collect::<Mapped<Vec<_>>>()?;
        let rows = sales.first().map(|sale| {
            let of_order =
                commissions(merchant).text(" AND c.order_id = ?").bind(sale.row.order_id.as_str().to_owned());
            reader.all(of_order.text(" AND c.event_id = ?").bind(sale.row.id.uuid()).text(BY_LEVEL))
        });
        let rows = async {
            match rows {
                Some(rows) => rows.await,
                None => Ok(Vec::new()),
            }
        };
        let earlier = async {
            match earlier {
                Some(id) => event(&reader, merchant, EventId::from_uuid(id)).await,
                None => Ok(None),
            }
        };
        let order = async {
            match sales.first() {
                Some(sale) => reader.first(order_of(merchant, &sale.row)).await,
                None => Ok(None),
            }
        };
        let (rows, earlier, order) = try_join!(biased; rows, earlier, order)?;
        let rows = rows.into_iter().map(Found::versioned).collect::<Mapped<Vec<_>>>()?;
        let order = order.map(Found::versioned).transpose()?;
        let accounts = async {
            match rows.first() {
                Some(row) => reader.all(accounts(merchant, earners(&rows), row.row.amount.currency())).await,
                None => Ok(Vec::new()),
            }
        };
        let group = async {
            match &order {
                Some(order) => reader.first(group(merchant, Some(order.row.group_id))).await,
                None => Ok(None),
            }
        };
        let (accounts, group) = try_join!(biased; accounts, group)?;
        let group = group.map(Found::versioned).transpose()?;
        Ok(Some(RefundFacts {
            merchant: shop.versioned()?,
            earlier,
            sales,
            rows,
            accounts: accounts.into_iter().map(Found::versioned).collect::<Mapped<_>>()?,
            order: order.zip(group),
        }))
    }
}

/// The order that a sale is too: its reference, or else its own id, is the sale's order.
fn order_of<'a>(merchant: MerchantId, sale: &Event) -> Sql<'a, Found<Order>> {
    let (columns, by_reference) = (select::<Order>("o"), owner(Space::OrderReference));
    let reference = sale.order_id.as_str().to_owned();
    let own = reference.parse().ok().map(OrderId::uuid);
    Sql::new(format!(
        "SELECT {columns} FROM orders o WHERE o.merchant_id = ? AND o.id IN ({by_reference}, ?) AND o.event_id = ?"
    ))
    .bind(merchant.uuid())
    .bind(merchant.uuid())
    .bind(reference)
    .bind(own)
    .bind(sale.id.uuid())
}

/// The paying events of an order, two at the most: the one whose external id is the order, which has a claim, and those
/// that name an order of another name, which have an index.
fn of_order<'a>(merchant: MerchantId, order: &'a OrderReference) -> Sql<'a, Found<Event>> {
    let columns = select::<Event>("e");
    let by_claim = owner(Space::Event(EventSpace::Paying));
    let key = order.as_str();
    let unpaid = EventKind::UNPAID.map(|kind| format!("'{}'", kind.as_str())).join(", ");
    Sql::new(format!(
        "SELECT {columns} FROM events e WHERE e.merchant_id = ? AND e.order_id = ? AND e.id = {by_claim} UNION ALL \
         (SELECT {columns} FROM events e WHERE e.merchant_id = ? AND e.order_id = ? AND e.order_id <> e.external_id \
         AND e.kind NOT IN ({unpaid}) ORDER BY e.id LIMIT 2) LIMIT 2"
    ))
    .bind(merchant.uuid())
    .bind(key)
    .bind(merchant.uuid())
    .bind(key)
    .bind(merchant.uuid())
    .bind(key)
}
