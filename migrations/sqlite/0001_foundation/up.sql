-- Rules of this schema (held by a test):
--   Keys are 16-byte UUIDs made by the program, times are microseconds since 1970, amounts are minor units.
--   A table's primary key starts with merchant_id; organizations, merchants and directory are the server's own.
--   No defaults, no sequences, no triggers, no foreign keys; every constraint has a name.
--   What must be unique is a row of claims (per merchant) or directory (on the server).
-- WITHOUT ROWID keeps a merchant's rows together and saves the second tree; tables of long rows keep their rowid.

CREATE TABLE organizations (
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    plan TEXT NOT NULL,
    test_merchant_id BLOB NOT NULL,
    live_merchant_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT organizations_pkey PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE merchants (
    id BLOB NOT NULL,
    organization_id BLOB NOT NULL,
    mode TEXT NOT NULL,
    slug TEXT NOT NULL,
    clock_offset_micros INTEGER NOT NULL,
    currency TEXT NOT NULL,
    commission_rate INTEGER NOT NULL,
    mlm_rates TEXT NOT NULL,
    hold_days INTEGER NOT NULL,
    cookie_window_days INTEGER NOT NULL,
    attribution_model TEXT NOT NULL,
    self_referral TEXT NOT NULL,
    auto_coupon_on_approval INTEGER NOT NULL,
    landing_url TEXT,
    redirect_hosts TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT merchants_pkey PRIMARY KEY (id),
    CONSTRAINT merchants_rate_is_a_fraction CHECK (commission_rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory (
    space INTEGER NOT NULL,
    key TEXT NOT NULL,
    owner BLOB NOT NULL,
    CONSTRAINT directory_pkey PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    merchant_id BLOB NOT NULL,
    space INTEGER NOT NULL,
    key TEXT NOT NULL,
    owner BLOB NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (merchant_id, space, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE replies (
    merchant_id BLOB NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT replies_pkey PRIMARY KEY (merchant_id, route, key)
) STRICT;
CREATE INDEX replies_by_expiry ON replies (expires_at);

CREATE TABLE api_keys (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    start TEXT NOT NULL,
    last_four TEXT NOT NULL,
    scopes TEXT NOT NULL,
    rate_limit_per_min INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    rolled_to BLOB,
    version INTEGER NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
-- A key says whose it is: it is looked up before its merchant is known.
CREATE INDEX api_keys_by_id ON api_keys (id);

CREATE TABLE key_uses (
    merchant_id BLOB NOT NULL,
    key_id BLOB NOT NULL,
    last_used_at INTEGER NOT NULL,
    CONSTRAINT key_uses_pkey PRIMARY KEY (merchant_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE trees (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT trees_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE affiliates (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    display_name TEXT,
    status TEXT NOT NULL,
    tier_id BLOB,
    parent_id BLOB,
    custom_rate INTEGER,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT affiliates_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT affiliates_rate_is_a_fraction CHECK (custom_rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;
CREATE INDEX affiliates_by_time ON affiliates (merchant_id, created_at, id);
CREATE INDEX affiliates_by_status ON affiliates (merchant_id, status, created_at, id);
CREATE INDEX affiliates_by_tier ON affiliates (merchant_id, tier_id, created_at, id) WHERE tier_id IS NOT NULL;

CREATE TABLE coupons (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    code TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT coupons_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX coupons_by_time ON coupons (merchant_id, created_at, id);
CREATE INDEX coupons_by_affiliate ON coupons (merchant_id, affiliate_id, created_at, id);

CREATE TABLE clicks (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    session TEXT NOT NULL,
    landing_page TEXT,
    referrer TEXT,
    utm_source TEXT,
    utm_medium TEXT,
    utm_campaign TEXT,
    utm_term TEXT,
    utm_content TEXT,
    user_agent TEXT,
    ip_hash BLOB,
    created_at INTEGER NOT NULL,
    CONSTRAINT clicks_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
-- Holds the affiliate too, so that attribution never touches the clicks themselves.
CREATE INDEX clicks_by_session ON clicks (merchant_id, session, created_at, id, affiliate_id);

CREATE TABLE events (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount_minor INTEGER,
    currency TEXT,
    refunded_minor INTEGER NOT NULL,
    session TEXT,
    coupon TEXT,
    affiliate_id BLOB,
    customer_email TEXT,
    customer_external_id TEXT,
    occurred_at INTEGER,
    metadata TEXT NOT NULL,
    decision TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT events_amount_has_a_currency CHECK ((amount_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_time ON events (merchant_id, created_at, id);
CREATE INDEX events_by_affiliate ON events (merchant_id, affiliate_id, created_at, id) WHERE affiliate_id IS NOT NULL;

CREATE TABLE commissions (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    order_id TEXT NOT NULL,
    affiliate_id BLOB NOT NULL,
    level INTEGER NOT NULL,
    leaf_id BLOB,
    basis_minor INTEGER NOT NULL,
    rate INTEGER NOT NULL,
    rate_source TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    matures_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT commissions_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT commissions_rate_is_a_fraction CHECK (rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;
CREATE INDEX commissions_by_time ON commissions (merchant_id, created_at, id);
CREATE INDEX commissions_by_affiliate ON commissions (merchant_id, affiliate_id, created_at, id);
CREATE INDEX commissions_by_status ON commissions (merchant_id, status, created_at, id);
-- Also how an event's rows and a leaf's overrides are found: they share the order.
CREATE INDEX commissions_by_order ON commissions (merchant_id, order_id, created_at, id);
-- The maturing worker's scan, over all merchants.
CREATE INDEX commissions_due ON commissions (matures_at, merchant_id, id) WHERE status = 'pending';

CREATE TABLE accounts (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    currency TEXT NOT NULL,
    approved_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_affiliate ON accounts (merchant_id, affiliate_id);

CREATE TABLE announcements (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    topic TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    payload BLOB NOT NULL,
    CONSTRAINT announcements_pkey PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE TABLE outbox (
    merchant_id BLOB NOT NULL,
    announcement_id BLOB NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (merchant_id, announcement_id)
) STRICT, WITHOUT ROWID;

-- The shape of the data, told to the planner once. Without it SQLite takes merchant_id alone for nearly unique and reads a
-- merchant's rows from end to end; measured anew on each machine, plans would change by themselves. Each line: rows of the
-- table, then rows for each value of the index's first column, first two columns, and so on.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('affiliates', 'affiliates', '20000 5000 1'),
    ('affiliates', 'affiliates_by_time', '20000 5000 2 1'),
    ('affiliates', 'affiliates_by_status', '20000 5000 1000 2 1'),
    ('affiliates', 'affiliates_by_tier', '20000 5000 1000 2 1'),
    ('coupons', 'coupons', '20000 5000 1'),
    ('coupons', 'coupons_by_time', '20000 5000 2 1'),
    ('coupons', 'coupons_by_affiliate', '20000 5000 2 2 1'),
    ('clicks', 'clicks', '4000000 1000000 1'),
    ('clicks', 'clicks_by_session', '4000000 1000000 5 1 1 1'),
    ('events', 'events', '1000000 250000 1'),
    ('events', 'events_by_time', '1000000 250000 2 1'),
    ('events', 'events_by_affiliate', '1000000 250000 500 2 1'),
    ('commissions', 'commissions', '1000000 250000 1'),
    ('commissions', 'commissions_by_time', '1000000 250000 2 1'),
    ('commissions', 'commissions_by_affiliate', '1000000 250000 500 2 1'),
    ('commissions', 'commissions_by_status', '1000000 250000 50000 2 1'),
    ('commissions', 'commissions_by_order', '1000000 250000 2 2 1'),
    ('commissions', 'commissions_due', '100000 2 2 1'),
    ('accounts', 'accounts', '20000 5000 1'),
    ('accounts', 'accounts_by_affiliate', '20000 5000 1');
