//! Entities with every field at its bounds, which a storage must return exactly.

use crate::build::{self, Shop};
use domain::{
    Actor, Checkout, Customer, DiscountType, EmailMessage, Group, GroupSettings, GroupStatus, GroupTerms, Level,
    LevelValue, Levels, LineItems, Locale, MailStatus, Order, OrderStatus, OutgoingEmail, PersonName, PhoneNumber,
    Reminder, RiskLevel, Schedule, ShareIdFormat,
};
use domain::{
    Affiliate, AffiliateStatus, ApiKey, AttributionModel, Candidate, CandidateOutcome, CandidateSource,
    CashbackReserve, Click, ClickId, Commission, CommissionRule, CommissionStatus, Considered, Coupon, CouponCode,
    Decision, DisplayName, Email, Event, EventKind, ExternalId, Item, Items, KeyHash, KeyName, LandingUrl,
    MerchantClock, Metadata, Mode, Money, OrderReference, OrganizationName, ParentVerdict, PassedParent, Payout,
    PayoutItem, PayoutItemStatus, PayoutStatus, Plan, Rate, RateSource, Rating, Reason, Recurring, RedirectHost,
    Reward, RewardVerdict, RuleScope, Scope, Scopes, SelfReferral, SessionId, Settings, ShortText, Slug, Threshold,
    Tier, TierName, Timestamp, UserAgent, Utm, WebUrl,
};
use ports::{IdSource, IdSourceExt};
use uuid::Uuid;

/// `length` characters from many scripts, with quotes, backslashes, percent signs and letters of four bytes.
pub fn unicode(length: usize) -> String {
    "aß'\"\\%_;Ω中𝄞é🦀\u{10ffff}".chars().cycle().take(length).collect()
}

fn metadata() -> Metadata {
    let value = unicode(Metadata::MOST_VALUE);
    let entries: Vec<String> = (0..Metadata::MOST_KEYS).map(|n| format!("{n:0>40}")).collect();
    // Odd spacing and a number that no double holds: the text comes back as it was given.
    let text = entries.iter().map(|key| format!("\"{key}\" :  {value:?}")).collect::<Vec<_>>().join(" ,\n");
    let text = format!("{{ {text}, \"n\": 1.00000000000000000001e+2 }}");
    Metadata::stored(text)
}

fn highest() -> Uuid {
    Uuid::max()
}

/// The longest address.
pub fn email() -> Email {
    let domain = format!("{0}.{0}.{1}", "X".repeat(63), "x".repeat(61));
    Email::parse(&format!("{}@{domain}", "Ö".repeat(64))).unwrap()
}

/// A shop with nothing left at its default.
pub fn shop(ids: &dyn IdSource) -> Shop {
    let Shop { organization, test, live } = build::shop(ids, "extremes");
    let organization = domain::Organization {
        name: OrganizationName::parse(&unicode(OrganizationName::MOST)).unwrap(),
        plan: Plan::Enterprise,
        created_at: Timestamp::MAX,
        ..organization
    };
    let test = domain::Merchant {
        slug: Slug::parse(&"x".repeat(63)).unwrap(),
        clock: MerchantClock::ahead_by(i64::MAX),
        settings: settings(),
        tier_count: u16::MAX,
        rule_count: u16::MAX,
        resetting: true,
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MAX,
        ..test
    };
    let sparse = Settings { mlm_rates: Vec::new(), ..Settings::initial("JPY".parse().unwrap()) };
    let live = domain::Merchant { mode: Mode::Live, settings: sparse, ..live };
    Shop { organization, test, live }
}

/// Settings with everything set, and as far as it goes.
pub fn settings() -> Settings {
    let path = "x".repeat(2_000 - "https://shop.example.com/".len());
    Settings {
        currency: "KWD".parse().unwrap(),
        commission_rate: Rate::ONE,
        mlm_rates: [0, 1, 333_333, 999_999, 1_000_000].into_iter().filter_map(Rate::from_millionths).collect(),
        hold_days: Settings::MOST_HOLD_DAYS,
        cookie_window_days: Settings::MOST_WINDOW_DAYS,
        attribution_model: AttributionModel::FirstClick,
        self_referral: SelfReferral::Review,
        auto_coupon_on_approval: false,
        landing_url: Some(WebUrl::parse(&format!("https://shop.example.com/{path}")).unwrap()),
        redirect_hosts: (0..Settings::MOST_HOSTS)
            .map(|n| RedirectHost::parse(&format!("h{n}.example.com")).unwrap())
            .collect(),
        recurring: Recurring::FirstNRenewals,
        recurring_max_renewals: Settings::MOST_RENEWALS,
        min_payout: Money::from_minor(i64::MAX, "KWD".parse().unwrap()),
        max_payout_rate: Rate::ZERO,
    }
}

