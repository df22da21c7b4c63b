//! Tiers and commission rules, and who is due for a higher tier.

use super::{
    affiliates::record,
    one::{affiliate, merchant, tier},
    page::{page, paged},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{find, owner_of, whole},
    schema::{accounts, affiliates, commission_rules, events, merchants, tiers},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    dsl::{exists, sql},
    prelude::*,
    sql_types::{BigInt, Bool},
};
use domain::{
    AffiliateId, CommissionRule, Currency, MerchantId, Money, RuleId, RuleLevel, RuleScope, Tier, TierId, TierName,
    Totals,
};
use ports::{
    NewTierFacts, Page, PageRequest, ProgramReads, PromotionCandidate, PromotionFacts, ReadError, RuleFacts,
    RuleFilter, RuleNames, Space, TierChangeFacts, TierFilter, Versioned, Window,
};
use std::collections::BTreeSet;
use tables::Reading;
use uuid::Uuid;

/// All tiers of a merchant.
pub(super) fn all_tiers(
    connection: &mut SqliteConnection,
    id: MerchantId,
) -> Result<Vec<Versioned<Tier>>, SqliteError> {
    let of_merchant = tiers::table.filter(tiers::merchant_id.eq(Uid::from(id)));
    Ok(of_merchant.select(whole::<Tier>()).load(connection)?)
}

/// All rules of a merchant.
pub(super) fn all_rules(connection: &mut SqliteConnection, id: MerchantId) -> Result<Vec<CommissionRule>, SqliteError> {
    let of_merchant = commission_rules::table.filter(commission_rules::merchant_id.eq(Uid::from(id)));
    let rows: Vec<Versioned<CommissionRule>> = of_merchant.select(whole::<CommissionRule>()).load(connection)?;
    Ok(rows.into_iter().map(|found| found.row).collect())
}

fn name_owner(connection: &mut SqliteConnection, merchant: MerchantId, name: &TierName) -> QueryResult<Option<Uuid>> {
    owner_of(connection, merchant, Space::TierName, &name.folded())
}

/// Whether an affiliate has a tier or a rule names it.
fn in_use(connection: &mut SqliteConnection, merchant: MerchantId, id: TierId) -> QueryResult<bool> {
    let had = affiliates::table
        .filter(affiliates::merchant_id.eq(Uid::from(merchant)))
        .filter(affiliates::tier_id.eq(Uid::from(id)));
    if diesel::select(exists(had)).get_result(connection)? {
        return Ok(true);
    }
    let named = commission_rules::table
        .filter(commission_rules::merchant_id.eq(Uid::from(merchant)))
        .filter(commission_rules::scope.eq(RuleLevel::Tier.as_str()))
        .filter(commission_rules::scope_ref.eq(id.to_string()));
    diesel::select(exists(named)).get_result(connection)
}

fn tier_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: TierId,
    name: Option<&TierName>,
) -> Result<Option<TierChangeFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(tier) = tier(connection, id, of)? else { return Ok(None) };
    let name_owner = name.map(|name| name_owner(connection, id, name)).transpose()?.flatten();
    let in_use = in_use(connection, id, of)?;
    Ok(Some(TierChangeFacts { merchant, tier, name_owner, in_use }))
}

