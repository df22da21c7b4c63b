//! Conversion events.

use super::{
    Read,
    affiliates::affiliate,
    maybe, owner, page, paged,
    program::{rules, tiers},
};
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
    Settings,
};
use ports::{
    EventFacts, EventFilter, EventLookup, EventReads, EventRecord, Page, PageAsk, ReadError, SessionClick, Space,
};
use std::collections::{BTreeMap, HashMap};
use tokio::try_join;
use uuid::Uuid;

/// How many levels of parents an event may need.
const LEVELS: usize = Settings::MOST_LEVELS;
/// How many of a session's clicks are read from either end.
const MOST_CLICKS: usize = 25;

#[async_trait]
impl EventReads for PostgresStorage {
    /// One round trip of one to four statements. A second one where affiliates have parents, the session has many
    /// clicks, the merchant has tiers or rules, or the event is there already.
    async fn event_facts(&self, merchant: MerchantId, lookup: &EventLookup) -> Read<Option<EventFacts>> {
        let EventLookup { space, external_id, session, coupon, affiliate_id, now } = lookup;
        let facts = Sql::<(MerchantRow, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            MerchantRow::select("m"),
            owner(Space::Event(*space)),
        ));
        let facts = facts.bind(merchant.uuid()).bind(external_id.as_str()).bind(merchant.uuid());
        let reader = self.readers.reader()?;
        let (facts, holder, named, mut clicks) = try_join!(
            biased;
            reader.first(facts),
            maybe(coupon.as_ref(), |code| reader.first(coupon_holder(merchant, code))),
            maybe(*affiliate_id, |id| reader.first(affiliate(merchant, id))),
            maybe(session.as_ref(), |session| reader.all(latest_clicks(merchant, session))),
        )?;
        let Some((merchant_row, earlier)) = facts else { return Ok(None) };
        let shop = merchant_row.versioned()?;
        // Fewer than that many are all there are.
        let older = session.as_ref().filter(|_| clicks.len() == MOST_CLICKS);
        let oldest = time(shop.row.clock.at(*now).minus(shop.row.settings.window()));
        let (has_tiers, has_rules) = (shop.row.tier_count > 0, shop.row.rule_count > 0);
        let (earlier, older, tiers, rules) = try_join!(
            biased;
            maybe(earlier, |id| event(&reader, merchant, EventId::from_uuid(id))),
            maybe(older, |session| reader.all(earliest_clicks(merchant, session, oldest))),
            maybe(has_tiers.then_some(()), |()| reader.all(tiers(merchant))),
            maybe(has_rules.then_some(()), |()| reader.all(rules(merchant))),
        )?;
        clicks.extend(older);
        let coupon_owner = holder.as_ref().map(|(id, _)| AffiliateId::from_uuid(*id));
        let (clicks, clicked): (BTreeMap<_, _>, Vec<_>) =
            clicks.into_iter().map(|(id, at, of, affiliate)| ((id, (at, of)), affiliate)).unzip();
        let rows = named.into_iter().chain(holder.and_then(|(_, row)| row)).chain(clicked.into_iter().flatten());
        Ok(Some(EventFacts {
            merchant: shop,
            earlier,
            coupon_owner,
            clicks: clicks.into_iter().map(session_click).collect::<Mapped<_>>()?,
            affiliates: with_parents(&reader, merchant, rows).await?,
            tiers: tiers.into_iter().map(Readable::entity).collect::<Mapped<_>>()?,
            rules: rules.into_iter().map(Readable::entity).collect::<Mapped<_>>()?,
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
    let spaces = EventSpace::ALL.map(|space| Space::Event(space).number().to_string()).join(", ");
    format!("(SELECT k.owner FROM claims k WHERE k.merchant_id = ? AND k.space IN ({spaces}) AND k.key = ?)")
}

/// Whose a coupon is, and that affiliate.
fn coupon_holder<'a>(merchant: MerchantId, code: &'a CouponCode) -> Sql<'a, (Uuid, Option<AffiliateRow>)> {
    Sql::new(format!(
        "SELECT c.affiliate_id, {} FROM coupons c \
         LEFT JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id \
         WHERE c.merchant_id = ? AND c.id = {}",
        AffiliateRow::select("a"),
        owner(Space::CouponCode),
    ))
    .bind(merchant.uuid())
    .bind(merchant.uuid())
    .bind(code.as_str())
}

/// A click: its id, when, whose, and that affiliate.
type ClickFound = (Uuid, PgTimestamp, Uuid, Option<AffiliateRow>);

/// The clicks of a session, so far all of them.
fn clicks<'a>(merchant: MerchantId, session: &'a SessionId) -> Sql<'a, ClickFound> {
    Sql::new(format!(
        "SELECT c.id, c.created_at, c.affiliate_id, {} FROM clicks c \
         LEFT JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id \
         WHERE c.merchant_id = ? AND c.session = ?",
        AffiliateRow::select("a"),
    ))
    .bind(merchant.uuid())
    .bind(session.as_str())
}

fn latest_clicks<'a>(merchant: MerchantId, session: &'a SessionId) -> Sql<'a, ClickFound> {
    clicks(merchant, session).text(&format!(" ORDER BY c.created_at DESC, c.id DESC LIMIT {MOST_CLICKS}"))
}

/// The earliest clicks since `oldest`.
fn earliest_clicks<'a>(merchant: MerchantId, session: &'a SessionId, oldest: PgTimestamp) -> Sql<'a, ClickFound> {
    clicks(merchant, session)
        .text(" AND c.created_at >= ?")
        .bind(oldest)
        .text(&format!(" ORDER BY c.created_at, c.id LIMIT {MOST_CLICKS}"))
}

fn session_click((id, (at, affiliate_id)): (Uuid, (PgTimestamp, Uuid))) -> Mapped<SessionClick> {
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
