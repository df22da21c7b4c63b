//! Balances against the rows they sum up.

use super::Rule;
use domain::{AccountId, AffiliateId, CommissionStatus};

/// What approved and paid commissions sum up to, by affiliate and currency.
fn summed() -> String {
    let (approved, paid) = (CommissionStatus::Approved.as_str(), CommissionStatus::Paid.as_str());
    format!(
        "WITH summed AS ( \
             SELECT merchant_id, affiliate_id, currency, \
                    sum(iif(status = '{approved}' AND payout_id IS NULL, amount_minor, 0)) AS approved_minor, \
                    sum(iif(status = '{approved}' AND payout_id IS NOT NULL, amount_minor, 0)) AS in_payout_minor, \
                    sum(iif(status = '{paid}', amount_minor, 0)) AS paid_minor \
             FROM commissions WHERE status IN ('{approved}', '{paid}') \
             GROUP BY merchant_id, affiliate_id, currency)"
    )
}

pub(super) fn rules() -> [Rule; 2] {
    let summed = summed();
    [
        Rule {
            name: "account_sums",
            sql: format!(
                "{summed} \
                 SELECT a.merchant_id AS merchant_id, a.id AS id, \
                        'holds ' || a.approved_minor || ' approved, ' || a.in_payout_minor || ' in payouts and ' \
                        || a.paid_minor || ' paid; its commissions sum up to ' || ifnull(s.approved_minor, 0) || ', ' \
                        || ifnull(s.in_payout_minor, 0) || ' and ' || ifnull(s.paid_minor, 0) AS why \
                 FROM accounts a LEFT JOIN summed s USING (merchant_id, affiliate_id, currency) \
                 WHERE a.approved_minor <> ifnull(s.approved_minor, 0) \
                    OR a.in_payout_minor <> ifnull(s.in_payout_minor, 0) OR a.paid_minor <> ifnull(s.paid_minor, 0)"
            ),
            show: |id| AccountId::from_uuid(id).to_string(),
        },
        Rule {
            name: "account_missing",
            sql: format!(
                "{summed} \
                 SELECT s.merchant_id AS merchant_id, s.affiliate_id AS id, \
                        'has no account in ' || s.currency || '; its commissions sum up to ' \
                        || s.approved_minor || ' approved, ' || s.in_payout_minor || ' in payouts and ' \
                        || s.paid_minor || ' paid' AS why \
                 FROM summed s LEFT JOIN accounts a USING (merchant_id, affiliate_id, currency) \
                 WHERE a.id IS NULL AND (s.approved_minor <> 0 OR s.in_payout_minor <> 0 OR s.paid_minor <> 0)"
            ),
            show: |id| AffiliateId::from_uuid(id).to_string(),
        },
    ]
}
