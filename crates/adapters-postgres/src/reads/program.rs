//! Tiers and commission rules, and who is due for a higher tier.

use super::{
    Read,
    affiliates::{record, records},
    maybe,
    one::{affiliate, merchant_of, tier},
    owner, page, paged,
};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, money, parsed, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{
    AffiliateId, CommissionRule, Currency, Merchant, MerchantId, Metric, RuleId, RuleLevel, RuleScope, ShortText, Tier,
    TierId, TierName, Totals,
};
use ports::{
    NewTierFacts, Page, PageRequest, ProgramReads, PromotionCandidate, PromotionFacts, RuleFacts, RuleFilter,
    RuleNames, Space, TierChangeFacts, TierFilter, Window,
};
use tokio::try_join;
use uuid::Uuid;

/// The tiers of a merchant, so far all of them.
fn tiers<'a>(merchant: MerchantId) -> Sql<'a, Found<Tier>> {
    let columns = select::<Tier>("t");
    Sql::new(format!("SELECT {columns} FROM tiers t WHERE t.merchant_id = ?")).bind(merchant.uuid())
}

/// The rules of a merchant, so far all of them.
fn rules<'a>(merchant: MerchantId) -> Sql<'a, Found<CommissionRule>> {
    let columns = select::<CommissionRule>("r");
    Sql::new(format!("SELECT {columns} FROM commission_rules r WHERE r.merchant_id = ?")).bind(merchant.uuid())
}

/// The tiers of these merchants.
pub(super) fn tiers_of<'a>(merchants: Vec<Uuid>) -> Sql<'a, Found<Tier>> {
    let columns = select::<Tier>("t");
    Sql::new(format!("SELECT {columns} FROM tiers t WHERE t.merchant_id = ANY (?)")).bind_each(merchants)
}

/// The rules of these merchants.
pub(super) fn rules_of<'a>(merchants: Vec<Uuid>) -> Sql<'a, Found<CommissionRule>> {
    let columns = select::<CommissionRule>("r");
    Sql::new(format!("SELECT {columns} FROM commission_rules r WHERE r.merchant_id = ANY (?)")).bind_each(merchants)
}

/// The rules for what a scope names.
fn rules_for<'a>(sql: Sql<'a, Found<CommissionRule>>, scope: &RuleScope) -> Sql<'a, Found<CommissionRule>> {
    sql.text(" AND r.scope = ?").bind(scope.level().as_str()).and(" AND r.scope_ref = ?", scope.reference())
}

/// Revenue, orders and what was paid out, of one affiliate in one currency; its values are those of [`totals`].
const TOTALS: &str = "\
    SELECT coalesce(sum(e.amount_minor - e.refunded_minor) FILTER (WHERE e.currency = ?), 0)::bigint, \
    count(*) FILTER (WHERE e.refunded_minor = 0 OR e.refunded_minor < e.amount_minor), \
    coalesce((SELECT x.paid_minor FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ? AND x.currency = ?), 0) \
    FROM events e WHERE e.merchant_id = ? AND e.affiliate_id = ? AND e.amount_minor IS NOT NULL \
    AND e.kind NOT IN ('signup', 'lead', 'trial_started', 'refund')";

fn totals<'a>(merchant: MerchantId, affiliate: AffiliateId, currency: &'a str) -> Sql<'a, (i64, i64, i64)> {
    let (merchant, affiliate) = (merchant.uuid(), affiliate.uuid());
    Sql::new(TOTALS).bind(currency).bind(merchant).bind(affiliate).bind(currency).bind(merchant).bind(affiliate)
}

