//! Entities with sensible defaults. Change what a test is about with the struct update syntax:
//! `Affiliate { status: AffiliateStatus::Pending, ..build::affiliate(&ids, "bob") }`.

use domain::{
    Account, Actor, Affiliate, AffiliateStatus, ApiKey, Binding, Checkout, Click, Commission, CommissionRule,
    CommissionStatus, Coupon, CouponCode, Currency, Customer, Decision, Email, Event, EventKind, ExternalId, Group,
    GroupSettings, GroupTerms, Items, KeyHash, KeyName, Language, Merchant, Metadata, Mode, Money, NewCustomer,
    NewGroup, NewOrder, Order, OrderPlacement, OrderReference, OrderVelocity, Organization, OrganizationName,
    OutgoingEmail, Payout, PayoutItem, Plan, Rate, RateSource, Reminder, Reward, RiskContext, RuleScope, ScheduleWish,
    Scopes, SessionId, ShareIdFormat, Slug, Threshold, Tier, TierName, Timestamp, Utm,
};
use ports::{Announcement, IdSource, IdSourceExt, IdempotencyKey, ResponseRecord, ResponseStatus, Topic};
use std::time::Duration;

/// `seconds` after the instant at which every builder begins, 2026-01-01T00:00:00Z.
pub fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_767_225_600 + seconds) * 1_000_000).expect("a moment of our time")
}

/// The currency of everything that is built.
pub fn usd() -> Currency {
    "USD".parse().unwrap()
}

/// An organization and its two merchants.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The organization, on plan growth.
    pub organization: Organization,
    /// Its test merchant.
    pub test: Merchant,
    /// Its live merchant.
    pub live: Merchant,
}

/// An organization whose merchants have the slugs `name` and `name-test`.
pub fn shop(ids: &dyn IdSource, name: &str) -> Shop {
    let name = OrganizationName::parse(name).unwrap();
    let organization_id = ids.id();
    let merchant =
        |mode| Merchant::new(ids.id(), organization_id, mode, Merchant::slug_for(&name, mode, 0), usd(), moment(0));
    let (test, live) = (merchant(Mode::Test), merchant(Mode::Live));
    let organization = Organization {
        id: organization_id,
        name: name.clone(),
        plan: Plan::Growth,
        test: test.id,
        live: live.id,
        created_at: moment(0),
    };
    Shop { organization, test, live }
}

/// A key with every scope.
pub fn api_key(ids: &dyn IdSource, name: &str) -> ApiKey {
    let mut hash = [0; 32];
    ids.fill(&mut hash);
    ApiKey {
        id: ids.id(),
        name: KeyName::parse(name).unwrap(),
        hash: KeyHash::from_bytes(hash),
        start: "cob_test_0aB1".to_owned(),
        last_four: "9zY8".to_owned(),
        scopes: Scopes::ALL,
        rate_limit_per_min: ApiKey::DEFAULT_RATE_LIMIT,
        created_at: moment(0),
        expires_at: None,
        revoked_at: None,
        rolled_to: None,
    }
}

/// An approved affiliate with the slug `name` and the address `name@example.com`.
pub fn affiliate(ids: &dyn IdSource, name: &str) -> Affiliate {
    Affiliate {
        id: ids.id(),
        slug: Slug::parse(name).unwrap(),
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        display_name: None,
        status: AffiliateStatus::Approved,
        tier_id: None,
        parent_id: None,
        custom_rate: None,
        metadata: Metadata::default(),
        created_at: moment(0),
        updated_at: moment(0),
    }
}

/// A tier with a rate of a quarter, for affiliates with 10 orders.
pub fn tier(ids: &dyn IdSource, name: &str) -> Tier {
    let (name, rate) = (TierName::parse(name).unwrap(), Rate::from_millionths(250_000).unwrap());
    Tier { id: ids.id(), name, rate, threshold: Threshold::Orders(10), created_at: moment(0), updated_at: moment(0) }
}

/// A rule that gives a tenth of everything.
pub fn rule(ids: &dyn IdSource) -> CommissionRule {
    CommissionRule {
        id: ids.id(),
        scope: RuleScope::Global,
        reward: Reward::Rate(Rate::from_millionths(100_000).unwrap()),
        event_kind: None,
        priority: 0,
        starts_at: None,
        ends_at: None,
        created_at: moment(0),
        updated_at: moment(0),
    }
}

/// A coupon of `owner`.
pub fn coupon(ids: &dyn IdSource, owner: &Affiliate, code: &str) -> Coupon {
    let code = CouponCode::parse(code).unwrap();
    Coupon { id: ids.id(), affiliate_id: owner.id, code, created_at: moment(0) }
}

