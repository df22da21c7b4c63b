//! A storage with one merchant and one of each object. It counts writes and stores only responses: enough to see which
//! requests reach it. The black-box tests run against real databases.

mod program;

use crate::{CursorKey, JsonRenderer, Limits, Visitors, edge::Edge};
use actix_web::web::Data;
use app::{App, KeyPolicy};
use async_trait::async_trait;
use domain::*;
use ports::*;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

type Read<T> = Result<T, ReadError>;

pub(super) const MERCHANT: u128 = 1;
pub(super) const KNOWN: u128 = 7;

/// The principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    All,
    Reader,
    Writer,
    Admin,
    SmallPlan,
    Revoked,
    Expired,
    Limited,
}

const EVERYBODY: [Who; 8] =
    [Who::All, Who::Reader, Who::Writer, Who::Admin, Who::SmallPlan, Who::Revoked, Who::Expired, Who::Limited];

fn format() -> KeyFormat {
    KeyFormat::new("cob_", &[]).unwrap()
}

impl Who {
    fn secret(self) -> KeySecret {
        format().write(Mode::Test, &[self as u8 + 1; 64]).unwrap()
    }

    /// The text of its key.
    pub(super) fn key(self) -> String {
        self.secret().expose().to_owned()
    }

    fn facts(self) -> KeyFacts {
        let scopes = match self {
            Self::Reader => Scopes::of(&[Scope::Read]).unwrap(),
            Self::Writer => Scopes::of(&[Scope::Write]).unwrap(),
            Self::Admin => Scopes::of(&[Scope::Admin]).unwrap(),
            _ => Scopes::ALL,
        };
        let request = NewApiKey {
            name: KeyName::parse("test").unwrap(),
            scopes,
            rate_limit_per_min: if self == Self::Limited { 1 } else { 600 },
            expires_in: (self == Self::Expired).then_some(Duration::from_secs(1)),
        };
        let id = ApiKeyId::from_uuid(Uuid::from_u128(100 + self as u128));
        let key = ApiKey::create(id, request, &self.secret(), self.secret().hash(None), Timestamp::MIN).unwrap();
        let key = if self == Self::Revoked { key.revoke(Timestamp::MIN) } else { key };
        KeyFacts {
            key: Versioned { row: key, version: Version::FIRST },
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(MERCHANT)),
            mode: Mode::Test,
            organization_id: OrganizationId::from_uuid(Uuid::from_u128(9)),
            plan: if self == Self::SmallPlan { Plan::Free } else { Plan::Growth },
            last_used_at: Some(now()),
        }
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).unwrap()
}

/// The storage.
#[derive(Default)]
pub(super) struct Stub {
    /// How many sets were committed.
    pub(super) commits: AtomicUsize,
    /// How long a read of one affiliate takes.
    slowness: Duration,
    replies: Mutex<HashMap<String, StoredResponse>>,
}

impl Stub {
    /// A stub whose reads take this long.
    pub(super) fn slow(slowness: Duration) -> Self {
        Self { slowness, ..Self::default() }
    }
}

pub(super) fn merchant() -> Merchant {
    let settings = Settings {
        landing_url: WebUrl::parse("https://shop.example.com/").ok(),
        ..Settings::initial("USD".parse().unwrap())
    };
    let (id, organization) =
        (MerchantId::from_uuid(Uuid::from_u128(MERCHANT)), OrganizationId::from_uuid(Uuid::from_u128(9)));
    let slug = Slug::parse("my-shop").unwrap();
    let founded = Merchant::new(id, organization, Mode::Test, slug, "USD".parse().unwrap(), Timestamp::MIN);
    Merchant { settings, ..founded }
}

pub(super) fn affiliate() -> Affiliate {
    let slug = Slug::parse("alice").unwrap();
    let request = NewAffiliate {
        email: Email::parse("alice@example.com").unwrap(),
        slug: None,
        display_name: None,
        status: None,
        custom_rate: None,
        tier_id: None,
        metadata: Metadata::default(),
    };
    Affiliate::create(AffiliateId::from_uuid(Uuid::from_u128(KNOWN)), request, slug, None, now()).unwrap()
}

fn record() -> AffiliateRecord {
    AffiliateRecord { affiliate: affiliate(), coupons: Vec::new(), paid: Vec::new(), currency: "USD".parse().unwrap() }
}

