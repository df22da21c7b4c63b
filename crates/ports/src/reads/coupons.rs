//! Coupons.

use super::Read;
use crate::{Page, PageRequest, Versioned};
use async_trait::async_trait;
use domain::{Affiliate, AffiliateId, Coupon, CouponCode, CouponId, Merchant, MerchantId};
use uuid::Uuid;

/// Which coupons a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct CouponFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub code: Option<CouponCode>,
}

/// The facts for creating a coupon.
#[derive(Debug, Clone)]
pub struct CouponFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate that the coupon is for.
    pub affiliate: Option<Versioned<Affiliate>>,
    /// The owner of the code.
    pub code_owner: Option<Uuid>,
}

/// Coupons.
#[async_trait]
pub trait CouponReads: Send + Sync {
    /// One coupon and its merchant.
    async fn coupon(
        &self,
        merchant: MerchantId,
        id: CouponId,
    ) -> Read<Option<(Versioned<Merchant>, Versioned<Coupon>)>>;

    /// A page of them.
    async fn coupons(&self, merchant: MerchantId, filter: &CouponFilter, request: &PageRequest) -> Read<Page<Coupon>>;

    /// For making one; `None` if there is no such merchant.
    async fn coupon_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        code: &CouponCode,
    ) -> Read<Option<CouponFacts>>;
}
