//! Every question is answered from an index: no statement reads a table from end to end, and no page is sorted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use adapters_sqlite::{SqliteOptions, SqliteStorage};
use common::{Foreign, affiliate, file, folder, founded, merchant, open};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use domain::{
    Account, AccountId, AffiliateId, AffiliateStatus, Commission, CommissionId, CommissionPlan, CommissionRule,
    CommissionStatus, CouponCode, CouponId, Decision, Email, Event, EventId, EventKind, ExternalId, KeyHash, Metadata,
    Metric, Money, NewCommission, NewEvent, NewRule, NewTier, OrderReference, OrganizationId, Payout, PayoutId,
    PayoutItem, PayoutItemId, PayoutItemStatus, PayoutStatus, Rate, RateSource, Reward, RewardWish, RuleId, RuleLevel,
    RuleScope, SessionId, Settings, ShortText, Slug, Tier, TierId, TierName, Timestamp,
};
use domain::{CustomerId, GroupId, GroupStatus, OrderId, OrderStatus, ShareId};
use ports::{
    AffiliateFilter, AffiliateKeys, AffiliateReads as _, ChangeSet, ClickReads as _, CommissionFilter,
    CommissionReads as _, CouponFilter, CouponReads as _, DuePart, DueRequest, EventFilter, EventLookup,
    EventReads as _, FrozenRequest, IdempotencyKey, Journal as _, KeyReads as _, MailReads as _, MerchantReads as _,
    PageRequest, PayoutFilter, PayoutItemFilter, PayoutReads as _, Position, ProgramReads as _, RefundLookup,
    RefundReads as _, RefundedSale, ResponseReads as _, RuleFilter, RuleNames, Space, TierFilter, Window,
};
use ports::{
    Between, CustomerReads as _, CustomerTerm, CustomerTime, GroupReads as _, GroupTerm, GroupTime, ListRequest,
    OrderAmount, OrderLookup, OrderReads as _, OrderTerm, OrderTime, Search, SortBy, Wording,
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// What a question may ask for, the narrowest first, and how the plan says that it is looked up.
const NARROW: [(&str, &str); 13] = [
    ("`id` = ?", "id=?"),
    ("`id` IN (?)", "id=?"),
    ("`session` = ?", "session=?"),
    ("`order_id` = ?", "order_id=?"),
    ("`affiliate_id` = ?", "affiliate_id=?"),
    ("`customer_id` = ?", "customer_id=?"),
    ("`status` = ?", "status=?"),
    // What lists are searched by.
    (" id = ?", "id=?"),
    (" id = (SELECT", "id=?"),
    (" customer_id = ?", "customer_id=?"),
    (" group_id = ?", "group_id=?"),
    (" group_id = (SELECT", "group_id=?"),
    (" created_at >= ?", "created_at>?"),
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

/// A tier and a rule, counted, so that events ask for them.
async fn governed(storage: &SqliteStorage) {
    let before = storage.merchant(merchant()).await.unwrap().unwrap();
    let mut set = ChangeSet::new(merchant());
    let currency = before.row.settings.currency;
    let (name, rate) = (TierName::parse("Gold").unwrap(), Rate::ONE);
    let request = NewTier { name, rate, metric: Metric::Orders, threshold: "1".parse().unwrap() };
    set.rows.tiers.insert(Tier::create(TierId::from_uuid(uuid(12)), request, currency, Timestamp::MIN).unwrap());
    let reward = RewardWish { rate: Some(rate), ..RewardWish::default() };
    let scope = RuleScope::Global;
    let request = NewRule { scope, reward, event_kind: None, priority: 0, starts_at: None, ends_at: None };
    set.rows
        .commission_rules
        .insert(CommissionRule::create(RuleId::from_uuid(uuid(13)), request, Timestamp::MIN).unwrap());
    let counted = before.row.with_one_more_tier().unwrap().with_one_more_rule().unwrap();
    set.rows.merchants.change(before.version, counted);
    storage.commit(set).await.unwrap();
}

/// An event that earned its affiliate something.
async fn sold(storage: &SqliteStorage) {
    let settings = Settings::initial("USD".parse().unwrap());
    let (_, founding) = affiliate(1);
    let leaf = founding.rows.affiliates.new[0].clone();
    let sale = Money::from_minor(9_900, settings.currency);
    let request = NewEvent {
        kind: EventKind::Purchase,
        external_id: ExternalId::parse("order-1").unwrap(),
        order_id: None,
        amount: Some(sale),
        items: domain::Items::default(),
        session: None,
        coupon: None,
        unreadable: domain::Unreadable::default(),
        affiliate_id: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [0; 32],
    };
    let event = Event::record(EventId::from_uuid(uuid(10)), request, Decision::default(), None, Timestamp::MIN);
    let mut set = ChangeSet::new(merchant());
    set.claim(Space::Event(event.kind.space()), event.external_id.as_str(), event.id.uuid());
    let reward = Reward::Rate(settings.commission_rate);
    let plan = CommissionPlan {
        affiliate_id: leaf.id,
        level: 0,
        basis: sale,
        reward,
        rate_source: RateSource::Merchant,
        rule_id: None,
        amount: reward.of(sale),
    };
    set.rows.commissions.insert(Commission::from_plan(NewCommission {
        id: CommissionId::from_uuid(uuid(11)),
        plan,
        event_id: event.id,
        order_id: event.order_id.clone(),
        leaf_id: None,
        in_review: false,
        settings: &settings,
        now: Timestamp::MIN,
    }));
    set.rows.events.insert(event);
    storage.commit(set).await.unwrap();
}

async fn ask_for_pages(storage: &SqliteStorage, request: &PageRequest) {
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
        storage.affiliates(merchant, &filter, request).await.unwrap();
    }
    for filter in [
        CouponFilter::default(),
        CouponFilter { affiliate_id: Some(id), code: None },
        CouponFilter { affiliate_id: None, code: Some(code()) },
    ] {
        storage.coupons(merchant, &filter, request).await.unwrap();
    }
    for metric in [None, Some(Metric::Orders)] {
        storage.tiers(merchant, &TierFilter { metric }, request).await.unwrap();
    }
    for filter in [
        RuleFilter::default(),
        RuleFilter { scope: Some(RuleLevel::Product), ..RuleFilter::default() },
        RuleFilter { scope_ref: ShortText::parse("sku-1").ok(), ..RuleFilter::default() },
        RuleFilter { affiliate_id: Some(id), ..RuleFilter::default() },
    ] {
        storage.rules(merchant, &filter, request).await.unwrap();
    }
    let every_event = EventFilter { from, to, ..EventFilter::default() };
    for filter in [
        EventFilter::default(),
        EventFilter { affiliate_id: Some(id), ..every_event.clone() },
        EventFilter { external_id: ExternalId::parse("order-1").ok(), ..every_event.clone() },
        every_event,
    ] {
        storage.events(merchant, &filter, request).await.unwrap();
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
        storage.commissions(merchant, &filter, request).await.unwrap();
    }
    ask_for_pages_of_payouts(storage, request).await;
}

async fn ask_for_pages_of_payouts(storage: &SqliteStorage, request: &PageRequest) {
    let (from, to) = (Some(Timestamp::MIN), Some(Timestamp::MAX));
    let every_payout = PayoutFilter { from, to, ..PayoutFilter::default() };
    for filter in [
        PayoutFilter::default(),
        PayoutFilter { status: Some(PayoutStatus::Open), ..every_payout.clone() },
        PayoutFilter { currency: "USD".parse().ok(), ..every_payout },
    ] {
        storage.payouts(merchant(), &filter, request).await.unwrap();
    }
    let status = Some(PayoutItemStatus::Open);
    for filter in [
        PayoutItemFilter::default(),
        PayoutItemFilter { status, affiliate_id: None },
        PayoutItemFilter { status, affiliate_id: Some(affiliate(1).0) },
    ] {
        storage.payout_items(merchant(), PayoutId::from_uuid(uuid(20)), &filter, request).await.unwrap();
    }
}

/// Steps through what is due and what is frozen, of which there is something.
async fn ask_about_payouts(storage: &SqliteStorage) {
    let (id, merchant) = (affiliate(1).0, merchant());
    let usd = "USD".parse().unwrap();
    let mut payout = Payout::begin(PayoutId::from_uuid(uuid(20)), usd, Timestamp::MIN, Timestamp::MIN);
    let item = PayoutItem::begin(PayoutItemId::from_uuid(uuid(21)), &payout, id, Timestamp::MIN);
    payout.sealed_at = Some(Timestamp::MIN);
    let row = storage.commission(merchant, CommissionId::from_uuid(uuid(11))).await.unwrap().unwrap();
    let owed = Commission { id: CommissionId::from_uuid(uuid(12)), status: CommissionStatus::Approved, ..row };
    let frozen = Commission { id: CommissionId::from_uuid(uuid(13)), payout_id: Some(payout.id), ..owed.clone() };
    let account = Account::open(AccountId::from_uuid(uuid(22)), id, usd).with(&owed).unwrap();
    let mut set = ChangeSet::new(merchant);
    set.rows.commissions.new = vec![owed.clone(), frozen];
    set.rows.accounts.insert(account);
    set.rows.payout_items.insert(item.clone());
    set.rows.payouts.insert(payout.clone());
    storage.commit(set).await.unwrap();
    let (least, only) = (Money::from_minor(1, usd), Vec::new());
    for part in [
        DuePart::Accounts { after: None },
        DuePart::Accounts { after: Some(id) },
        DuePart::Rest { of: id, after: owed.id },
    ] {
        let request = DueRequest { currency: usd, least, only: only.clone(), part, rows: 10 };
        storage.payout_due(merchant, &request).await.unwrap().unwrap();
    }
    for only in [Vec::new(), vec![id]] {
        for after in [None, Some((AffiliateId::from_uuid(uuid(0)), owed.id))] {
            let request = FrozenRequest { payout: payout.id, only: only.clone(), after, rows: 10 };
            assert_eq!(storage.payout_frozen(merchant, &request).await.unwrap().unwrap().items.len(), 1);
        }
    }
    storage.payout(merchant, payout.id).await.unwrap().unwrap();
    storage.payout_facts(merchant, payout.id, &[item.id], &[id]).await.unwrap().unwrap();
    storage.payout_lines(merchant, payout.id, Some(id), 10).await.unwrap();
    storage.known_affiliates(merchant, &[id]).await.unwrap();
    storage.unsealed_payouts(Timestamp::MAX, 10).await.unwrap();
}

async fn ask_for_facts(storage: &SqliteStorage) {
    let (id, merchant) = (affiliate(1).0, merchant());
    let slug = Slug::parse("partner1").unwrap();
    let email = Email::parse("partner1@example.com").ok();
    let keys = AffiliateKeys {
        slug: Some(slug.clone()),
        email: email.clone(),
        parent_email: email,
        tier_id: Some(TierId::from_uuid(uuid(9))),
    };
    storage.affiliate(merchant, id).await.unwrap().unwrap();
    storage.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap();
    storage.affiliate_change_facts(merchant, id, &keys).await.unwrap().unwrap();
    storage.coupon(merchant, CouponId::from_uuid(uuid(9))).await.unwrap();
    storage.coupon_facts(merchant, id, &code()).await.unwrap().unwrap();
    let tier = TierId::from_uuid(uuid(9));
    let names = RuleNames { affiliate_id: Some(id), tier_id: Some(tier) };
    storage.new_tier_facts(merchant, &TierName::parse("Gold").unwrap()).await.unwrap().unwrap();
    storage.tier_change_facts(merchant, TierId::from_uuid(uuid(12)), None).await.unwrap().unwrap();
    storage.rule_facts(merchant, Some(RuleId::from_uuid(uuid(9))), names).await.unwrap().unwrap();
    storage.promotion_facts(merchant, id).await.unwrap().unwrap();
    let window = Window { from: Timestamp::MIN, to: Timestamp::MAX };
    storage.tier_candidates(window, Some((merchant, id)), 10).await.unwrap();
    storage.tier_aspirants(Some((merchant, id)), 10).await.unwrap();
    storage.link(&Slug::parse("shop-test").unwrap(), &slug).await.unwrap().unwrap();
    let lookup = EventLookup {
        space: EventKind::Purchase.space(),
        external_id: ExternalId::parse("order-1").unwrap(),
        session: Some(session()),
        coupon: Some(code()),
        affiliate_id: Some(id),
        customer: vec!["x:1".to_owned(), "e:a@example.com".to_owned()],
        now: Timestamp::MIN,
    };
    let mut facts = storage.event_facts(merchant, vec![lookup]).await.unwrap().unwrap();
    facts.found.remove(0).earlier.unwrap();
    storage.event(merchant, EventId::from_uuid(uuid(10))).await.unwrap().unwrap();
    storage.commission(merchant, CommissionId::from_uuid(uuid(11))).await.unwrap().unwrap();
    storage.commission_move_facts(merchant, CommissionId::from_uuid(uuid(11))).await.unwrap().unwrap();
    for sale in [
        RefundedSale::Event(EventId::from_uuid(uuid(10))),
        RefundedSale::Order(OrderReference::parse("order-1").unwrap()),
    ] {
        let lookup = RefundLookup { external_id: ExternalId::parse("refund-1").unwrap(), sale };
        storage.refund_facts(merchant, &lookup).await.unwrap().unwrap().sales.remove(0);
    }
    let due = [CommissionId::from_uuid(uuid(11))];
    storage.maturing_facts(merchant, id, &due).await.unwrap().unwrap();
    storage.due_commissions(Timestamp::MAX, 10).await.unwrap();
    storage.resetting_merchants(10).await.unwrap();
    storage.settings_facts(merchant, Some(&slug)).await.unwrap().unwrap();
    let organization = OrganizationId::from_uuid(uuid(1));
    storage.organization(organization).await.unwrap().unwrap();
    storage.organizations(Some(organization), 10).await.unwrap();
    storage.key_by_hash(&[KeyHash::from_bytes([0; 32])]).await.unwrap();
    storage.key(domain::ApiKeyId::from_uuid(uuid(9))).await.unwrap();
    storage.keys_of(organization).await.unwrap();
    let key = IdempotencyKey::parse("key").unwrap();
    storage.response(merchant, "POST /events", &key, Timestamp::MIN).await.unwrap();
}

async fn ask_about_groups(storage: &SqliteStorage) {
    let (merchant, id) = (merchant(), uuid(9));
    let email = Email::parse("buyer@example.com").ok();
    let (customer, order, group) = (CustomerId::from_uuid(id), OrderId::from_uuid(id), GroupId::from_uuid(id));
    for by in [SortBy::CreatedAt, SortBy::UpdatedAt] {
        for descending in [true, false] {
            storage.customers(merchant, &part(by, descending, None)).await.unwrap();
            storage.orders(merchant, &part(by, descending, None)).await.unwrap();
            storage.groups(merchant, &part(by, descending, None)).await.unwrap();
            storage.customers(merchant, &part(by, descending, text())).await.unwrap();
            storage.orders(merchant, &part(by, descending, text())).await.unwrap();
            storage.groups(merchant, &part(by, descending, text())).await.unwrap();
            storage.participants(merchant, group, &part(by, descending, text())).await.unwrap();
        }
    }
    storage.customer(merchant, customer).await.unwrap();
    storage.customer_facts(merchant, Some(customer), email.as_ref()).await.unwrap();
    storage.order(merchant, order).await.unwrap();
    storage.order_facts(merchant, order).await.unwrap();
    let lookup = OrderLookup {
        customer_id: None,
        email,
        reference: OrderReference::parse("order-1").ok(),
        group_id: Some(group),
    };
    storage.place_facts(merchant, &lookup).await.unwrap();
    storage.place_facts(merchant, &OrderLookup { customer_id: Some(customer), ..lookup }).await.unwrap();
    storage.group(merchant, group).await.unwrap();
    storage.group_of_code(merchant, "AB12CD34").await.unwrap();
    storage.group_facts(merchant, group).await.unwrap();
    storage.closing_facts(merchant, group).await.unwrap();
    storage.new_group_facts(merchant, customer, Some(order)).await.unwrap();
    storage.group_settings(merchant).await.unwrap();
    storage.mail(merchant, domain::MailId::from_uuid(id)).await.unwrap();
    storage.due_mails(Timestamp::MAX, 5, 10).await.unwrap();
}

fn text<T>() -> Option<Search<T>> {
    Some(Search::Text("x".to_owned()))
}

fn part<T>(by: SortBy, descending: bool, search: Option<Search<T>>) -> ListRequest<T> {
    ListRequest { search, by, descending, skip: 5, take: 10 }
}

/// Searches by each field that has an index, and by some that have none: these go through the list in its order. What
/// few rows an index of another order finds may be sorted, so that only one order is asked for.
async fn search(storage: &SqliteStorage) {
    let (merchant, id) = (merchant(), uuid(9));
    let email = || Wording::Is(Email::parse("buyer@example.com").unwrap());
    let share_id = || Wording::Is(ShareId::stored("KHT-AB12CD34").unwrap());
    let times = Between { least: Some(Timestamp::MIN), most: Some(Timestamp::MAX) };
    for descending in [true, false] {
        for term in [
            CustomerTerm::Id(CustomerId::from_uuid(id)),
            CustomerTerm::Email(email()),
            CustomerTerm::Blocked(true),
            CustomerTerm::FirstName(Wording::Has("x".to_owned())),
            CustomerTerm::Time(CustomerTime::Created, times),
        ] {
            let request = part(SortBy::CreatedAt, descending, Some(Search::Terms(vec![term])));
            storage.customers(merchant, &request).await.unwrap();
        }
        for term in [
            OrderTerm::Id(OrderId::from_uuid(id)),
            OrderTerm::CustomerId(CustomerId::from_uuid(id)),
            OrderTerm::GroupId(GroupId::from_uuid(id)),
            OrderTerm::ShareId(share_id()),
            OrderTerm::Reference(Wording::Is(OrderReference::parse("order-1").unwrap())),
            OrderTerm::Email(email()),
            OrderTerm::Status(OrderStatus::CashbackAvailable),
            OrderTerm::Amount(OrderAmount::Paid, Between { least: Some(1), most: Some(2) }),
            OrderTerm::Time(OrderTime::Created, times),
        ] {
            let request = part(SortBy::CreatedAt, descending, Some(Search::Terms(vec![term])));
            storage.orders(merchant, &request).await.unwrap();
        }
        for term in [
            GroupTerm::Id(GroupId::from_uuid(id)),
            GroupTerm::ShareId(share_id()),
            GroupTerm::CreatorEmail(email()),
            GroupTerm::Status(GroupStatus::Open),
            GroupTerm::Time(GroupTime::Created, times),
        ] {
            let request = part(SortBy::CreatedAt, descending, Some(Search::Terms(vec![term])));
            storage.groups(merchant, &request).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_question_has_its_index() {
    let folder = folder();
    let storage = open(&file(&folder), SqliteOptions::for_tests());
    founded(&storage).await;
    storage.commit(affiliate(1).1).await.unwrap();
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    // Its connections are made from now on, and so are watched.
    governed(&storage).await;
    sold(&storage).await;
    ask_for_facts(&storage).await;
    ask_about_payouts(&storage).await;
    ask_about_groups(&storage).await;
    search(&storage).await;
    ask_for_pages(&storage, &PageRequest { after: None, offset: 5, limit: 10 }).await;
    let after = Some(Position { at: Timestamp::MAX, id: uuid(9) });
    ask_for_pages(&storage, &PageRequest { after, offset: 0, limit: 10 }).await;

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