fn tier_page(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &TierFilter,
    request: &PageRequest,
) -> Result<Page<Tier>, SqliteError> {
    let TierFilter { metric } = filter;
    let of_merchant = tiers::table.filter(tiers::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(whole::<Tier>()).into_boxed();
    if let Some(metric) = metric {
        query = query.filter(tiers::metric.eq(metric.as_str()));
    }
    Ok(page(paged!(query, tiers, request).load(connection)?, request))
}

fn rule_page(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &RuleFilter,
    request: &PageRequest,
) -> Result<Page<CommissionRule>, SqliteError> {
    let RuleFilter { scope, scope_ref, affiliate_id, tier_id } = filter;
    let of_merchant = commission_rules::table.filter(commission_rules::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(whole::<CommissionRule>()).into_boxed();
    if let Some(scope) = scope {
        query = query.filter(commission_rules::scope.eq(scope.as_str()));
    }
    if let Some(word) = scope_ref {
        query = query.filter(commission_rules::scope_ref.eq(word.as_str()));
    }
    for named in [affiliate_id.map(RuleScope::Affiliate), tier_id.map(RuleScope::Tier)].into_iter().flatten() {
        query = query
            .filter(commission_rules::scope.eq(named.level().as_str()))
            .filter(commission_rules::scope_ref.eq(named.reference()));
    }
    Ok(page(paged!(query, commission_rules, request).load(connection)?, request))
}

fn rule_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    rule: Option<RuleId>,
    names: RuleNames,
) -> Result<Option<RuleFacts>, SqliteError> {
    let RuleNames { affiliate_id, tier_id } = names;
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    Ok(Some(RuleFacts {
        merchant,
        rule: rule.map(|rule| find::<CommissionRule>(connection, id.uuid(), rule.uuid())).transpose()?.flatten(),
        affiliate: affiliate_id.map(|named| affiliate(connection, id, named)).transpose()?.flatten(),
        tier: tier_id.map(|named| tier(connection, id, named)).transpose()?.flatten(),
    }))
}

fn candidates(
    connection: &mut SqliteConnection,
    window: Window,
    after: Option<PromotionCandidate>,
    limit: usize,
) -> QueryResult<Vec<PromotionCandidate>> {
    let mut found = Vec::new();
    for shop in with_tiers(connection, after)? {
        let credited = credited(connection, shop, window)?.into_iter().map(|affiliate| (shop.id(), affiliate));
        found.extend(credited.filter(|candidate| after.is_none_or(|after| *candidate > after)));
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// The merchants that have tiers, from that of `after` on.
fn with_tiers(connection: &mut SqliteConnection, after: Option<PromotionCandidate>) -> QueryResult<Vec<Uid>> {
    let first = after.map_or_else(Uuid::nil, |(merchant, _)| merchant.uuid());
    merchants::table
        .filter(sql::<Bool>("tier_count > 0").and(merchants::id.ge(Uid(first))))
        .order(merchants::id)
        .select(merchants::id)
        .load(connection)
}

fn aspirants(
    connection: &mut SqliteConnection,
    after: Option<PromotionCandidate>,
    limit: usize,
) -> QueryResult<Vec<PromotionCandidate>> {
    let mut found = Vec::new();
    for shop in with_tiers(connection, after)? {
        let beyond = after.filter(|(merchant, _)| *merchant == shop.id()).map_or_else(Uuid::nil, |(_, id)| id.uuid());
        let room = i64::try_from(limit.saturating_sub(found.len())).unwrap_or(i64::MAX);
        let ids: Vec<Uid> = affiliates::table
            .filter(affiliates::merchant_id.eq(shop).and(affiliates::id.gt(Uid(beyond))))
            .order(affiliates::id)
            .select(affiliates::id)
            .limit(room)
            .load(connection)?;
        found.extend(ids.into_iter().map(|id| (shop.id(), id.id())));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Who is credited with the events of a window. Asked for by their ids alone, so that nothing else is read.
fn credited(connection: &mut SqliteConnection, merchant: Uid, window: Window) -> QueryResult<BTreeSet<AffiliateId>> {
    let (least, end) = window.ids();
    let rows: Vec<Option<Uid>> = events::table
        .filter(events::merchant_id.eq(merchant))
        .filter(events::id.ge(Uid(least)).and(events::id.lt(Uid(end))))
        .select(events::affiliate_id)
        .load(connection)?;
    Ok(rows.into_iter().flatten().map(Uid::id).collect())
}

/// What an affiliate has reached in a currency.
fn totals(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    affiliate: AffiliateId,
    currency: Currency,
) -> Result<Totals, SqliteError> {
    let key = (Uid::from(merchant), Uid::from(affiliate));
    let sales = || {
        events::table
            .filter(events::merchant_id.eq(key.0).and(events::affiliate_id.eq(key.1)))
            .filter(events::amount_minor.is_not_null())
            .filter(events::kind.ne_all(["signup", "lead", "trial_started", "refund"]))
    };
    let revenue: i64 = sales()
        .filter(events::currency.eq(currency.code()))
        .select(sql::<BigInt>("ifnull(sum(amount_minor - refunded_minor), 0)"))
        .get_result(connection)?;
    let orders: i64 = sales()
        .filter(sql::<Bool>("(refunded_minor = 0 OR refunded_minor < amount_minor)"))
        .count()
        .get_result(connection)?;
    let paid: Option<i64> = accounts::table
        .filter(accounts::merchant_id.eq(key.0).and(accounts::affiliate_id.eq(key.1)))
        .filter(accounts::currency.eq(currency.code()))
        .select(accounts::paid_minor)
        .get_result(connection)
        .optional()?;
    let orders =
        Reading::of("events", affiliate.uuid()).made("count", orders.try_into().map_err(|_| "must be a count"))?;
    let money = |minor| Money::from_minor(minor, currency);
    Ok(Totals { revenue: money(revenue), orders, paid: money(paid.unwrap_or_default()) })
}

fn promotion_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: AffiliateId,
) -> Result<Option<PromotionFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(Versioned { row, version }) = affiliate(connection, id, of)? else { return Ok(None) };
    let currency = merchant.row.settings.currency;
    let record = record(connection, id, currency, row)?;
    let tiers = all_tiers(connection, id)?;
    let totals = totals(connection, id, of, currency)?;
    Ok(Some(PromotionFacts { merchant, record, version, tiers, totals }))
}

#[async_trait]
impl ProgramReads for SqliteStorage {
    async fn tier(&self, merchant: MerchantId, id: TierId) -> Result<Option<Tier>, ReadError> {
        self.readers.read(move |connection| Ok(tier(connection, merchant, id)?.map(|tier| tier.row))).await
    }

    async fn tiers(
        &self,
        merchant: MerchantId,
        filter: &TierFilter,
        request: &PageRequest,
    ) -> Result<Page<Tier>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| tier_page(connection, merchant, &filter, &request)).await
    }

    async fn new_tier_facts(&self, id: MerchantId, name: &TierName) -> Result<Option<NewTierFacts>, ReadError> {
        let name = name.clone();
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let name_owner = name_owner(connection, id, &name)?;
            Ok(Some(NewTierFacts { merchant, name_owner }))
        };
        self.readers.read(work).await
    }

    async fn tier_change_facts(
        &self,
        merchant: MerchantId,
        id: TierId,
        name: Option<&TierName>,
    ) -> Result<Option<TierChangeFacts>, ReadError> {
        let name = name.cloned();
        self.readers.read(move |connection| tier_facts(connection, merchant, id, name.as_ref())).await
    }

    async fn rule(&self, merchant: MerchantId, id: RuleId) -> Result<Option<CommissionRule>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            Ok(find::<CommissionRule>(connection, merchant.uuid(), id.uuid())?.map(|rule| rule.row))
        };
        self.readers.read(work).await
    }

    async fn rules(
        &self,
        merchant: MerchantId,
        filter: &RuleFilter,
        request: &PageRequest,
    ) -> Result<Page<CommissionRule>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| rule_page(connection, merchant, &filter, &request)).await
    }

    async fn rule_facts(
        &self,
        merchant: MerchantId,
        id: Option<RuleId>,
        names: RuleNames,
    ) -> Result<Option<RuleFacts>, ReadError> {
        self.readers.read(move |connection| rule_facts(connection, merchant, id, names)).await
    }

    async fn tier_candidates(
        &self,
        window: Window,
        after: Option<PromotionCandidate>,
        limit: u32,
    ) -> Result<Vec<PromotionCandidate>, ReadError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.readers.read(move |connection| Ok(candidates(connection, window, after, limit)?)).await
    }

    async fn tier_aspirants(
        &self,
        after: Option<PromotionCandidate>,
        limit: u32,
    ) -> Result<Vec<PromotionCandidate>, ReadError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.readers.read(move |connection| Ok(aspirants(connection, after, limit)?)).await
    }

    async fn promotion_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
    ) -> Result<Option<PromotionFacts>, ReadError> {
        self.readers.read(move |connection| promotion_facts(connection, merchant, affiliate)).await
    }
}
