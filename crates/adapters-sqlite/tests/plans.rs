//! Every question is answered from an index: no statement reads a table from end to end, and no page is sorted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use adapters_sqlite::{SqliteOptions, SqliteStorage};
use common::{Foreign, affiliate, file, folder, founded, merchant, open};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use domain::{
    AffiliateStatus, Commission, CommissionId, CommissionStatus, CouponCode, CouponId, Decision, Email, Event, EventId,
    EventKind, ExternalId, KeyHash, Metadata, Money, NewEvent, OrderReference, OrganizationId, SessionId, Settings,
    Slug, TierId, Timestamp, plan_commissions,
};
use ports::{
    AffiliateFilter, AffiliateKeys, AffiliateReads as _, ChangeSet, ClickReads as _, CommissionFilter,
    CommissionReads as _, CouponFilter, CouponReads as _, EventFilter, EventLookup, EventReads as _, IdempotencyKey,
    Journal as _, KeyReads as _, MerchantReads as _, PageAsk, Position, ReplyReads as _, Space,
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// What a question may ask for, the narrowest first, and how the plan says that it is looked up.
const NARROW: [(&str, &str); 6] = [
    ("`id` = ?", "id=?"),
    ("`id` IN (?)", "id=?"),
    ("`session` = ?", "session=?"),
    ("`order_id` = ?", "order_id=?"),
    ("`affiliate_id` = ?", "affiliate_id=?"),
    ("`status` = ?", "status=?"),
];

/// Every statement that a connection of this process ran.
static RAN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let statement = text.split(" -- binds").next().unwrap_or_default().to_owned();
            RAN.lock().unwrap_or_else(PoisonError::into_inner).insert(statement);
        }
    }
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn session() -> SessionId {
    SessionId::parse("session-0123456789").unwrap()
}

fn code() -> CouponCode {
    CouponCode::parse("BOB-10").unwrap()
}

/// An event that earned its affiliate something.
async fn sold(storage: &SqliteStorage) {
    let settings = Settings::initial("USD".parse().unwrap());
    let (_, founding) = affiliate(1);
    let leaf = founding.rows.affiliates.new[0].clone();
    let sale = Money::from_minor(9_900, settings.currency);
    let ask = NewEvent {
        kind: EventKind::Purchase,
        external_id: ExternalId::parse("order-1").unwrap(),
        order_id: None,
        amount: Some(sale),
        items: domain::Items::default(),
        session: None,
        coupon: None,
        affiliate_id: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [0; 32],
    };
    let event = Event::record(EventId::from_uuid(uuid(10)), ask, Decision::default(), None, Timestamp::MIN);
    let mut set = ChangeSet::new(merchant());
    set.claim(Space::Event(event.kind.space()), event.external_id.as_str(), event.id.uuid());
    for plan in plan_commissions(&settings, sale, &leaf, &[]) {
        let id = CommissionId::from_uuid(uuid(11));
        let order = event.order_id.clone();
        let row = Commission::from_plan(id, plan, event.id, order, None, false, &settings, Timestamp::MIN);
        set.rows.commissions.insert(row);
    }
    set.rows.events.insert(event);
    storage.commit(set).await.unwrap();
}

async fn ask_for_pages(storage: &SqliteStorage, ask: &PageAsk) {
    let (id, merchant) = (affiliate(1).0, merchant());
    let (from, to) = (Some(Timestamp::MIN), Some(Timestamp::MAX));
    let everybody = AffiliateFilter::default();
    for filter in [
        AffiliateFilter { status: Some(AffiliateStatus::Approved), ..everybody.clone() },
        AffiliateFilter { tier_id: Some(TierId::from_uuid(uuid(9))), ..everybody.clone() },
        AffiliateFilter { email: Email::parse("partner1@example.com").ok(), ..everybody.clone() },
        AffiliateFilter { slug: Slug::parse("partner1").ok(), ..everybody.clone() },
        everybody,
    ] {
        storage.affiliates(merchant, &filter, ask).await.unwrap();
    }
    for filter in [
        CouponFilter::default(),
        CouponFilter { affiliate_id: Some(id), code: None },
        CouponFilter { affiliate_id: None, code: Some(code()) },
    ] {
        storage.coupons(merchant, &filter, ask).await.unwrap();
    }
    let every_event = EventFilter { from, to, ..EventFilter::default() };
    for filter in [
        EventFilter::default(),
        EventFilter { affiliate_id: Some(id), ..every_event.clone() },
        EventFilter { external_id: ExternalId::parse("order-1").ok(), ..every_event.clone() },
        every_event,
    ] {
        storage.events(merchant, &filter, ask).await.unwrap();
    }
    let every_commission = CommissionFilter { from, to, ..CommissionFilter::default() };
    for filter in [
        CommissionFilter::default(),
        CommissionFilter { affiliate_id: Some(id), ..every_commission.clone() },
        CommissionFilter { status: Some(CommissionStatus::Pending), ..every_commission.clone() },
        CommissionFilter { order_id: OrderReference::parse("order-1").ok(), ..every_commission.clone() },
        CommissionFilter {
            affiliate_id: Some(id),
            status: Some(CommissionStatus::Pending),
            ..every_commission.clone()
        },
        every_commission,
    ] {
        storage.commissions(merchant, &filter, ask).await.unwrap();
    }
}

