//! Affiliates, their tiers, and what leads a buyer to one: clicks, coupons, bindings.

pub(crate) mod affiliate;
mod binding;
mod click;
mod coupon;
mod tier;

pub use affiliate::{
    Affiliate, AffiliateChange, AffiliateStatus, NewAffiliate, coupon_on_approval, parent_chain_allows,
};
pub use binding::Binding;
pub use click::{Click, Utm};
pub use coupon::{Coupon, CouponCode};
pub use tier::{Metric, NewTier, Threshold, Tier, TierChange, TierName, Totals, promotion};
