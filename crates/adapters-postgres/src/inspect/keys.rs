//! Unique keys: every object's key is claimed for it, and nothing else is claimed.

use super::Rule;
use domain::{AccountId, AffiliateId, ApiKeyId, CouponId, EventId, EventSpace, MerchantId};
use ports::Space;
use uuid::Uuid;

/// Objects with a unique key, in one space.
struct Keyed {
    name: &'static str,
    space: Space,
    id: fn(Uuid) -> String,
    /// SQL for the objects.
    from: &'static str,
    /// SQL for the key of an object …
    key: &'static str,
    /// … and for the same of a claim.
    claimed: &'static str,
}

pub(super) fn rules() -> Vec<Rule> {
    let affiliate = |id| AffiliateId::from_uuid(id).to_string();
    let coupon = |id| CouponId::from_uuid(id).to_string();
    let event = |id| EventId::from_uuid(id).to_string();
    let account = |id| AccountId::from_uuid(id).to_string();
    let api_key = |id| ApiKeyId::from_uuid(id).to_string();
    let merchant = |id| MerchantId::from_uuid(id).to_string();
    let event_space = |space, from| keyed("event_external_id", Space::Event(space), event, from, "external_id");
    [
        keyed("affiliate_slug", Space::AffiliateSlug, affiliate, "affiliates", "slug"),
        keyed("affiliate_email", Space::AffiliateEmail, affiliate, "affiliates", "email_folded"),
        keyed("coupon_code", Space::CouponCode, coupon, "coupons", "code"),
        event_space(EventSpace::Paying, "events WHERE kind NOT IN ('signup', 'lead', 'trial_started')"),
        event_space(EventSpace::Signup, "events WHERE kind = 'signup'"),
        event_space(EventSpace::Lead, "events WHERE kind = 'lead'"),
        event_space(EventSpace::TrialStarted, "events WHERE kind = 'trial_started'"),
        // The affiliate's id in the key is spelled as clients see it, which SQL cannot do: only the currency is
        // compared here, and `account_once` sees to the rest.
        Keyed {
            claimed: "split_part(key, ':', 2)",
            ..keyed("account", Space::Account, account, "accounts", "currency")
        },
        keyed("key_hash", Space::KeyHash, api_key, "api_keys", "encode(hash, 'hex')"),
        keyed("merchant_slug", Space::MerchantSlug, merchant, "merchants", "slug"),
    ]
    .into_iter()
    .map(Keyed::rule)
    .collect()
}

fn keyed(name: &'static str, space: Space, id: fn(Uuid) -> String, from: &'static str, key: &'static str) -> Keyed {
    Keyed { name, space, id, from, key, claimed: "key" }
}

impl Keyed {
    /// Objects without their claim, and claims without their object.
    fn rule(self) -> Rule {
        let Self { name, space, id, from, key, claimed } = self;
        let (table, scope) = if space.is_global() { ("directory", "NULL::uuid") } else { ("claims", "merchant_id") };
        // A merchant's own row is its only one that is not under its merchant_id.
        let holder = if space == Space::MerchantSlug { "NULL::uuid" } else { "merchant_id" };
        let same_scope = if space.is_global() { "" } else { "k.scope = o.scope AND " };
        let query = format!(
            "SELECT coalesce(o.scope, k.scope), coalesce(o.id, k.owner), \
             CASE WHEN k.owner IS NULL THEN 'not claimed' ELSE 'claimed, but not there' END \
             FROM (SELECT {holder} AS scope, id, {key} AS key FROM {from}) o \
             FULL JOIN (SELECT {scope} AS scope, owner, {claimed} AS key FROM {table} WHERE space = {}) k \
             ON {same_scope}k.owner = o.id AND k.key = o.key WHERE o.id IS NULL OR k.owner IS NULL",
            space.number(),
        );
        Rule { name, id, query }
    }
}
