//! One merchant on one storage, and what its tests ask for.

use adapters_sqlite::{SqliteOptions, SqliteStorage};
use app::{
    App, AppError, CreateAffiliateCommand, Dependencies, IdempotentRequest, KeyPolicy, Principal, RecordEventCommand,
    Response,
};
use domain::{
    Affiliate, ApiKey, ApiKeyId, Commission, Email, EventKind, ExternalId, KeyFormat, KeyName, Metadata, Mode,
    NewAffiliate, NewApiKey, Organization, OrganizationName, Plan, Refusal, Scopes, SessionId, Slug, Timestamp,
};
use ports::{
    AffiliateFilter, ChangeSet, CommissionFilter, Envelope, EventFilter, EventRecord, IdempotencyKey, Journal,
    PageRequest, PayloadRedactor, RateLimiter, RateVerdict, Renderer, Resource, Storage, SubjectIdentifiers,
};
use std::{path::Path, sync::Arc, time::Duration};
use testkit::{
    FakeClock, SeededIds,
    build::{moment, usd},
};

/// Everything that one test needs; merchant and principal are the test mode's.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) organization: Organization,
    pub(crate) who: Principal,
    ids: Arc<SeededIds>,
    folder: tempfile::TempDir,
}

/// Shows things as Rust does: equal things give equal bytes.
struct PlainRenderer;

impl Renderer for PlainRenderer {
    fn object(&self, shown: Resource<'_>) -> Vec<u8> {
        format!("{shown:?}").into_bytes()
    }

    fn announcement(&self, envelope: Envelope, data: &[u8]) -> Vec<u8> {
        [format!("{envelope:?} ").as_bytes(), data].concat()
    }
}

impl PayloadRedactor for PlainRenderer {
    fn mentions(&self, body: &[u8], of: &SubjectIdentifiers) -> bool {
        let text = String::from_utf8_lossy(body);
        let is_there = |told: &String| text.contains(told.as_str());
        !text.contains(&of.erased) && (of.texts.iter().any(is_there) || of.resource_ids.iter().any(is_there))
    }

    fn redact(&self, _: &[u8]) -> Vec<u8> {
        b"erased".to_vec()
    }
}

/// Lets everything pass.
struct Open;

impl RateLimiter for Open {
    fn check(&self, _: ApiKeyId, per_minute: u32) -> RateVerdict {
        RateVerdict { allowed: true, remaining: per_minute, reset: Duration::ZERO }
    }
}

pub(crate) const ALL: PageRequest = PageRequest { after: None, offset: 0, limit: 100 };

impl TestApp {
    pub(crate) async fn new() -> Self {
        let folder = in_memory();
        let storage = open(&folder);
        let clock = Arc::new(FakeClock::at(moment(0)));
        let ids = Arc::new(SeededIds::new(1));
        let app = app(&storage, storage.clone(), &clock, &ids);
        let name = OrganizationName::parse("Ama").unwrap();
        let organization = app.organizations.create(name, Plan::Growth, usd()).await.unwrap();
        let made = app.keys.create(organization.id, Mode::Test, new_key()).await.unwrap();
        let who = Principal {
            merchant_id: organization.test,
            mode: Mode::Test,
            organization_id: organization.id,
            plan: Plan::Growth,
            key_id: made.key.id,
        };
        Self { app, clock, storage, organization, who, ids, folder }
    }

    /// Another node on the same storage and with the same clock.
    pub(crate) fn another_node(&self) -> App {
        app(&self.storage, self.storage.clone(), &self.clock, &self.ids)
    }

    /// The live merchant's principal.
    pub(crate) fn live(&self) -> Principal {
        Principal { merchant_id: self.organization.live, mode: Mode::Live, ..self.who }
    }

