//! The change set: one atomic write as a value.

use crate::{Entity, ResponseRecord, RowRef, Rows, Version, Versioned};
use domain::{AnnouncementId, EventSpace, Merchant, MerchantId, Mode, Timestamp};
use uuid::Uuid;

/// Everything that one use case writes at once. [`crate::Journal::commit`] applies all of it or none.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The merchant whose rows these are. Only organizations, merchants and their trees may be others': an
    /// organization's two merchants are created in one set.
    pub merchant: MerchantId,
    /// Served before the others: revocations, settings, leases.
    pub urgent: bool,
    /// Rows that were only read and must not have changed.
    pub unchanged: Vec<(RowRef, Version)>,
    /// Unique keys that the set takes.
    pub claims: Vec<Claim>,
    /// Unique keys that the set gives back.
    pub frees: Vec<Claim>,
    /// The rows that the set writes.
    pub rows: Rows,
    /// The announcements that the set publishes.
    pub announce: Vec<Announcement>,
    /// The response to store with the set.
    pub response: Option<ResponseRecord>,
}

/// How firmly an expected row is held until the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// It is only read: others may read it too.
    Shared,
    /// It is written.
    Exclusive,
}

/// A row that must still be in the version in which it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expectation {
    /// The row.
    pub row: RowRef,
    /// Whether it will be written.
    pub hold: LockMode,
    /// The version.
    pub version: Version,
}

/// Within which a claimed key is unique. The numbers are stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// An affiliate's slug.
    AffiliateSlug,
    /// An affiliate's address, case-folded.
    AffiliateEmail,
    /// A coupon's code.
    CouponCode,
    /// An event's external id.
    Event(EventSpace),
    /// An affiliate's account in a currency.
    Account,
    /// A customer's binding to an affiliate.
    Binding,
    /// A tier's name, case-folded.
    TierName,
    /// An account's part of a payout.
    PayoutAccount,
    /// A customer's address, case-folded.
    CustomerEmail,
    /// The shop's id of an order.
    OrderReference,
    /// A group's share id.
    GroupShareId,
    /// An address, case-folded, in a group.
    GroupEmail,
    /// A key's hash, on the whole server.
    KeyHash,
    /// A merchant's slug, on the whole server.
    MerchantSlug,
}

impl Space {
    /// The stored number.
    pub const fn number(self) -> i16 {
        match self {
            Self::AffiliateSlug => 1,
            Self::AffiliateEmail => 2,
            Self::CouponCode => 3,
            Self::Event(EventSpace::Paying) => 4,
            Self::Event(EventSpace::Signup) => 5,
            Self::Event(EventSpace::Lead) => 6,
            Self::Event(EventSpace::TrialStarted) => 7,
            Self::Account => 8,
            Self::Event(EventSpace::Refund) => 9,
            Self::Binding => 10,
            Self::TierName => 11,
            Self::PayoutAccount => 12,
            Self::CustomerEmail => 20,
            Self::OrderReference => 21,
            Self::GroupShareId => 22,
            Self::GroupEmail => 23,
            Self::KeyHash => 100,
            Self::MerchantSlug => 101,
        }
    }

    /// Whether its keys are unique on the whole server (the table `directory`) and not per merchant (`claims`).
    pub const fn is_global(self) -> bool {
        matches!(self, Self::KeyHash | Self::MerchantSlug)
    }
}

/// A unique key and what owns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Within which it is unique.
    pub space: Space,
    /// The key, folded as the space compares it.
    pub key: String,
    /// The id of the object that has it.
    pub owner: Uuid,
}

/// What happened, as subscribers name it. Stored as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as_str gives their documented names")]
pub enum Topic {
    AffiliateCreated,
    AffiliateApproved,
    AffiliateSuspended,
    AffiliateRejected,
    AffiliateUpdated,
    CommissionCreated,
    CommissionApproved,
    CommissionVoided,
    CommissionReview,
    CommissionRefunded,
    CommissionPaid,
    TierCreated,
    TierUpdated,
    TierDeleted,
    CommissionRuleCreated,
    CommissionRuleUpdated,
    CommissionRuleDeleted,
    PayoutCreated,
    PayoutSent,
    PayoutPaid,
    PayoutFailed,
    ConversionRecorded,
    FraudFlagged,
    CouponCreated,
    CouponDeleted,
    SettingsUpdated,
    OrderCreated,
    OrderCashbackAvailable,
    OrderCashbackProcessing,
    OrderCashbackSent,
    OrderRefunded,
    PaymentGroupCreated,
    PaymentGroupJoined,
    PaymentGroupUpdated,
    PaymentGroupReminder,
    PaymentGroupSucceeded,
    PaymentGroupExpired,
    PaymentGroupCanceled,
    CustomerCreated,
    CustomerUpdated,
    CustomerBlocked,
    CustomerUnblocked,
    CustomerDeleted,
    GroupSettingsUpdated,
    ApiKeyCreated,
    ApiKeyRolled,
    ApiKeyRevoked,
}

