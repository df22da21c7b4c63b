//! What a reset of a test merchant deletes.

/// The tables that a reset wipes for a merchant, what depends on other rows first, each with the columns of its key
/// after the merchant. Those of `replies` that it keeps are left out by a condition.
pub const WIPED_TABLES: &[(&str, &str)] = &[
    ("outbox", "announcement_id"),
    ("announcements", "id"),
    ("replies", "route, key"),
    ("payout_items", "id"),
    ("payouts", "id"),
    ("commissions", "id"),
    ("events", "id"),
    ("clicks", "id"),
    ("coupons", "id"),
    ("accounts", "id"),
    ("bindings", "id"),
    ("commission_rules", "id"),
    ("affiliates", "id"),
    ("tiers", "id"),
    ("mails", "id"),
    ("orders", "id"),
    ("referral_groups", "id"),
    ("customers", "id"),
    ("group_settings", "id"),
    ("claims", "space, key"),
];