/// A key with nothing left at its default.
pub fn api_key() -> ApiKey {
    ApiKey {
        id: domain::Id::from_uuid(highest()),
        name: KeyName::parse(&unicode(KeyName::MOST)).unwrap(),
        hash: KeyHash::from_bytes([0xff; 32]),
        start: "0123456789abcdef_live_0aB1".to_owned(),
        last_four: "zzzz".to_owned(),
        scopes: Scopes::of(&[Scope::Write]).unwrap(),
        rate_limit_per_min: ApiKey::MOST_RATE_LIMIT,
        created_at: Timestamp::MIN,
        expires_at: Some(Timestamp::MAX),
        revoked_at: Some(Timestamp::MIN),
        rolled_to: Some(domain::Id::from_uuid(Uuid::nil())),
    }
}

/// An affiliate with nothing left at its default.
pub fn affiliate(parent: &Affiliate) -> Affiliate {
    Affiliate {
        id: domain::Id::from_uuid(highest()),
        slug: Slug::parse(&"-9".repeat(31)).unwrap(),
        email: email(),
        display_name: Some(DisplayName::parse(&unicode(DisplayName::MOST)).unwrap()),
        status: AffiliateStatus::Suspended,
        tier_id: Some(domain::Id::from_uuid(highest())),
        parent_id: Some(parent.id),
        custom_rate: Some(Rate::ZERO),
        metadata: metadata(),
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MAX,
    }
}

/// A coupon with the longest code.
pub fn coupon(owner: &Affiliate) -> Coupon {
    Coupon {
        id: domain::Id::from_uuid(highest()),
        affiliate_id: owner.id,
        code: CouponCode::parse(&"Z_-9".repeat(10)).unwrap(),
        created_at: Timestamp::MAX,
    }
}

/// Tiers with the longest name and with thresholds of every kind.
pub fn tiers(ids: &dyn IdSource) -> [Tier; 3] {
    let kwd = Money::from_minor(i64::MAX, "KWD".parse().unwrap());
    let longest = Tier {
        id: domain::Id::from_uuid(highest()),
        name: TierName::parse(&unicode(TierName::MOST)).unwrap(),
        rate: Rate::ONE,
        threshold: Threshold::Revenue(kwd),
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MAX,
    };
    let paid = Threshold::CommissionsPaid(Money::zero("JPY".parse().unwrap()));
    [
        longest,
        Tier { threshold: paid, rate: Rate::ZERO, ..build::tier(ids, "ß") },
        Tier { threshold: Threshold::Orders(u32::MAX), ..build::tier(ids, "~") },
    ]
}

/// Rules for everything that a rule can be for, with everything and with nothing left out.
pub fn rules(ids: &dyn IdSource) -> Vec<CommissionRule> {
    let word = || ShortText::parse(&unicode(ShortText::MOST)).unwrap();
    let full = CommissionRule {
        id: domain::Id::from_uuid(highest()),
        scope: RuleScope::Product(word()),
        reward: Reward::Flat(Money::from_minor(i64::MAX, "KWD".parse().unwrap())),
        event_kind: Some(EventKind::parse(&"z.9_".repeat(10)).unwrap()),
        priority: i32::MIN,
        starts_at: Some(Timestamp::MIN),
        ends_at: Some(Timestamp::MAX),
        created_at: Timestamp::MAX,
        updated_at: Timestamp::MIN,
    };
    let scopes = [
        RuleScope::Affiliate(domain::Id::from_uuid(highest())),
        RuleScope::Category(word()),
        RuleScope::Tier(domain::Id::from_uuid(Uuid::nil())),
        RuleScope::Global,
    ];
    let bare = scopes.into_iter().map(|scope| CommissionRule { scope, priority: i32::MAX, ..build::rule(ids) });
    std::iter::once(full).chain(bare).collect()
}

