//! Unique keys against the rows that hold them, both ways.

use super::Rule;
use crate::values::Uid;
use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    sql_types::{Binary, Text},
};
use domain::{
    Account, AccountId, AffiliateId, ApiKeyId, CouponId, CustomerId, EventId, EventKind, EventSpace, Group, GroupId,
    MerchantId, OrderId, PayoutItemId, TierId,
};
use ports::Space;
use uuid::Uuid;

// The domain's own rules, so that a query compares with what was claimed and not with a copy of how it was made.
#[declare_sql_function]
extern "SQL" {
    /// The space in which an event of this kind is unique; NULL for a kind that does not exist.
    fn event_space(kind: Text) -> Nullable<SmallInt>;
    /// The key of an affiliate's account in a currency; NULL for a currency that does not exist.
    fn account_key(affiliate_id: Binary, currency: Text) -> Nullable<Text>;
    /// The key under which a folded address takes part in a group.
    fn group_email_key(group_id: Binary, email_folded: Text) -> Text;
}

/// Makes the functions known to a connection. Doing so again changes nothing.
pub(super) fn register(connection: &mut SqliteConnection) -> QueryResult<()> {
    event_space_utils::register_impl(connection, |kind: String| {
        EventKind::parse(&kind).ok().map(|kind| Space::Event(kind.space()).number())
    })?;
    account_key_utils::register_impl(connection, |affiliate: Uid, currency: String| {
        currency.parse().ok().map(|currency| Account::key_of(affiliate.id(), currency))
    })?;
    group_email_key_utils::register_impl(connection, |group: Uid, folded: String| {
        Group::email_key_of(group.id(), &folded)
    })
}

/// Where a unique key stands in a row. `space` and `key` are expressions over a row `t`; a row whose key is NULL has none.
struct Kept {
    missing: &'static str,
    stray: &'static str,
    table: &'static str,
    spaces: &'static [Space],
    space: Option<&'static str>,
    key: &'static str,
    show: fn(Uuid) -> String,
}

const EVENTS: [Space; 5] = [
    Space::Event(EventSpace::Paying),
    Space::Event(EventSpace::Signup),
    Space::Event(EventSpace::Lead),
    Space::Event(EventSpace::TrialStarted),
    Space::Event(EventSpace::Refund),
];

const KEPT: [Kept; 13] = [
    Kept {
        missing: "affiliate_slug_claim",
        stray: "claim_affiliate_slug",
        table: "affiliates",
        spaces: &[Space::AffiliateSlug],
        space: None,
        key: "t.slug",
        show: |id| AffiliateId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "affiliate_email_claim",
        stray: "claim_affiliate_email",
        table: "affiliates",
        spaces: &[Space::AffiliateEmail],
        space: None,
        key: "t.email_folded",
        show: |id| AffiliateId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "coupon_code_claim",
        stray: "claim_coupon_code",
        table: "coupons",
        spaces: &[Space::CouponCode],
        space: None,
        key: "t.code",
        show: |id| CouponId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "tier_name_claim",
        stray: "claim_tier_name",
        table: "tiers",
        spaces: &[Space::TierName],
        space: None,
        key: "t.name_folded",
        show: |id| TierId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "event_claim",
        stray: "claim_event",
        table: "events",
        spaces: &EVENTS,
        space: Some("event_space(t.kind)"),
        key: "t.external_id",
        show: |id| EventId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "account_claim",
        stray: "claim_account",
        table: "accounts",
        spaces: &[Space::Account],
        space: None,
        key: "account_key(t.affiliate_id, t.currency)",
        show: |id| AccountId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "payout_item_claim",
        stray: "claim_payout_item",
        table: "payout_items",
        spaces: &[Space::PayoutAccount],
        space: None,
        key: "lower(hex(t.payout_id)) || ':' || lower(hex(t.affiliate_id))",
        show: |id| PayoutItemId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "customer_email_claim",
        stray: "claim_customer_email",
        table: "customers",
        spaces: &[Space::CustomerEmail],
        space: None,
        key: "iif(t.deleted_at IS NULL, t.email_folded, NULL)",
        show: |id| CustomerId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "order_reference_claim",
        stray: "claim_order_reference",
        table: "orders",
        spaces: &[Space::OrderReference],
        space: None,
        key: "t.reference",
        show: |id| OrderId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "group_share_id_claim",
        stray: "claim_group_share_id",
        table: "referral_groups",
        spaces: &[Space::GroupShareId],
        space: None,
        key: "substr(t.share_id, -8)",
        show: |id| GroupId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "group_email_claim",
        stray: "claim_group_email",
        table: "orders",
        spaces: &[Space::GroupEmail],
        space: None,
        key: "iif(t.participates, group_email_key(t.group_id, t.email_folded), NULL)",
        show: |id| OrderId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "api_key_directory",
        stray: "directory_api_key",
        table: "api_keys",
        spaces: &[Space::KeyHash],
        space: None,
        key: "lower(hex(t.hash))",
        show: |id| ApiKeyId::from_uuid(id).to_string(),
    },
    Kept {
        missing: "merchant_slug_directory",
        stray: "directory_merchant_slug",
        table: "merchants",
        spaces: &[Space::MerchantSlug],
        space: None,
        key: "t.slug",
        show: |id| MerchantId::from_uuid(id).to_string(),
    },
];

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    KEPT.iter().flat_map(|kept| [kept.missing(), kept.stray()])
}

impl Kept {
    fn is_global(&self) -> bool {
        self.spaces.iter().all(|space| space.is_global())
    }

    /// The claims table, and the condition that a claim `c` is of the merchant of the row `t`.
    fn claims(&self) -> (&'static str, &'static str) {
        if self.is_global() { ("directory", "TRUE") } else { ("claims", "c.merchant_id = t.merchant_id") }
    }

    /// The space of the row's key, as an expression.
    fn space(&self) -> String {
        let only = || self.spaces.first().map_or_else(|| "NULL".to_owned(), |space| space.number().to_string());
        self.space.map_or_else(only, str::to_owned)
    }

    /// Rows whose key somebody else has, or nobody.
    fn missing(&self) -> Rule {
        let Self { missing: name, table, key, show, .. } = *self;
        let ((claims, same), space) = (self.claims(), self.space());
        let merchant = if table == "merchants" { "t.id" } else { "t.merchant_id" };
        let sql = format!(
            "SELECT {merchant} AS merchant_id, t.id AS id, 'does not own its key in {claims}' AS why \
             FROM {table} t LEFT JOIN {claims} c ON {same} AND c.space = {space} AND c.key = {key} \
             WHERE c.owner IS NOT t.id AND {key} IS NOT NULL"
        );
        Rule { name, sql, show }
    }

    /// Claims whose owner is gone, or has another key.
    fn stray(&self) -> Rule {
        let Self { stray: name, table, key, show, .. } = *self;
        let ((claims, same), space) = (self.claims(), self.space());
        let merchant = if self.is_global() { "NULL" } else { "c.merchant_id" };
        let spaces: Vec<String> = self.spaces.iter().map(|space| space.number().to_string()).collect();
        let spaces = spaces.join(", ");
        let sql = format!(
            "SELECT {merchant} AS merchant_id, c.owner AS id, 'owns a key in {claims} that is not of any row of it' AS why \
             FROM {claims} c LEFT JOIN {table} t ON {same} AND t.id = c.owner \
             WHERE c.space IN ({spaces}) AND (t.id IS NULL OR {key} IS NOT c.key OR {space} IS NOT c.space)"
        );
        Rule { name, sql, show }
    }
}
