CREATE TABLE tiers (
    merchant_id uuid             NOT NULL,
    id          uuid             NOT NULL,
    name        text COLLATE "C" NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    rate        integer          NOT NULL, -- millionths
    metric      text COLLATE "C" NOT NULL,
    threshold   bigint           NOT NULL, -- orders, or minor units of the currency
    currency    text COLLATE "C",
    created_at  timestamptz      NOT NULL,
    updated_at  timestamptz      NOT NULL,
    version     bigint           NOT NULL,
    CONSTRAINT tiers_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX tiers_newest ON tiers (merchant_id, created_at, id);

CREATE TABLE commission_rules (
    merchant_id uuid             NOT NULL,
    id          uuid             NOT NULL,
    scope       text COLLATE "C" NOT NULL,
    scope_ref   text COLLATE "C", -- an id as clients see it, or the shop's own word
    rate        integer, -- millionths
    flat_minor  bigint,
    currency    text COLLATE "C",
    event_kind  text COLLATE "C",
    priority    integer          NOT NULL,
    starts_at   timestamptz,
    ends_at     timestamptz,
    created_at  timestamptz      NOT NULL,
    updated_at  timestamptz      NOT NULL,
    version     bigint           NOT NULL,
    CONSTRAINT commission_rules_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX commission_rules_newest ON commission_rules (merchant_id, created_at, id);

-- Where somebody may rise: most merchants have no tiers.
CREATE INDEX merchants_with_tiers ON merchants (id) WHERE tier_count > 0;
