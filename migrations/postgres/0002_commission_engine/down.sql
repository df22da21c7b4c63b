DROP INDEX merchants_ahead, events_by_own_order, commissions_by_payout;
ALTER TABLE accounts DROP COLUMN in_payout_minor;
ALTER TABLE commissions
    DROP COLUMN flat_minor,
    DROP COLUMN rule_id,
    DROP COLUMN reverses,
    DROP COLUMN refund_id,
    DROP COLUMN made_as,
    DROP COLUMN payout_id,
    ALTER COLUMN rate SET NOT NULL;
ALTER TABLE events DROP COLUMN items, DROP COLUMN payout_cap_minor, DROP COLUMN refunds;
ALTER TABLE merchants
    DROP COLUMN recurring,
    DROP COLUMN recurring_max_renewals,
    DROP COLUMN min_payout_minor,
    DROP COLUMN max_payout_rate,
    DROP COLUMN tier_count,
    DROP COLUMN rule_count,
    DROP COLUMN resetting;
