//! Conversion events.

use super::{
    clicks,
    commissions::of_event,
    coupons::coupon_affiliate,
    one::{affiliate, merchant},
    page::{empty, page, paged},
    program::{all_rules, all_tiers},
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
use domain::{Affiliate, AffiliateId, Binding, Event, EventId, EventSpace, ExternalId, Merchant, MerchantId, Settings};
use ports::{
    EventFacts, EventFilter, EventFound, EventLookup, EventReads, EventRecord, Page, PageRequest, ReadError, Space,
    Versioned,
};
use std::collections::HashSet;
use uuid::Uuid;

/// An event with what it earned.
fn record(connection: &mut SqliteConnection, merchant: MerchantId, event: Event) -> Result<EventRecord, SqliteError> {
    let commissions = of_event(connection, merchant, &event)?;
    Ok(EventRecord { event, commissions })
}

pub(super) fn event(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: Uuid,
) -> Result<Option<EventRecord>, SqliteError> {
    match find::<Event>(connection, merchant.uuid(), id)? {
        Some(found) => record(connection, merchant, found.row).map(Some),
        None => Ok(None),
    }
}

fn facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    lookups: &[EventLookup],
) -> Result<Option<EventFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let found = lookups.iter().map(|lookup| found(connection, &merchant.row, lookup)).collect::<Result<Vec<_>, _>>()?;
    let clicks = found.iter().flat_map(|found| &found.clicks);
    let named = lookups.iter().filter_map(|lookup| lookup.affiliate_id);
    let named = named.chain(found.iter().filter_map(|found| found.coupon_owner));
    let bound = found.iter().filter_map(|found| found.binding.as_ref());
    let named = named.chain(bound.map(|binding| binding.row.affiliate_id));
    let named = named.chain(clicks.map(|click| click.affiliate_id)).collect();
    let affiliates = with_parents(connection, id, named)?;
    let tiers = if merchant.row.tier_count > 0 { all_tiers(connection, id)? } else { Vec::new() };
    let tiers = tiers.into_iter().map(|tier| tier.row).collect();
    let rules = if merchant.row.rule_count > 0 { all_rules(connection, id)? } else { Vec::new() };
    Ok(Some(EventFacts { merchant, affiliates, tiers, rules, found }))
}

fn found(
    connection: &mut SqliteConnection,
    merchant: &Merchant,
    lookup: &EventLookup,
) -> Result<EventFound, SqliteError> {
    let EventLookup { space, external_id, session, coupon, affiliate_id: _, customer, now } = lookup;
    let earlier = match owner_of(connection, merchant.id, Space::Event(*space), external_id.as_str())? {
        Some(owner) => event(connection, merchant.id, owner)?,
        None => None,
    };
    let coupon_owner = match coupon {
        Some(code) => coupon_affiliate(connection, merchant.id, code)?,
        None => None,
    };
    let oldest = merchant.clock.at(*now).minus(merchant.settings.window());
    let clicks = match session {
        Some(session) => clicks::of_session(connection, merchant.id, session, oldest)?,
        None => Vec::new(),
    };
    let binding = bound(connection, merchant.id, customer)?;
    Ok(EventFound { earlier, coupon_owner, binding, clicks })
}

/// The binding that the first taken key belongs to.
fn bound(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    keys: &[String],
) -> Result<Option<Versioned<Binding>>, SqliteError> {
    for key in keys {
        if let Some(owner) = owner_of(connection, merchant, Space::Binding, key)? {
            return find::<Binding>(connection, merchant.uuid(), owner);
        }
    }
    Ok(None)
}

/// The affiliates named, those that exist, and as many levels of their parents as can earn; each once.
fn with_parents(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    named: Vec<AffiliateId>,
) -> Result<Vec<Affiliate>, SqliteError> {
    let mut found: Vec<Affiliate> = Vec::new();
    let mut seen: HashSet<AffiliateId> = HashSet::new();
    let mut level = named;
    for _ in 0..=Settings::MOST_LEVELS {
        let mut parents = Vec::new();
        for id in level {
            if !seen.insert(id) {
                continue;
            }
            if let Some(affiliate) = affiliate(connection, merchant, id)? {
                parents.extend(affiliate.row.parent_id);
                found.push(affiliate.row);
            }
        }
        level = parents;
    }
    Ok(found)
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &EventFilter,
    request: &PageRequest,
) -> Result<Page<EventRecord>, SqliteError> {
    let EventFilter { affiliate_id, external_id, from, to } = filter;
    let of_merchant = events::table.filter(events::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(whole::<Event>()).into_boxed();
    if let Some(affiliate) = affiliate_id {
        query = query.filter(events::affiliate_id.eq(Uid::from(*affiliate)));
    }
    if let Some(external_id) = external_id {
        let owners = owners_of(connection, merchant, external_id)?;
        if owners.is_empty() {
            return Ok(empty());
        }
        query = query.filter(events::id.eq_any(owners));
    }
    if let Some(from) = from {
        query = query.filter(events::created_at.ge(from.micros()));
    }
    if let Some(to) = to {
        query = query.filter(events::created_at.lt(to.micros()));
    }
    let Page { rows, more } = page(paged!(query, events, request).load(connection)?, request);
    let rows: Result<_, _> = rows.into_iter().map(|row| record(connection, merchant, row)).collect();
    Ok(Page { rows: rows?, more })
}

/// The events with an external id: at most one in each space.
fn owners_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    external_id: &ExternalId,
) -> QueryResult<Vec<Uid>> {
    let mut owners = Vec::new();
    for space in EventSpace::ALL {
        owners.extend(owner_of(connection, merchant, Space::Event(space), external_id.as_str())?.map(Uid));
    }
    Ok(owners)
}

#[async_trait]
impl EventReads for SqliteStorage {
    async fn event_facts(
        &self,
        merchant: MerchantId,
        lookups: Vec<EventLookup>,
    ) -> Result<Option<EventFacts>, ReadError> {
        self.readers.read(move |connection| facts(connection, merchant, &lookups)).await
    }

    async fn event(&self, merchant: MerchantId, id: EventId) -> Result<Option<EventRecord>, ReadError> {
        self.readers.read(move |connection| event(connection, merchant, id.uuid())).await
    }

    async fn events(
        &self,
        merchant: MerchantId,
        filter: &EventFilter,
        request: &PageRequest,
    ) -> Result<Page<EventRecord>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list(connection, merchant, &filter, &request)).await
    }
}
