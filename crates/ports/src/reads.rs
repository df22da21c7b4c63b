//! What use cases read: a trait per aggregate. Each method is one answer from one moment (facts), or a read model.
//!
//! Two rules hold for all of them. Every method takes the merchant, save the named global reads (a key by its hash, a
//! merchant by its slug, organizations, what the command line and `reconcile` look at). And a fact that says a unique
//! key is taken is never older than the row that took it: adapters read claims before rows where one statement cannot
//! serve both.

use crate::{IdempotencyKey, Journal, KeptReply, Page, PageAsk, ReadError, Version, Versioned};
use async_trait::async_trait;
use domain::{
    Account, Affiliate, AffiliateId, AffiliateStatus, ApiKey, ApiKeyId, ClickId, Commission, CommissionId,
    CommissionStatus, Coupon, CouponCode, CouponId, Currency, Email, Event, EventId, EventSpace, ExternalId, KeyHash,
    Merchant, MerchantId, Mode, Money, OrderReference, Organization, OrganizationId, Plan, SessionId, Slug, TierId,
    Timestamp,
};
use uuid::Uuid;

type Read<T> = Result<T, ReadError>;

/// What a change of settings needs to know.
#[derive(Debug, Clone)]
pub struct SettingsFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// Whether it has any commission.
    pub has_commissions: bool,
    /// Who has the slug that was asked about.
    pub slug_owner: Option<Uuid>,
}

/// Organizations and merchants.
#[async_trait]
pub trait MerchantReads: Send + Sync {
    /// A merchant.
    async fn merchant(&self, id: MerchantId) -> Read<Option<Versioned<Merchant>>>;

    /// A merchant, and who on the server has `slug`.
    async fn settings_facts(&self, id: MerchantId, slug: Option<&Slug>) -> Read<Option<SettingsFacts>>;

    /// Global: who has a merchant's slug.
    async fn slug_owner(&self, slug: &Slug) -> Read<Option<Uuid>>;

    /// Global: an organization.
    async fn organization(&self, id: OrganizationId) -> Read<Option<Versioned<Organization>>>;

    /// Global: organizations in the order of their ids, at most `limit`, after `after`.
    async fn organizations(&self, after: Option<OrganizationId>, limit: u32) -> Read<Vec<Organization>>;
}

/// A key with what decides whether it opens anything.
#[derive(Debug, Clone)]
pub struct KeyFacts {
    /// The key.
    pub key: Versioned<ApiKey>,
    /// Whose key.
    pub merchant_id: MerchantId,
    /// In which mode.
    pub mode: Mode,
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// On which plan.
    pub plan: Plan,
    /// When it was last used, in real time, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// API keys. All of its reads are global: a key is what says which merchant it is about.
#[async_trait]
pub trait KeyReads: Send + Sync {
    /// The key with one of these hashes (one for each accepted pepper).
    async fn key_by_hash(&self, hashes: &[KeyHash]) -> Read<Option<KeyFacts>>;

    /// The key with this id.
    async fn key(&self, id: ApiKeyId) -> Read<Option<KeyFacts>>;

    /// The keys of an organization, newest first, at most 1,000.
    async fn keys_of(&self, organization: OrganizationId) -> Read<Vec<KeyFacts>>;
}

/// Kept answers.
#[async_trait]
pub trait ReplyReads: Send + Sync {
    /// The answer kept for a key on a route, unless it expired before the real instant `now`.
    async fn reply(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Read<Option<KeptReply>>;
}

/// An affiliate as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffiliateRecord {
    /// The affiliate.
    pub affiliate: Affiliate,
    /// Its codes, oldest first.
    pub coupons: Vec<CouponCode>,
    /// What it was paid so far, a sum a currency, by currency code; only those that are not zero.
    pub paid: Vec<Money>,
    /// The merchant's currency.
    pub currency: Currency,
}

/// Which affiliates a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct AffiliateFilter {
    pub status: Option<AffiliateStatus>,
    pub tier_id: Option<TierId>,
    /// Compared case-folded.
    pub email: Option<Email>,
    pub slug: Option<Slug>,
}

