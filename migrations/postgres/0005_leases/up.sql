-- Which node does a kind of work, and until when. Without merchant_id: the work is the server's.
CREATE TABLE leases (
    kind   text COLLATE "C" NOT NULL,
    holder uuid             NOT NULL,
    until  timestamptz      NOT NULL,
    CONSTRAINT leases_pk PRIMARY KEY (kind)
) WITH (fillfactor = 50);

-- The few merchants that are being reset, for the worker that finishes what a dead node began.
CREATE INDEX merchants_resetting ON merchants (id) WHERE resetting;
