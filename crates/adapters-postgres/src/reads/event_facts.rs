//! What recording events needs to know, for any number of events of any merchants at once.

use super::{
    Read,
    event_statements::{
        BindingFound, ClickFound, CouponFound, Key, MOST_CLICKS, MerchantFound, Numbered, bindings, coupons,
        earliest_clicks, earned, events, latest_clicks, line, merchants, named,
    },
    program::{rules_of, tiers_of},
};
use crate::{
    batch_loader::Load,
    readers::Reader,
    rows::{Found, Mapped, instant, time},
    sql::{Sql, Typed},
};
use diesel::{data_types::PgTimestamp, deserialize::FromSqlRow, pg::Pg};
use domain::{
    Affiliate, AffiliateId, Binding, ClickId, Commission, CommissionRule, Event, Merchant, MerchantId, Settings, Tier,
};
use ports::{EventFacts, EventFound, EventLookup, EventRecord, SessionClick};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::try_join;
use uuid::Uuid;

/// What one use case asks.
#[derive(Debug)]
pub(crate) struct EventFactsRequest {
    /// The merchant.
    pub(crate) merchant: MerchantId,
    /// What its events name.
    pub(crate) lookups: Vec<EventLookup>,
}

/// Everything that was read, before it is shared out.
#[derive(Default)]
struct LoadedRows {
    merchants: HashMap<Uuid, Found<Merchant>>,
    affiliates: BTreeMap<Key, Found<Affiliate>>,
    events: HashMap<Key, Found<Event>>,
    commissions: HashMap<Key, Vec<Found<Commission>>>,
    /// By merchant.
    tiers: HashMap<Uuid, Vec<Found<Tier>>>,
    /// By merchant.
    rules: HashMap<Uuid, Vec<Found<CommissionRule>>>,
    /// By number.
    found: Vec<Leads>,
}

/// What one event's names lead to.
#[derive(Default, Clone)]
struct Leads {
    earlier: Option<Uuid>,
    coupon_owner: Option<Uuid>,
    /// By the place of the key that leads there: the first counts.
    bindings: BTreeMap<i32, Found<Binding>>,
    /// When, and whose.
    clicks: BTreeMap<Uuid, (PgTimestamp, Uuid)>,
}

impl Load for EventFactsRequest {
    /// A damaged row is the misfortune of those alone that need it.
    type Answer = Mapped<Option<EventFacts>>;

    /// One round trip of one to five statements. A second one where sessions have many clicks, events are there already
    /// or merchants have tiers or rules, a third one where affiliates have parents.
    async fn load(reader: &Reader, asks: &[Self]) -> Read<Vec<Self::Answer>> {
        let each = asks.iter().flat_map(|request| request.lookups.iter().map(|lookup| (request.merchant, lookup)));
        let events: Vec<Numbered<'_>> =
            (0..).zip(each).map(|(number, (merchant, lookup))| Numbered { number, merchant, lookup }).collect();
        let mut loaded = LoadedRows { found: vec![Leads::default(); events.len()], ..LoadedRows::default() };
        loaded.first_round(reader, asks.iter().map(|request| request.merchant.uuid()).collect(), &events).await?;
        loaded.second_round(reader, &events).await?;
        loaded.parents(reader).await?;
        let mut found = std::mem::take(&mut loaded.found).into_iter();
        Ok(asks
            .iter()
            .map(|request| loaded.facts(request, found.by_ref().take(request.lookups.len()).collect()))
            .collect())
    }
}