/// The unique keys and the parent that a new or changed affiliate names.
#[derive(Debug, Clone, Default)]
pub struct AffiliateKeys {
    /// The wanted slug.
    pub slug: Option<Slug>,
    /// The wanted address.
    pub email: Option<Email>,
    /// The wanted parent's address.
    pub parent_email: Option<Email>,
}

/// What making an affiliate needs to know.
#[derive(Debug, Clone)]
pub struct NewAffiliateFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// Who has the slug.
    pub slug_owner: Option<Uuid>,
    /// Who has the address.
    pub email_owner: Option<Uuid>,
    /// The affiliate with the parent's address.
    pub parent: Option<Versioned<Affiliate>>,
    /// How many affiliates there are that are not rejected; counted up to 1,000.
    pub seats_taken: u32,
}

/// What changing an affiliate needs to know.
#[derive(Debug, Clone)]
pub struct AffiliateChangeFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The affiliate as it is.
    pub record: AffiliateRecord,
    /// Its version.
    pub version: Version,
    /// Who has the slug.
    pub slug_owner: Option<Uuid>,
    /// Who has the address.
    pub email_owner: Option<Uuid>,
    /// The wanted parent first, then its parent, up to the root (at most 1,000); empty if nobody has its address.
    pub parent_chain: Vec<AffiliateId>,
    /// The version of the merchant's tree.
    pub tree: Version,
}

/// Affiliates.
#[async_trait]
pub trait AffiliateReads: Send + Sync {
    /// One affiliate.
    async fn affiliate(&self, merchant: MerchantId, id: AffiliateId) -> Read<Option<AffiliateRecord>>;

    /// A page of them.
    async fn affiliates(
        &self,
        merchant: MerchantId,
        filter: &AffiliateFilter,
        ask: &PageAsk,
    ) -> Read<Page<AffiliateRecord>>;

    /// For making one; `None` if there is no such merchant.
    async fn new_affiliate_facts(&self, merchant: MerchantId, keys: &AffiliateKeys) -> Read<Option<NewAffiliateFacts>>;

    /// For changing one; `None` if there is no such affiliate.
    async fn affiliate_change_facts(
        &self,
        merchant: MerchantId,
        id: AffiliateId,
        keys: &AffiliateKeys,
    ) -> Read<Option<AffiliateChangeFacts>>;
}

/// Which coupons a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct CouponFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub code: Option<CouponCode>,
}

/// What making a coupon needs to know.
#[derive(Debug, Clone)]
pub struct CouponFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The affiliate it shall belong to.
    pub affiliate: Option<Versioned<Affiliate>>,
    /// Who has the code.
    pub code_owner: Option<Uuid>,
}

/// Coupons.
#[async_trait]
pub trait CouponReads: Send + Sync {
    /// One coupon and its merchant.
    async fn coupon(&self, merchant: MerchantId, id: CouponId) -> Read<Option<(Merchant, Versioned<Coupon>)>>;

    /// A page of them.
    async fn coupons(&self, merchant: MerchantId, filter: &CouponFilter, ask: &PageAsk) -> Read<Page<Coupon>>;

    /// For making one; `None` if there is no such merchant.
    async fn coupon_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        code: &CouponCode,
    ) -> Read<Option<CouponFacts>>;
}

/// A merchant and one of its affiliates, found by the slugs in a link.
#[derive(Debug, Clone)]
pub struct LinkFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The affiliate and whether it is approved.
    pub affiliate: Option<(AffiliateId, bool)>,
}

/// Clicks.
#[async_trait]
pub trait ClickReads: Send + Sync {
    /// Global: where a link leads; `None` if no merchant has the slug.
    async fn link(&self, merchant: &Slug, affiliate: &Slug) -> Read<Option<LinkFacts>>;
}

