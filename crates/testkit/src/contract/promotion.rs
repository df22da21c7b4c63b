//! Affiliates that are due for a higher tier, and their totals.

use super::{
    Nodes,
    settle::{shop, win},
};
use crate::{
    SeededIds,
    build::{self, usd},
    sets::{self, Grow},
};
use domain::{Account, Affiliate, Event, EventKind, Merchant, MerchantId, Money, Timestamp, Totals};
use ports::{ChangeSet, IdSourceExt, PromotionCandidate, PromotionFacts, Version, Window};

/// The millisecond in which an event's id was made.
fn made_at(event: &Event) -> Timestamp {
    let millis = i64::try_from(event.id.uuid().as_u128() >> 80).unwrap();
    Timestamp::from_micros(millis * 1_000).unwrap()
}

fn sale(ids: &SeededIds, name: &str, of: Option<&Affiliate>) -> Event {
    Event { affiliate_id: of.map(|affiliate| affiliate.id), ..build::event(ids, name) }
}

async fn with_tiers(nodes: &Nodes, shop: &Merchant) {
    let mut set = ChangeSet::new(shop.id);
    set.rows.merchants.change(Version::FIRST, Merchant { tier_count: 1, ..shop.clone() });
    win(nodes, set).await;
}

async fn candidates(
    nodes: &Nodes,
    window: Window,
    after: Option<PromotionCandidate>,
    limit: u32,
) -> Vec<PromotionCandidate> {
    nodes.two.tier_candidates(window, after, limit).await.unwrap()
}

/// Pages of any size contain exactly these.
async fn assert_walked(
    page: impl AsyncFn(Option<PromotionCandidate>, u32) -> Vec<PromotionCandidate>,
    expected: &[PromotionCandidate],
) {
    for limit in [1, 2, 3, 4, 9] {
        let mut walked = Vec::new();
        loop {
            let part = page(walked.last().copied(), limit).await;
            assert!(part.len() <= usize::try_from(limit).unwrap());
            if part.is_empty() {
                break;
            }
            walked.extend(part);
        }
        assert_eq!(walked, expected, "{limit} at once");
    }
}

pub(crate) async fn whoever_is_credited_in_the_window_is_a_candidate(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let affiliates = ["ann", "bob", "eve"].map(|name| build::affiliate(&ids, name));
    let [ann, bob, eve] = &affiliates;
    let mut events = Vec::new();
    for (n, of) in [Some(ann), Some(bob), None, Some(bob), Some(eve)].into_iter().enumerate() {
        events.push(sale(&ids, &format!("sale-{n}"), of));
    }
    let mut set = affiliates.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    set = events.iter().fold(set, |set, event| set.with_event(event, &[]));
    win(nodes, set).await;
    let theirs = build::affiliate(&ids, "theirs");
    let event = sale(&ids, "theirs", Some(&theirs));
    win(nodes, sets::add_affiliate(shop.live.id, &theirs).with_event(&event, &[])).await;
    let end = made_at(&event).plus(std::time::Duration::from_millis(1));
    let whole = Window { from: made_at(&events[0]), to: end };
    assert_eq!(candidates(nodes, whole, None, 10).await, [], "no merchant has tiers");

    with_tiers(nodes, &shop.test).await;
    let all = [ann, bob, eve].map(|affiliate| (shop.test.id, affiliate.id));
    assert_eq!(candidates(nodes, whole, None, 10).await, all);
    for (from, to, expected) in [(1, 4, &all[1..2]), (0, 1, &all[..1]), (2, 3, &all[..0]), (3, 4, &all[1..2])] {
        let window = Window { from: made_at(&events[from]), to: made_at(&events[to]) };
        assert_eq!(candidates(nodes, window, None, 10).await, expected, "{from} {to}");
    }
    with_tiers(nodes, &shop.live).await;
    let mut everybody: Vec<PromotionCandidate> = all.into_iter().chain([(shop.live.id, theirs.id)]).collect();
    everybody.sort();
    assert_walked(async |after, limit| candidates(nodes, whole, after, limit).await, &everybody).await;
}

