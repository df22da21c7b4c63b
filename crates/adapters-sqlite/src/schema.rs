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
        resetting -> Bool,
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
    key_uses (merchant_id, key_id) {
        merchant_id -> Binary,
        key_id -> Binary,
        last_used_at -> BigInt,
    }
}

/// Tables whose rows are a merchant's, each with an id.
macro_rules! of_merchants {
    ($($table:ident { $($columns:tt)* })*) => {$(
        diesel::table! {
            $table (merchant_id, id) {
                merchant_id -> Binary,
                id -> Binary,
                $($columns)*
            }
        }
    )*};
}
of_merchants! {
    api_keys {
        created_at -> BigInt,
    }
    tiers {
        metric -> Text,
        created_at -> BigInt,
    }
    commission_rules {
        scope -> Text,
        scope_ref -> Nullable<Text>,
        created_at -> BigInt,
    }
    affiliates {
        status -> Text,
        tier_id -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        created_at -> BigInt,
    }
    coupons {
        affiliate_id -> Binary,
        code -> Text,
        created_at -> BigInt,
    }
    clicks {
        affiliate_id -> Binary,
        session -> Text,
        created_at -> BigInt,
    }
    events {
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
    commissions {
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
    accounts {
        affiliate_id -> Binary,
        currency -> Text,
        approved_minor -> BigInt,
        in_payout_minor -> BigInt,
        paid_minor -> BigInt,
    }
    payouts {
        status -> Text,
        currency -> Text,
        begun_at -> BigInt,
        sealed_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
    payout_items {
        payout_id -> Binary,
        affiliate_id -> Binary,
        status -> Text,
        created_at -> BigInt,
    }
    announcements {
        payload -> Binary,
    }
    customers {
        deleted_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
    referral_groups {
        customer_id -> Binary,
        creator_email -> Text,
        status -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
    orders {
        group_id -> Binary,
        customer_id -> Binary,
        email -> Text,
        participates -> Bool,
        event_id -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
    mails {
        recipient -> Nullable<Text>,
        due_at -> BigInt,
    }
}