/// The longest session.
pub fn session() -> SessionId {
    SessionId::parse(&"_-".repeat(32)).unwrap()
}

/// A click with nothing left out.
pub fn click(owner: &Affiliate) -> Click {
    let short = || ShortText::parse(&unicode(ShortText::MOST)).ok();
    let long = || LandingUrl::parse(&unicode(LandingUrl::MOST)).ok();
    Click {
        id: ClickId::from_uuid(highest()),
        affiliate_id: owner.id,
        session: session(),
        landing_page: long(),
        referrer: long(),
        utm: Utm { source: short(), medium: short(), campaign: short(), term: short(), content: short() },
        user_agent: UserAgent::parse(&unicode(UserAgent::MOST)).ok(),
        ip_hash: Some([0xff; 16]),
        created_at: Timestamp::MAX,
    }
}

/// As many lines as an order may have, each with everything and with nothing left out.
fn items() -> Items {
    let short = || ShortText::parse(&unicode(ShortText::MOST)).ok();
    let item =
        |minor| Item { product: short(), category: short(), amount: Money::from_minor(minor, "KWD".parse().unwrap()) };
    let bare = Item { product: None, category: None, ..item(i64::MIN) };
    Items(std::iter::once(bare).chain((1..100).map(|_| item(i64::MAX))).collect())
}

/// An event with nothing left out and the largest decision.
pub fn event(ids: &dyn IdSource, winner: &Affiliate, coupon: &Coupon) -> Event {
    let clicks = (0..50).map(|_| CandidateSource::Click(ids.id()));
    let sources =
        [CandidateSource::Affiliate, CandidateSource::Coupon(Some(coupon.code.clone())), CandidateSource::Session];
    let verdicts = CandidateOutcome::ALL.iter().copied().cycle();
    let candidates = sources.into_iter().chain(clicks).zip(verdicts).map(|(source, verdict)| {
        let affiliate_id = (source != CandidateSource::Session).then_some(winner.id);
        Candidate { source, affiliate_id, verdict }
    });
    Event {
        id: domain::Id::from_uuid(highest()),
        kind: EventKind::parse(&"z.9_".repeat(10)).unwrap(),
        external_id: ExternalId::parse(&unicode(ExternalId::MOST)).unwrap(),
        order_id: OrderReference::parse(&unicode(OrderReference::MOST)).unwrap(),
        amount: Some(Money::from_minor(i64::MAX, "KWD".parse().unwrap())),
        items: items(),
        payout_cap: Some(Money::from_minor(i64::MIN, "KWD".parse().unwrap())),
        refunded_minor: i64::MAX,
        refunds: Some(domain::Id::from_uuid(Uuid::nil())),
        session: Some(session()),
        coupon: Some(coupon.code.clone()),
        affiliate_id: Some(winner.id),
        customer_email: Some(email()),
        customer_external_id: Some(ShortText::parse(&unicode(ShortText::MOST)).unwrap()),
        occurred_at: Some(Timestamp::MIN),
        metadata: metadata(),
        decision: Decision { candidates: candidates.collect(), ..rated(winner) },
        fingerprint: [0xff; 32],
        created_at: Timestamp::MAX,
    }
}

/// A decision in which everything was weighed that can be.
fn rated(winner: &Affiliate) -> Decision {
    let considered = RateSource::ALL.iter().zip(RewardVerdict::ALL.iter().cycle()).map(|(&source, &verdict)| {
        let flat = source == RateSource::RuleGlobal;
        let sum = Money::from_minor(i64::MAX, "KWD".parse().unwrap());
        let reward = if flat { Reward::Flat(sum) } else { Reward::Rate(Rate::ONE) };
        Considered { source, rule_id: flat.then(|| domain::Id::from_uuid(highest())), reward, verdict }
    });
    let rating = Rating { affiliate_id: winner.id, lines: (0..100).collect(), considered: considered.collect() };
    let passed = PassedParent {
        leaf_affiliate_id: winner.id,
        affiliate_id: winner.id,
        level: 5,
        verdict: ParentVerdict::NotApproved,
    };
    let most = Money::from_minor(i64::MAX, "KWD".parse().unwrap());
    let reserve = Some(CashbackReserve { cap: most, promise: Reward::Flat(most) });
    let (ratings, passed_parents) = (vec![rating; 100], vec![passed; 5]);
    Decision { candidates: Vec::new(), ratings, passed_parents, reserve, cut: Some(most) }
}