fn commission() -> Commission {
    let settings = merchant().settings;
    let sale = Money::from_minor(9_900, settings.currency);
    let reward = Reward::Rate(settings.commission_rate);
    let plan = CommissionPlan {
        affiliate_id: affiliate().id,
        level: 0,
        basis: sale,
        reward,
        rate_source: RateSource::Merchant,
        rule_id: None,
        amount: reward.of(sale),
    };
    Commission::from_plan(NewCommission {
        id: CommissionId::from_uuid(Uuid::from_u128(KNOWN)),
        plan,
        event_id: EventId::from_uuid(Uuid::from_u128(KNOWN)),
        order_id: OrderReference::parse("1001").unwrap(),
        leaf_id: None,
        in_review: false,
        settings: &settings,
        now: now(),
    })
}

fn coupon() -> Coupon {
    Coupon {
        id: CouponId::from_uuid(Uuid::from_u128(KNOWN)),
        affiliate_id: affiliate().id,
        code: CouponCode::parse("ALICE").unwrap(),
        created_at: now(),
    }
}

pub(super) fn versioned<T>(row: T) -> Versioned<T> {
    Versioned { row, version: Version::FIRST }
}

pub(super) fn known<K: Kind, T>(id: Id<K>, value: T) -> Option<T> {
    (id.uuid() == Uuid::from_u128(KNOWN)).then_some(value)
}

/// A list of 120 rows, all alike.
pub(super) fn page<T: Clone>(row: T, request: &PageRequest) -> Page<T> {
    let limit = usize::try_from(request.limit).unwrap();
    let left = 120_usize.saturating_sub(usize::try_from(request.offset).unwrap());
    let left = if request.after.is_some() { left.min(limit) } else { left };
    Page::cut(vec![row; left.min(limit + 1)], request)
}