/// What a posted event names.
#[derive(Debug, Clone)]
pub struct EventLookup {
    /// Where its external id is unique.
    pub space: EventSpace,
    /// Its external id.
    pub external_id: ExternalId,
    /// The session it names.
    pub session: Option<SessionId>,
    /// The coupon it names.
    pub coupon: Option<CouponCode>,
    /// The affiliate it names.
    pub affiliate_id: Option<AffiliateId>,
    /// The real instant of the request: with the merchant's clock it says where the window begins.
    pub now: Timestamp,
}

/// A click of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClick {
    /// The click.
    pub id: ClickId,
    /// When, in business time.
    pub at: Timestamp,
    /// Whose link.
    pub affiliate_id: AffiliateId,
}

/// What recording an event needs to know.
#[derive(Debug, Clone)]
pub struct EventFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The event that already has the external id.
    pub earlier: Option<EventRecord>,
    /// Whose coupon it is.
    pub coupon_owner: Option<AffiliateId>,
    /// The session's clicks: the 25 latest, and the 25 earliest inside the merchant's window; in any order, each once.
    pub clicks: Vec<SessionClick>,
    /// The affiliates that event, coupon and clicks name, and five levels of their parents; in any order, each once.
    pub affiliates: Vec<Affiliate>,
}

/// An event with what it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The event.
    pub event: Event,
    /// Its commissions, by level.
    pub commissions: Vec<Commission>,
}

/// Which events a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct EventFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub external_id: Option<ExternalId>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// Conversion events.
#[async_trait]
pub trait EventReads: Send + Sync {
    /// For recording one; `None` if there is no such merchant.
    async fn event_facts(&self, merchant: MerchantId, lookup: &EventLookup) -> Read<Option<EventFacts>>;

    /// One event.
    async fn event(&self, merchant: MerchantId, id: EventId) -> Read<Option<EventRecord>>;

    /// A page of them.
    async fn events(&self, merchant: MerchantId, filter: &EventFilter, ask: &PageAsk) -> Read<Page<EventRecord>>;
}

/// Which commissions a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct CommissionFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub status: Option<CommissionStatus>,
    pub order_id: Option<OrderReference>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// What moving a commission needs to know.
#[derive(Debug, Clone)]
pub struct CommissionMoveFacts {
    /// The merchant.
    pub merchant: Merchant,
    /// The commission.
    pub commission: Versioned<Commission>,
    /// The overrides that name it as their leaf; empty for an override.
    pub overrides: Vec<Versioned<Commission>>,
    /// The affiliates of all these rows.
    pub affiliates: Vec<Versioned<Affiliate>>,
    /// Their accounts in the commission's currency, those that exist.
    pub accounts: Vec<Versioned<Account>>,
}

/// Commissions.
#[async_trait]
pub trait CommissionReads: Send + Sync {
    /// One commission.
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<Commission>>;

    /// A page of them.
    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        ask: &PageAsk,
    ) -> Read<Page<Commission>>;

    /// For moving one; `None` if there is no such commission.
    async fn commission_move_facts(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>>;
}

/// Two things in the storage that must agree and do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which rule is broken, as `account_sums`.
    pub rule: &'static str,
    /// Whose rows.
    pub merchant: Option<MerchantId>,
    /// What stands where, without personal data.
    pub found: String,
}

/// Looking at the storage as a whole. Global; for operators.
#[async_trait]
pub trait Inspection: Send + Sync {
    /// Whether the storage answers and its schema is the one this program was built for.
    async fn ready(&self) -> Read<()>;

    /// Recomputes every balance from its rows and compares claims with the rows that hold them. At most `limit`
    /// differences; none means that all is well.
    async fn differences(&self, limit: u32) -> Read<Vec<Difference>>;
}

/// A whole storage: what an adapter implements and what a contract case is given.
pub trait Storage:
    MerchantReads
    + KeyReads
    + ReplyReads
    + AffiliateReads
    + CouponReads
    + ClickReads
    + EventReads
    + CommissionReads
    + Inspection
    + Journal
{
}

impl<T> Storage for T where
    T: MerchantReads
        + KeyReads
        + ReplyReads
        + AffiliateReads
        + CouponReads
        + ClickReads
        + EventReads
        + CommissionReads
        + Inspection
        + Journal
{
}
