//! Organizations, merchants and their keys.

use crate::{column::Narrow, describe::table};
use domain::{ApiKey, Merchant, MerchantClock, Money, Organization, Settings};
use ports::Tree;

table! {
    organizations(id): Organization by id as organization {
        plain { name, plan, created_at }
        renamed { test_merchant_id = test, live_merchant_id = live }
    }
}

table! {
    merchants(id): Merchant by id as merchant {
        plain { organization_id, mode, slug, tier_count, rule_count, resetting, created_at, updated_at }
        stored { clock_offset_micros: i64 = clock.offset_micros() }
        made { clock = MerchantClock::ahead_by(clock_offset_micros) }
        within settings: Settings {
            plain {
                currency, commission_rate, mlm_rates, hold_days, cookie_window_days, attribution_model, self_referral,
                auto_coupon_on_approval, landing_url, redirect_hosts, recurring, recurring_max_renewals,
                max_payout_rate,
            }
            stored { min_payout_minor: i64 = min_payout.minor() }
            made { min_payout = Money::from_minor(min_payout_minor, currency) }
        }
    }
}

table! {
    api_keys(merchant_id, id): ApiKey by id as key {
        plain { name, hash, start, last_four, scopes, created_at, expires_at, revoked_at, rolled_to }
        stored { rate_limit_per_min: Narrow = Narrow(*rate_limit_per_min) }
        made { rate_limit_per_min = rate_limit_per_min.0 }
    }
}

// A tree says itself whose it is: an organization's two merchants are founded in one set.
table! {
    trees(merchant_id, id): Tree by merchant_id as tree of merchant_id {}
}
