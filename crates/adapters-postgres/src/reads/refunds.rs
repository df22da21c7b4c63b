//! Refunds.

use super::{
    Read,
    commissions::{BY_LEVEL, accounts, commissions, earners},
    events::{event, events},
    owner,
};
use crate::{
    PostgresStorage,
    rows::{EventRow, Mapped, MerchantRow, Readable, Stored},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{EventId, EventSpace, MerchantId, OrderReference};
use ports::{RefundFacts, RefundLookup, RefundReads, RefundedSale, Space};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl RefundReads for PostgresStorage {
    /// Three round trips: what is named, what it earned, and the accounts of those who earned it.
    async fn refund_facts(&self, merchant: MerchantId, lookup: &RefundLookup) -> Read<Option<RefundFacts>> {
        let RefundLookup { external_id, sale } = lookup;
        let shop = Sql::<(MerchantRow, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            MerchantRow::select("m"),
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
        let sales = sales.into_iter().map(Readable::versioned).collect::<Mapped<Vec<_>>>()?;
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
        let (rows, earlier) = try_join!(biased; rows, earlier)?;
        let accounts = match rows.first() {
            Some(row) => reader.all(accounts(merchant, earners(&rows), row.currency.clone())).await?,
            None => Vec::new(),
        };
        Ok(Some(RefundFacts {
            merchant: shop.versioned()?,
            earlier,
            sales,
            rows: rows.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
            accounts: accounts.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
        }))
    }
}

/// The paying events of an order, two at the most: the one whose external id is the order, which has a claim, and those
/// that name an order of another name, which have an index.
fn of_order<'a>(merchant: MerchantId, order: &'a OrderReference) -> Sql<'a, EventRow> {
    let columns = EventRow::select("e");
    let by_claim = owner(Space::Event(EventSpace::Paying));
    let key = order.as_str();
    Sql::new(format!(
        "SELECT {columns} FROM events e WHERE e.merchant_id = ? AND e.order_id = ? AND e.id = {by_claim} UNION ALL \
         (SELECT {columns} FROM events e WHERE e.merchant_id = ? AND e.order_id = ? AND e.order_id <> e.external_id \
         AND e.kind NOT IN ('refund', 'signup', 'lead', 'trial_started') ORDER BY e.id LIMIT 2) LIMIT 2"
    ))
    .bind(merchant.uuid())
    .bind(key)
    .bind(merchant.uuid())
    .bind(key)
    .bind(merchant.uuid())
    .bind(key)
}
