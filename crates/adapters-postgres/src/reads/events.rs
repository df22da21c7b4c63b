//! Conversion events.

use super::{Read, affiliates::affiliate, owner, page, paged};
use crate::{
    PostgresStorage,
    readers::Reader,
    rows::{AffiliateRow, CommissionRow, EventRow, Mapped, MerchantRow, Readable, Stored, instant, time},
    sql::Sql,
};
use async_trait::async_trait;
use diesel::data_types::PgTimestamp;
use domain::{
    Affiliate, AffiliateId, ClickId, Commission, CouponCode, Event, EventId, EventSpace, MerchantId, SessionId,
};
use ports::{
    EventFacts, EventFilter, EventLookup, EventReads, EventRecord, Page, PageAsk, ReadError, SessionClick, Space,
};
use std::collections::{BTreeMap, HashMap};
use tokio::try_join;
use uuid::Uuid;

/// How many levels of parents an event may need.
const LEVELS: usize = 5;

#[async_trait]
impl EventReads for PostgresStorage {
    /// One round trip of two to four statements; a second one for parents, or for the event that is there already.
    async fn event_facts(&self, merchant: MerchantId, lookup: &EventLookup) -> Read<Option<EventFacts>> {
        let EventLookup { space, external_id, session, coupon, affiliate_id, now } = lookup;
        let facts = Sql::<(MerchantRow, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            MerchantRow::select("m"),
            owner(Space::Event(*space)),
        ));
        let facts = facts.bind(merchant.uuid()).bind(external_id.as_str()).bind(merchant.uuid());
        let reader = self.readers.reader()?;
        let (facts, by_coupon, named, clicked) = try_join!(
            biased;
            reader.first(facts),
            maybe(coupon.as_ref(), |code| reader.all(coupon_holder(merchant, code))),
            maybe(*affiliate_id, |id| reader.all(affiliate(merchant, id))),
            maybe(session.as_ref(), |session| reader.all(clicks(merchant, session, time(*now)))),
        )?;
        let Some((merchant_row, earlier)) = facts else { return Ok(None) };
        let coupon_owner = by_coupon.first().map(|row| AffiliateId::from_uuid(row.id));
        let (clicks, clicked): (Vec<_>, Vec<_>) =
            clicked.into_iter().map(|(id, at, affiliate)| ((id, at, affiliate.id), affiliate)).unzip();
        let rows = named.into_iter().chain(by_coupon).chain(clicked);
        let (earlier, parents) = try_join!(
            biased;
            maybe(earlier, |id| event(&reader, merchant, EventId::from_uuid(id))),
            with_parents(&reader, merchant, rows),
        )?;
        Ok(Some(EventFacts {
            merchant: merchant_row.entity()?,
            earlier,
            coupon_owner,
            clicks: clicks.into_iter().map(session_click).collect::<Mapped<_>>()?,
            affiliates: parents,
        }))
    }

    async fn event(&self, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>> {
        event(&self.readers.reader()?, merchant, id).await
    }

    async fn events(&self, merchant: MerchantId, filter: &EventFilter, ask: &PageAsk) -> Read<Page<EventRecord>> {
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
        let Page { rows, more } = page(reader.all(paged(sql, "e", ask)).await?, ask, Readable::entity)?;
        let mut earned = earned_by(&reader, merchant, &rows).await?;
        let record = |event: Event| {
            let commissions = earned.remove(&event.id).unwrap_or_default();
            EventRecord { event, commissions }
        };
        Ok(Page { rows: rows.into_iter().map(record).collect(), more })
    }
}

/// Reads only if there is something to read it for; else nothing, at once.
async fn maybe<A, T, F>(what: Option<A>, read: impl FnOnce(A) -> F) -> Read<T>
where
    T: Default,
    F: Future<Output = Read<T>>,
{
    match what {
        Some(what) => read(what).await,
        None => Ok(T::default()),
    }
}

/// The events of a merchant, so far all of them.
fn events<'a>(merchant: MerchantId) -> Sql<'a, EventRow> {
    let columns = EventRow::select("e");
    Sql::new(format!("SELECT {columns} FROM events e WHERE e.merchant_id = ?")).bind(merchant.uuid())
}