/// The binding of a customer to `owner` since `event`.
pub fn binding(ids: &dyn IdSource, owner: &Affiliate, event: &Event) -> Binding {
    Binding::new(ids.id(), owner.id, event.id, moment(0))
}

/// A session id from a short name.
pub fn session(name: &str) -> SessionId {
    SessionId::parse(&format!("session-{name:_>16}")).unwrap()
}

/// A click on a link of `owner`.
pub fn click(ids: &dyn IdSource, owner: &Affiliate, session: &SessionId, at: Timestamp) -> Click {
    Click {
        id: ids.id(),
        affiliate_id: owner.id,
        session: session.clone(),
        landing_page: None,
        referrer: None,
        utm: Utm::default(),
        user_agent: None,
        ip_hash: None,
        created_at: at,
    }
}

/// A purchase of 99 dollars without an affiliate.
pub fn event(ids: &dyn IdSource, external_id: &str) -> Event {
    let mut fingerprint = [0; 32];
    ids.fill(&mut fingerprint);
    Event {
        id: ids.id(),
        kind: EventKind::Purchase,
        external_id: ExternalId::parse(external_id).unwrap(),
        order_id: OrderReference::parse(external_id).unwrap(),
        amount: Some(Money::from_minor(9_900, usd())),
        items: Items::default(),
        payout_cap: Some(Money::from_minor(9_900, usd())),
        refunded_minor: 0,
        refunds: None,
        session: None,
        coupon: None,
        affiliate_id: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        decision: Decision::default(),
        fingerprint,
        created_at: moment(0),
    }
}

/// The conversion of an order in `group`, without an affiliate.
pub fn conversion(ids: &dyn IdSource, order: &Order, group: &Group) -> Event {
    let external_id = Order::conversion_id(order.id, order.reference.as_ref());
    let reserve = group.terms.reserve(order.amount, Rate::ONE);
    Event {
        amount: Some(order.amount),
        payout_cap: Some(reserve.room(order.amount)),
        customer_email: Some(order.email.clone()),
        decision: Decision { reserve: Some(reserve), ..Decision::default() },
        ..event(ids, external_id.as_str())
    }
}

/// What `earner` earns by `event`: a pending fifth of it.
pub fn commission(ids: &dyn IdSource, event: &Event, earner: &Affiliate) -> Commission {
    let basis = event.amount.unwrap_or(Money::zero(usd()));
    let rate = Rate::from_millionths(200_000).unwrap();
    Commission {
        id: ids.id(),
        event_id: event.id,
        order_id: event.order_id.clone(),
        affiliate_id: earner.id,
        level: 0,
        leaf_id: None,
        reverses: None,
        refund_id: None,
        basis,
        reward: Reward::Rate(rate),
        rate_source: RateSource::Merchant,
        rule_id: None,
        amount: basis.at(rate),
        made_as: CommissionStatus::Pending,
        status: CommissionStatus::Pending,
        payout_id: None,
        reason: None,
        matures_at: event.created_at.plus(Duration::from_secs(30 * 86_400)),
        created_at: event.created_at,
        updated_at: event.created_at,
    }
}

/// A lead that earned `earner` exactly these amounts, in minor units of dollars: a fixed sum a row. Without a sale there is
/// nothing that they must sum up to, so that some may be below zero.
pub fn earnings(
    ids: &dyn IdSource,
    external_id: &str,
    earner: &Affiliate,
    amounts: &[i64],
) -> (Event, Vec<Commission>) {
    let usd = |minor| Money::from_minor(minor, usd());
    let lead = Event { kind: EventKind::Lead, amount: None, payout_cap: None, ..event(ids, external_id) };
    let row = |&minor| Commission {
        basis: usd(0),
        reward: Reward::Flat(usd(minor)),
        amount: usd(minor),
        ..commission(ids, &lead, earner)
    };
    let rows = amounts.iter().map(row).collect();
    (lead, rows)
}

/// What `parent` earns at `level` by the `leaf`: a tenth of it.
pub fn override_of(ids: &dyn IdSource, leaf: &Commission, parent: &Affiliate, level: u8) -> Commission {
    let rate = Rate::from_millionths(100_000).unwrap();
    Commission {
        id: ids.id(),
        affiliate_id: parent.id,
        level,
        leaf_id: Some(leaf.id),
        basis: leaf.amount,
        reward: Reward::Rate(rate),
        rate_source: RateSource::Override,
        amount: leaf.amount.at(rate),
        ..leaf.clone()
    }
}

