//! Rows that name other rows: there are no foreign keys on the way of events, so this is where orphans are found.

use super::Rule;
use domain::{AnnouncementId, BindingId, CommissionId, GroupId, OrderId};
use ports::Space;

pub(super) fn rules() -> [Rule; 9] {
    [
        Rule {
            name: "commission_event",
            sql: "SELECT c.merchant_id AS merchant_id, c.id AS id, 'names an event that does not exist' AS why \
                  FROM commissions c LEFT JOIN events e ON e.merchant_id = c.merchant_id AND e.id = c.event_id \
                  WHERE e.id IS NULL"
                .to_owned(),
            show: |id| CommissionId::from_uuid(id).to_string(),
        },
        Rule {
            name: "commission_leaf",
            sql: "SELECT c.merchant_id AS merchant_id, c.id AS id, 'names a leaf that its event does not have' AS why \
                  FROM commissions c LEFT JOIN commissions l \
                      ON l.merchant_id = c.merchant_id AND l.id = c.leaf_id AND l.event_id = c.event_id \
                  WHERE c.leaf_id IS NOT NULL AND l.id IS NULL"
                .to_owned(),
            show: |id| CommissionId::from_uuid(id).to_string(),
        },
        Rule {
            name: "binding_claim",
            sql: format!(
                "SELECT b.merchant_id AS merchant_id, b.id AS id, 'does not own its key in claims' AS why \
                 FROM bindings b WHERE NOT EXISTS (SELECT 1 FROM claims c \
                     WHERE c.merchant_id = b.merchant_id AND c.space = {} AND c.owner = b.id)",
                Space::Binding.number(),
            ),
            show: |id| BindingId::from_uuid(id).to_string(),
        },
        Rule {
            name: "claim_binding",
            sql: format!(
                "SELECT c.merchant_id AS merchant_id, c.owner AS id, \
                     'owns a key in claims that is not of any row of it' AS why \
                 FROM claims c LEFT JOIN bindings b ON b.merchant_id = c.merchant_id AND b.id = c.owner \
                 WHERE c.space = {} AND b.id IS NULL",
                Space::Binding.number(),
            ),
            show: |id| BindingId::from_uuid(id).to_string(),
        },
        Rule {
            name: "group_participants",
            sql: "SELECT g.merchant_id AS merchant_id, g.id AS id, \
                         'says ' || g.participants || ' participants and has ' || count(o.id) AS why \
                  FROM referral_groups g \
                  LEFT JOIN orders o ON o.merchant_id = g.merchant_id AND o.group_id = g.id AND o.participates \
                  WHERE g.status IN ('OPEN', 'COMPLETED') \
                  GROUP BY g.merchant_id, g.id HAVING g.participants <> count(o.id)"
                .to_owned(),
            show: |id| GroupId::from_uuid(id).to_string(),
        },
        Rule {
            name: "order_group",
            sql: "SELECT o.merchant_id AS merchant_id, o.id AS id, \
                         iif(g.id IS NULL, 'its group is missing', 'its group has another currency') AS why \
                  FROM orders o LEFT JOIN referral_groups g ON g.merchant_id = o.merchant_id AND g.id = o.group_id \
                  WHERE g.id IS NULL OR g.currency <> o.currency"
                .to_owned(),
            show: |id| OrderId::from_uuid(id).to_string(),
        },
        Rule {
            name: "order_customer",
            sql: "SELECT o.merchant_id AS merchant_id, o.id AS id, 'its customer is missing' AS why \
                  FROM orders o LEFT JOIN customers c ON c.merchant_id = o.merchant_id AND c.id = o.customer_id \
                  WHERE c.id IS NULL"
                .to_owned(),
            show: |id| OrderId::from_uuid(id).to_string(),
        },
        Rule {
            name: "announcement_outbox",
            sql: "SELECT a.merchant_id AS merchant_id, a.id AS id, 'will never be delivered: it is not in the outbox' AS why \
                  FROM announcements a \
                  LEFT JOIN outbox o ON o.merchant_id = a.merchant_id AND o.announcement_id = a.id \
                  WHERE o.announcement_id IS NULL"
                .to_owned(),
            show: |id| AnnouncementId::from_uuid(id).to_string(),
        },
        Rule {
            name: "outbox_announcement",
            sql: "SELECT o.merchant_id AS merchant_id, o.announcement_id AS id, 'is in the outbox and does not exist' AS why \
                  FROM outbox o \
                  LEFT JOIN announcements a ON a.merchant_id = o.merchant_id AND a.id = o.announcement_id \
                  WHERE a.id IS NULL"
                .to_owned(),
            show: |id| AnnouncementId::from_uuid(id).to_string(),
        },
    ]
}
