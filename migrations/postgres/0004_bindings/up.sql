-- Customers bound to the affiliate that their first order came by. What a customer goes by is in claims alone.
CREATE TABLE bindings (
    merchant_id  uuid        NOT NULL,
    id           uuid        NOT NULL,
    affiliate_id uuid        NOT NULL,
    event_id     uuid        NOT NULL,
    renewals     bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    version      bigint      NOT NULL,
    CONSTRAINT bindings_pk PRIMARY KEY (merchant_id, id)
);
