-- Customers, their orders, the referral groups that these open and join, and what groups promise.

-- One row a merchant that has ever changed them; its id is the merchant's.
CREATE TABLE group_settings (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    discount_type TEXT NOT NULL,
    levels TEXT NOT NULL, -- participants:ten-thousandths, comma between
    max_participants INTEGER NOT NULL,
    minutes_duration INTEGER NOT NULL,
    min_purchase_minor INTEGER NOT NULL,
    hold_minutes INTEGER NOT NULL,
    fee_rate INTEGER NOT NULL, -- millionths
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT group_settings_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    phone TEXT,
    metadata TEXT NOT NULL,
    search_text TEXT NOT NULL,
    blocked_at INTEGER,
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT customers_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customers_by_time ON customers (merchant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_by_change ON customers (merchant_id, updated_at, id) WHERE deleted_at IS NULL;

-- Named in full because GROUPS is a word of SQL. Its terms are a copy of the merchant's settings at its start.
CREATE TABLE referral_groups (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    share_id TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    creator_email TEXT NOT NULL,
    status TEXT NOT NULL,
    metadata TEXT NOT NULL,
    currency TEXT NOT NULL,
    discount_type TEXT NOT NULL,
    levels TEXT NOT NULL,
    max_participants INTEGER NOT NULL,
    minutes_duration INTEGER NOT NULL,
    min_purchase_minor INTEGER NOT NULL,
    hold_minutes INTEGER NOT NULL,
    fee_rate INTEGER NOT NULL, -- millionths
    participants INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    mid_expire_at INTEGER,
    j_plus3_start_at INTEGER,
    j_minus2_expire_at INTEGER,
    reminder TEXT NOT NULL,
    alone_since INTEGER NOT NULL,
    level INTEGER,
    due_at INTEGER,
    search_text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    canceled_at INTEGER,
    completed_at INTEGER,
    version INTEGER NOT NULL,
    CONSTRAINT referral_groups_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX referral_groups_by_time ON referral_groups (merchant_id, created_at, id);
CREATE INDEX referral_groups_by_change ON referral_groups (merchant_id, updated_at, id);
CREATE INDEX referral_groups_due ON referral_groups (due_at, merchant_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX referral_groups_due_by_merchant ON referral_groups (merchant_id, due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE orders (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    group_id BLOB NOT NULL,
    share_id TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    phone TEXT,
    locale TEXT,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL,
    cashback_minor INTEGER NOT NULL,
    review_minor INTEGER NOT NULL,
    fee_minor INTEGER NOT NULL,
    status TEXT NOT NULL,
    available_at INTEGER,
    participates INTEGER NOT NULL,
    ambassador_id BLOB,
    reference TEXT,
    event_id BLOB,
    risk TEXT NOT NULL,
    metadata TEXT NOT NULL,
    search_text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_time ON orders (merchant_id, created_at, id);
CREATE INDEX orders_by_change ON orders (merchant_id, updated_at, id);
CREATE INDEX orders_by_group ON orders (merchant_id, group_id, created_at, id);
CREATE INDEX orders_held ON orders (available_at, merchant_id, id) WHERE available_at IS NOT NULL;
CREATE INDEX orders_held_by_merchant ON orders (merchant_id, available_at, id) WHERE available_at IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('group_settings', 'group_settings', '5000 1 1'),
    ('customers', 'customers', '20000 5000 1'),
    ('customers', 'customers_by_time', '20000 5000 2 1'),
    ('customers', 'customers_by_change', '20000 5000 2 1'),
    ('referral_groups', 'referral_groups', '20000 5000 1'),
    ('referral_groups', 'referral_groups_by_time', '20000 5000 2 1'),
    ('referral_groups', 'referral_groups_by_change', '20000 5000 2 1'),
    ('referral_groups', 'referral_groups_due', '1000 2 2 1'),
    ('referral_groups', 'referral_groups_due_by_merchant', '1000 100 2 1'),
    ('orders', 'orders', '20000 5000 1'),
    ('orders', 'orders_by_time', '20000 5000 2 1'),
    ('orders', 'orders_by_change', '20000 5000 2 1'),
    ('orders', 'orders_by_group', '20000 5000 4 2 1'),
    ('orders', 'orders_held', '1000 2 2 1'),
    ('orders', 'orders_held_by_merchant', '1000 100 2 1');
