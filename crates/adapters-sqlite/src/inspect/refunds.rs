//! Refunds against the sales and the rows that they take back.

use super::Rule;
use domain::{CommissionId, EventId};

pub(super) fn rules() -> [Rule; 4] {
    let event = |id| EventId::from_uuid(id).to_string();
    let commission = |id| CommissionId::from_uuid(id).to_string();
    [
        Rule {
            name: "refund_sale",
            sql: "SELECT r.merchant_id AS merchant_id, r.id AS id, \
                         'is a refund of no event, or of one with another order or currency' AS why \
                  FROM events r LEFT JOIN events e ON e.merchant_id = r.merchant_id AND e.id = r.refunds \
                      AND e.refunds IS NULL AND e.order_id = r.order_id AND e.currency = r.currency \
                  WHERE (r.kind = 'refund' OR r.refunds IS NOT NULL) AND (e.id IS NULL OR r.kind <> 'refund')"
                .to_owned(),
            show: event,
        },
        Rule {
            name: "refunded_sums",
            sql: "WITH refunded AS (SELECT merchant_id, refunds, sum(amount_minor) AS minor FROM events \
                                    WHERE refunds IS NOT NULL GROUP BY merchant_id, refunds) \
                  SELECT e.merchant_id AS merchant_id, e.id AS id, 'has ' || e.refunded_minor || ' taken back of ' \
                         || ifnull(e.amount_minor, 0) || '; its refunds sum up to ' || ifnull(r.minor, 0) AS why \
                  FROM events e LEFT JOIN refunded r ON r.merchant_id = e.merchant_id AND r.refunds = e.id \
                  WHERE e.refunded_minor <> ifnull(r.minor, 0) OR e.refunded_minor > ifnull(e.amount_minor, 0)"
                .to_owned(),
            show: event,
        },
        Rule {
            name: "commission_reverses",
            sql: "SELECT c.merchant_id AS merchant_id, c.id AS id, 'takes back a row that does not exist, or is not its like' AS why \
                  FROM commissions c LEFT JOIN commissions o ON o.merchant_id = c.merchant_id AND o.id = c.reverses \
                      AND o.event_id = c.event_id AND o.affiliate_id = c.affiliate_id AND o.level = c.level \
                      AND o.leaf_id IS c.leaf_id AND o.currency = c.currency AND o.reverses IS NULL \
                  WHERE c.reverses IS NOT NULL AND (o.id IS NULL OR c.amount_minor > 0 OR c.refund_id IS NULL)"
                .to_owned(),
            show: commission,
        },
        Rule {
            name: "commission_refund",
            sql: "SELECT c.merchant_id AS merchant_id, c.id AS id, 'names a refund that its event does not have' AS why \
                  FROM commissions c LEFT JOIN events r ON r.merchant_id = c.merchant_id AND r.id = c.refund_id \
                      AND r.refunds = c.event_id \
                  WHERE c.refund_id IS NOT NULL AND r.id IS NULL"
                .to_owned(),
            show: commission,
        },
    ]
}
