-- Customers, their orders, the referral groups that these open and join, and what groups promise.

-- One row a merchant that has ever changed them; its id is the merchant's.
CREATE TABLE group_settings (
    merchant_id        uuid        NOT NULL,
    id                 uuid        NOT NULL,
    discount_type      text        NOT NULL,
    levels             text        NOT NULL, -- participants:ten-thousandths, comma between
    max_participants   integer     NOT NULL,
    minutes_duration   integer     NOT NULL,
    min_purchase_minor bigint      NOT NULL,
    hold_minutes       integer     NOT NULL,
    fee_rate           integer     NOT NULL, -- millionths
    updated_at         timestamptz NOT NULL,
    updated_by         text        NOT NULL,
    version            bigint      NOT NULL,
    CONSTRAINT group_settings_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);

CREATE TABLE customers (
    merchant_id  uuid             NOT NULL,
    id           uuid             NOT NULL,
    email        text             NOT NULL,
    email_folded text COLLATE "C" NOT NULL,
    first_name   text,
    last_name    text,
    phone        text,
    metadata     text             NOT NULL,
    search_text  text             NOT NULL,
    blocked_at   timestamptz,
    deleted_at   timestamptz,
    created_at   timestamptz      NOT NULL,
    created_by   text             NOT NULL,
    updated_at   timestamptz      NOT NULL,
    updated_by   text             NOT NULL,
    version      bigint           NOT NULL,
    CONSTRAINT customers_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX customers_by_time ON customers (merchant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_by_change ON customers (merchant_id, updated_at, id) WHERE deleted_at IS NULL;

-- Named in full because GROUPS is a word of SQL. Its terms are a copy of the merchant's settings at its start.
CREATE TABLE referral_groups (
    merchant_id        uuid             NOT NULL,
    id                 uuid             NOT NULL,
    share_id           text COLLATE "C" NOT NULL,
    customer_id        uuid             NOT NULL,
    creator_email      text             NOT NULL,
    status             text COLLATE "C" NOT NULL,
    metadata           text             NOT NULL,
    currency           text COLLATE "C" NOT NULL,
    discount_type      text             NOT NULL,
    levels             text             NOT NULL,
    max_participants   integer          NOT NULL,
    minutes_duration   integer          NOT NULL,
    min_purchase_minor bigint           NOT NULL,
    hold_minutes       integer          NOT NULL,
    fee_rate           integer          NOT NULL, -- millionths
    participants       integer          NOT NULL,
    expires_at         timestamptz      NOT NULL,
    mid_expire_at      timestamptz,
    j_plus3_start_at   timestamptz,
    j_minus2_expire_at timestamptz,
    reminder           text             NOT NULL,
    alone_since        timestamptz      NOT NULL,
    level              smallint,
    due_at             timestamptz,
    search_text        text             NOT NULL,
    created_at         timestamptz      NOT NULL,
    created_by         text             NOT NULL,
    updated_at         timestamptz      NOT NULL,
    updated_by         text             NOT NULL,
    canceled_at        timestamptz,
    completed_at       timestamptz,
    version            bigint           NOT NULL,
    CONSTRAINT referral_groups_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX referral_groups_by_time ON referral_groups (merchant_id, created_at, id);
CREATE INDEX referral_groups_by_change ON referral_groups (merchant_id, updated_at, id);
CREATE INDEX referral_groups_due ON referral_groups (due_at, merchant_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX referral_groups_due_by_merchant ON referral_groups (merchant_id, due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE orders (
    merchant_id    uuid             NOT NULL,
    id             uuid             NOT NULL,
    group_id       uuid             NOT NULL,
    share_id       text             NOT NULL,
    customer_id    uuid             NOT NULL,
    email          text             NOT NULL,
    email_folded   text COLLATE "C" NOT NULL,
    first_name     text,
    last_name      text,
    phone          text,
    locale         text,
    currency       text COLLATE "C" NOT NULL,
    amount_minor   bigint           NOT NULL,
    refunded_minor bigint           NOT NULL,
    cashback_minor bigint           NOT NULL,
    review_minor   bigint           NOT NULL,
    fee_minor      bigint           NOT NULL,
    status         text COLLATE "C" NOT NULL,
    available_at   timestamptz,
    participates   boolean          NOT NULL,
    ambassador_id  uuid,
    reference      text COLLATE "C",
    event_id       uuid,
    risk           text             NOT NULL,
    metadata       text             NOT NULL,
    search_text    text             NOT NULL,
    created_at     timestamptz      NOT NULL,
    created_by     text             NOT NULL,
    updated_at     timestamptz      NOT NULL,
    updated_by     text             NOT NULL,
    version        bigint           NOT NULL,
    CONSTRAINT orders_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX orders_by_time ON orders (merchant_id, created_at, id);
CREATE INDEX orders_by_change ON orders (merchant_id, updated_at, id);
CREATE INDEX orders_by_group ON orders (merchant_id, group_id, created_at, id);
CREATE INDEX orders_held ON orders (available_at, merchant_id, id) WHERE available_at IS NOT NULL;
CREATE INDEX orders_held_by_merchant ON orders (merchant_id, available_at, id) WHERE available_at IS NOT NULL;
