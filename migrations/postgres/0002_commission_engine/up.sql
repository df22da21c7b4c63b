-- What the commission engine adds to the rows of the first migration. New columns are filled with what those rows meant
-- so far; no default stays.

ALTER TABLE merchants
    ADD COLUMN recurring              text             NOT NULL DEFAULT 'first_order_only',
    ADD COLUMN recurring_max_renewals integer          NOT NULL DEFAULT 12,
    ADD COLUMN min_payout_minor       bigint           NOT NULL DEFAULT 0,
    ADD COLUMN max_payout_rate        integer          NOT NULL DEFAULT 1000000, -- millionths
    ADD COLUMN tier_count             integer          NOT NULL DEFAULT 0,
    ADD COLUMN rule_count             integer          NOT NULL DEFAULT 0,
    ADD COLUMN resetting              boolean          NOT NULL DEFAULT false;
ALTER TABLE merchants
    ALTER COLUMN recurring DROP DEFAULT,
    ALTER COLUMN recurring_max_renewals DROP DEFAULT,
    ALTER COLUMN min_payout_minor DROP DEFAULT,
    ALTER COLUMN max_payout_rate DROP DEFAULT,
    ALTER COLUMN tier_count DROP DEFAULT,
    ALTER COLUMN rule_count DROP DEFAULT,
    ALTER COLUMN resetting DROP DEFAULT;
-- The few merchants whose clocks are ahead, for the workers' due-scans.
CREATE INDEX merchants_ahead ON merchants (id) WHERE clock_offset_micros <> 0;

ALTER TABLE events
    ADD COLUMN items            text NOT NULL DEFAULT '', -- one a line, see domain::Items
    ADD COLUMN payout_cap_minor bigint,
    ADD COLUMN refunds          uuid;
ALTER TABLE events ALTER COLUMN items DROP DEFAULT;
UPDATE events SET payout_cap_minor = amount_minor;
-- An order that has another name than its event; where the two are one, the claim on the external id finds it.
CREATE INDEX events_by_own_order ON events (merchant_id, order_id, id) WHERE order_id <> external_id;

ALTER TABLE commissions
    ALTER COLUMN rate DROP NOT NULL,
    ADD COLUMN flat_minor bigint,
    ADD COLUMN rule_id    uuid,
    ADD COLUMN reverses   uuid,
    ADD COLUMN refund_id  uuid,
    ADD COLUMN made_as    text COLLATE "C" NOT NULL DEFAULT 'pending',
    ADD COLUMN payout_id  uuid;
ALTER TABLE commissions ALTER COLUMN made_as DROP DEFAULT;
UPDATE commissions c SET made_as = 'review' FROM events e
    WHERE e.merchant_id = c.merchant_id AND e.id = c.event_id AND e.decision ~ '(^|;)review ';
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, id) WHERE payout_id IS NOT NULL;

ALTER TABLE accounts ADD COLUMN in_payout_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE accounts ALTER COLUMN in_payout_minor DROP DEFAULT;
