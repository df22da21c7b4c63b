//! A coupon, as callers see it.

use super::scalars::Instant;
use domain::Coupon;
use serde::Serialize;
use utoipa::ToSchema;

/// A code that credits sales to an affiliate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coupon, example = json!({
    "id": "cou_01hzy3v7k2e9m8q4t6w0x5b1ca", "affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "code": "ALICE-7K2M",
    "created_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct CouponObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// The affiliate that the coupon credits.
    affiliate_id: String,
    /// The code, in capitals; unique, compared without case.
    code: &'a str,
    /// When the object was created.
    created_at: Instant,
}

impl<'a> From<&'a Coupon> for CouponObject<'a> {
    fn from(coupon: &'a Coupon) -> Self {
        let Coupon { id, affiliate_id, code, created_at } = coupon;
        Self {
            id: id.to_string(),
            affiliate_id: affiliate_id.to_string(),
            code: code.as_str(),
            created_at: (*created_at).into(),
        }
    }
}
