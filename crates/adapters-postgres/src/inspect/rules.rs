//! Sums, and rows that name one another.

use super::Rule;
use domain::{AccountId, AffiliateId, AnnouncementId, CommissionId, EventId, MerchantId, OrganizationId};
use uuid::Uuid;

pub(super) fn rules() -> Vec<Rule> {
    let affiliate = |id| AffiliateId::from_uuid(id).to_string();
    let account = |id| AccountId::from_uuid(id).to_string();
    let event = |id| EventId::from_uuid(id).to_string();
    let commission = |id| CommissionId::from_uuid(id).to_string();
    let announcement = |id| AnnouncementId::from_uuid(id).to_string();
    let merchant = |id| MerchantId::from_uuid(id).to_string();
    let organization = |id| OrganizationId::from_uuid(id).to_string();
    vec![
        rule("account_sums", account, &account_sums()),
        rule("account_missing", affiliate, &account_missing()),
        rule("account_once", account, ACCOUNT_ONCE),
        rule("commission_event", commission, COMMISSION_EVENT),
        rule("commission_leaf", commission, COMMISSION_LEAF),
        rule("commission_affiliate", commission, COMMISSION_AFFILIATE),
        rule("event_affiliate", event, EVENT_AFFILIATE),
        rule("announcement_outbox", announcement, ANNOUNCEMENT_OUTBOX),
        rule("outbox_announcement", announcement, OUTBOX_ANNOUNCEMENT),
        rule("merchant_tree", merchant, MERCHANT_TREE),
        rule("organization_merchants", organization, ORGANIZATION_MERCHANTS),
    ]
}

fn rule(name: &'static str, id: fn(Uuid) -> String, query: &str) -> Rule {
    Rule { name, id, query: query.to_owned() }
}

/// What approved and paid commissions add up to.
const SUMS: &str = "(SELECT merchant_id, affiliate_id, currency, \
    coalesce(sum(amount_minor) FILTER (WHERE status = 'approved' AND payout_id IS NULL), 0) AS approved, \
    coalesce(sum(amount_minor) FILTER (WHERE status = 'approved' AND payout_id IS NOT NULL), 0) AS in_payout, \
    coalesce(sum(amount_minor) FILTER (WHERE status = 'paid'), 0) AS paid \
    FROM commissions WHERE status IN ('approved', 'paid') GROUP BY merchant_id, affiliate_id, currency)";

/// An account says what its affiliate's commissions in its currency add up to.
fn account_sums() -> String {
    format!(
        "SELECT x.merchant_id, x.id, format('holds %s approved, %s in a payout and %s paid; its commissions sum up to \
         %s, %s and %s', x.approved_minor, x.in_payout_minor, x.paid_minor, coalesce(s.approved, 0), \
         coalesce(s.in_payout, 0), coalesce(s.paid, 0)) \
         FROM accounts x LEFT JOIN {SUMS} s USING (merchant_id, affiliate_id, currency) \
         WHERE x.approved_minor <> coalesce(s.approved, 0) OR x.in_payout_minor <> coalesce(s.in_payout, 0) \
         OR x.paid_minor <> coalesce(s.paid, 0)"
    )
}

/// Who is owed or was paid something has an account that says so.
fn account_missing() -> String {
    format!(
        "SELECT s.merchant_id, s.affiliate_id, format('has no account in %s; its commissions sum up to %s approved, \
         %s in a payout and %s paid', s.currency, s.approved, s.in_payout, s.paid) \
         FROM {SUMS} s LEFT JOIN accounts x USING (merchant_id, affiliate_id, currency) \
         WHERE x.id IS NULL AND (s.approved <> 0 OR s.in_payout <> 0 OR s.paid <> 0)"
    )
}

/// An affiliate has one account a currency.
const ACCOUNT_ONCE: &str = "\
    SELECT merchant_id, id, 'not the only one of its affiliate in its currency' FROM (\
    SELECT merchant_id, id, count(*) OVER (PARTITION BY merchant_id, affiliate_id, currency) AS twins FROM accounts) x \
    WHERE twins > 1";

/// A commission's event is there, with the same order.
const COMMISSION_EVENT: &str = "\
    SELECT c.merchant_id, c.id, CASE WHEN e.id IS NULL THEN 'its event is missing' ELSE 'its event has another order' END \
    FROM commissions c LEFT JOIN events e ON e.merchant_id = c.merchant_id AND e.id = c.event_id \
    WHERE e.id IS NULL OR e.order_id <> c.order_id";

/// An override's leaf is there, of the same event and itself a leaf; a leaf has none.
const COMMISSION_LEAF: &str = "\
    SELECT c.merchant_id, c.id, 'its leaf is missing, or not one' \
    FROM commissions c LEFT JOIN commissions l ON l.merchant_id = c.merchant_id AND l.id = c.leaf_id \
    AND l.event_id = c.event_id AND l.leaf_id IS NULL \
    WHERE (c.level = 0) <> (c.leaf_id IS NULL) OR (c.leaf_id IS NOT NULL AND l.id IS NULL)";

/// Who earns a commission is there.
const COMMISSION_AFFILIATE: &str = "\
    SELECT c.merchant_id, c.id, 'its affiliate is missing' \
    FROM commissions c LEFT JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id \
    WHERE a.id IS NULL";

/// Who is credited with an event is there.
const EVENT_AFFILIATE: &str = "\
    SELECT e.merchant_id, e.id, 'its affiliate is missing' \
    FROM events e LEFT JOIN affiliates a ON a.merchant_id = e.merchant_id AND a.id = e.affiliate_id \
    WHERE e.affiliate_id IS NOT NULL AND a.id IS NULL";

/// Nothing takes announcements out of the outbox yet: each is in it.
const ANNOUNCEMENT_OUTBOX: &str = "\
    SELECT a.merchant_id, a.id, 'will never be delivered: it is not in the outbox' \
    FROM announcements a LEFT JOIN outbox o ON o.merchant_id = a.merchant_id AND o.announcement_id = a.id \
    WHERE o.announcement_id IS NULL";

/// What is in the outbox is there to be told.
const OUTBOX_ANNOUNCEMENT: &str = "\
    SELECT o.merchant_id, o.announcement_id, 'is in the outbox and does not exist' \
    FROM outbox o LEFT JOIN announcements a ON a.merchant_id = o.merchant_id AND a.id = o.announcement_id \
    WHERE a.id IS NULL";

/// A merchant has a tree.
const MERCHANT_TREE: &str = "\
    SELECT m.id, m.id, 'it has no tree' \
    FROM merchants m LEFT JOIN trees t ON t.merchant_id = m.id AND t.id = m.id WHERE t.id IS NULL";

/// An organization's merchants are its own, each in its mode.
const ORGANIZATION_MERCHANTS: &str = "\
    SELECT NULL::uuid, o.id, format('its %s merchant is missing, or not its own', w.mode) \
    FROM organizations o CROSS JOIN LATERAL (VALUES ('test', o.test_merchant_id), ('live', o.live_merchant_id)) \
    AS w (mode, id) LEFT JOIN merchants m ON m.id = w.id AND m.organization_id = o.id AND m.mode = w.mode \
    WHERE m.id IS NULL";
