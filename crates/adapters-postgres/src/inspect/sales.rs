//! What sales earned against what they should have earned, as the domain calculates it.

use crate::{
    error::read_error,
    rows::{Found, Mapped, select},
    sql::{Sql, execute, load},
};
use diesel_async::AsyncPgConnection;
use domain::{Commission, Event, EventId, Flaw, MerchantId, audit};
use ports::{Difference, ReadError};
use std::collections::HashMap;
use uuid::Uuid;

/// How many sales are looked at together.
const CHUNK: usize = 500;

/// A sale with its merchant.
type Key = (Uuid, Uuid);

/// At most `most` differences, sale after sale in the order of their ids; a chunk of them is in memory.
pub(super) async fn differences(conn: &AsyncPgConnection, most: usize) -> Result<Vec<Difference>, ReadError> {
    let mut found = Vec::new();
    let mut after: Option<Key> = None;
    while found.len() < most {
        let (sales, mut rows) = chunk(conn, after).await?;
        after = sales.last().map(|(merchant, sale)| (*merchant, sale.id.uuid()));
        let is_last = sales.len() < CHUNK;
        for (merchant, sale) in sales {
            let rows = rows.remove(&(merchant, sale.id.uuid())).unwrap_or_default();
            let merchant = MerchantId::from_uuid(merchant);
            let flaws = audit(&sale, &rows);
            found.extend(flaws.into_iter().map(|Flaw { id, found }| Difference {
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

/// The sales after `after` and what they earned, of one moment: a refund in between would look like a difference.
async fn chunk(
    conn: &AsyncPgConnection,
    after: Option<Key>,
) -> Result<(Vec<(Uuid, Event)>, HashMap<Key, Vec<Commission>>), ReadError> {
    execute(conn, Sql::new("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await.map_err(read_error)?;
    let (merchant, id) = after.unwrap_or_default();
    let sales = Sql::<Found<Event>>::new(format!(
        "SELECT {} FROM events e WHERE e.refunds IS NULL AND (e.merchant_id, e.id) > (?, ?) \
         ORDER BY e.merchant_id, e.id LIMIT {CHUNK}",
        select::<Event>("e"),
    ));
    let sales = load(conn, sales.bind(merchant).bind(id)).await.map_err(read_error)?;
    let sales = sales.into_iter().map(|row| Ok((row.merchant, row.entity()?))).collect::<Mapped<Vec<_>>>()?;
    let rows = Sql::<Found<Commission>>::new(format!(
        "SELECT {} FROM unnest(?, ?, ?) AS n (merchant_id, order_id, id) JOIN commissions c \
         ON c.merchant_id = n.merchant_id AND c.order_id = n.order_id AND c.event_id = n.id",
        select::<Commission>("c"),
    ));
    let rows = rows
        .bind_each(sales.iter().map(|(merchant, _)| *merchant))
        .bind_each(sales.iter().map(|(_, sale)| sale.order_id.as_str().to_owned()))
        .bind_each(sales.iter().map(|(_, sale)| sale.id.uuid()));
    let rows = load(conn, rows).await.map_err(read_error)?;
    execute(conn, Sql::new("COMMIT")).await.map_err(read_error)?;
    let mut by_sale: HashMap<Key, Vec<Commission>> = HashMap::new();
    for row in rows {
        let merchant = row.merchant;
        let row = row.entity()?;
        by_sale.entry((merchant, EventId::uuid(row.event_id))).or_default().push(row);
    }
    Ok((sales, by_sale))
}
