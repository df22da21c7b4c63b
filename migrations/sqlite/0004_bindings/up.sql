-- Customers bound to the affiliate that their first order came by. What a customer goes by is in claims alone.
CREATE TABLE bindings (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    affiliate_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    renewals INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT bindings_pkey PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('bindings', 'bindings', '400000 100000 1');
