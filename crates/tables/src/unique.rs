//! Which rows have unique keys: what of a row is claimed, in which space, and under which names inspections compare the two.

use domain::{
    AccountId, AffiliateId, ApiKeyId, CouponId, CustomerId, EventId, EventSpace, GroupId, MerchantId, OrderId,
    PayoutItemId, TierId,
};
use ports::Space;
use uuid::Uuid;

/// A unique key of the rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct UniqueKey {
    /// The rule that such a row owns its key …
    pub missing: &'static str,
    /// … and the rule that such a key is its owner's.
    pub stray: &'static str,
    /// The table.
    pub table: &'static str,
    /// The spaces that its keys live in.
    pub spaces: &'static [Space],
    /// What of a row is its key.
    pub key: Key,
    /// The public form of a row's id.
    pub show: fn(Uuid) -> String,
}

/// What of a row is its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// This column; a row where it is NULL has no key.
    Column(&'static str),
    /// This column of bytes, in hexadecimal digits.
    Hex(&'static str),
    /// The folded address of a customer who is not deleted.
    LiveEmail,
    /// The external id of an event, in the space of its kind.
    Event,
    /// An account's affiliate and currency.
    Account,
    /// An item's payout and affiliate.
    PayoutItem,
    /// The code at the end of a group's share id.
    ShareCode,
    /// The group and the folded address of an order that takes part.
    GroupEmail,
}

impl UniqueKey {
    /// Whether the keys are the whole server's, and not some merchant's.
    pub fn is_global(&self) -> bool {
        self.spaces.iter().all(|space| space.is_global())
    }

    /// The numbers of its spaces, one after the other.
    pub fn numbers(&self) -> String {
        self.spaces.iter().map(|space| space.number().to_string()).collect::<Vec<_>>().join(", ")
    }

    /// The column of a row's merchant.
    pub fn merchant(&self) -> &'static str {
        if self.table == "merchants" { "id" } else { "merchant_id" }
    }
}

const EVENTS: &[Space] = &[
    Space::Event(EventSpace::Paying),
    Space::Event(EventSpace::Signup),
    Space::Event(EventSpace::Lead),
    Space::Event(EventSpace::TrialStarted),
    Space::Event(EventSpace::Refund),
];

macro_rules! unique {
    ($($missing:ident, $stray:ident: $table:ident by $id:ident, $key:expr, in $spaces:expr;)*) => {
        /// Every unique key that stands in a row.
        pub const UNIQUE_KEYS: &[UniqueKey] = &[$(UniqueKey {
            missing: stringify!($missing),
            stray: stringify!($stray),
            table: stringify!($table),
            spaces: $spaces,
            key: $key,
            show: |id| $id::from_uuid(id).to_string(),
        }),*];
    };
}
unique! {
    affiliate_slug_claim, claim_affiliate_slug: affiliates by AffiliateId, Key::Column("slug"), in &[Space::AffiliateSlug];
    affiliate_email_claim, claim_affiliate_email: affiliates by AffiliateId, Key::Column("email_folded"),
        in &[Space::AffiliateEmail];
    coupon_code_claim, claim_coupon_code: coupons by CouponId, Key::Column("code"), in &[Space::CouponCode];
    tier_name_claim, claim_tier_name: tiers by TierId, Key::Column("name_folded"), in &[Space::TierName];
    event_claim, claim_event: events by EventId, Key::Event, in EVENTS;
    account_claim, claim_account: accounts by AccountId, Key::Account, in &[Space::Account];
    payout_item_claim, claim_payout_item: payout_items by PayoutItemId, Key::PayoutItem, in &[Space::PayoutAccount];
    customer_email_claim, claim_customer_email: customers by CustomerId, Key::LiveEmail, in &[Space::CustomerEmail];
    order_reference_claim, claim_order_reference: orders by OrderId, Key::Column("reference"),
        in &[Space::OrderReference];
    group_share_id_claim, claim_group_share_id: referral_groups by GroupId, Key::ShareCode, in &[Space::GroupShareId];
    group_email_claim, claim_group_email: orders by OrderId, Key::GroupEmail, in &[Space::GroupEmail];
    api_key_directory, directory_api_key: api_keys by ApiKeyId, Key::Hex("hash"), in &[Space::KeyHash];
    merchant_slug_directory, directory_merchant_slug: merchants by MerchantId, Key::Column("slug"),
        in &[Space::MerchantSlug];
}
