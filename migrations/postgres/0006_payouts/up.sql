-- Payouts, and each affiliate's part of one. A payout is seen once it is sealed.

CREATE TABLE payouts (
    merchant_id       uuid             NOT NULL,
    id                uuid             NOT NULL,
    status            text COLLATE "C" NOT NULL,
    currency          text COLLATE "C" NOT NULL,
    total_minor       bigint           NOT NULL,
    paid_minor        bigint           NOT NULL,
    items_count       bigint           NOT NULL,
    paid_count        bigint           NOT NULL,
    failed_count      bigint           NOT NULL,
    commissions_count bigint           NOT NULL,
    begun_at          timestamptz      NOT NULL, -- real time
    sealed_at         timestamptz,
    sent_at           timestamptz,
    ended_at          timestamptz,
    created_at        timestamptz      NOT NULL,
    updated_at        timestamptz      NOT NULL,
    version           bigint           NOT NULL,
    CONSTRAINT payouts_pk PRIMARY KEY (merchant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX payouts_newest ON payouts (merchant_id, created_at, id) WHERE sealed_at IS NOT NULL;
CREATE INDEX payouts_newest_by_status ON payouts (merchant_id, status, created_at, id) WHERE sealed_at IS NOT NULL;
CREATE INDEX payouts_unsealed ON payouts (begun_at, merchant_id, id) WHERE sealed_at IS NULL;

CREATE TABLE payout_items (
    merchant_id       uuid             NOT NULL,
    id                uuid             NOT NULL,
    payout_id         uuid             NOT NULL,
    affiliate_id      uuid             NOT NULL,
    amount_minor      bigint           NOT NULL,
    currency          text COLLATE "C" NOT NULL,
    commissions_count bigint           NOT NULL,
    status            text COLLATE "C" NOT NULL,
    reference         text,
    reason            text,
    created_at        timestamptz      NOT NULL,
    updated_at        timestamptz      NOT NULL,
    version           bigint           NOT NULL,
    CONSTRAINT payout_items_pk PRIMARY KEY (merchant_id, id)
);
CREATE INDEX payout_items_newest ON payout_items (merchant_id, payout_id, created_at, id);
CREATE INDEX payout_items_newest_by_status ON payout_items (merchant_id, payout_id, status, created_at, id);
CREATE INDEX payout_items_by_affiliate ON payout_items (merchant_id, payout_id, affiliate_id);

-- What the next payout takes, an account after the other.
CREATE INDEX accounts_due ON accounts (merchant_id, currency, affiliate_id) WHERE approved_minor > 0;
CREATE INDEX commissions_payable ON commissions (merchant_id, currency, affiliate_id, id)
    WHERE status = 'approved' AND payout_id IS NULL;

-- A payout's rows are worked through an account after the other too.
DROP INDEX commissions_by_payout;
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, affiliate_id, id)
    WHERE payout_id IS NOT NULL;
