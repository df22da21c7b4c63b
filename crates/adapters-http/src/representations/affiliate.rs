//! An affiliate, as callers see it.

use super::scalars::{Amount, Fraction, Instant, OwnData};
use super::words::AffiliateStatusWord;
use domain::{Affiliate, Money};
use ports::AffiliateRecord;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A partner who brings visitors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Affiliate, example = json!({
    "id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "slug": "alice", "email": "alice@example.com", "display_name": "Alice",
    "status": "approved", "tier_id": null, "parent_affiliate_id": null, "custom_commission_rate": null,
    "coupon_codes": ["ALICE-7K2M"], "lifetime_commissions_paid": 240.50,
    "lifetime_commissions_paid_by_currency": {"USD": 240.50}, "metadata": {},
    "created_at": "2024-01-01T12:00:00.000Z", "updated_at": "2024-01-01T12:00:00.000Z"
}))]
pub(crate) struct AffiliateObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// The affiliate's name in links; unique.
    slug: &'a str,
    /// The e-mail address; unique, compared without case.
    email: &'a str,
    /// The display name.
    display_name: Option<&'a str>,
    /// The status; only an approved affiliate earns.
    status: AffiliateStatusWord,
    /// The affiliate's tier.
    tier_id: Option<String>,
    /// The parent affiliate, which earns an override.
    parent_affiliate_id: Option<String>,
    /// The affiliate's own rate; it precedes every other.
    custom_commission_rate: Option<Fraction>,
    /// The affiliate's coupon codes, oldest first.
    coupon_codes: Vec<&'a str>,
    /// The sum of commissions paid so far, in the currency of the settings.
    lifetime_commissions_paid: Amount,
    /// The sums of commissions paid so far, by currency code.
    lifetime_commissions_paid_by_currency: BTreeMap<String, Amount>,
    /// Your own data.
    metadata: OwnData,
    /// When the object was created.
    created_at: Instant,
    /// When the object was last changed.
    updated_at: Instant,
}

impl<'a> From<&'a AffiliateRecord> for AffiliateObject<'a> {
    fn from(record: &'a AffiliateRecord) -> Self {
        let AffiliateRecord { affiliate, coupons, paid, currency } = record;
        let Affiliate {
            id,
            slug,
            email,
            display_name,
            status,
            tier_id,
            parent_id,
            custom_rate,
            metadata,
            created_at,
            updated_at,
        } = affiliate;
        let in_settings_currency = paid.iter().find(|sum| sum.currency() == *currency).copied();
        Self {
            id: id.to_string(),
            slug: slug.as_str(),
            email: email.as_str(),
            display_name: display_name.as_ref().map(domain::DisplayName::as_str),
            status: (*status).into(),
            tier_id: tier_id.map(|id| id.to_string()),
            parent_affiliate_id: parent_id.map(|id| id.to_string()),
            custom_commission_rate: custom_rate.map(Fraction::from),
            coupon_codes: coupons.iter().map(domain::CouponCode::as_str).collect(),
            lifetime_commissions_paid: in_settings_currency.unwrap_or_else(|| Money::zero(*currency)).into(),
            lifetime_commissions_paid_by_currency: by_currency(paid),
            metadata: metadata.into(),
            created_at: (*created_at).into(),
            updated_at: (*updated_at).into(),
        }
    }
}

/// Amounts under the code of their currency.
fn by_currency(paid: &[Money]) -> BTreeMap<String, Amount> {
    paid.iter().map(|&sum| (sum.currency().to_string(), sum.into())).collect()
}