#[async_trait]
impl MerchantReads for Stub {
    async fn merchant(&self, _: MerchantId) -> Read<Option<Versioned<Merchant>>> {
        Ok(Some(versioned(merchant())))
    }
    async fn settings_facts(&self, _: MerchantId, _: Option<&Slug>) -> Read<Option<SettingsFacts>> {
        Ok(Some(SettingsFacts {
            merchant: versioned(merchant()),
            has_commissions: false,
            slug_owner: None,
            group_settings: None,
        }))
    }
    async fn resetting_merchants(&self, _: u32) -> Read<Vec<MerchantId>> {
        Ok(Vec::new())
    }
    async fn slug_owner(&self, _: &Slug) -> Read<Option<Uuid>> {
        Ok(None)
    }
    async fn organization(&self, _: OrganizationId) -> Read<Option<Versioned<Organization>>> {
        Ok(None)
    }
    async fn organizations(&self, _: Option<OrganizationId>, _: u32) -> Read<Vec<Organization>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl KeyReads for Stub {
    async fn key_by_hash(&self, hashes: &[KeyHash]) -> Read<Option<KeyFacts>> {
        Ok(EVERYBODY.into_iter().map(Who::facts).find(|facts| hashes.contains(&facts.key.row.hash)))
    }
    async fn key(&self, _: ApiKeyId) -> Read<Option<KeyFacts>> {
        Ok(None)
    }
    async fn keys_of(&self, _: OrganizationId) -> Read<Vec<KeyFacts>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ResponseReads for Stub {
    async fn response(
        &self,
        _: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        _: Timestamp,
    ) -> Read<Option<StoredResponse>> {
        Ok(self.replies.lock().unwrap().get(&format!("{route} {}", key.as_str())).cloned())
    }
}

#[async_trait]
impl AffiliateReads for Stub {
    async fn affiliate(&self, _: MerchantId, id: AffiliateId) -> Read<Option<AffiliateRecord>> {
        tokio::time::sleep(self.slowness).await;
        Ok(known(id, record()))
    }
    async fn affiliates(
        &self,
        _: MerchantId,
        _: &AffiliateFilter,
        request: &PageRequest,
    ) -> Read<Page<AffiliateRecord>> {
        Ok(page(record(), request))
    }
    async fn new_affiliate_facts(&self, _: MerchantId, keys: &AffiliateKeys) -> Read<Option<NewAffiliateFacts>> {
        let parent = keys.parent_email.as_ref().filter(|email| **email == affiliate().email);
        Ok(Some(NewAffiliateFacts {
            merchant: versioned(merchant()),
            slug_owner: None,
            email_owner: None,
            parent: parent.map(|_| versioned(affiliate())),
            tier: None,
            seats_taken: 0,
        }))
    }
    async fn affiliate_change_facts(
        &self,
        _: MerchantId,
        id: AffiliateId,
        _: &AffiliateKeys,
    ) -> Read<Option<AffiliateChangeFacts>> {
        let facts = AffiliateChangeFacts {
            merchant: versioned(merchant()),
            record: record(),
            version: Version::FIRST,
            slug_owner: None,
            email_owner: None,
            parent_chain: vec![AffiliateId::from_uuid(Uuid::from_u128(8))],
            tier: None,
            parent: Some(Version::FIRST),
            tree: Version::FIRST,
        };
        Ok(known(id, facts))
    }
}

#[async_trait]
impl CouponReads for Stub {
    async fn coupon(&self, _: MerchantId, id: CouponId) -> Read<Option<(Versioned<Merchant>, Versioned<Coupon>)>> {
        Ok(known(id, (versioned(merchant()), versioned(coupon()))))
    }
    async fn coupons(&self, _: MerchantId, _: &CouponFilter, request: &PageRequest) -> Read<Page<Coupon>> {
        Ok(page(coupon(), request))
    }
    async fn coupon_facts(&self, _: MerchantId, id: AffiliateId, _: &CouponCode) -> Read<Option<CouponFacts>> {
        let affiliate = known(id, versioned(affiliate()));
        Ok(Some(CouponFacts { merchant: versioned(merchant()), affiliate, code_owner: None }))
    }
}

#[async_trait]
impl ClickReads for Stub {
    async fn link(&self, shop: &Slug, partner: &Slug) -> Read<Option<LinkFacts>> {
        let known = *shop == merchant().slug;
        let affiliate = (*partner == affiliate().slug).then(|| (affiliate().id, true));
        Ok(known.then(|| LinkFacts { merchant: versioned(merchant()), affiliate }))
    }
}

#[async_trait]
impl EventReads for Stub {
    async fn event_facts(&self, _: MerchantId, lookups: Vec<EventLookup>) -> Read<Option<EventFacts>> {
        let found = lookups.iter().map(|_| EventFound::default()).collect();
        Ok(Some(EventFacts {
            merchant: versioned(merchant()),
            affiliates: vec![affiliate()],
            tiers: Vec::new(),
            rules: Vec::new(),
            found,
        }))
    }
    async fn event(&self, _: MerchantId, _: EventId) -> Read<Option<EventRecord>> {
        Ok(None)
    }
    async fn events(&self, _: MerchantId, _: &EventFilter, _: &PageRequest) -> Read<Page<EventRecord>> {
        Ok(Page { rows: Vec::new(), more: false })
    }
}

#[async_trait]
impl RefundReads for Stub {
    async fn refund_facts(&self, _: MerchantId, _: &RefundLookup) -> Read<Option<RefundFacts>> {
        let facts = RefundFacts {
            merchant: versioned(merchant()),
            earlier: None,
            sales: Vec::new(),
            rows: Vec::new(),
            order: None,
            accounts: Vec::new(),
        };
        Ok(Some(facts))
    }
}

#[async_trait]
impl CommissionReads for Stub {
    async fn commission(&self, _: MerchantId, id: CommissionId) -> Read<Option<Commission>> {
        Ok(known(id, commission()))
    }
    async fn commissions(&self, _: MerchantId, _: &CommissionFilter, request: &PageRequest) -> Read<Page<Commission>> {
        Ok(page(commission(), request))
    }
    async fn commission_move_facts(&self, _: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>> {
        let facts = CommissionMoveFacts {
            merchant: versioned(merchant()),
            rows: vec![versioned(commission())],
            affiliates: vec![versioned(affiliate())],
            accounts: Vec::new(),
        };
        Ok(known(id, facts))
    }
    async fn due_commissions(&self, _: Timestamp, _: u32) -> Read<Vec<DueCommission>> {
        Ok(Vec::new())
    }
    async fn maturing_facts(&self, _: MerchantId, _: AffiliateId, _: &[CommissionId]) -> Read<Option<MaturingFacts>> {
        Ok(None)
    }
}

#[async_trait]
impl Inspection for Stub {
    async fn ready(&self) -> Read<()> {
        Ok(())
    }
    async fn differences(&self, _: u32) -> Read<Vec<Difference>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Maintenance for Stub {
    async fn forget_replies(&self, _: Timestamp, _: u32) -> Read<u32> {
        Ok(0)
    }
    async fn forget_mails(&self, _: Timestamp, _: u32) -> Read<u32> {
        Ok(0)
    }
    async fn announcements_after(
        &self,
        _: MerchantId,
        _: Option<domain::AnnouncementId>,
        _: u32,
    ) -> Read<Vec<ports::StoredPayload>> {
        Ok(Vec::new())
    }
    async fn rewrite_announcements(&self, _: MerchantId, _: Vec<ports::StoredPayload>) -> Read<()> {
        Ok(())
    }
    async fn replies_after(&self, _: MerchantId, _: Option<&ports::ReplyPlace>, _: u32) -> Read<Vec<ports::Answered>> {
        Ok(Vec::new())
    }
    async fn blank_replies(&self, _: MerchantId, _: Vec<ports::ReplyPlace>) -> Read<()> {
        Ok(())
    }
    async fn forget_clicks(
        &self,
        _: MerchantId,
        _: AffiliateId,
        _: Option<domain::ClickId>,
        _: u32,
    ) -> Read<Option<domain::ClickId>> {
        Ok(None)
    }
    async fn wipe(&self, _: MerchantId, _: &str, _: u32) -> Read<bool> {
        Ok(true)
    }
}

#[async_trait]
impl Leases for Stub {
    async fn take_lease(&self, _: &str, _: Uuid, _: Timestamp, _: Timestamp) -> Read<bool> {
        Ok(true)
    }
    async fn give_back_lease(&self, _: &str, _: Uuid) -> Read<()> {
        Ok(())
    }
}

#[async_trait]
impl Journal for Stub {
    async fn enter(&self, _: &[Lane]) -> Result<Entry, CommitError> {
        Ok(Entry::holding(()))
    }
    async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        if let Some(ResponseRecord { route, key, fingerprint, status, body, .. }) = set.response {
            let kept = StoredResponse { fingerprint, status, body };
            self.replies.lock().unwrap().insert(format!("{route} {}", key.as_str()), kept);
        }
        Ok(())
    }
}

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
    async fn pause(&self, _: Duration) {}
}

#[derive(Default)]
struct Counting(AtomicU32);

impl IdSource for Counting {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(1_000 + u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

/// Refuses keys with a limit of one request a minute.
struct Strict;

impl RateLimiter for Strict {
    fn check(&self, _: ApiKeyId, per_minute: u32) -> RateVerdict {
        let allowed = per_minute > 1;
        RateVerdict { allowed, remaining: per_minute - 1, reset: Duration::from_millis(1_500) }
    }
}

/// What the edge needs, over this storage.
pub(super) fn outside(stub: Arc<Stub>) -> crate::Outside {
    let (clock, ids) = (Arc::new(Still), Arc::new(Counting::default()));
    let outside = app::Dependencies {
        journal: stub.clone(),
        storage: stub,
        clock: clock.clone(),
        ids: ids.clone(),
        renderer: Arc::new(JsonRenderer),
        redactor: Arc::new(JsonRenderer),
        limiter: Arc::new(Strict),
    };
    let beacons = AtomicU32::new(0);
    crate::Outside {
        app: Arc::new(App::new(outside, KeyPolicy { format: format(), pepper: None, earlier_peppers: Vec::new() })),
        clock,
        ids,
        cursor_key: CursorKey::new([7; 32]),
        visitors: Visitors {
            hash: Arc::new(|_, _| [0; 16]),
            count_beacon: Arc::new(move |_| {
                let allowed = beacons.fetch_add(1, Ordering::Relaxed) < 60;
                RateVerdict { allowed, remaining: 0, reset: Duration::from_secs(1) }
            }),
        },
        metrics: Arc::new(|| "up 1\n".to_owned()),
    }
}

/// The edge over this storage.
pub(super) fn edge(stub: &Arc<Stub>) -> Data<Edge> {
    edge_within(stub, Limits::default())
}

/// The same with other limits.
pub(super) fn edge_within(stub: &Arc<Stub>, limits: Limits) -> Data<Edge> {
    Data::new(Edge::new(outside(Arc::clone(stub)), limits, Vec::new(), false, &crate::openapi::document()))
}
