//! The columns that queries name, as diesel sees them; `migrations/sqlite` makes the tables, and `tables` describes whole
//! rows. What no query names is not here.

#![allow(unreachable_pub, missing_docs, reason = "written by the macro")]

diesel::table! {
    organizations (id) {
        id -> Binary,
    }
}

diesel::table! {
    merchants (id) {
        id -> Binary,
    }
}

diesel::table! {
    directory (space, key) {
        space -> SmallInt,
        key -> Text,
        owner -> Binary,
    }
}

diesel::table! {
    claims (merchant_id, space, key) {
        merchant_id -> Binary,
        space -> SmallInt,
        key -> Text,
        owner -> Binary,
    }
}

diesel::table! {
    replies (merchant_id, route, key) {
        merchant_id -> Binary,
        route -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        body -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    api_keys (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    key_uses (merchant_id, key_id) {
        merchant_id -> Binary,
        key_id -> Binary,
        last_used_at -> BigInt,
    }
}

diesel::table! {
    tiers (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        metric -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    commission_rules (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        scope -> Text,
        scope_ref -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    affiliates (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        status -> Text,
        tier_id -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    coupons (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        code -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    clicks (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        session -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    events (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        kind -> Text,
        external_id -> Text,
        order_id -> Text,
        amount_minor -> Nullable<BigInt>,
        currency -> Nullable<Text>,
        refunds -> Nullable<Binary>,
        affiliate_id -> Nullable<Binary>,
        customer_email -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    commissions (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        event_id -> Binary,
        order_id -> Text,
        affiliate_id -> Binary,
        level -> SmallInt,
        refund_id -> Nullable<Binary>,
        currency -> Text,
        status -> Text,
        payout_id -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    accounts (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        currency -> Text,
        approved_minor -> BigInt,
        in_payout_minor -> BigInt,
        paid_minor -> BigInt,
    }
}

diesel::table! {
    payouts (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        status -> Text,
        currency -> Text,
        begun_at -> BigInt,
        sealed_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    payout_items (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        payout_id -> Binary,
        affiliate_id -> Binary,
        status -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    announcements (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        payload -> Binary,
    }
}

diesel::table! {
    customers (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        deleted_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    referral_groups (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        customer_id -> Binary,
        creator_email -> Text,
        status -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    orders (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        group_id -> Binary,
        customer_id -> Binary,
        email -> Text,
        participates -> Bool,
        event_id -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    mails (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        recipient -> Nullable<Text>,
        due_at -> BigInt,
    }
}
