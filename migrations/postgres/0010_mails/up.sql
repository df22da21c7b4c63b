-- E-mails: each is written with what it tells of, and sent by a worker afterwards. Real times throughout.

CREATE TABLE mails (
    merchant_id uuid             NOT NULL,
    id          uuid             NOT NULL,
    group_id    uuid             NOT NULL,
    recipient   text COLLATE "C", -- these three until it is sent or given up
    subject     text,
    body        text,
    status      text COLLATE "C" NOT NULL,
    attempts    integer          NOT NULL,
    due_at      timestamptz      NOT NULL,
    useless_at  timestamptz      NOT NULL,
    created_at  timestamptz      NOT NULL,
    version     bigint           NOT NULL,
    CONSTRAINT mails_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- The worker's scan, over all merchants, and how old ones are forgotten.
CREATE INDEX mails_due ON mails (due_at, merchant_id, id) WHERE status = 'due';
CREATE INDEX mails_oldest ON mails (created_at);