pub(crate) async fn every_affiliate_aspires_where_there_are_tiers(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let affiliates = ["ann", "bob", "eve"].map(|name| build::affiliate(&ids, name));
    win(nodes, affiliates.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate)).await;
    let theirs = build::affiliate(&ids, "theirs");
    win(nodes, sets::add_affiliate(shop.live.id, &theirs)).await;
    assert_eq!(nodes.two.tier_aspirants(None, 10).await.unwrap(), [], "no merchant has tiers");

    with_tiers(nodes, &shop.test).await;
    let mut all: Vec<PromotionCandidate> = affiliates.iter().map(|affiliate| (shop.test.id, affiliate.id)).collect();
    all.sort();
    assert_eq!(nodes.two.tier_aspirants(None, 10).await.unwrap(), all);
    with_tiers(nodes, &shop.live).await;
    all.push((shop.live.id, theirs.id));
    all.sort();
    assert_walked(async |after, limit| nodes.two.tier_aspirants(after, limit).await.unwrap(), &all).await;
}

async fn facts(nodes: &Nodes, merchant: MerchantId, affiliate: &Affiliate) -> PromotionFacts {
    nodes.two.promotion_facts(merchant, affiliate.id).await.unwrap().unwrap()
}

fn totals(revenue: i64, orders: u32, paid: i64) -> Totals {
    Totals { revenue: Money::from_minor(revenue, usd()), orders, paid: Money::from_minor(paid, usd()) }
}

pub(crate) async fn totals_are_what_the_affiliate_has_reached(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let (bob, eve) = (build::affiliate(&ids, "bob"), build::affiliate(&ids, "eve"));
    let (gold, theirs) = (build::tier(&ids, "Gold"), build::tier(&ids, "Theirs"));
    win(nodes, sets::add_affiliate(merchant, &bob).with_affiliate(&eve).with_tier(&gold)).await;
    win(nodes, ChangeSet::new(shop.live.id).with_tier(&theirs)).await;

    let facts_of = facts(nodes, merchant, &bob).await;
    let PromotionFacts { merchant: read, record, version, tiers, totals: reached } = facts_of;
    assert_eq!((read, tiers), (sets::first(shop.test.clone()), vec![sets::first(gold)]));
    assert_eq!((record.affiliate, version, record.currency), (bob.clone(), Version::FIRST, usd()));
    assert_eq!(reached, totals(0, 0, 0));
    for (foreign, id) in [(shop.live.id, bob.id), (merchant, ids.id()), (ids.id(), bob.id)] {
        assert!(nodes.two.promotion_facts(foreign, id).await.unwrap().is_none());
    }

    let yen = Money::from_minor(500, "JPY".parse().unwrap());
    let of_bob = |name: &str| sale(&ids, name, Some(&bob));
    let kind = |word: &str| EventKind::parse(word).unwrap();
    let events = [
        of_bob("whole"),
        Event { refunded_minor: 900, ..of_bob("in part") },
        Event { refunded_minor: 9_900, ..of_bob("all of it") },
        Event { amount: Some(Money::zero(usd())), ..of_bob("for nothing") },
        Event { amount: Some(yen), payout_cap: None, ..of_bob("in yen") },
        Event { kind: kind("renewal"), ..of_bob("again") },
        Event { kind: kind("upsell.v2"), ..of_bob("our own word") },
        Event { kind: kind("signup"), ..of_bob("signup") },
        Event { kind: kind("lead"), amount: None, payout_cap: None, ..of_bob("lead") },
        sale(&ids, "another's", Some(&eve)),
        sale(&ids, "nobody's", None),
    ];
    let mut set = events.iter().fold(ChangeSet::new(merchant), |set, event| set.with_event(event, &[]));
    let paid = |currency: &str, minor| {
        let account = build::account(&ids, &bob, currency.parse().unwrap());
        Account { paid: Money::from_minor(minor, account.currency()), ..account }
    };
    set = set.with_account(&paid("USD", 1_980)).with_account(&paid("JPY", 7));
    win(nodes, set).await;
    // 99.00, 90.00, nothing, nothing, none in yen, 99.00 and 99.00.
    assert_eq!(facts(nodes, merchant, &bob).await.totals, totals(38_700, 6, 1_980));
    assert_eq!(facts(nodes, merchant, &eve).await.totals, totals(9_900, 1, 0));
}
