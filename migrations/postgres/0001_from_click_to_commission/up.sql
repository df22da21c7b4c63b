-- Rules that a test of the schema holds: the primary key of every table begins with merchant_id, save organizations,
-- merchants and directory, which are the server's own; every constraint has a name; no column has a default; what is
-- unique is claimed and not indexed; there are no foreign keys, because checking them costs recording a sale a quarter
-- of its speed (what names a missing row is found by `coterie reconcile`). Ids and times are made by the program. Keys
-- are compared byte by byte: COLLATE "C".

CREATE TABLE organizations (
    id               uuid        NOT NULL,
    name             text        NOT NULL,
    plan             text        NOT NULL,
    test_merchant_id uuid        NOT NULL,
    live_merchant_id uuid        NOT NULL,
    created_at       timestamptz NOT NULL,
    version          bigint      NOT NULL,
    CONSTRAINT organizations_pk PRIMARY KEY (id)
);

CREATE TABLE merchants (
    id                      uuid             NOT NULL,
    organization_id         uuid             NOT NULL,
    mode                    text             NOT NULL,
    slug                    text COLLATE "C" NOT NULL,
    clock_offset_micros     bigint           NOT NULL,
    currency                text COLLATE "C" NOT NULL,
    commission_rate         integer          NOT NULL, -- millionths
    mlm_rates               text             NOT NULL, -- millionths, comma between
    hold_days               integer          NOT NULL,
    cookie_window_days      integer          NOT NULL,
    attribution_model       text             NOT NULL,
    self_referral           text             NOT NULL,
    auto_coupon_on_approval boolean          NOT NULL,
    landing_url             text,
    redirect_hosts          text             NOT NULL, -- one a line
    created_at              timestamptz      NOT NULL,
    updated_at              timestamptz      NOT NULL,
    version                 bigint           NOT NULL,
    CONSTRAINT merchants_pk PRIMARY KEY (id)
);

-- Who owns what is unique on the whole server: key hashes, merchants' slugs.
CREATE TABLE directory (
    space smallint         NOT NULL,
    key   text COLLATE "C" NOT NULL,
    owner uuid             NOT NULL,
    CONSTRAINT directory_pk PRIMARY KEY (space, key)
);

-- Who owns what is unique per merchant.
CREATE TABLE claims (
    merchant_id uuid             NOT NULL,
    space       smallint         NOT NULL,
    key         text COLLATE "C" NOT NULL,
    owner       uuid             NOT NULL,
    CONSTRAINT claims_pk PRIMARY KEY (merchant_id, space, key)
);

-- Answers kept for Idempotency-Key.
CREATE TABLE replies (
    merchant_id uuid             NOT NULL,
    route       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea            NOT NULL,
    status      smallint         NOT NULL,
    body        bytea            NOT NULL,
    created_at  timestamptz      NOT NULL,
    expires_at  timestamptz      NOT NULL,
    CONSTRAINT replies_pk PRIMARY KEY (merchant_id, route, key)
);
CREATE INDEX replies_by_expiry ON replies (expires_at);

CREATE TABLE api_keys (
    merchant_id        uuid        NOT NULL,
    id                 uuid        NOT NULL,
    name               text        NOT NULL,
    hash               bytea       NOT NULL,
    start              text        NOT NULL,
    last_four          text        NOT NULL,
    scopes             text        NOT NULL,
    rate_limit_per_min integer     NOT NULL,
    created_at         timestamptz NOT NULL,
    expires_at         timestamptz,
    revoked_at         timestamptz,
    rolled_to          uuid,
    version            bigint      NOT NULL,
    CONSTRAINT api_keys_pk PRIMARY KEY (merchant_id, id)
);
-- A key is found by its hash through the directory, which knows its id and not its merchant.
CREATE INDEX api_keys_by_id ON api_keys (id);

-- Ticks by itself, at most once a minute a key.
CREATE TABLE key_uses (
    merchant_id  uuid        NOT NULL,
    key_id       uuid        NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT key_uses_pk PRIMARY KEY (merchant_id, key_id)
) WITH (fillfactor = 50);

-- One row a merchant; its version is what two changes of parents collide on.
CREATE TABLE trees (
    merchant_id uuid   NOT NULL,
    id          uuid   NOT NULL,
    version     bigint NOT NULL,
    CONSTRAINT trees_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 50);

