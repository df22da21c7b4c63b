//! Tiers and commission rules, and the affiliates that are due for a higher tier.

use super::{AffiliateRecord, Read};
use crate::{Page, PageRequest, Version, Versioned};
use async_trait::async_trait;
use domain::{
    Affiliate, AffiliateId, CommissionRule, Merchant, MerchantId, Metric, RuleId, RuleLevel, ShortText, Tier, TierId,
    TierName, Timestamp, Totals,
};
use uuid::Uuid;

/// Which tiers a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct TierFilter {
    pub metric: Option<Metric>,
}

/// Which rules a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct RuleFilter {
    pub scope: Option<RuleLevel>,
    /// Compared exactly.
    pub scope_ref: Option<ShortText>,
    /// Those for this affiliate.
    pub affiliate_id: Option<AffiliateId>,
    /// Those for this tier.
    pub tier_id: Option<TierId>,
}

/// The facts for creating a tier.
#[derive(Debug, Clone)]
pub struct NewTierFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The owner of the name.
    pub name_owner: Option<Uuid>,
}

/// The facts for changing or deleting a tier.
#[derive(Debug, Clone)]
pub struct TierChangeFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The tier.
    pub tier: Versioned<Tier>,
    /// The owner of the requested name.
    pub name_owner: Option<Uuid>,
    /// Whether an affiliate has it or a rule names it.
    pub in_use: bool,
}

/// What a new or changed rule names. One id names no more than one of the two.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "named for what they name")]
pub struct RuleNames {
    pub affiliate_id: Option<AffiliateId>,
    pub tier_id: Option<TierId>,
}

/// The facts for creating, changing or deleting a rule.
#[derive(Debug, Clone)]
pub struct RuleFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The rule that was asked about.
    pub rule: Option<Versioned<CommissionRule>>,
    /// The affiliate that was named.
    pub affiliate: Option<Versioned<Affiliate>>,
    /// The tier that was named.
    pub tier: Option<Versioned<Tier>>,
}

/// A part of real time: from its first instant to just before its last, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from: Timestamp,
    /// The instant after the last.
    pub to: Timestamp,
}

impl Window {
    /// The least id that was made in it, and the least one that was made after it. Ids begin with the millisecond of real
    /// time in which they were made (UUIDv7).
    pub fn ids(self) -> (Uuid, Uuid) {
        let least = |at: Timestamp| Uuid::from_u128(u128::try_from(at.micros() / 1_000).unwrap_or_default() << 80);
        (least(self.from), least(self.to))
    }
}

/// An affiliate, wherever it is.
pub type PromotionCandidate = (MerchantId, AffiliateId);

/// The facts for moving an affiliate into a tier.
#[derive(Debug, Clone)]
pub struct PromotionFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate as it is.
    pub record: AffiliateRecord,
    /// Its version.
    pub version: Version,
    /// All tiers of the merchant, in any order.
    pub tiers: Vec<Versioned<Tier>>,
    /// What the affiliate has reached, in the currency of the settings. A sale counts for the affiliate that its event is
    /// credited to.
    pub totals: Totals,
}

/// Tiers and commission rules.
#[async_trait]
pub trait ProgramReads: Send + Sync {
    /// One tier.
    async fn tier(&self, merchant: MerchantId, id: TierId) -> Read<Option<Tier>>;

    /// A page of them.
    async fn tiers(&self, merchant: MerchantId, filter: &TierFilter, request: &PageRequest) -> Read<Page<Tier>>;

    /// For making one; `None` if there is no such merchant.
    async fn new_tier_facts(&self, merchant: MerchantId, name: &TierName) -> Read<Option<NewTierFacts>>;

    /// For changing or deleting one; `None` if there is no such tier.
    async fn tier_change_facts(
        &self,
        merchant: MerchantId,
        id: TierId,
        name: Option<&TierName>,
    ) -> Read<Option<TierChangeFacts>>;

    /// One rule.
    async fn rule(&self, merchant: MerchantId, id: RuleId) -> Read<Option<CommissionRule>>;

    /// A page of them.
    async fn rules(
        &self,
        merchant: MerchantId,
        filter: &RuleFilter,
        request: &PageRequest,
    ) -> Read<Page<CommissionRule>>;

    /// For making, changing or deleting one; `None` if there is no such merchant.
    async fn rule_facts(&self, merchant: MerchantId, id: Option<RuleId>, names: RuleNames) -> Read<Option<RuleFacts>>;

    /// Global: the affiliates that events recorded in `window` are credited to, of merchants that have tiers, each once,
    /// in the order of merchant and affiliate; at most `limit`, after `after`.
    async fn tier_candidates(
        &self,
        window: Window,
        after: Option<PromotionCandidate>,
        limit: u32,
    ) -> Read<Vec<PromotionCandidate>>;

    /// Global: all affiliates of merchants that have tiers, in the same order; at most `limit`, after `after`.
    async fn tier_aspirants(&self, after: Option<PromotionCandidate>, limit: u32) -> Read<Vec<PromotionCandidate>>;

    /// For lifting one affiliate; `None` if there is no such affiliate.
    async fn promotion_facts(&self, merchant: MerchantId, affiliate: AffiliateId) -> Read<Option<PromotionFacts>>;
}
