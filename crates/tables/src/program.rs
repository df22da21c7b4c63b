//! What a merchant's program is made of, and who takes part in it.

use crate::{
    describe::table,
    parts::{granted, threshold as reached_at},
};
use domain::{Affiliate, Binding, CommissionRule, Coupon, Currency, Metric, Money, Rate, RuleLevel, RuleScope, Tier};

table! {
    tiers(merchant_id, id): Tier by id as tier {
        plain { name, rate, created_at, updated_at }
        stored {
            metric: Metric = threshold.metric(),
            threshold: i64 = threshold.height(),
            currency: Option<Currency> = threshold.money().map(Money::currency),
        }
        made { threshold = reached_at(metric, threshold, currency) => currency }
        derived { name_folded = tier.name.folded() }
    }
}

table! {
    commission_rules(merchant_id, id): CommissionRule by id as rule {
        plain { event_kind, priority, starts_at, ends_at, created_at, updated_at }
        stored {
            scope: RuleLevel = scope.level(),
            scope_ref: Option<String> = scope.reference(),
            rate: Option<Rate> = reward.rate(),
            flat_minor: Option<i64> = reward.flat().map(Money::minor),
            currency: Option<Currency> = reward.flat().map(Money::currency),
        }
        made {
            scope = RuleScope::parse(scope, scope_ref.as_deref()) => scope_ref,
            reward = granted(rate, flat_minor, currency) => rate,
        }
    }
}

table! {
    affiliates(merchant_id, id): Affiliate by id as affiliate {
        plain {
            slug, email, display_name, status, tier_id, parent_id, custom_rate, metadata, created_at, updated_at,
        }
        derived { email_folded = affiliate.email.folded() }
    }
}

table! {
    coupons(merchant_id, id): Coupon by id as coupon {
        plain { affiliate_id, code, created_at }
    }
}

table! {
    bindings(merchant_id, id): Binding by id as binding {
        plain { affiliate_id, event_id, renewals, created_at }
    }
}
