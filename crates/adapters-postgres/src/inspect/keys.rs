//! Unique keys against the rows that have them, both ways.

use super::Rule;
use domain::{
    AccountId, AffiliateId, ApiKeyId, CouponId, CustomerId, EventId, EventKind, EventSpace, GroupId, MerchantId,
    OrderId, PayoutItemId, TierId,
};
use ports::Space;
use uuid::Uuid;

/// Rows `t` with a unique key, and the claims `c` on it.
struct Keyed {
    /// The rule that such a row owns its key …
    missing: &'static str,
    /// … and the rule that such a key is its owner's.
    stray: &'static str,
    table: &'static str,
    spaces: &'static [Space],
    /// SQL for the space of a row's key.
    space: String,
    /// SQL for which rows have one; empty for all.
    only: &'static str,
    /// SQL for the condition that row and claim have one key.
    same_key: &'static str,
    id: fn(Uuid) -> String,
}

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    keyed().into_iter().flat_map(|keyed| [keyed.missing(), keyed.stray()])
}

fn keyed() -> [Keyed; 13] {
    let of = |space: Space| space.number().to_string();
    let event = |space| of(Space::Event(space));
    [
        Keyed {
            missing: "affiliate_slug_claim",
            stray: "claim_affiliate_slug",
            table: "affiliates",
            spaces: &[Space::AffiliateSlug],
            space: of(Space::AffiliateSlug),
            only: "",
            same_key: "c.key = t.slug",
            id: |id| AffiliateId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "affiliate_email_claim",
            stray: "claim_affiliate_email",
            table: "affiliates",
            spaces: &[Space::AffiliateEmail],
            space: of(Space::AffiliateEmail),
            only: "",
            same_key: "c.key = t.email_folded",
            id: |id| AffiliateId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "coupon_code_claim",
            stray: "claim_coupon_code",
            table: "coupons",
            spaces: &[Space::CouponCode],
            space: of(Space::CouponCode),
            only: "",
            same_key: "c.key = t.code",
            id: |id| CouponId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "tier_name_claim",
            stray: "claim_tier_name",
            table: "tiers",
            spaces: &[Space::TierName],
            space: of(Space::TierName),
            only: "",
            same_key: "c.key = t.name_folded",
            id: |id| TierId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "event_claim",
            stray: "claim_event",
            table: "events",
            spaces: &[
                Space::Event(EventSpace::Paying),
                Space::Event(EventSpace::Signup),
                Space::Event(EventSpace::Lead),
                Space::Event(EventSpace::TrialStarted),
                Space::Event(EventSpace::Refund),
            ],
            space: {
                let unpaid = EventKind::UNPAID.map(|kind| {
                    let (word, space) = (kind.as_str(), event(kind.space()));
                    format!("WHEN '{word}' THEN {space}")
                });
                format!("CASE t.kind {} ELSE {} END", unpaid.join(" "), event(EventSpace::Paying))
            },
            only: "",
            same_key: "c.key = t.external_id",
            id: |id| EventId::from_uuid(id).to_string(),
        },
        // The affiliate's id in the key is spelled as clients see it, which SQL cannot do: the currency is compared
        // here, and that an affiliate has no second account in it by the rule `account_once`.
        Keyed {
            missing: "account_claim",
            stray: "claim_account",
            table: "accounts",
            spaces: &[Space::Account],
            space: of(Space::Account),
            only: "",
            same_key: "split_part(c.key, ':', 2) = t.currency",
            id: |id| AccountId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "payout_item_claim",
            stray: "claim_payout_item",
            table: "payout_items",
            spaces: &[Space::PayoutAccount],
            space: of(Space::PayoutAccount),
            only: "",
            same_key: "c.key = replace(t.payout_id || ':' || t.affiliate_id, '-', '')",
            id: |id| PayoutItemId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "customer_email_claim",
            stray: "claim_customer_email",
            table: "customers",
            spaces: &[Space::CustomerEmail],
            space: of(Space::CustomerEmail),
            only: "t.deleted_at IS NULL",
            same_key: "c.key = t.email_folded",
            id: |id| CustomerId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "order_reference_claim",
            stray: "claim_order_reference",
            table: "orders",
            spaces: &[Space::OrderReference],
            space: of(Space::OrderReference),
            only: "t.reference IS NOT NULL",
            same_key: "c.key = t.reference",
            id: |id| OrderId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "group_share_id_claim",
            stray: "claim_group_share_id",
            table: "referral_groups",
            spaces: &[Space::GroupShareId],
            space: of(Space::GroupShareId),
            only: "",
            same_key: "c.key = right(t.share_id, 8)",
            id: |id| GroupId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "group_email_claim",
            stray: "claim_group_email",
            table: "orders",
            spaces: &[Space::GroupEmail],
            space: of(Space::GroupEmail),
            only: "t.participates",
            same_key: "c.key = t.group_id::text || ':' || t.email_folded",
            id: |id| OrderId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "api_key_directory",
            stray: "directory_api_key",
            table: "api_keys",
            spaces: &[Space::KeyHash],
            space: of(Space::KeyHash),
            only: "",
            same_key: "c.key = encode(t.hash, 'hex')",
            id: |id| ApiKeyId::from_uuid(id).to_string(),
        },
        Keyed {
            missing: "merchant_slug_directory",
            stray: "directory_merchant_slug",
            table: "merchants",
            spaces: &[Space::MerchantSlug],
            space: of(Space::MerchantSlug),
            only: "",
            same_key: "c.key = t.slug",
            id: |id| MerchantId::from_uuid(id).to_string(),
        },
    ]
}

impl Keyed {
    /// Where the claims are, and the SQL for their merchant and for that of a row.
    fn scopes(&self) -> (&'static str, &'static str, &'static str) {
        let row = if self.table == "merchants" { "t.id" } else { "t.merchant_id" };
        let global = self.spaces.iter().all(|space| space.is_global());
        if global { ("directory", "NULL::uuid", row) } else { ("claims", "c.merchant_id", row) }
    }

    /// That a row has a key.
    fn only(&self) -> &'static str {
        if self.only.is_empty() { "TRUE" } else { self.only }
    }

    /// That the claim is of the row, with its very key.
    fn same(&self) -> String {
        let (claims, merchant, row) = self.scopes();
        let same_merchant = if claims == "directory" { String::new() } else { format!("{merchant} = {row} AND ") };
        format!("{same_merchant}c.owner = t.id AND c.space = {} AND {}", self.space, self.same_key)
    }

    /// Rows whose key somebody else has, or nobody.
    fn missing(&self) -> Rule {
        let (claims, _, row) = self.scopes();
        let (table, same) = (self.table, self.same());
        let query = format!(
            "SELECT {row}, t.id, 'does not own its key in {claims}' \
             FROM {table} t LEFT JOIN {claims} c ON {same} WHERE c.owner IS NULL AND {}",
            self.only(),
        );
        Rule { name: self.missing, id: self.id, query }
    }

    /// Claims whose owner is gone, or has another key.
    fn stray(&self) -> Rule {
        let (claims, merchant, _) = self.scopes();
        let (table, same) = (self.table, self.same());
        let spaces = self.spaces.iter().map(|space| space.number().to_string()).collect::<Vec<_>>().join(", ");
        let query = format!(
            "SELECT {merchant}, c.owner, 'owns a key in {claims} that is not of any row of it' \
             FROM {claims} c LEFT JOIN {table} t ON {same} AND {} WHERE c.space IN ({spaces}) AND t.id IS NULL",
            self.only(),
        );
        Rule { name: self.stray, id: self.id, query }
    }
}
