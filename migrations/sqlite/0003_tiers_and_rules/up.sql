CREATE TABLE tiers (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    rate INTEGER NOT NULL,
    metric TEXT NOT NULL,
    threshold INTEGER NOT NULL, -- orders, or minor units of the currency
    currency TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT tiers_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT tiers_rate_is_a_fraction CHECK (rate BETWEEN 0 AND 1000000)
) STRICT, WITHOUT ROWID;
CREATE INDEX tiers_by_time ON tiers (merchant_id, created_at, id);

CREATE TABLE commission_rules (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    scope TEXT NOT NULL,
    scope_ref TEXT, -- an id as clients see it, or the shop's own word
    rate INTEGER,
    flat_minor INTEGER,
    currency TEXT,
    event_kind TEXT,
    priority INTEGER NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT commission_rules_pkey PRIMARY KEY (merchant_id, id),
    CONSTRAINT commission_rules_rate_or_sum CHECK ((rate IS NULL) = (flat_minor IS NOT NULL)),
    CONSTRAINT commission_rules_sum_has_a_currency CHECK ((flat_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX commission_rules_by_time ON commission_rules (merchant_id, created_at, id);

-- Where somebody may rise: most merchants have no tiers.
CREATE INDEX merchants_with_tiers ON merchants (id) WHERE tier_count > 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('tiers', 'tiers', '40 10 1'),
    ('tiers', 'tiers_by_time', '40 10 2 1'),
    ('commission_rules', 'commission_rules', '400 100 1'),
    ('commission_rules', 'commission_rules_by_time', '400 100 2 1'),
    ('merchants', 'merchants_with_tiers', '100 1');