CREATE TABLE affiliates (
    merchant_id  uuid             NOT NULL,
    id           uuid             NOT NULL,
    slug         text COLLATE "C" NOT NULL,
    email        text             NOT NULL,
    email_folded text COLLATE "C" NOT NULL,
    display_name text,
    status       text COLLATE "C" NOT NULL,
    tier_id      uuid,
    parent_id    uuid,
    custom_rate  integer,                   -- millionths
    metadata     text             NOT NULL,
    created_at   timestamptz      NOT NULL,
    updated_at   timestamptz      NOT NULL,
    version      bigint           NOT NULL,
    CONSTRAINT affiliates_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX affiliates_newest ON affiliates (merchant_id, created_at, id);
CREATE INDEX affiliates_newest_by_status ON affiliates (merchant_id, status, created_at, id);
CREATE INDEX affiliates_newest_by_tier ON affiliates (merchant_id, tier_id, created_at, id) WHERE tier_id IS NOT NULL;

CREATE TABLE coupons (
    merchant_id  uuid             NOT NULL,
    id           uuid             NOT NULL,
    affiliate_id uuid             NOT NULL,
    code         text COLLATE "C" NOT NULL,
    created_at   timestamptz      NOT NULL,
    version      bigint           NOT NULL,
    CONSTRAINT coupons_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX coupons_newest ON coupons (merchant_id, created_at, id);
CREATE INDEX coupons_newest_by_affiliate ON coupons (merchant_id, affiliate_id, created_at, id);

CREATE TABLE clicks (
    merchant_id  uuid             NOT NULL,
    id           uuid             NOT NULL,
    affiliate_id uuid             NOT NULL,
    session      text COLLATE "C" NOT NULL,
    landing_page text,
    referrer     text,
    utm_source   text,
    utm_medium   text,
    utm_campaign text,
    utm_term     text,
    utm_content  text,
    user_agent   text,
    ip_hash      bytea,
    created_at   timestamptz      NOT NULL,
    CONSTRAINT clicks_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX clicks_by_session ON clicks (merchant_id, session, created_at, id);

CREATE TABLE events (
    merchant_id          uuid             NOT NULL,
    id                   uuid             NOT NULL,
    kind                 text             NOT NULL,
    external_id          text COLLATE "C" NOT NULL,
    order_id             text COLLATE "C" NOT NULL,
    amount_minor         bigint,
    currency             text COLLATE "C",
    refunded_minor       bigint           NOT NULL,
    session              text COLLATE "C",
    coupon               text COLLATE "C",
    affiliate_id         uuid,
    customer_email       text,
    customer_external_id text,
    occurred_at          timestamptz,
    metadata             text             NOT NULL,
    decision             text             NOT NULL,
    fingerprint          bytea            NOT NULL,
    created_at           timestamptz      NOT NULL,
    version              bigint           NOT NULL,
    CONSTRAINT events_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX events_newest ON events (merchant_id, created_at, id);
CREATE INDEX events_newest_by_affiliate ON events (merchant_id, affiliate_id, created_at, id)
    WHERE affiliate_id IS NOT NULL;

CREATE TABLE commissions (
    merchant_id  uuid             NOT NULL,
    id           uuid             NOT NULL,
    event_id     uuid             NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    affiliate_id uuid             NOT NULL,
    level        smallint         NOT NULL,
    leaf_id      uuid,
    basis_minor  bigint           NOT NULL,
    rate         integer          NOT NULL, -- millionths
    rate_source  text             NOT NULL,
    amount_minor bigint           NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL,
    reason       text,
    matures_at   timestamptz      NOT NULL,
    created_at   timestamptz      NOT NULL,
    updated_at   timestamptz      NOT NULL,
    version      bigint           NOT NULL,
    CONSTRAINT commissions_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX commissions_newest ON commissions (merchant_id, created_at, id);
CREATE INDEX commissions_newest_by_affiliate ON commissions (merchant_id, affiliate_id, created_at, id);
CREATE INDEX commissions_newest_by_status ON commissions (merchant_id, status, created_at, id);
-- Also finds what an event earned: its order is known, and an order has few rows.
CREATE INDEX commissions_newest_by_order ON commissions (merchant_id, order_id, created_at, id);
CREATE INDEX commissions_due ON commissions (matures_at, merchant_id, id) WHERE status = 'pending';

CREATE TABLE accounts (
    merchant_id    uuid             NOT NULL,
    id             uuid             NOT NULL,
    affiliate_id   uuid             NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    approved_minor bigint           NOT NULL,
    paid_minor     bigint           NOT NULL,
    version        bigint           NOT NULL,
    CONSTRAINT accounts_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX accounts_by_affiliate ON accounts (merchant_id, affiliate_id, currency);

-- What happened, as it is told to subscribers. Immutable.
CREATE TABLE announcements (
    merchant_id uuid        NOT NULL,
    id          uuid        NOT NULL,
    topic       text        NOT NULL,
    created_at  timestamptz NOT NULL,
    payload     bytea       NOT NULL,
    CONSTRAINT announcements_pk PRIMARY KEY (merchant_id, id)
);

-- Announcements that no dispatcher has numbered yet. A queue: vacuumed by count, not by share.
CREATE TABLE outbox (
    merchant_id     uuid NOT NULL,
    announcement_id uuid NOT NULL,
    CONSTRAINT outbox_pk PRIMARY KEY (merchant_id, announcement_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