/// An event with everything left out that may be.
pub fn least_event(ids: &dyn IdSource) -> Event {
    Event {
        kind: EventKind::TrialStarted,
        amount: None,
        payout_cap: None,
        fingerprint: [0; 32],
        created_at: Timestamp::MIN,
        ..build::event(ids, "~")
    }
}

/// A commission with nothing left out.
pub fn commission(event: &Event, earner: &Affiliate, leaf: &Commission) -> Commission {
    Commission {
        id: domain::Id::from_uuid(highest()),
        event_id: event.id,
        order_id: event.order_id.clone(),
        affiliate_id: earner.id,
        level: 5,
        leaf_id: Some(leaf.id),
        reverses: Some(leaf.id),
        refund_id: Some(event.id),
        basis: Money::from_minor(i64::MAX, "KWD".parse().unwrap()),
        reward: Reward::Flat(Money::from_minor(i64::MIN, "KWD".parse().unwrap())),
        rate_source: RateSource::Override,
        rule_id: Some(domain::Id::from_uuid(highest())),
        amount: Money::from_minor(i64::MIN, "KWD".parse().unwrap()),
        made_as: CommissionStatus::Review,
        status: CommissionStatus::Void,
        payout_id: Some(domain::Id::from_uuid(highest())),
        reason: Some(Reason::parse(&unicode(Reason::MOST)).unwrap()),
        matures_at: Timestamp::MAX,
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MAX,
    }
}

/// A payout with nothing left out.
pub fn payout() -> Payout {
    Payout {
        id: domain::Id::from_uuid(highest()),
        status: PayoutStatus::Failed,
        total: Money::from_minor(i64::MAX, "KWD".parse().unwrap()),
        paid: Money::from_minor(i64::MIN, "KWD".parse().unwrap()),
        items_count: u32::MAX,
        paid_count: u32::MAX,
        failed_count: u32::MAX,
        commissions_count: u32::MAX,
        begun_at: Timestamp::MIN,
        sealed_at: Some(Timestamp::MAX),
        sent_at: Some(Timestamp::MIN),
        ended_at: Some(Timestamp::MAX),
        created_at: Timestamp::MAX,
        updated_at: Timestamp::MIN,
    }
}

/// An item with nothing left out.
pub fn payout_item(payout: &Payout, owner: &Affiliate) -> PayoutItem {
    PayoutItem {
        id: domain::Id::from_uuid(highest()),
        payout_id: payout.id,
        affiliate_id: owner.id,
        amount: Money::from_minor(i64::MIN, "KWD".parse().unwrap()),
        commissions_count: u32::MAX,
        status: PayoutItemStatus::Failed,
        reference: Some(ShortText::parse(&unicode(ShortText::MOST)).unwrap()),
        reason: Some(Reason::parse(&unicode(Reason::MOST)).unwrap()),
        created_at: Timestamp::MAX,
        updated_at: Timestamp::MIN,
    }
}

/// A customer with nothing left out.
pub fn customer() -> Customer {
    Customer {
        id: domain::Id::from_uuid(highest()),
        email: email(),
        earlier_emails: vec![email(); Customer::MOST_EARLIER_EMAILS],
        first_name: PersonName::parse(&unicode(PersonName::MOST)).ok(),
        last_name: PersonName::parse(&unicode(PersonName::MOST)).ok(),
        phone: PhoneNumber::parse(&unicode(PhoneNumber::MOST)).ok(),
        metadata: metadata(),
        blocked_at: Some(Timestamp::MAX),
        deleted_at: None,
        created_at: Timestamp::MIN,
        created_by: Actor::Key(domain::Id::from_uuid(highest())),
        updated_at: Timestamp::MAX,
        updated_by: Actor::System,
    }
}