#[async_trait]
impl ProgramReads for PostgresStorage {
    async fn tier(&self, merchant: MerchantId, id: TierId) -> Read<Option<Tier>> {
        let row = self.readers.reader()?.first(tier(merchant, id)).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn tiers(&self, merchant: MerchantId, filter: &TierFilter, request: &PageRequest) -> Read<Page<Tier>> {
        let TierFilter { metric } = filter;
        let sql = tiers(merchant).and(" AND t.metric = ?", metric.map(Metric::as_str));
        let rows = self.readers.reader()?.all(paged(sql, "t", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn new_tier_facts(&self, merchant: MerchantId, name: &TierName) -> Read<Option<NewTierFacts>> {
        let sql = Sql::<(Found<Merchant>, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::TierName),
        ));
        let sql = sql.bind(merchant.uuid()).bind(name.folded()).bind(merchant.uuid());
        let Some((merchant, name_owner)) = self.readers.reader()?.first(sql).await? else { return Ok(None) };
        Ok(Some(NewTierFacts { merchant: merchant.versioned()?, name_owner }))
    }

    async fn tier_change_facts(
        &self,
        merchant: MerchantId,
        id: TierId,
        name: Option<&TierName>,
    ) -> Read<Option<TierChangeFacts>> {
        let sql = Sql::<(Found<Merchant>, Found<Tier>, Option<Uuid>, bool)>::new(format!(
            "SELECT {}, {}, {}, EXISTS (SELECT FROM affiliates a WHERE a.merchant_id = t.merchant_id AND a.tier_id = t.id) \
             OR EXISTS (SELECT FROM commission_rules r WHERE r.merchant_id = t.merchant_id AND r.scope = ? \
             AND r.scope_ref = ?) FROM tiers t JOIN merchants m ON m.id = t.merchant_id \
             WHERE t.merchant_id = ? AND t.id = ?",
            select::<Merchant>("m"),
            select::<Tier>("t"),
            owner(Space::TierName),
        ));
        let sql = sql
            .bind(merchant.uuid())
            .bind(name.map(TierName::folded))
            .bind(RuleLevel::Tier.as_str())
            .bind(id.to_string())
            .bind(merchant.uuid())
            .bind(id.uuid());
        let found = self.readers.reader()?.first(sql).await?;
        let Some((merchant, tier, name_owner, in_use)) = found else { return Ok(None) };
        let (merchant, tier) = (merchant.versioned()?, tier.versioned()?);
        Ok(Some(TierChangeFacts { merchant, tier, name_owner, in_use }))
    }

    async fn rule(&self, merchant: MerchantId, id: RuleId) -> Read<Option<CommissionRule>> {
        let sql = rules(merchant).text(" AND r.id = ?").bind(id.uuid());
        Ok(self.readers.reader()?.first(sql).await?.map(Found::entity).transpose()?)
    }

    async fn rules(
        &self,
        merchant: MerchantId,
        filter: &RuleFilter,
        request: &PageRequest,
    ) -> Read<Page<CommissionRule>> {
        let RuleFilter { scope, scope_ref, affiliate_id, tier_id } = filter;
        let mut sql = rules(merchant)
            .and(" AND r.scope = ?", scope.map(RuleLevel::as_str))
            .and(" AND r.scope_ref = ?", scope_ref.as_ref().map(ShortText::as_str));
        for named in [affiliate_id.map(RuleScope::Affiliate), tier_id.map(RuleScope::Tier)].iter().flatten() {
            sql = rules_for(sql, named);
        }
        let rows = self.readers.reader()?.all(paged(sql, "r", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn rule_facts(&self, merchant: MerchantId, id: Option<RuleId>, names: RuleNames) -> Read<Option<RuleFacts>> {
        let RuleNames { affiliate_id, tier_id } = names;
        let reader = self.readers.reader()?;
        let rule = |id: RuleId| rules(merchant).text(" AND r.id = ?").bind(id.uuid());
        let (shop, rule, found, tier) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            maybe(id, |id| reader.first(rule(id))),
            maybe(affiliate_id, |id| reader.first(affiliate(merchant, id))),
            maybe(tier_id, |id| reader.first(tier(merchant, id))),
        )?;
        let Some(shop) = shop else { return Ok(None) };
        Ok(Some(RuleFacts {
            merchant: shop.versioned()?,
            rule: rule.map(Found::versioned).transpose()?,
            affiliate: found.map(Found::versioned).transpose()?,
            tier: tier.map(Found::versioned).transpose()?,
        }))
    }

    async fn tier_candidates(
        &self,
        window: Window,
        after: Option<PromotionCandidate>,
        limit: u32,
    ) -> Read<Vec<PromotionCandidate>> {
        let (least, end) = window.ids();
        let (merchant, affiliate) = ids_of(after);
        let sql = Sql::<(Uuid, Uuid)>::new(
            "SELECT DISTINCT e.merchant_id, e.affiliate_id FROM merchants m \
             JOIN events e ON e.merchant_id = m.id AND e.id >= ? AND e.id < ? \
             WHERE m.tier_count > 0 AND m.id >= ? AND e.affiliate_id IS NOT NULL \
             AND (e.merchant_id, e.affiliate_id) > (?, ?) ORDER BY e.merchant_id, e.affiliate_id LIMIT ?",
        );
        let sql = sql.bind(least).bind(end).bind(merchant).bind(merchant).bind(affiliate).bind(i64::from(limit));
        Ok(self.readers.reader()?.all(sql).await?.into_iter().map(candidate).collect())
    }

    async fn tier_aspirants(&self, after: Option<PromotionCandidate>, limit: u32) -> Read<Vec<PromotionCandidate>> {
        let (merchant, affiliate) = ids_of(after);
        // OFFSET makes PostgreSQL go through the primary key, from where the last page ended, and stop at the limit.
        let sql = Sql::<(Uuid, Uuid)>::new(
            "SELECT a.merchant_id, a.id FROM (SELECT merchant_id, id FROM affiliates \
             WHERE (merchant_id, id) > (?, ?) ORDER BY merchant_id, id OFFSET 0) a \
             JOIN merchants m ON m.id = a.merchant_id AND m.tier_count > 0 ORDER BY a.merchant_id, a.id LIMIT ?",
        );
        let sql = sql.bind(merchant).bind(affiliate).bind(i64::from(limit));
        Ok(self.readers.reader()?.all(sql).await?.into_iter().map(candidate).collect())
    }

    async fn promotion_facts(&self, merchant: MerchantId, id: AffiliateId) -> Read<Option<PromotionFacts>> {
        let reader = self.readers.reader()?;
        let (shop, found, rows) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            reader.first(records(affiliate(merchant, id))),
            reader.all(tiers(merchant)),
        )?;
        let (Some(shop), Some(found)) = (shop, found) else { return Ok(None) };
        let shop = shop.versioned()?;
        let (record, version) = record(found)?;
        let currency = shop.row.settings.currency;
        let sums = reader.first(totals(merchant, id, currency.code())).await?.unwrap_or_default();
        let tiers = rows.into_iter().map(Found::versioned).collect::<Mapped<_>>()?;
        Ok(Some(PromotionFacts { merchant: shop, record, version, tiers, totals: summed(sums, currency)? }))
    }
}

/// Behind which ids a page begins: behind the least, if it is the first.
fn ids_of(after: Option<PromotionCandidate>) -> (Uuid, Uuid) {
    after.map(|(merchant, affiliate)| (merchant.uuid(), affiliate.uuid())).unwrap_or_default()
}

fn candidate((merchant, affiliate): (Uuid, Uuid)) -> PromotionCandidate {
    (MerchantId::from_uuid(merchant), AffiliateId::from_uuid(affiliate))
}

fn summed((revenue, orders, paid): (i64, i64, i64), currency: Currency) -> Mapped<Totals> {
    let (revenue, paid) = (money(revenue, currency.code())?, money(paid, currency.code())?);
    Ok(Totals { revenue, orders: parsed(u32::try_from(orders))?, paid })
}
