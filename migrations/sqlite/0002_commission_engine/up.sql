-- What the commission engine adds to the rows of the first migration. SQLite cannot add a column that must be filled and
-- then lose its default, so each table is made anew and its rows are carried over.

ALTER TABLE merchants RENAME TO old_merchants;
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
    recurring TEXT NOT NULL,
    recurring_max_renewals INTEGER NOT NULL,
    min_payout_minor INTEGER NOT NULL,
    max_payout_rate INTEGER NOT NULL,
    tier_count INTEGER NOT NULL,
    rule_count INTEGER NOT NULL,
    resetting INTEGER NOT NULL,
    CONSTRAINT merchants_pkey PRIMARY KEY (id),
    CONSTRAINT merchants_rate_is_a_fraction CHECK (commission_rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;
INSERT INTO merchants (
    id, organization_id, mode, slug, clock_offset_micros, currency, commission_rate, mlm_rates, hold_days, cookie_window_days, attribution_model, self_referral, auto_coupon_on_approval, landing_url, redirect_hosts, created_at, updated_at, version,
    recurring, recurring_max_renewals, min_payout_minor, max_payout_rate, tier_count, rule_count, resetting
)
SELECT
    t.id, t.organization_id, t.mode, t.slug, t.clock_offset_micros, t.currency, t.commission_rate, t.mlm_rates, t.hold_days, t.cookie_window_days, t.attribution_model, t.self_referral, t.auto_coupon_on_approval, t.landing_url, t.redirect_hosts, t.created_at, t.updated_at, t.version,
    'first_order_only', 12, 0, 1000000, 0, 0, 0
FROM old_merchants t;
DROP TABLE old_merchants;
-- The few merchants whose clocks are ahead, for the workers' due-scans.
CREATE INDEX merchants_ahead ON merchants (id) WHERE clock_offset_micros <> 0;

ALTER TABLE commissions RENAME TO old_commissions;
CREATE TABLE commissions (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    order_id TEXT NOT NULL,
    affiliate_id BLOB NOT NULL,
    level INTEGER NOT NULL,
    leaf_id BLOB,
    basis_minor INTEGER NOT NULL,
    rate INTEGER,
    rate_source TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    matures_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    flat_minor INTEGER,
    rule_id BLOB,
    reverses BLOB,
    refund_id BLOB,
    made_as TEXT NOT NULL,
    payout_id BLOB,
    CONSTRAINT commissions_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT commissions_rate_is_a_fraction CHECK (rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;
INSERT INTO commissions (
    merchant_id, id, event_id, order_id, affiliate_id, level, leaf_id, basis_minor, rate, rate_source, amount_minor, currency, status, reason, matures_at, created_at, updated_at, version,
    flat_minor, rule_id, reverses, refund_id, made_as, payout_id
)
SELECT
    t.merchant_id, t.id, t.event_id, t.order_id, t.affiliate_id, t.level, t.leaf_id, t.basis_minor, t.rate, t.rate_source, t.amount_minor, t.currency, t.status, t.reason, t.matures_at, t.created_at, t.updated_at, t.version,
    NULL, NULL, NULL, NULL, CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.merchant_id = t.merchant_id AND e.id = t.event_id
        AND ';' || e.decision LIKE '%;review %') THEN 'review' ELSE 'pending' END, NULL
FROM old_commissions t;
DROP TABLE old_commissions;
CREATE INDEX commissions_by_time ON commissions (merchant_id, created_at, id);
CREATE INDEX commissions_by_affiliate ON commissions (merchant_id, affiliate_id, created_at, id);
CREATE INDEX commissions_by_status ON commissions (merchant_id, status, created_at, id);
-- Also how an event's rows and a leaf's overrides are found: they share the order.
CREATE INDEX commissions_by_order ON commissions (merchant_id, order_id, created_at, id);
-- The maturing worker's scan, over all merchants.
CREATE INDEX commissions_due ON commissions (matures_at, merchant_id, id) WHERE status = 'pending';
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, id) WHERE payout_id IS NOT NULL;

ALTER TABLE events RENAME TO old_events;
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
    items TEXT NOT NULL,
    payout_cap_minor INTEGER,
    refunds BLOB,
    CONSTRAINT events_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT events_amount_has_a_currency CHECK ((amount_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO events (
    merchant_id, id, kind, external_id, order_id, amount_minor, currency, refunded_minor, session, coupon, affiliate_id, customer_email, customer_external_id, occurred_at, metadata, decision, fingerprint, created_at, version,
    items, payout_cap_minor, refunds
)
SELECT
    t.merchant_id, t.id, t.kind, t.external_id, t.order_id, t.amount_minor, t.currency, t.refunded_minor, t.session, t.coupon, t.affiliate_id, t.customer_email, t.customer_external_id, t.occurred_at, t.metadata, t.decision, t.fingerprint, t.created_at, t.version,
    '', t.amount_minor, NULL
FROM old_events t;
DROP TABLE old_events;
CREATE INDEX events_by_time ON events (merchant_id, created_at, id);
CREATE INDEX events_by_affiliate ON events (merchant_id, affiliate_id, created_at, id) WHERE affiliate_id IS NOT NULL;
-- An order that has another name than its event; where the two are one, the claim on the external id finds it.
CREATE INDEX events_by_own_order ON events (merchant_id, order_id, id) WHERE order_id <> external_id;

ALTER TABLE accounts RENAME TO old_accounts;
CREATE TABLE accounts (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    currency TEXT NOT NULL,
    approved_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    version INTEGER NOT NULL,
    in_payout_minor INTEGER NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts (
    merchant_id, id, affiliate_id, currency, approved_minor, paid_minor, version,
    in_payout_minor
)
SELECT
    t.merchant_id, t.id, t.affiliate_id, t.currency, t.approved_minor, t.paid_minor, t.version,
    0
FROM old_accounts t;
DROP TABLE old_accounts;
CREATE INDEX accounts_by_affiliate ON accounts (merchant_id, affiliate_id);

-- The planner's statistics went with the old tables.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
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
    ('accounts', 'accounts_by_affiliate', '20000 5000 1'),
    ('merchants', 'merchants_ahead', '100 1'),
    ('events', 'events_by_own_order', '100000 25000 1 1'),
    ('commissions', 'commissions_by_payout', '500000 125000 5000 1');
