//! The tables as diesel sees them; `migrations/sqlite` makes them.

#![allow(unreachable_pub, missing_docs, reason = "written by the macro")]

diesel::table! {
    organizations (id) {
        id -> Binary,
        name -> Text,
        plan -> Text,
        test_merchant_id -> Binary,
        live_merchant_id -> Binary,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    merchants (id) {
        id -> Binary,
        organization_id -> Binary,
        mode -> Text,
        slug -> Text,
        clock_offset_micros -> BigInt,
        currency -> Text,
        commission_rate -> Integer,
        mlm_rates -> Text,
        hold_days -> Integer,
        cookie_window_days -> Integer,
        attribution_model -> Text,
        self_referral -> Text,
        auto_coupon_on_approval -> Bool,
        landing_url -> Nullable<Text>,
        redirect_hosts -> Text,
        recurring -> Text,
        recurring_max_renewals -> Integer,
        min_payout_minor -> BigInt,
        max_payout_rate -> Integer,
        tier_count -> Integer,
        rule_count -> Integer,
        resetting -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
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
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    api_keys (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        name -> Text,
        hash -> Binary,
        start -> Text,
        last_four -> Text,
        scopes -> Text,
        rate_limit_per_min -> Integer,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        rolled_to -> Nullable<Binary>,
        version -> BigInt,
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
    trees (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        version -> BigInt,
    }
}

diesel::table! {
    tiers (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        name -> Text,
        name_folded -> Text,
        rate -> Integer,
        metric -> Text,
        threshold -> BigInt,
        currency -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    commission_rules (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        scope -> Text,
        scope_ref -> Nullable<Text>,
        rate -> Nullable<Integer>,
        flat_minor -> Nullable<BigInt>,
        currency -> Nullable<Text>,
        event_kind -> Nullable<Text>,
        priority -> Integer,
        starts_at -> Nullable<BigInt>,
        ends_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    affiliates (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        slug -> Text,
        email -> Text,
        email_folded -> Text,
        display_name -> Nullable<Text>,
        status -> Text,
        tier_id -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        custom_rate -> Nullable<Integer>,
        metadata -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    coupons (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        code -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    bindings (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        event_id -> Binary,
        renewals -> BigInt,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    clicks (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        affiliate_id -> Binary,
        session -> Text,
        landing_page -> Nullable<Text>,
        referrer -> Nullable<Text>,
        utm_source -> Nullable<Text>,
        utm_medium -> Nullable<Text>,
        utm_campaign -> Nullable<Text>,
        utm_term -> Nullable<Text>,
        utm_content -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        ip_hash -> Nullable<Binary>,
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
        items -> Text,
        payout_cap_minor -> Nullable<BigInt>,
        refunded_minor -> BigInt,
        refunds -> Nullable<Binary>,
        session -> Nullable<Text>,
        coupon -> Nullable<Text>,
        affiliate_id -> Nullable<Binary>,
        customer_email -> Nullable<Text>,
        customer_external_id -> Nullable<Text>,
        occurred_at -> Nullable<BigInt>,
        metadata -> Text,
        decision -> Text,
        fingerprint -> Binary,
        created_at -> BigInt,
        version -> BigInt,
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
        leaf_id -> Nullable<Binary>,
        reverses -> Nullable<Binary>,
        refund_id -> Nullable<Binary>,
        basis_minor -> BigInt,
        rate -> Nullable<Integer>,
        flat_minor -> Nullable<BigInt>,
        rate_source -> Text,
        rule_id -> Nullable<Binary>,
        amount_minor -> BigInt,
        currency -> Text,
        made_as -> Text,
        status -> Text,
        payout_id -> Nullable<Binary>,
        reason -> Nullable<Text>,
        matures_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
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
        version -> BigInt,
    }
}

diesel::table! {
    payouts (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        status -> Text,
        currency -> Text,
        total_minor -> BigInt,
        paid_minor -> BigInt,
        items_count -> BigInt,
        paid_count -> BigInt,
        failed_count -> BigInt,
        commissions_count -> BigInt,
        begun_at -> BigInt,
        sealed_at -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    payout_items (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        payout_id -> Binary,
        affiliate_id -> Binary,
        amount_minor -> BigInt,
        currency -> Text,
        commissions_count -> BigInt,
        status -> Text,
        reference -> Nullable<Text>,
        reason -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    announcements (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        topic -> Text,
        created_at -> BigInt,
        payload -> Binary,
    }
}

diesel::table! {
    outbox (merchant_id, announcement_id) {
        merchant_id -> Binary,
        announcement_id -> Binary,
    }
}

diesel::table! {
    group_settings (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        discount_type -> Text,
        levels -> Text,
        max_participants -> Integer,
        minutes_duration -> Integer,
        min_purchase_minor -> BigInt,
        hold_minutes -> Integer,
        fee_rate -> Integer,
        updated_at -> BigInt,
        updated_by -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    customers (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        email -> Text,
        email_folded -> Text,
        earlier_emails -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        phone -> Nullable<Text>,
        metadata -> Text,
        search_text -> Text,
        blocked_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        created_at -> BigInt,
        created_by -> Text,
        updated_at -> BigInt,
        updated_by -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    referral_groups (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        share_id -> Text,
        customer_id -> Binary,
        creator_email -> Text,
        status -> Text,
        metadata -> Text,
        currency -> Text,
        discount_type -> Text,
        levels -> Text,
        max_participants -> Integer,
        minutes_duration -> Integer,
        min_purchase_minor -> BigInt,
        hold_minutes -> Integer,
        fee_rate -> Integer,
        participants -> Integer,
        expires_at -> BigInt,
        mid_expire_at -> Nullable<BigInt>,
        j_plus3_start_at -> Nullable<BigInt>,
        j_minus2_expire_at -> Nullable<BigInt>,
        reminder -> Text,
        alone_since -> BigInt,
        level -> Nullable<SmallInt>,
        due_at -> Nullable<BigInt>,
        search_text -> Text,
        created_at -> BigInt,
        created_by -> Text,
        updated_at -> BigInt,
        updated_by -> Text,
        canceled_at -> Nullable<BigInt>,
        completed_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    orders (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        group_id -> Binary,
        share_id -> Text,
        customer_id -> Binary,
        email -> Text,
        email_folded -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        phone -> Nullable<Text>,
        locale -> Nullable<Text>,
        currency -> Text,
        amount_minor -> BigInt,
        refunded_minor -> BigInt,
        cashback_minor -> BigInt,
        review_minor -> BigInt,
        fee_minor -> BigInt,
        status -> Text,
        available_at -> Nullable<BigInt>,
        participates -> Bool,
        ambassador_id -> Nullable<Binary>,
        reference -> Nullable<Text>,
        event_id -> Nullable<Binary>,
        risk -> Text,
        metadata -> Text,
        checkout -> Nullable<Text>,
        search_text -> Text,
        created_at -> BigInt,
        created_by -> Text,
        updated_at -> BigInt,
        updated_by -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    mails (merchant_id, id) {
        merchant_id -> Binary,
        id -> Binary,
        group_id -> Binary,
        recipient -> Nullable<Text>,
        subject -> Nullable<Text>,
        body -> Nullable<Text>,
        status -> Text,
        attempts -> Integer,
        due_at -> BigInt,
        useless_at -> BigInt,
        created_at -> BigInt,
        version -> BigInt,
    }
}
