//! Affiliates.

use super::Read;
use crate::{Page, PageRequest, Version, Versioned};
use async_trait::async_trait;
use domain::{
    Affiliate, AffiliateId, AffiliateStatus, CouponCode, Currency, Email, Merchant, MerchantId, Money, Slug, Tier,
    TierId,
};
use uuid::Uuid;

/// An affiliate as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffiliateRecord {
    /// The affiliate.
    pub affiliate: Affiliate,
    /// Its codes, oldest first.
    pub coupons: Vec<CouponCode>,
    /// What it was paid so far, a sum a currency, by currency code; only those that are not zero.
    pub paid: Vec<Money>,
    /// The merchant's currency.
    pub currency: Currency,
}

/// Which affiliates a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct AffiliateFilter {
    pub status: Option<AffiliateStatus>,
    pub tier_id: Option<TierId>,
    /// Compared case-folded.
    pub email: Option<Email>,
    pub slug: Option<Slug>,
}

/// The unique keys, the parent and the tier that a new or changed affiliate names.
#[derive(Debug, Clone, Default)]
pub struct AffiliateKeys {
    /// The wanted slug.
    pub slug: Option<Slug>,
    /// The wanted address.
    pub email: Option<Email>,
    /// The wanted parent's address.
    pub parent_email: Option<Email>,
    /// The wanted tier.
    pub tier_id: Option<TierId>,
}

/// The facts for creating an affiliate.
#[derive(Debug, Clone)]
pub struct NewAffiliateFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The owner of the slug.
    pub slug_owner: Option<Uuid>,
    /// The owner of the address.
    pub email_owner: Option<Uuid>,
    /// The affiliate with the parent's address.
    pub parent: Option<Versioned<Affiliate>>,
    /// The wanted tier.
    pub tier: Option<Versioned<Tier>>,
    /// How many affiliates there are that are not rejected; counted up to 1,000.
    pub seats_taken: u32,
}

/// The facts for changing an affiliate.
#[derive(Debug, Clone)]
pub struct AffiliateChangeFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate as it is.
    pub record: AffiliateRecord,
    /// Its version.
    pub version: Version,
    /// The owner of the slug.
    pub slug_owner: Option<Uuid>,
    /// The owner of the address.
    pub email_owner: Option<Uuid>,
    /// The requested parent first, then its parent, up to the root (at most 1,000); empty if no affiliate has the
    /// address.
    pub parent_chain: Vec<AffiliateId>,
    /// The version of the wanted parent, the first of the chain.
    pub parent: Option<Version>,
    /// The wanted tier.
    pub tier: Option<Versioned<Tier>>,
    /// The version of the merchant's tree.
    pub tree: Version,
}

/// Affiliates.
#[async_trait]
pub trait AffiliateReads: Send + Sync {
    /// One affiliate.
    async fn affiliate(&self, merchant: MerchantId, id: AffiliateId) -> Read<Option<AffiliateRecord>>;

    /// A page of them.
    async fn affiliates(
        &self,
        merchant: MerchantId,
        filter: &AffiliateFilter,
        request: &PageRequest,
    ) -> Read<Page<AffiliateRecord>>;

    /// For making one; `None` if there is no such merchant.
    async fn new_affiliate_facts(&self, merchant: MerchantId, keys: &AffiliateKeys) -> Read<Option<NewAffiliateFacts>>;

    /// For changing one; `None` if there is no such affiliate.
    async fn affiliate_change_facts(
        &self,
        merchant: MerchantId,
        id: AffiliateId,
        keys: &AffiliateKeys,
    ) -> Read<Option<AffiliateChangeFacts>>;
}
