//! One tier and one commission rule.

use super::*;
use ports::Candidate;

fn tier() -> Tier {
    let (rate, threshold) = (Rate::from_millionths(250_000).unwrap(), "100".parse().unwrap());
    let ask = NewTier { name: TierName::parse("Silver").unwrap(), rate, metric: Metric::Orders, threshold };
    Tier::create(TierId::from_uuid(Uuid::from_u128(KNOWN)), ask, "USD".parse().unwrap(), now()).unwrap()
}

fn rule() -> CommissionRule {
    let reward = RewardWish { rate: Rate::from_millionths(150_000), ..RewardWish::default() };
    let scope = RuleScope::Product(ShortText::parse("sku-1").unwrap());
    let ask = NewRule { scope, reward, event_kind: None, priority: 0, starts_at: None, ends_at: None };
    CommissionRule::create(RuleId::from_uuid(Uuid::from_u128(KNOWN)), ask, now()).unwrap()
}

#[async_trait]
impl ProgramReads for Stub {
    async fn tier(&self, _: MerchantId, id: TierId) -> Read<Option<Tier>> {
        Ok(known(id, tier()))
    }
    async fn tiers(&self, _: MerchantId, _: &TierFilter, ask: &PageAsk) -> Read<Page<Tier>> {
        Ok(page(tier(), ask))
    }
    async fn new_tier_facts(&self, _: MerchantId, _: &TierName) -> Read<Option<NewTierFacts>> {
        Ok(Some(NewTierFacts { merchant: versioned(merchant()), name_owner: None }))
    }
    async fn tier_change_facts(
        &self,
        _: MerchantId,
        id: TierId,
        _: Option<&TierName>,
    ) -> Read<Option<TierChangeFacts>> {
        let (merchant, tier) = (versioned(merchant()), versioned(tier()));
        Ok(known(id, TierChangeFacts { merchant, tier, name_owner: None, in_use: false }))
    }
    async fn rule(&self, _: MerchantId, id: RuleId) -> Read<Option<CommissionRule>> {
        Ok(known(id, rule()))
    }
    async fn rules(&self, _: MerchantId, _: &RuleFilter, ask: &PageAsk) -> Read<Page<CommissionRule>> {
        Ok(page(rule(), ask))
    }
    async fn rule_facts(&self, _: MerchantId, id: Option<RuleId>, _: RuleNames) -> Read<Option<RuleFacts>> {
        let rule = id.and_then(|id| known(id, versioned(rule())));
        Ok(Some(RuleFacts { merchant: versioned(merchant()), rule, affiliate: None, tier: None }))
    }
    async fn tier_candidates(&self, _: Window, _: Option<Candidate>, _: u32) -> Read<Vec<Candidate>> {
        Ok(Vec::new())
    }
    async fn tier_aspirants(&self, _: Option<Candidate>, _: u32) -> Read<Vec<Candidate>> {
        Ok(Vec::new())
    }
    async fn promotion_facts(&self, _: MerchantId, _: AffiliateId) -> Read<Option<PromotionFacts>> {
        Ok(None)
    }
}
