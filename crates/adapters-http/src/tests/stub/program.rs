//! One tier and one commission rule.

use super::*;
use ports::PromotionCandidate;

fn tier() -> Tier {
    let (rate, threshold) = (Rate::from_millionths(250_000).unwrap(), "100".parse().unwrap());
    let request = NewTier { name: TierName::parse("Silver").unwrap(), rate, metric: Metric::Orders, threshold };
    Tier::create(TierId::from_uuid(Uuid::from_u128(KNOWN)), request, "USD".parse().unwrap(), now()).unwrap()
}

fn rule() -> CommissionRule {
    let reward = RewardWish { rate: Rate::from_millionths(150_000), ..RewardWish::default() };
    let scope = RuleScope::Product(ShortText::parse("sku-1").unwrap());
    let request = NewRule { scope, reward, event_kind: None, priority: 0, starts_at: None, ends_at: None };
    CommissionRule::create(RuleId::from_uuid(Uuid::from_u128(KNOWN)), request, now()).unwrap()
}

#[async_trait]
impl ProgramReads for Stub {
    async fn tier(&self, _: MerchantId, id: TierId) -> Read<Option<Tier>> {
        Ok(known(id, tier()))
    }
    async fn tiers(&self, _: MerchantId, _: &TierFilter, request: &PageRequest) -> Read<Page<Tier>> {
        Ok(page(tier(), request))
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
    async fn rules(&self, _: MerchantId, _: &RuleFilter, request: &PageRequest) -> Read<Page<CommissionRule>> {
        Ok(page(rule(), request))
    }
    async fn rule_facts(&self, _: MerchantId, id: Option<RuleId>, _: RuleNames) -> Read<Option<RuleFacts>> {
        let rule = id.and_then(|id| known(id, versioned(rule())));
        Ok(Some(RuleFacts { merchant: versioned(merchant()), rule, affiliate: None, tier: None }))
    }
    async fn tier_candidates(&self, _: Window, _: Option<PromotionCandidate>, _: u32) -> Read<Vec<PromotionCandidate>> {
        Ok(Vec::new())
    }
    async fn tier_aspirants(&self, _: Option<PromotionCandidate>, _: u32) -> Read<Vec<PromotionCandidate>> {
        Ok(Vec::new())
    }
    async fn promotion_facts(&self, _: MerchantId, _: AffiliateId) -> Read<Option<PromotionFacts>> {
        Ok(None)
    }
}
