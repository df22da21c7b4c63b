-- Which node does a kind of work, and until when. Without merchant_id: the work is the server's.
CREATE TABLE leases (
    kind TEXT NOT NULL,
    holder BLOB NOT NULL,
    until INTEGER NOT NULL,
    CONSTRAINT leases_pkey PRIMARY KEY (kind)
) STRICT, WITHOUT ROWID;

-- The few merchants that are being reset, for the worker that finishes what a dead server began.
CREATE INDEX merchants_resetting ON merchants (id) WHERE resetting <> 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('leases', 'leases', '10 1'),
    ('merchants', 'merchants_resetting', '2 1');