/// A refund of `minor` units of `sale`.
pub fn refund(ids: &dyn IdSource, sale: &Event, minor: i64) -> Event {
    let currency = sale.amount.map_or(usd(), Money::currency);
    Event {
        kind: EventKind::Refund,
        order_id: sale.order_id.clone(),
        amount: Some(Money::from_minor(minor, currency)),
        payout_cap: None,
        refunds: Some(sale.id),
        ..event(ids, &format!("refund-{}", ids.uuid().simple()))
    }
}

/// The reversal of a row at a rate, for its part of a `refund` that is all its basis loses.
pub fn reversal(ids: &dyn IdSource, row: &Commission, refund: &Event) -> Commission {
    let lost = refund.amount.unwrap_or(Money::zero(usd()));
    let left = row.basis.minus(lost).expect("amounts of one currency");
    let minus = |less: Money, more: Money| less.minus(more).expect("amounts of one currency");
    Commission {
        id: ids.id(),
        reverses: Some(row.id),
        refund_id: Some(refund.id),
        basis: minus(Money::zero(lost.currency()), lost),
        amount: minus(row.reward.of(left), row.amount),
        ..row.clone()
    }
}

/// An empty account of `owner`.
pub fn account(ids: &dyn IdSource, owner: &Affiliate, currency: Currency) -> Account {
    Account::open(ids.id(), owner.id, currency)
}

/// A payout without items that is not sealed yet.
pub fn payout(ids: &dyn IdSource) -> Payout {
    Payout::begin(ids.id(), usd(), moment(0), moment(0))
}

/// The item of `owner` in a payout, with these commissions. They must be frozen in it.
pub fn payout_item(ids: &dyn IdSource, payout: &Payout, owner: &Affiliate, rows: &[Commission]) -> PayoutItem {
    let item = PayoutItem::begin(ids.id(), payout, owner.id, moment(0));
    rows.iter().fold(item, |item, row| item.with(row).unwrap())
}

/// An announcement with a small payload.
pub fn announcement(ids: &dyn IdSource, topic: Topic) -> Announcement {
    Announcement { id: ids.id(), topic, created_at: moment(0), payload: b"{\"data\":{}}".to_vec() }
}

/// A response stored for a day from the first moment on.
pub fn response(route: &str, key: &str) -> ResponseRecord {
    ResponseRecord {
        route: route.to_owned(),
        key: IdempotencyKey::parse(key).unwrap(),
        fingerprint: [7; 32],
        status: ResponseStatus::Created,
        body: b"{\"id\":1}".to_vec(),
        created_at: moment(0),
        expires_at: moment(86_400),
    }
}

/// A customer with the address `name@example.com`.
pub fn customer(ids: &dyn IdSource, name: &str) -> Customer {
    let request = NewCustomer {
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        first_name: None,
        last_name: None,
        phone: None,
        metadata: Metadata::default(),
    };
    Customer::create(ids.id(), request, Actor::System, moment(0))
}

/// An open group of `creator` in test mode, ten minutes long, without any order so far. `code` is eight of `[A-Z0-9]`.
pub fn group(ids: &dyn IdSource, creator: &Customer, code: &str) -> Group {
    let request = NewGroup {
        share_id: ShareIdFormat::default().make(code),
        customer_id: creator.id,
        creator_email: creator.email.clone(),
        metadata: Metadata::default(),
        currency: usd(),
        terms: GroupTerms::initial(Mode::Test),
        participants: 0,
        schedule: ScheduleWish::default(),
    };
    Group::open(ids.id(), request, Actor::System, moment(0)).unwrap()
}

/// An order of 350 dollars of `customer` that takes part in `group`.
pub fn order(ids: &dyn IdSource, customer: &Customer, group: &Group) -> Order {
    let request = NewOrder {
        first_name: None,
        last_name: None,
        phone: None,
        locale: None,
        amount: Money::from_minor(35_000, usd()),
        reference: None,
        metadata: Metadata::default(),
        checkout: Checkout::default(),
    };
    let around = RiskContext { creator: None, velocity: &OrderVelocity::default() };
    let (id, by, now) = (ids.id(), Actor::System, moment(0));
    Order::place(request, OrderPlacement { id, customer, group, around, by, now })
}

/// The mail of the first reminder of `group`.
pub fn mail(ids: &dyn IdSource, group: &Group) -> OutgoingEmail {
    let reminded = Group { reminder: Reminder::MidwaySent, ..group.clone() };
    OutgoingEmail::reminder(ids.id(), &reminded, Language::En, moment(0)).unwrap()
}

/// The settings of referral groups that `merchant` begins with.
pub fn group_settings(merchant: &Merchant) -> GroupSettings {
    GroupSettings::initial(merchant.id, merchant.mode, merchant.created_at)
}
