//! A merchant's settings, as callers see them.

use super::scalars::{Amount, Fraction};
use super::words::{AttributionModelWord, RecurringWord, SelfReferralWord};
use domain::{Merchant, Settings};
use serde::Serialize;
use utoipa::ToSchema;

/// The settings of the merchant's program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings, example = json!({
    "slug": "my-shop-test", "currency": "USD", "commission_rate": 0.20, "mlm_rates": [0.10, 0.05], "hold_days": 30,
    "cookie_window_days": 90, "attribution_model": "last_click", "self_referral": "block",
    "auto_coupon_on_approval": true, "landing_url": "https://shop.example.com/", "redirect_hosts": ["blog.example.com"],
    "recurring": "first_order_only", "recurring_max_renewals": 12, "min_payout": 0.00, "max_payout_rate": 1.00
}))]
pub(crate) struct SettingsObject<'a> {
    /// The merchant's name in referral links; unique on the server.
    slug: &'a str,
    /// The default currency, an ISO 4217 code.
    currency: String,
    /// The default commission rate.
    commission_rate: Fraction,
    /// The rates that the levels of parents earn of the credited affiliate's commission, nearest first: each level of that
    /// commission, not of the level below it.
    mlm_rates: Vec<Fraction>,
    /// The number of days until a pending commission is approved by time.
    hold_days: u16,
    /// The number of days for which a click counts.
    cookie_window_days: u16,
    /// Which click is credited.
    attribution_model: AttributionModelWord,
    /// What happens if the buyer is the affiliate.
    self_referral: SelfReferralWord,
    /// Whether approval of an affiliate creates a personal coupon.
    auto_coupon_on_approval: bool,
    /// Where referral links lead; without it they answer 404.
    landing_url: Option<&'a str>,
    /// Hosts that the parameter `to` of a link may lead to.
    redirect_hosts: Vec<&'a str>,
    /// Which renewals of a bound customer earn a commission.
    recurring: RecurringWord,
    /// How many renewals earn, if `recurring` is `first_n_renewals`.
    recurring_max_renewals: u16,
    /// The minimum payout in the settings' currency; an affiliate that is owed less waits for a later payout.
    min_payout: Amount,
    /// The maximum sum of a sale's commissions and cashback, as a part of the sale.
    max_payout_rate: Fraction,
}

impl<'a> From<&'a Merchant> for SettingsObject<'a> {
    fn from(merchant: &'a Merchant) -> Self {
        let Merchant {
            id: _,
            organization_id: _,
            mode: _,
            slug,
            clock: _,
            settings,
            tier_count: _,
            rule_count: _,
            resetting: _,
            created_at: _,
            updated_at: _,
        } = merchant;
        let Settings {
            currency,
            commission_rate,
            mlm_rates,
            hold_days,
            cookie_window_days,
            attribution_model,
            self_referral,
            auto_coupon_on_approval,
            landing_url,
            redirect_hosts,
            recurring,
            recurring_max_renewals,
            min_payout,
            max_payout_rate,
        } = settings;
        Self {
            slug: slug.as_str(),
            currency: currency.to_string(),
            commission_rate: (*commission_rate).into(),
            mlm_rates: mlm_rates.iter().copied().map(Fraction::from).collect(),
            hold_days: *hold_days,
            cookie_window_days: *cookie_window_days,
            attribution_model: (*attribution_model).into(),
            self_referral: (*self_referral).into(),
            auto_coupon_on_approval: *auto_coupon_on_approval,
            landing_url: landing_url.as_ref().map(domain::WebUrl::as_str),
            redirect_hosts: redirect_hosts.iter().map(domain::RedirectHost::as_str).collect(),
            recurring: (*recurring).into(),
            recurring_max_renewals: *recurring_max_renewals,
            min_payout: (*min_payout).into(),
            max_payout_rate: (*max_payout_rate).into(),
        }
    }
}
