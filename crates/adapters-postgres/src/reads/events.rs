//! Conversion events.

use super::{EventFactsRequest, Read, page, paged};
use crate::{
    PostgresStorage,
    batch_loader::Load,
    readers::Reader,
    rows::{Found, Mapped, select, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{AffiliateId, Commission, Event, EventId, EventSpace, MerchantId};
use ports::{EventFacts, EventFilter, EventLookup, EventReads, EventRecord, Page, PageRequest, Space};
use std::collections::HashMap;
use tokio::try_join;

#[async_trait]
impl EventReads for PostgresStorage {
    async fn event_facts(&self, merchant: MerchantId, lookups: Vec<EventLookup>) -> Read<Option<EventFacts>> {
        let request = EventFactsRequest { merchant, lookups };
        if request.lookups.len() == 1 {
            return Ok(self.event_facts.request(request).await??);
        }
        // Large enough alone, and those with one event need not wait for it.
        Ok(EventFactsRequest::load(&self.readers.reader()?, &[request]).await?.pop().transpose()?.flatten())
    }

    async fn event(&self, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>> {
        event(&self.readers.reader()?, merchant, id).await
    }

    async fn events(
        &self,
        merchant: MerchantId,
        filter: &EventFilter,
        request: &PageRequest,
    ) -> Read<Page<EventRecord>> {
        let EventFilter { affiliate_id, external_id, from, to } = filter;
        let mut sql = events(merchant)
            .and(" AND e.affiliate_id = ?", affiliate_id.map(AffiliateId::uuid))
            .and(" AND e.created_at >= ?", from.map(time))
            .and(" AND e.created_at < ?", to.map(time));
        if let Some(external_id) = external_id {
            let key = external_id.as_str();
            sql =
                sql.text(&format!(" AND e.id = ANY (ARRAY {})", owners_in_any_space())).bind(merchant.uuid()).bind(key);
        }
        let reader = self.readers.reader()?;
        let Page { rows, more } = page(reader.all(paged(sql, "e", request)).await?, request, Found::entity)?;
        let mut earned = earned_by(&reader, merchant, &rows).await?;
        let record = |event: Event| {
            let commissions = earned.remove(&event.id).unwrap_or_default();
            EventRecord { event, commissions }
        };
        Ok(Page { rows: rows.into_iter().map(record).collect(), more })
    }
}

/// The events of a merchant, so far all of them.
pub(super) fn events<'a>(merchant: MerchantId) -> Sql<'a, Found<Event>> {
    let columns = select::<Event>("e");
    Sql::new(format!("SELECT {columns} FROM events e WHERE e.merchant_id = ?")).bind(merchant.uuid())
}

/// One event with its rows; a refund's are those that it made or ended, and of the order it shares with its sale.
pub(super) async fn event(reader: &Reader, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>> {
    let commissions = Sql::<Found<Commission>>::new(format!(
        "SELECT {} FROM events e JOIN commissions c ON c.merchant_id = e.merchant_id AND c.order_id = e.order_id \
         AND (c.event_id = e.id OR c.refund_id = e.id) WHERE e.merchant_id = ? AND e.id = ? ORDER BY c.level, c.id",
        select::<Commission>("c"),
    ));
    let (event, commissions) = try_join!(
            biased;
        reader.first(events(merchant).text(" AND e.id = ?").bind(id.uuid())),
        reader.all(commissions.bind(merchant.uuid()).bind(id.uuid())),
    )?;
    let Some(event) = event else { return Ok(None) };
    let commissions = commissions.into_iter().map(Found::entity).collect::<Mapped<_>>()?;
    Ok(Some(EventRecord { event: event.entity()?, commissions }))
}

/// What these events earned, made or ended, each event's rows by level.
async fn earned_by(reader: &Reader, merchant: MerchantId, events: &[Event]) -> Read<HashMap<EventId, Vec<Commission>>> {
    let mut earned: HashMap<EventId, Vec<Commission>> = HashMap::new();
    if events.is_empty() {
        return Ok(earned);
    }
    let sql = Sql::<Found<Commission>>::new(format!(
        "SELECT {} FROM commissions c WHERE c.merchant_id = ? AND c.order_id = ANY (?) \
         AND (c.event_id = ANY (?) OR c.refund_id = ANY (?)) ORDER BY c.level, c.id",
        select::<Commission>("c"),
    ));
    let sql = sql
        .bind(merchant.uuid())
        .bind_each(events.iter().map(|event| event.order_id.as_str()))
        .bind_each(events.iter().map(|event| event.id.uuid()))
        .bind_each(events.iter().map(|event| event.id.uuid()));
    for row in reader.all(sql).await? {
        let commission = row.entity()?;
        if let Some(refund) = commission.refund_id {
            earned.entry(refund).or_default().push(commission.clone());
        }
        earned.entry(commission.event_id).or_default().push(commission);
    }
    Ok(earned)
}

/// A subquery for the events with an external id, of whatever kind; its values are the merchant and the key.
fn owners_in_any_space() -> String {
    let spaces = EventSpace::ALL.map(|space| Space::Event(space).number().to_string()).join(", ");
    format!("(SELECT k.owner FROM claims k WHERE k.merchant_id = ? AND k.space IN ({spaces}) AND k.key = ?)")
}