/// Reads if there is a statement; else nothing, at once.
async fn maybe<U>(reader: &Reader, sql: Option<Sql<'_, U>>) -> Read<Vec<U>>
where
    U: Typed + FromSqlRow<U::Sql, Pg> + Send + 'static,
{
    match sql {
        Some(sql) => reader.all(sql).await,
        None => Ok(Vec::new()),
    }
}

impl LoadedRows {
    /// Merchants and claims before what depends on them.
    async fn first_round(&mut self, reader: &Reader, shops: Vec<Uuid>, events: &[Numbered<'_>]) -> Read<()> {
        let (merchants, coupons, bindings, named, clicks) = try_join!(
            biased;
            reader.all(merchants(shops, events)),
            maybe(reader, coupons(events)),
            maybe(reader, bindings(events)),
            maybe(reader, named(events)),
            maybe(reader, latest_clicks(events)),
        )?;
        for row in merchants {
            self.add_merchant(row);
        }
        for row in coupons {
            self.add_coupon(row);
        }
        bindings.into_iter().for_each(|row| self.add_binding(row));
        named.into_iter().for_each(|row| self.add_affiliate(row));
        clicks.into_iter().for_each(|row| self.add_click(row));
        Ok(())
    }

    async fn second_round(&mut self, reader: &Reader, asked: &[Numbered<'_>]) -> Read<()> {
        let earlier: BTreeSet<Key> = asked
            .iter()
            .zip(&self.found)
            .filter_map(|(event, found)| Some((event.merchant.uuid(), found.earlier?)))
            .collect();
        let keys = |some: &BTreeSet<Key>| (!some.is_empty()).then(|| some.iter().copied().collect::<Vec<_>>());
        // Fewer than that many clicks are all there are.
        let full = asked.iter().zip(&self.found).filter(|(_, found)| found.clicks.len() == MOST_CLICKS);
        let mut oldest = Vec::new();
        let mut sessions = Vec::new();
        for (event, _) in full {
            let (Some(merchant), Some(session)) = (self.merchants.get(&event.merchant.uuid()), &event.lookup.session)
            else {
                continue;
            };
            let merchant = merchant.clone().entity()?;
            sessions.push((event.number, event.merchant, session));
            oldest.push(time(merchant.clock.at(event.lookup.now).minus(merchant.settings.window())));
        }
        let (rows, commissions, tiers, rules, older) = try_join!(
            biased;
            maybe(reader, keys(&earlier).map(events)),
            maybe(reader, keys(&earlier).map(earned)),
            maybe(reader, self.merchants_with(|row| row.tier_count).map(tiers_of)),
            maybe(reader, self.merchants_with(|row| row.rule_count).map(rules_of)),
            maybe(reader, earliest_clicks(sessions, oldest)),
        )?;
        self.events.extend(rows.into_iter().map(|row| ((row.merchant, row.id), row)));
        for (event, row) in commissions {
            self.commissions.entry((row.merchant, event)).or_default().push(row);
        }
        for row in tiers {
            self.tiers.entry(row.merchant).or_default().push(row);
        }
        for row in rules {
            self.rules.entry(row.merchant).or_default().push(row);
        }
        older.into_iter().for_each(|row| self.add_click(row));
        Ok(())
    }

    /// The merchants that have any of what `count` counts; `None` if none has.
    fn merchants_with(&self, count: impl Fn(&Merchant) -> u16) -> Option<Vec<Uuid>> {
        let has_any = |row: &&Found<Merchant>| row.sound().is_some_and(|merchant| count(merchant) > 0);
        let some: Vec<Uuid> = self.merchants.values().filter(has_any).map(|row| row.id).collect();
        (!some.is_empty()).then_some(some)
    }

    /// The parents of the affiliates read so far. Most have none: then nothing more is read.
    async fn parents(&mut self, reader: &Reader) -> Read<()> {
        let parents: BTreeSet<Key> =
            self.affiliates.values().filter_map(|row| Some((row.merchant, parent_of(row)?))).collect();
        if !parents.is_empty() {
            let rows = reader.all(line(parents.into_iter().collect())).await?;
            rows.into_iter().for_each(|row| self.add_affiliate(row));
        }
        Ok(())
    }

    fn found(&mut self, number: i32) -> Option<&mut Leads> {
        self.found.get_mut(usize::try_from(number).ok()?)
    }

    fn add_merchant(&mut self, (row, numbers, owners): MerchantFound) {
        self.merchants.insert(row.id, row);
        for (number, owner) in numbers.into_iter().flatten().zip(owners.into_iter().flatten()) {
            if let Some(found) = self.found(number) {
                found.earlier = Some(owner);
            }
        }
    }

    fn add_coupon(&mut self, (number, owner, row): CouponFound) {
        if let Some(found) = self.found(number) {
            found.coupon_owner = Some(owner);
        }
        row.0.into_iter().for_each(|row| self.add_affiliate(row));
    }

    fn add_binding(&mut self, (number, place, binding, row): BindingFound) {
        if let Some(found) = self.found(number) {
            found.bindings.insert(place, binding);
        }
        row.0.into_iter().for_each(|row| self.add_affiliate(row));
    }

    fn add_click(&mut self, (number, id, at, owner, row): ClickFound) {
        if let Some(found) = self.found(number) {
            found.clicks.insert(id, (at, owner));
        }
        row.0.into_iter().for_each(|row| self.add_affiliate(row));
    }

    fn add_affiliate(&mut self, row: Found<Affiliate>) {
        self.affiliates.entry((row.merchant, row.id)).or_insert(row);
    }

    fn facts(&self, request: &EventFactsRequest, found: Vec<Leads>) -> Mapped<Option<EventFacts>> {
        let merchant = request.merchant.uuid();
        let Some(row) = self.merchants.get(&merchant) else { return Ok(None) };
        let named = request.lookups.iter().filter_map(|lookup| lookup.affiliate_id.map(AffiliateId::uuid));
        let led_to =
            found.iter().flat_map(|one| one.coupon_owner.into_iter().chain(one.clicks.values().map(|(_, of)| *of)));
        let bound = found
            .iter()
            .flat_map(|one| one.bindings.values().filter_map(|binding| Some(binding.sound()?.affiliate_id.uuid())));
        Ok(Some(EventFacts {
            merchant: row.clone().versioned()?,
            affiliates: self.with_parents(merchant, named.chain(led_to).chain(bound))?,
            tiers: entities(self.tiers.get(&merchant))?,
            rules: entities(self.rules.get(&merchant))?,
            found: found.into_iter().map(|one| self.event_found(merchant, one)).collect::<Mapped<_>>()?,
        }))
    }

    fn event_found(&self, merchant: Uuid, found: Leads) -> Mapped<EventFound> {
        let Leads { earlier, coupon_owner, bindings, clicks } = found;
        let earlier = earlier.and_then(|id| self.events.get(&(merchant, id)));
        Ok(EventFound {
            earlier: earlier.map(|row| self.record(row)).transpose()?,
            coupon_owner: coupon_owner.map(AffiliateId::from_uuid),
            binding: bindings.into_values().next().map(Found::versioned).transpose()?,
            clicks: clicks.into_iter().map(session_click).collect::<Mapped<_>>()?,
        })
    }

    fn record(&self, row: &Found<Event>) -> Mapped<EventRecord> {
        let commissions = self.commissions.get(&(row.merchant, row.id)).into_iter().flatten();
        let commissions = commissions.cloned().map(Found::entity).collect::<Mapped<_>>()?;
        Ok(EventRecord { event: row.clone().entity()?, commissions })
    }

    /// Those of these affiliates that exist, and as many levels of their parents as can earn; each once.
    fn with_parents(&self, merchant: Uuid, named: impl Iterator<Item = Uuid>) -> Mapped<Vec<Affiliate>> {
        let mut wanted: BTreeMap<Uuid, &Found<Affiliate>> = BTreeMap::new();
        for id in named.collect::<BTreeSet<_>>() {
            let row = |id: Uuid| self.affiliates.get(&(merchant, id));
            let line = std::iter::successors(row(id), |child| parent_of(child).and_then(row));
            wanted.extend(line.take(1 + Settings::MOST_LEVELS).map(|row| (row.id, row)));
        }
        wanted.into_values().map(|row| row.clone().entity()).collect()
    }
}

fn parent_of(affiliate: &Found<Affiliate>) -> Option<Uuid> {
    affiliate.sound()?.parent_id.map(AffiliateId::uuid)
}

fn entities<R: Clone>(rows: Option<&Vec<Found<R>>>) -> Mapped<Vec<R>> {
    rows.into_iter().flatten().cloned().map(Found::entity).collect()
}

fn session_click((id, (at, affiliate_id)): (Uuid, (PgTimestamp, Uuid))) -> Mapped<SessionClick> {
    Ok(SessionClick {
        id: ClickId::from_uuid(id),
        at: instant(at)?,
        affiliate_id: AffiliateId::from_uuid(affiliate_id),
    })
}
