//! Payouts, their items, and the commissions in them.

use super::Rule;
use domain::{CommissionId, PayoutId, PayoutItemId};

pub(super) fn rules() -> [Rule; 5] {
    let payout = |id| PayoutId::from_uuid(id).to_string();
    let item = |id| PayoutItemId::from_uuid(id).to_string();
    let commission = |id| CommissionId::from_uuid(id).to_string();
    [
        Rule { name: "payout_sums", id: payout, query: PAYOUT_SUMS.to_owned() },
        Rule { name: "payout_item_sums", id: item, query: PAYOUT_ITEM_SUMS.to_owned() },
        Rule { name: "payout_item_payout", id: item, query: PAYOUT_ITEM_PAYOUT.to_owned() },
        Rule { name: "commission_payout", id: commission, query: COMMISSION_PAYOUT.to_owned() },
        Rule { name: "commission_left_in_payout", id: commission, query: COMMISSION_LEFT.to_owned() },
    ]
}

/// A payout that is seen says what its items add up to.
const PAYOUT_SUMS: &str = "\
    SELECT p.merchant_id, p.id, format('says %s in %s items of %s commissions, %s paid in %s and %s failed; its items say \
    %s in %s of %s, %s in %s and %s', p.total_minor, p.items_count, p.commissions_count, p.paid_minor, p.paid_count, \
    p.failed_count, i.total, i.items, i.rows, i.paid, i.paid_items, i.failed_items) \
    FROM payouts p CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS total, count(*) AS items, \
    coalesce(sum(commissions_count), 0) AS rows, coalesce(sum(amount_minor) FILTER (WHERE status = 'paid'), 0) AS paid, \
    count(*) FILTER (WHERE status = 'paid') AS paid_items, count(*) FILTER (WHERE status = 'failed') AS failed_items \
    FROM payout_items t WHERE t.merchant_id = p.merchant_id AND t.payout_id = p.id AND t.currency = p.currency) i \
    WHERE p.sealed_at IS NOT NULL AND (p.total_minor, p.items_count, p.commissions_count, p.paid_minor, p.paid_count, \
    p.failed_count) IS DISTINCT FROM (i.total, i.items, i.rows, i.paid, i.paid_items, i.failed_items)";

/// An item that did not fail says what the commissions in it add up to.
const PAYOUT_ITEM_SUMS: &str = "\
    SELECT i.merchant_id, i.id, format('says %s of %s commissions; they sum up to %s of %s', i.amount_minor, \
    i.commissions_count, coalesce(c.total, 0), coalesce(c.rows, 0)) \
    FROM payout_items i LEFT JOIN (SELECT merchant_id, payout_id, affiliate_id, currency, sum(amount_minor) AS total, \
    count(*) AS rows FROM commissions WHERE payout_id IS NOT NULL AND status IN ('approved', 'paid') \
    GROUP BY merchant_id, payout_id, affiliate_id, currency) c USING (merchant_id, payout_id, affiliate_id, currency) \
    WHERE i.status <> 'failed' \
    AND (i.amount_minor <> coalesce(c.total, 0) OR i.commissions_count <> coalesce(c.rows, 0))";

/// An item's payout is there, in its currency.
const PAYOUT_ITEM_PAYOUT: &str = "\
    SELECT i.merchant_id, i.id, 'its payout is missing, or in another currency' \
    FROM payout_items i LEFT JOIN payouts p ON p.merchant_id = i.merchant_id AND p.id = i.payout_id \
    AND p.currency = i.currency WHERE p.id IS NULL";

/// A commission in a payout is part of an item of it.
const COMMISSION_PAYOUT: &str = "\
    SELECT c.merchant_id, c.id, 'is in a payout that has no item for it' \
    FROM commissions c LEFT JOIN payout_items i ON i.merchant_id = c.merchant_id AND i.payout_id = c.payout_id \
    AND i.affiliate_id = c.affiliate_id AND i.currency = c.currency \
    WHERE c.payout_id IS NOT NULL AND i.id IS NULL";

/// A payout at its end has paid its commissions or given them back.
const COMMISSION_LEFT: &str = "\
    SELECT c.merchant_id, c.id, 'is still frozen in a payout that ended' \
    FROM commissions c JOIN payouts p ON p.merchant_id = c.merchant_id AND p.id = c.payout_id \
    WHERE c.status = 'approved' AND p.ended_at IS NOT NULL";