/// Terms that promise as much as they can.
pub fn group_terms() -> GroupTerms {
    let levels = [(2, "0.0001"), (3, "1"), (4, "7.5"), (999, "99.9999"), (1_000, "1000000000")];
    let level = |(participants, value): (u16, &str)| Level {
        value: LevelValue::from_decimal(value.parse().unwrap()).unwrap(),
        participants,
    };
    GroupTerms {
        discount: DiscountType::Amount,
        levels: Levels::new(levels.map(level).to_vec()).unwrap(),
        max_participants: GroupTerms::MOST_PARTICIPANTS,
        minutes_duration: GroupTerms::MOST_MINUTES,
        min_purchase: i64::MAX,
        cashback_hold_minutes: GroupTerms::MOST_HOLD_MINUTES,
        application_fee_rate: Rate::ONE,
    }
}

/// A group with nothing left out; closed, so that no order need be in it.
pub fn group(creator: &Customer) -> Group {
    Group {
        id: domain::Id::from_uuid(highest()),
        share_id: ShareIdFormat::new(&"Z-9".repeat(5)).unwrap().make("ZZZZ9999"),
        customer_id: creator.id,
        creator_email: email(),
        status: GroupStatus::Canceled,
        metadata: metadata(),
        currency: "KWD".parse().unwrap(),
        terms: group_terms(),
        participants: u16::MAX,
        schedule: Schedule {
            expires_at: Timestamp::MAX,
            mid_expire_at: Some(Timestamp::MIN),
            j_plus3_start_at: Some(Timestamp::MAX),
            j_minus2_expire_at: Some(Timestamp::MIN),
        },
        reminder: Reminder::Day2BeforeEndSent,
        alone_since: Timestamp::MAX,
        level: Some(5),
        created_at: Timestamp::MAX,
        created_by: Actor::System,
        updated_at: Timestamp::MIN,
        updated_by: Actor::Key(domain::Id::from_uuid(Uuid::nil())),
        canceled_at: Some(Timestamp::MIN),
        completed_at: Some(Timestamp::MAX),
    }
}

/// An order with nothing left out.
pub fn order(customer: &Customer, group: &Group) -> Order {
    let money = |minor| Money::from_minor(minor, group.currency);
    Order {
        id: domain::Id::from_uuid(highest()),
        group_id: group.id,
        share_id: group.share_id.clone(),
        customer_id: customer.id,
        email: email(),
        first_name: PersonName::parse(&unicode(PersonName::MOST)).ok(),
        last_name: PersonName::parse(&unicode(PersonName::MOST)).ok(),
        phone: PhoneNumber::parse(&unicode(PhoneNumber::MOST)).ok(),
        locale: Locale::parse(&unicode(Locale::MOST)).ok(),
        amount: money(i64::MAX),
        refunded: money(i64::MAX),
        cashback: money(i64::MIN),
        cashback_in_review: money(1),
        application_fee: money(-1),
        status: OrderStatus::CashbackSent,
        available_at: Some(Timestamp::MAX),
        participates: false,
        ambassador_id: Some(customer.id),
        reference: OrderReference::parse(&unicode(OrderReference::MOST)).ok(),
        event_id: Some(domain::Id::from_uuid(highest())),
        risk: RiskLevel::High,
        metadata: metadata(),
        checkout: Checkout {
            payment_reference: OrderReference::parse(&unicode(OrderReference::MOST)).ok(),
            lines: Some(LineItems::that_fit(std::iter::once("x".repeat(LineItems::MOST_BYTES - 2)))),
        },
        created_at: Timestamp::MIN,
        created_by: Actor::System,
        updated_at: Timestamp::MAX,
        updated_by: Actor::Key(domain::Id::from_uuid(highest())),
    }
}

/// Settings of referral groups as far as they go.
pub fn group_settings(of: &domain::Merchant) -> GroupSettings {
    GroupSettings {
        merchant_id: of.id,
        terms: group_terms(),
        updated_at: Timestamp::MAX,
        updated_by: Actor::Key(domain::Id::from_uuid(highest())),
    }
}

/// A mail that waits, as far as it goes.
pub fn mail() -> OutgoingEmail {
    OutgoingEmail {
        id: domain::Id::from_uuid(highest()),
        group_id: domain::Id::from_uuid(Uuid::nil()),
        message: Some(EmailMessage { to: email(), subject: unicode(998), text: unicode(10_000) }),
        status: MailStatus::Due,
        attempts: u16::MAX,
        due_at: Timestamp::MIN,
        useless_at: Timestamp::MAX,
        created_at: Timestamp::MIN,
    }
}