impl Topic {
    /// Returns the name; docs/api-conventions.md lists all of them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AffiliateCreated => "affiliate.created",
            Self::AffiliateApproved => "affiliate.approved",
            Self::AffiliateSuspended => "affiliate.suspended",
            Self::AffiliateRejected => "affiliate.rejected",
            Self::AffiliateUpdated => "affiliate.updated",
            Self::CommissionCreated => "commission.created",
            Self::CommissionApproved => "commission.approved",
            Self::CommissionVoided => "commission.voided",
            Self::CommissionReview => "commission.review",
            Self::CommissionRefunded => "commission.refunded",
            Self::CommissionPaid => "commission.paid",
            Self::TierCreated => "tier.created",
            Self::TierUpdated => "tier.updated",
            Self::TierDeleted => "tier.deleted",
            Self::CommissionRuleCreated => "commission_rule.created",
            Self::CommissionRuleUpdated => "commission_rule.updated",
            Self::CommissionRuleDeleted => "commission_rule.deleted",
            Self::PayoutCreated => "payout.created",
            Self::PayoutSent => "payout.sent",
            Self::PayoutPaid => "payout.paid",
            Self::PayoutFailed => "payout.failed",
            Self::ConversionRecorded => "conversion.recorded",
            Self::FraudFlagged => "fraud.flagged",
            Self::CouponCreated => "coupon.created",
            Self::CouponDeleted => "coupon.deleted",
            Self::SettingsUpdated => "settings.updated",
            Self::OrderCreated => "order.created",
            Self::OrderCashbackAvailable => "order.cashback_available",
            Self::OrderCashbackProcessing => "order.cashback_processing",
            Self::OrderCashbackSent => "order.cashback_sent",
            Self::OrderRefunded => "order.refunded",
            Self::PaymentGroupCreated => "payment_group.created",
            Self::PaymentGroupJoined => "payment_group.joined",
            Self::PaymentGroupUpdated => "payment_group.updated",
            Self::PaymentGroupReminder => "payment_group.reminder",
            Self::PaymentGroupSucceeded => "payment_group.succeeded",
            Self::PaymentGroupExpired => "payment_group.expired",
            Self::PaymentGroupCanceled => "payment_group.canceled",
            Self::CustomerCreated => "customer.created",
            Self::CustomerUpdated => "customer.updated",
            Self::CustomerBlocked => "customer.blocked",
            Self::CustomerUnblocked => "customer.unblocked",
            Self::CustomerDeleted => "customer.deleted",
            Self::GroupSettingsUpdated => "group_settings.updated",
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyRolled => "api_key.rolled",
            Self::ApiKeyRevoked => "api_key.revoked",
        }
    }
}

/// One announcement, rendered before the commit, so that every delivery of it sends the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// What happened.
    pub topic: Topic,
    /// Business time.
    pub created_at: Timestamp,
    /// The body that is delivered.
    pub payload: Vec<u8>,
}

impl ChangeSet {
    /// The most rows that one set may touch, claims, announcements and response included.
    pub const MOST_ROWS: usize = 4_000;

    /// A set that changes nothing yet.
    pub fn new(merchant: MerchantId) -> Self {
        Self {
            merchant,
            urgent: false,
            unchanged: Vec::new(),
            claims: Vec::new(),
            frees: Vec::new(),
            rows: Rows::default(),
            announce: Vec::new(),
            response: None,
        }
    }

    /// A set for writes of `merchant`. In test mode it conflicts if the merchant is changed meanwhile, so that nothing
    /// decided before a reset is committed after it (docs/write-path.md).
    pub fn of(merchant: &Versioned<Merchant>) -> Self {
        let mut set = Self::new(merchant.row.id);
        if merchant.row.mode == Mode::Test {
            set.expect_unchanged(merchant);
        }
        set
    }

    /// Takes a unique key for `owner`.
    pub fn claim(&mut self, space: Space, key: impl Into<String>, owner: Uuid) {
        self.claims.push(Claim { space, key: key.into(), owner });
    }

    /// Gives a unique key of `owner` back. If `owner` does not have it, the set is at fault and nothing is written.
    pub fn free(&mut self, space: Space, key: impl Into<String>, owner: Uuid) {
        self.frees.push(Claim { space, key: key.into(), owner });
    }

    /// Insists that a row which was only read has not changed.
    pub fn expect_unchanged<T: Entity>(&mut self, loaded: &Versioned<T>) {
        self.unchanged.push((loaded.row.row_ref(), loaded.version));
    }

    /// Adds all of another set of the same merchant, so that both become true at once or neither. The two must not
    /// touch the same key, nor change the same row.
    pub fn absorb(&mut self, other: Self) {
        let Self { merchant: _, urgent, unchanged, claims, frees, rows, announce, response } = other;
        self.urgent |= urgent;
        let fresh: Vec<_> = unchanged.into_iter().filter(|row| !self.unchanged.contains(row)).collect();
        self.unchanged.extend(fresh);
        self.claims.extend(claims);
        self.frees.extend(frees);
        self.rows.absorb(rows);
        self.announce.extend(announce);
        self.response = self.response.take().or(response);
    }

    /// Every row that must still be as it was read, sorted in lock order, each once: a row that is both read and
    /// written is written.
    pub fn expectations(&self) -> Vec<Expectation> {
        let unchanged =
            self.unchanged.iter().map(|&(row, version)| Expectation { row, hold: LockMode::Shared, version });
        let change = self.rows.expected().map(|(row, version)| Expectation { row, hold: LockMode::Exclusive, version });
        let mut all: Vec<Expectation> = unchanged.chain(change).collect();
        all.sort_by(|a, b| (a.row, b.hold).cmp(&(b.row, a.hold)));
        all.dedup_by_key(|expectation| expectation.row);
        all
    }

    /// How many rows it touches in all.
    pub fn row_count(&self) -> usize {
        self.rows.count()
            + self.claims.len()
            + self.frees.len()
            + 2 * self.announce.len()
            + usize::from(self.response.is_some())
    }

    /// Returns roughly how many bytes the set occupies in memory while it waits.
    pub fn byte_count(&self) -> usize {
        let announced: usize = self.announce.iter().map(|announcement| announcement.payload.len()).sum();
        announced + self.response.as_ref().map_or(0, |response| response.body.len()) + 256 * self.row_count()
    }
}