    /// The use cases of another server node on the same database, over the write path that `journal` makes of its storage.
    pub(crate) fn node<J: Journal + 'static>(&self, journal: impl FnOnce(Arc<dyn Storage>) -> J) -> (App, Arc<J>) {
        let storage = open(&self.folder);
        let journal = Arc::new(journal(Arc::clone(&storage)));
        (app(&storage, journal.clone(), &self.clock, &self.ids), journal)
    }

    /// Makes an affiliate whose slug and address follow from its name.
    pub(crate) async fn affiliate(&self, name: &str, parent: Option<&str>) -> Affiliate {
        let command = CreateAffiliateCommand { affiliate: new_affiliate(name), parent_email: parent.map(email_of) };
        self.app.affiliates.create(&self.who, command, None).await.unwrap();
        self.affiliate_named(name).await
    }

    pub(crate) async fn affiliate_named(&self, name: &str) -> Affiliate {
        let filter = AffiliateFilter { slug: Slug::parse(name).ok(), ..AffiliateFilter::default() };
        self.app.affiliates.list(&self.who, &filter, &ALL).await.unwrap().rows.remove(0).affiliate
    }

    /// A visitor follows the affiliate's link.
    pub(crate) async fn clicked(&self, affiliate: &Affiliate, session: &SessionId, at: Timestamp) {
        let mut set = ChangeSet::new(self.who.merchant_id);
        let ids = SeededIds::new(u64::try_from(at.micros()).unwrap());
        set.rows.clicks.push(testkit::build::click(&ids, affiliate, session, at));
        self.storage.commit(set).await.unwrap();
    }

    pub(crate) async fn record(&self, command: RecordEventCommand) -> Result<Response, AppError> {
        self.app.events.record(&self.who, command, None).await
    }

    /// Every event, newest first.
    pub(crate) async fn events(&self) -> Vec<EventRecord> {
        self.app.events.list(&self.who, &EventFilter::default(), &ALL).await.unwrap().rows
    }

    /// Every commission, oldest first.
    pub(crate) async fn commissions(&self) -> Vec<Commission> {
        let page = self.app.commissions.list(&self.who, &CommissionFilter::default(), &ALL).await.unwrap();
        page.rows.into_iter().rev().collect()
    }

    /// Nothing in the storage contradicts anything else.
    pub(crate) async fn assert_reconciled(&self) {
        assert_eq!(self.storage.differences(10).await.unwrap(), []);
    }
}

/// A folder that is gone with the test, in memory where that can be.
pub(crate) fn in_memory() -> tempfile::TempDir {
    let ram = Path::new("/dev/shm");
    if ram.is_dir() { tempfile::tempdir_in(ram) } else { tempfile::tempdir() }.unwrap()
}

pub(crate) fn open(folder: &tempfile::TempDir) -> Arc<dyn Storage> {
    let storage = SqliteStorage::open(&folder.path().join("coterie.db"), SqliteOptions::for_tests()).unwrap();
    storage.migrate().unwrap();
    Arc::new(storage)
}

pub(crate) fn app(
    storage: &Arc<dyn Storage>,
    journal: Arc<dyn Journal>,
    clock: &Arc<FakeClock>,
    ids: &Arc<SeededIds>,
) -> App {
    let dependencies = Dependencies {
        storage: Arc::clone(storage),
        journal,
        clock: clock.clone(),
        ids: ids.clone(),
        renderer: Arc::new(PlainRenderer),
        redactor: Arc::new(PlainRenderer),
        limiter: Arc::new(Open),
    };
    let format = KeyFormat::new("cob_", &[]).unwrap();
    App::new(dependencies, KeyPolicy { format, pepper: None, earlier_peppers: Vec::new() })
}

pub(crate) fn email_of(name: &str) -> Email {
    Email::parse(&format!("{name}@example.com")).unwrap()
}

pub(crate) fn new_affiliate(name: &str) -> NewAffiliate {
    NewAffiliate {
        email: email_of(name),
        slug: Slug::parse(name).ok(),
        display_name: None,
        status: None,
        custom_rate: None,
        tier_id: None,
        metadata: Metadata::default(),
    }
}

pub(crate) fn new_key() -> NewApiKey {
    NewApiKey {
        name: KeyName::parse("shop").unwrap(),
        scopes: Scopes::ALL,
        rate_limit_per_min: ApiKey::DEFAULT_RATE_LIMIT,
        expires_in: None,
    }
}

/// A purchase of 99.00 in the merchant's currency that names nobody.
pub(crate) fn purchase(external_id: &str) -> RecordEventCommand {
    RecordEventCommand {
        kind: EventKind::Purchase,
        external_id: ExternalId::parse(external_id).unwrap(),
        as_sent: domain::AsSent::default(),
        order_id: None,
        amount: "99.00".parse().ok(),
        currency: None,
        items: Vec::new(),
        session: None,
        coupon: None,
        more_coupons: Vec::new(),
        unreadable: domain::Unreadable::default(),
        affiliate_id: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [1; 32],
    }
}

pub(crate) fn once(route: &'static str, key: &str, body: u8) -> Option<IdempotentRequest> {
    Some(IdempotentRequest { route, key: IdempotencyKey::parse(key).unwrap(), fingerprint: [body; 32] })
}

/// The field that another object has already, where that was made by the caller with other content.
pub(crate) fn repeated<T: std::fmt::Debug>(result: Result<T, AppError>) -> (&'static str, Vec<&'static str>) {
    match refusal(result) {
        Refusal::Repeated { field, id: _, differs } => (field, differs),
        other => panic!("expected a repeat with other content, got {other:?}"),
    }
}

/// The refusal in an error; panics for any other error.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, AppError>) -> Refusal {
    match result {
        Err(AppError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
