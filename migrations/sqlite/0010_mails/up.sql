-- E-mails: each is written with what it tells of, and sent by a worker afterwards. Real times throughout.

CREATE TABLE mails (
    merchant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    group_id BLOB NOT NULL,
    -- These three until it is sent or given up.
    recipient TEXT,
    subject TEXT,
    body TEXT,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    useless_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT mails_pkey PRIMARY KEY (merchant_id, id)
) STRICT;
-- The worker's scan, over all merchants, and how old ones are forgotten.
CREATE INDEX mails_due ON mails (due_at, merchant_id, id) WHERE status = 'due';
CREATE INDEX mails_by_age ON mails (created_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('mails', 'sqlite_autoindex_mails_1', '20000 5000 1'),
    ('mails', 'mails_due', '100 2 2 1'),
    ('mails', 'mails_by_age', '20000 2');
