-- Payouts, and each affiliate's part of one. A payout is seen once it is sealed.

CREATE TABLE payouts (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    items_count INTEGER NOT NULL,
    paid_count INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    commissions_count INTEGER NOT NULL,
    -- Real time.
    begun_at INTEGER NOT NULL,
    sealed_at INTEGER,
    sent_at INTEGER,
    ended_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT payouts_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payouts_by_time ON payouts (merchant_id, created_at, id) WHERE sealed_at IS NOT NULL;
CREATE INDEX payouts_by_status ON payouts (merchant_id, status, created_at, id) WHERE sealed_at IS NOT NULL;
CREATE INDEX payouts_unsealed ON payouts (begun_at, merchant_id, id) WHERE sealed_at IS NULL;

CREATE TABLE payout_items (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    payout_id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    commissions_count INTEGER NOT NULL,
    status TEXT NOT NULL,
    reference TEXT,
    reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT payout_items_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payout_items_by_time ON payout_items (merchant_id, payout_id, created_at, id);
CREATE INDEX payout_items_by_status ON payout_items (merchant_id, payout_id, status, created_at, id);
CREATE INDEX payout_items_by_affiliate ON payout_items (merchant_id, payout_id, affiliate_id, created_at, id);

-- What the next payout takes, an account after the other.
CREATE INDEX accounts_due ON accounts (merchant_id, currency, affiliate_id) WHERE approved_minor > 0;
CREATE INDEX commissions_payable ON commissions (merchant_id, currency, affiliate_id, id)
    WHERE status = 'approved' AND payout_id IS NULL;

-- A payout's rows are worked through an account after the other too.
DROP INDEX commissions_by_payout;
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, affiliate_id, id) WHERE payout_id IS NOT NULL;

DELETE FROM sqlite_stat1 WHERE idx = 'commissions_by_payout';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payouts', 'payouts', '50000 12500 1'),
    ('payouts', 'payouts_by_time', '50000 12500 2 1'),
    ('payouts', 'payouts_by_status', '50000 12500 3000 2 1'),
    ('payouts', 'payouts_unsealed', '10 2 2 1'),
    ('payout_items', 'payout_items', '500000 125000 1'),
    ('payout_items', 'payout_items_by_time', '500000 125000 5000 2 1'),
    ('payout_items', 'payout_items_by_status', '500000 125000 5000 1700 2 1'),
    ('payout_items', 'payout_items_by_affiliate', '500000 125000 5000 1 1 1'),
    ('accounts', 'accounts_due', '10000 2500 2500 1'),
    ('commissions', 'commissions_payable', '100000 25000 25000 50 1'),
    ('commissions', 'commissions_by_payout', '500000 125000 5000 50 1');
