//! Sums, and rows that name one another.

use super::Rule;
use domain::{
    AccountId, AffiliateId, AnnouncementId, BindingId, CommissionId, EventId, GroupId, MerchantId, OrderId,
    OrganizationId,
};
use ports::Space;
use uuid::Uuid;

pub(super) fn rules() -> Vec<Rule> {
    let affiliate = |id| AffiliateId::from_uuid(id).to_string();
    let account = |id| AccountId::from_uuid(id).to_string();
    let event = |id| EventId::from_uuid(id).to_string();
    let commission = |id| CommissionId::from_uuid(id).to_string();
    let binding = |id| BindingId::from_uuid(id).to_string();
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
        rule("refund_sale", event, REFUND_SALE),
        rule("refunded_sums", event, REFUNDED_SUMS),
        rule("commission_reverses", commission, COMMISSION_REVERSES),
        rule("commission_refund", commission, COMMISSION_REFUND),
        rule("binding_claim", binding, &binding_claim()),
        rule("claim_binding", binding, &claim_binding()),
        rule("group_participants", |id| GroupId::from_uuid(id).to_string(), GROUP_PARTICIPANTS),
        rule("order_group", |id| OrderId::from_uuid(id).to_string(), ORDER_GROUP),
        rule("order_customer", |id| OrderId::from_uuid(id).to_string(), ORDER_CUSTOMER),
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
        "SELECT x.merchant_id, x.id, format('holds %s approved, %s in payouts and %s paid; its commissions sum up \
         to %s, %s and %s', x.approved_minor, x.in_payout_minor, x.paid_minor, \
         coalesce(s.approved, 0), coalesce(s.in_payout, 0), coalesce(s.paid, 0)) \
         FROM accounts x LEFT JOIN {SUMS} s USING (merchant_id, affiliate_id, currency) \
         WHERE x.approved_minor <> coalesce(s.approved, 0) OR x.in_payout_minor <> coalesce(s.in_payout, 0) \
         OR x.paid_minor <> coalesce(s.paid, 0)"
    )
}

/// Who is owed or was paid something has an account that says so.
fn account_missing() -> String {
    format!(
        "SELECT s.merchant_id, s.affiliate_id, format('has no account in %s; its commissions sum up to %s approved, \
         %s in payouts and %s paid', s.currency, s.approved, s.in_payout, s.paid) \
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

/// A group has as many participants as orders take part in it. The order of one that closed without cashback may have
/// opened another.
const GROUP_PARTICIPANTS: &str = "\
    SELECT g.merchant_id, g.id, format('says %s participants and has %s', g.participants, count(o.id)) \
    FROM referral_groups g \
    LEFT JOIN orders o ON o.merchant_id = g.merchant_id AND o.group_id = g.id AND o.participates \
    WHERE g.status IN ('OPEN', 'COMPLETED') \
    GROUP BY g.merchant_id, g.id, g.participants HAVING g.participants <> count(o.id)";

/// An order's group is there and has its currency.
const ORDER_GROUP: &str = "\
    SELECT o.merchant_id, o.id, CASE WHEN g.id IS NULL THEN 'its group is missing' ELSE 'its group has another currency' END \
    FROM orders o LEFT JOIN referral_groups g ON g.merchant_id = o.merchant_id AND g.id = o.group_id \
    WHERE g.id IS NULL OR g.currency <> o.currency";

/// Whose order it is is there.
const ORDER_CUSTOMER: &str = "\
    SELECT o.merchant_id, o.id, 'its customer is missing' \
    FROM orders o LEFT JOIN customers c ON c.merchant_id = o.merchant_id AND c.id = o.customer_id \
    WHERE c.id IS NULL";

/// Who is credited with an event is there.
const EVENT_AFFILIATE: &str = "\
    SELECT e.merchant_id, e.id, 'its affiliate is missing' \
    FROM events e LEFT JOIN affiliates a ON a.merchant_id = e.merchant_id AND a.id = e.affiliate_id \
    WHERE e.affiliate_id IS NOT NULL AND a.id IS NULL";

/// A refund is one, of a sale that is there, with its order and currency.
const REFUND_SALE: &str = "\
    SELECT r.merchant_id, r.id, 'is a refund of no event, or of one with another order or currency' \
    FROM events r LEFT JOIN events e ON e.merchant_id = r.merchant_id AND e.id = r.refunds AND e.refunds IS NULL \
    AND e.order_id = r.order_id AND e.currency = r.currency \
    WHERE (r.kind = 'refund' OR r.refunds IS NOT NULL) AND (e.id IS NULL OR r.kind <> 'refund')";

/// What was taken back of a sale is what its refunds say, and not more than there was.
const REFUNDED_SUMS: &str = "\
    SELECT e.merchant_id, e.id, format('has %s taken back of %s; its refunds sum up to %s', e.refunded_minor, \
    coalesce(e.amount_minor, 0), coalesce(r.minor, 0)) \
    FROM events e LEFT JOIN (SELECT merchant_id, refunds, sum(amount_minor) AS minor FROM events \
    WHERE refunds IS NOT NULL GROUP BY merchant_id, refunds) r ON r.merchant_id = e.merchant_id AND r.refunds = e.id \
    WHERE e.refunded_minor <> coalesce(r.minor, 0) OR e.refunded_minor > coalesce(e.amount_minor, 0)";

/// A reversal takes back from a row of its event, affiliate and level, by a refund.
const COMMISSION_REVERSES: &str = "\
    SELECT c.merchant_id, c.id, 'takes back a row that does not exist, or is not its like' \
    FROM commissions c LEFT JOIN commissions o ON o.merchant_id = c.merchant_id AND o.id = c.reverses \
    AND o.event_id = c.event_id AND o.affiliate_id = c.affiliate_id AND o.level = c.level \
    AND o.leaf_id IS NOT DISTINCT FROM c.leaf_id AND o.currency = c.currency AND o.reverses IS NULL \
    WHERE c.reverses IS NOT NULL AND (o.id IS NULL OR c.amount_minor > 0 OR c.refund_id IS NULL)";

/// A refund that a row names is one of its event.
const COMMISSION_REFUND: &str = "\
    SELECT c.merchant_id, c.id, 'names a refund that its event does not have' \
    FROM commissions c LEFT JOIN events r ON r.merchant_id = c.merchant_id AND r.id = c.refund_id \
    AND r.refunds = c.event_id WHERE c.refund_id IS NOT NULL AND r.id IS NULL";

/// A customer's binding goes by some key.
fn binding_claim() -> String {
    format!(
        "SELECT b.merchant_id, b.id, 'does not own its key in claims' \
         FROM bindings b WHERE NOT EXISTS (SELECT FROM claims c \
         WHERE c.merchant_id = b.merchant_id AND c.space = {} AND c.owner = b.id)",
        Space::Binding.number()
    )
}

/// What a customer's binding goes by is a binding's.
fn claim_binding() -> String {
    format!(
        "SELECT c.merchant_id, c.owner, 'owns a key in claims that is not of any row of it' \
         FROM claims c LEFT JOIN bindings b ON b.merchant_id = c.merchant_id AND b.id = c.owner \
         WHERE c.space = {} AND b.id IS NULL",
        Space::Binding.number()
    )
}

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
