//! Payouts, their items, and the commissions in them.

use super::Rule;
use domain::{CommissionId, PayoutId, PayoutItemId};

pub(super) fn rules() -> [Rule; 5] {
    let payout = |id| PayoutId::from_uuid(id).to_string();
    let item = |id| PayoutItemId::from_uuid(id).to_string();
    let commission = |id| CommissionId::from_uuid(id).to_string();
    [
        Rule { name: "payout_sums", show: payout, sql: PAYOUT_SUMS.to_owned() },
        Rule { name: "payout_item_sums", show: item, sql: PAYOUT_ITEM_SUMS.to_owned() },
        Rule { name: "payout_item_payout", show: item, sql: PAYOUT_ITEM_PAYOUT.to_owned() },
        Rule { name: "commission_payout", show: commission, sql: COMMISSION_PAYOUT.to_owned() },
        Rule { name: "commission_left_in_payout", show: commission, sql: COMMISSION_LEFT.to_owned() },
    ]
}

/// A payout that is seen says what its items add up to.
const PAYOUT_SUMS: &str = "\
    WITH summed AS (SELECT merchant_id, payout_id AS id, currency, sum(amount_minor) AS total_minor, count(*) AS items, \
    sum(commissions_count) AS rows, sum(iif(status = 'paid', amount_minor, 0)) AS paid_minor, \
    sum(status = 'paid') AS paid_items, sum(status = 'failed') AS failed_items \
    FROM payout_items GROUP BY merchant_id, payout_id, currency) \
    SELECT p.merchant_id AS merchant_id, p.id AS id, 'says ' || p.total_minor || ' in ' || p.items_count || ' items of ' \
    || p.commissions_count || ' commissions, ' || p.paid_minor || ' paid in ' || p.paid_count || ' and ' \
    || p.failed_count || ' failed; its items say ' || ifnull(s.total_minor, 0) || ' in ' || ifnull(s.items, 0) || ' of ' \
    || ifnull(s.rows, 0) || ', ' || ifnull(s.paid_minor, 0) || ' in ' || ifnull(s.paid_items, 0) || ' and ' \
    || ifnull(s.failed_items, 0) AS why \
    FROM payouts p LEFT JOIN summed s USING (merchant_id, id, currency) \
    WHERE p.sealed_at IS NOT NULL AND (p.total_minor, p.items_count, p.commissions_count, p.paid_minor, p.paid_count, \
    p.failed_count) IS NOT (ifnull(s.total_minor, 0), ifnull(s.items, 0), ifnull(s.rows, 0), ifnull(s.paid_minor, 0), \
    ifnull(s.paid_items, 0), ifnull(s.failed_items, 0))";

/// An item that did not fail says what the commissions in it add up to.
const PAYOUT_ITEM_SUMS: &str = "\
    WITH summed AS (SELECT merchant_id, payout_id, affiliate_id, currency, sum(amount_minor) AS total_minor, \
    count(*) AS rows FROM commissions WHERE payout_id IS NOT NULL AND status IN ('approved', 'paid') \
    GROUP BY merchant_id, payout_id, affiliate_id, currency) \
    SELECT i.merchant_id AS merchant_id, i.id AS id, 'says ' || i.amount_minor || ' of ' || i.commissions_count \
    || ' commissions; they sum up to ' || ifnull(s.total_minor, 0) || ' of ' || ifnull(s.rows, 0) AS why \
    FROM payout_items i LEFT JOIN summed s USING (merchant_id, payout_id, affiliate_id, currency) \
    WHERE i.status <> 'failed' \
    AND (i.amount_minor <> ifnull(s.total_minor, 0) OR i.commissions_count <> ifnull(s.rows, 0))";

/// An item's payout is there, in its currency.
const PAYOUT_ITEM_PAYOUT: &str = "\
    SELECT i.merchant_id AS merchant_id, i.id AS id, 'its payout is missing, or in another currency' AS why \
    FROM payout_items i LEFT JOIN payouts p ON p.merchant_id = i.merchant_id AND p.id = i.payout_id \
    AND p.currency = i.currency WHERE p.id IS NULL";

/// A commission in a payout is part of an item of it.
const COMMISSION_PAYOUT: &str = "\
    SELECT c.merchant_id AS merchant_id, c.id AS id, 'is in a payout that has no item for it' AS why \
    FROM commissions c LEFT JOIN payout_items i ON i.merchant_id = c.merchant_id AND i.payout_id = c.payout_id \
    AND i.affiliate_id = c.affiliate_id AND i.currency = c.currency \
    WHERE c.payout_id IS NOT NULL AND i.id IS NULL";

/// A payout at its end has paid its commissions or given them back.
const COMMISSION_LEFT: &str = "\
    SELECT c.merchant_id AS merchant_id, c.id AS id, 'is still frozen in a payout that ended' AS why \
    FROM commissions c JOIN payouts p ON p.merchant_id = c.merchant_id AND p.id = c.payout_id \
    WHERE c.status = 'approved' AND p.ended_at IS NOT NULL";