async fn event(reader: &Reader, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>> {
    let commissions = Sql::<CommissionRow>::new(format!(
        "SELECT {} FROM events e JOIN commissions c ON c.merchant_id = e.merchant_id AND c.order_id = e.order_id \
         AND c.event_id = e.id WHERE e.merchant_id = ? AND e.id = ? ORDER BY c.level, c.id",
        CommissionRow::select("c"),
    ));
    let (event, commissions) = try_join!(
            biased;
        reader.first(events(merchant).text(" AND e.id = ?").bind(id.uuid())),
        reader.all(commissions.bind(merchant.uuid()).bind(id.uuid())),
    )?;
    let Some(event) = event else { return Ok(None) };
    let commissions = commissions.into_iter().map(Readable::entity).collect::<Mapped<_>>()?;
    Ok(Some(EventRecord { event: event.entity()?, commissions }))
}

/// What these events earned, each event's rows by level.
async fn earned_by(reader: &Reader, merchant: MerchantId, events: &[Event]) -> Read<HashMap<EventId, Vec<Commission>>> {
    let mut earned: HashMap<EventId, Vec<Commission>> = HashMap::new();
    if events.is_empty() {
        return Ok(earned);
    }
    let sql = Sql::<CommissionRow>::new(format!(
        "SELECT {} FROM commissions c WHERE c.merchant_id = ? AND c.order_id = ANY (?) AND c.event_id = ANY (?) \
         ORDER BY c.level, c.id",
        CommissionRow::select("c"),
    ));
    let sql = sql
        .bind(merchant.uuid())
        .bind_each(events.iter().map(|event| event.order_id.as_str()))
        .bind_each(events.iter().map(|event| event.id.uuid()));
    for row in reader.all(sql).await? {
        let commission = row.entity()?;
        earned.entry(commission.event_id).or_default().push(commission);
    }
    Ok(earned)
}

/// A subquery for the events with an external id, of whatever kind; its values are the merchant and the key.
fn owners_in_any_space() -> String {
    let spaces = [EventSpace::Paying, EventSpace::Signup, EventSpace::Lead, EventSpace::TrialStarted];
    let spaces = spaces.map(|space| Space::Event(space).number().to_string()).join(", ");
    format!("(SELECT k.owner FROM claims k WHERE k.merchant_id = ? AND k.space IN ({spaces}) AND k.key = ?)")
}

/// The affiliate that a coupon belongs to.
fn coupon_holder<'a>(merchant: MerchantId, code: &'a CouponCode) -> Sql<'a, AffiliateRow> {
    Sql::new(format!(
        "SELECT {} FROM coupons c JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id \
         WHERE c.merchant_id = ? AND c.id = {}",
        AffiliateRow::select("a"),
        owner(Space::CouponCode),
    ))
    .bind(merchant.uuid())
    .bind(merchant.uuid())
    .bind(code.as_str())
}

type ClickFound = (Uuid, PgTimestamp, AffiliateRow);

/// The clicks of a session, the 25 latest and the 25 earliest inside the merchant's window, each with its affiliate.
fn clicks<'a>(merchant: MerchantId, session: &'a SessionId, now: PgTimestamp) -> Sql<'a, ClickFound> {
    let some = "SELECT c.id, c.created_at, c.affiliate_id FROM clicks c WHERE c.merchant_id = ? AND c.session = ?";
    Sql::new(format!(
        "SELECT c.id, c.created_at, {} FROM (\
         ({some} ORDER BY c.created_at DESC, c.id DESC LIMIT 25) UNION \
         ({some} AND c.created_at >= (SELECT ?::timestamptz + m.clock_offset_micros * interval '1 microsecond' \
         - m.cookie_window_days * interval '24 hours' FROM merchants m WHERE m.id = ?) \
         ORDER BY c.created_at, c.id LIMIT 25)) c \
         JOIN affiliates a ON a.merchant_id = ? AND a.id = c.affiliate_id",
        AffiliateRow::select("a"),
    ))
    .bind(merchant.uuid())
    .bind(session.as_str())
    .bind(merchant.uuid())
    .bind(session.as_str())
    .bind(now)
    .bind(merchant.uuid())
    .bind(merchant.uuid())
}

fn session_click((id, at, affiliate_id): (Uuid, PgTimestamp, Uuid)) -> Mapped<SessionClick> {
    Ok(SessionClick {
        id: ClickId::from_uuid(id),
        at: instant(at)?,
        affiliate_id: AffiliateId::from_uuid(affiliate_id),
    })
}

/// These affiliates and their parents, each once. Most have none: then nothing more is read.
async fn with_parents(
    reader: &Reader,
    merchant: MerchantId,
    rows: impl Iterator<Item = AffiliateRow>,
) -> Read<Vec<Affiliate>> {
    let mut known: BTreeMap<Uuid, AffiliateRow> = rows.map(|row| (row.id, row)).collect();
    let children: Vec<Uuid> = known.values().filter(|row| row.parent_id.is_some()).map(|row| row.id).collect();
    if !children.is_empty() {
        let parents = reader.all(ancestors(merchant, children)).await?;
        known.extend(parents.into_iter().map(|row| (row.id, row)));
    }
    known.into_values().map(|row| row.entity().map_err(ReadError::from)).collect()
}

/// The parents of these affiliates, and theirs, five levels up.
fn ancestors<'a>(merchant: MerchantId, children: Vec<Uuid>) -> Sql<'a, AffiliateRow> {
    Sql::new(format!(
        "WITH RECURSIVE line (id, level) AS (\
         SELECT a.parent_id, 1 FROM affiliates a WHERE a.merchant_id = ? AND a.id = ANY (?) UNION \
         SELECT p.parent_id, line.level + 1 FROM line \
         JOIN affiliates p ON p.merchant_id = ? AND p.id = line.id WHERE line.level < {LEVELS}) \
         SELECT {} FROM affiliates a WHERE a.merchant_id = ? \
         AND a.id = ANY (ARRAY (SELECT line.id FROM line WHERE line.id IS NOT NULL))",
        AffiliateRow::select("a"),
    ))
    .bind(merchant.uuid())
    .bind_each(children)
    .bind(merchant.uuid())
    .bind(merchant.uuid())
}