async fn ask_for_facts(storage: &SqliteStorage) {
    let (id, merchant) = (affiliate(1).0, merchant());
    let slug = Slug::parse("partner1").unwrap();
    let email = Email::parse("partner1@example.com").ok();
    let keys = AffiliateKeys { slug: Some(slug.clone()), email: email.clone(), parent_email: email };
    storage.affiliate(merchant, id).await.unwrap().unwrap();
    storage.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap();
    storage.affiliate_change_facts(merchant, id, &keys).await.unwrap().unwrap();
    storage.coupon(merchant, CouponId::from_uuid(uuid(9))).await.unwrap();
    storage.coupon_facts(merchant, id, &code()).await.unwrap().unwrap();
    storage.link(&Slug::parse("shop-test").unwrap(), &slug).await.unwrap().unwrap();
    let lookup = EventLookup {
        space: EventKind::Purchase.space(),
        external_id: ExternalId::parse("order-1").unwrap(),
        session: Some(session()),
        coupon: Some(code()),
        affiliate_id: Some(id),
        now: Timestamp::MIN,
    };
    let mut facts = storage.event_facts(merchant, vec![lookup]).await.unwrap().unwrap();
    facts.found.remove(0).earlier.unwrap();
    storage.event(merchant, EventId::from_uuid(uuid(10))).await.unwrap().unwrap();
    storage.commission(merchant, CommissionId::from_uuid(uuid(11))).await.unwrap().unwrap();
    storage.commission_move_facts(merchant, CommissionId::from_uuid(uuid(11))).await.unwrap().unwrap();
    storage.settings_facts(merchant, Some(&slug)).await.unwrap().unwrap();
    let organization = OrganizationId::from_uuid(uuid(1));
    storage.organization(organization).await.unwrap().unwrap();
    storage.organizations(Some(organization), 10).await.unwrap();
    storage.key_by_hash(&[KeyHash::from_bytes([0; 32])]).await.unwrap();
    storage.key(domain::ApiKeyId::from_uuid(uuid(9))).await.unwrap();
    storage.keys_of(organization).await.unwrap();
    let key = IdempotencyKey::parse("key").unwrap();
    storage.reply(merchant, "POST /events", &key, Timestamp::MIN).await.unwrap();
}

#[tokio::test]
async fn every_question_has_its_index() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    storage.commit(affiliate(1).1).await.unwrap();
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    // Its connections are made from now on, and so are watched.
    sold(&storage).await;
    ask_for_facts(&storage).await;
    ask_for_pages(&storage, &PageAsk { after: None, offset: 5, limit: 10 }).await;
    let after = Some(Position { at: Timestamp::MAX, id: uuid(9) });
    ask_for_pages(&storage, &PageAsk { after, offset: 0, limit: 10 }).await;

    let ran = RAN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let questions: Vec<&String> = ran.iter().filter(|statement| statement.starts_with("SELECT")).collect();
    assert!(questions.len() > 40, "{questions:#?}");
    let mut database = Foreign::connect(&file(&folder));
    for question in questions {
        let plan = database.plan(question);
        let step = |with: &str| plan.iter().any(|step| step.contains(with));
        let scans = plan.iter().any(|step| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW");
        assert!(!scans, "{question}\n{plan:#?}");
        let page = question.contains("OFFSET");
        assert!(!page || !step("TEMP B-TREE"), "{question}\n{plan:#?}");
        if let Some((_, column)) = NARROW.iter().find(|(asked, _)| question.contains(asked)) {
            let looked_up =
                plan.iter().flat_map(|step| step.split([' ', '('])).any(|word| word.trim_end_matches(')') == *column);
            assert!(looked_up, "{question}\n{plan:#?}");
        }
    }
}
