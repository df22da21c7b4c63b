//! The facts for recording an event.

use super::{
    Nodes,
    settle::{other_shop, shop, win},
};
use crate::{
    SeededIds,
    build::{self, moment},
    sets::{self, Grow},
};
use domain::{
    Affiliate, AffiliateId, AffiliateStatus, Binding, Click, Event, EventKind, EventSpace, ExternalId, Merchant,
    MerchantClock, MerchantId, Timestamp,
};
use ports::{
    ChangeSet, EventFacts, EventFound, EventLookup, EventRecord, IdSourceExt, SessionClick, Version, Versioned,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn naming_nothing(external_id: &str) -> EventLookup {
    EventLookup {
        space: EventSpace::Paying,
        external_id: ExternalId::parse(external_id).unwrap(),
        session: None,
        coupon: None,
        affiliate_id: None,
        customer: Vec::new(),
        now: moment(0),
    }
}

/// The facts for any number of events, and "in any order" brought into one.
async fn all_facts(nodes: &Nodes, merchant: MerchantId, lookups: &[EventLookup]) -> EventFacts {
    let mut facts = nodes.two.event_facts(merchant, lookups.to_vec()).await.unwrap().unwrap();
    assert_eq!(facts.found.len(), lookups.len());
    for found in &mut facts.found {
        found.clicks.sort_by_key(|click| (click.at, click.id));
    }
    facts.affiliates.sort_by_key(|affiliate| affiliate.id);
    facts
}

/// The facts for one event.
struct Facts {
    merchant: Versioned<Merchant>,
    affiliates: Vec<Affiliate>,
    earlier: Option<EventRecord>,
    coupon_owner: Option<AffiliateId>,
    clicks: Vec<SessionClick>,
}

async fn facts(nodes: &Nodes, merchant: MerchantId, lookup: &EventLookup) -> Facts {
    let EventFacts { merchant, affiliates, tiers: _, rules: _, mut found } =
        all_facts(nodes, merchant, std::slice::from_ref(lookup)).await;
    let EventFound { earlier, coupon_owner, binding: _, clicks } = found.remove(0);
    Facts { merchant, affiliates, earlier, coupon_owner, clicks }
}

fn sorted(mut affiliates: Vec<Affiliate>) -> Vec<Affiliate> {
    affiliates.sort_by_key(|affiliate| affiliate.id);
    affiliates
}

fn as_read(click: &Click) -> SessionClick {
    SessionClick { id: click.id, at: click.created_at, affiliate_id: click.affiliate_id }
}

pub(crate) async fn an_event_that_names_nothing_needs_the_merchant(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    win(nodes, sets::add_affiliate(shop.test.id, &build::affiliate(&ids, "bystander"))).await;
    let Facts { merchant, earlier, coupon_owner, clicks, affiliates } =
        facts(nodes, shop.test.id, &naming_nothing("1")).await;
    assert_eq!((merchant, earlier, coupon_owner), (sets::first(shop.test), None, None));
    assert_eq!((clicks, affiliates), (vec![], vec![]));
    assert!(nodes.two.event_facts(ids.id(), vec![naming_nothing("1")]).await.unwrap().is_none());
}

pub(crate) async fn what_recording_an_event_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let [named, code, clicked, rest] = ["named", "code", "clicked", "rest"].map(|name| build::affiliate(&ids, name));
    let coupon = build::coupon(&ids, &code, "CODE");
    let session = build::session("visitor");
    let (click, stray) = (
        build::click(&ids, &clicked, &session, moment(-60)),
        build::click(&ids, &rest, &build::session("another"), moment(-60)),
    );
    let earlier = build::event(&ids, "sale");
    let leaf = build::commission(&ids, &earlier, &rest);
    let above = build::override_of(&ids, &leaf, &code, 1);
    let mut set = [&named, &code, &clicked, &rest].into_iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    set.rows.clicks = vec![click.clone(), stray];
    win(nodes, set.with_coupon(&coupon).with_event(&earlier, &[above.clone(), leaf.clone()])).await;

    let everything = EventLookup {
        session: Some(session.clone()),
        coupon: Some(coupon.code.clone()),
        affiliate_id: Some(named.id),
        ..naming_nothing("sale")
    };
    let read = facts(nodes, shop.test.id, &everything).await;
    assert_eq!(read.earlier, Some(EventRecord { event: earlier, commissions: vec![leaf, above] }));
    assert_eq!((read.coupon_owner, read.clicks), (Some(code.id), vec![as_read(&click)]));
    assert_eq!(read.affiliates, sorted(vec![named.clone(), code.clone(), clicked.clone()]), "with every field");

    // One at a time; what is unknown is ignored.
    let unknown = EventLookup {
        session: Some(build::session("nobody")),
        coupon: Some(domain::CouponCode::parse("NOBODY").unwrap()),
        affiliate_id: Some(ids.id()),
        ..naming_nothing("other")
    };
    for (lookup, expected) in [
        (EventLookup { affiliate_id: Some(named.id), ..unknown.clone() }, vec![named.clone()]),
        (EventLookup { coupon: Some(coupon.code.clone()), ..unknown.clone() }, vec![code]),
        (EventLookup { session: Some(session), ..unknown.clone() }, vec![clicked]),
        (unknown, vec![]),
    ] {
        let read = facts(nodes, shop.test.id, &lookup).await;
        assert_eq!((read.affiliates, read.earlier), (expected, None), "{lookup:?}");
    }
    // Nothing of it exists for other merchants.
    for foreign in [&shop.live, &other.test] {
        let read = facts(nodes, foreign.id, &everything).await;
        assert_eq!((&read.merchant.row, read.earlier, read.coupon_owner), (foreign, None, None));
        assert_eq!((read.clicks, read.affiliates), (vec![], vec![]));
    }
}

pub(crate) async fn many_events_are_looked_up_at_once(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let [named, code, clicked, above, rest] =
        ["named", "code", "clicked", "above", "rest"].map(|name| build::affiliate(&ids, name));
    let clicked = Affiliate { parent_id: Some(above.id), ..clicked };
    let coupon = build::coupon(&ids, &code, "CODE");
    let sessions = ["one", "two"].map(build::session);
    let seen = sessions.clone().map(|session| build::click(&ids, &clicked, &session, moment(-60)));
    let many = clicks(&ids, &named, 60, moment(-86_400));
    let earlier = ["first", "second"].map(|id| build::event(&ids, id));
    let leaf = build::commission(&ids, &earlier[1], &rest);
    let everybody = [&named, &code, &clicked, &above, &rest];
    let mut set = everybody.into_iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    set.rows.clicks = [&seen[..], &many].concat();
    let set = set.with_coupon(&coupon).with_event(&earlier[0], &[]);
    win(nodes, set.with_event(&earlier[1], std::slice::from_ref(&leaf))).await;

    let of = |n: usize, id: &str| EventLookup { session: Some(sessions[n].clone()), ..naming_nothing(id) };
    let lookups = [
        of(0, "new"),
        naming_nothing("second"),
        EventLookup { coupon: Some(coupon.code.clone()), affiliate_id: Some(named.id), ..naming_nothing("new") },
        of(1, "first"),
        EventLookup { space: EventSpace::Lead, ..of(0, "second") },
        EventLookup { session: Some(build::session("visitor")), ..naming_nothing("second") },
        EventLookup { affiliate_id: Some(ids.id()), ..naming_nothing("third") },
    ];
    let read = all_facts(nodes, shop.test.id, &lookups).await;
    assert_eq!(read.affiliates, sorted(vec![named, code.clone(), clicked, above]), "each once");
    let events: Vec<Option<EventRecord>> = read.found.iter().map(|found| found.earlier.clone()).collect();
    let record = |n: usize, commissions| Some(EventRecord { event: earlier[n].clone(), commissions });
    let second = record(1, vec![leaf]);
    assert_eq!(events, [None, second.clone(), None, record(0, vec![]), None, second, None]);
    let coupons: Vec<Option<AffiliateId>> = read.found.iter().map(|found| found.coupon_owner).collect();
    assert_eq!(coupons, [None, None, Some(code.id), None, None, None, None]);
    let expected = [0, 1].map(|n| vec![as_read(&seen[n])]);
    let [first, second] = &expected;
    let most: Vec<SessionClick> = many[..25].iter().chain(&many[35..]).map(as_read).collect();
    let clicks: Vec<&Vec<SessionClick>> = read.found.iter().map(|found| &found.clicks).collect();
    assert_eq!(clicks, [first, &vec![], &vec![], second, first, &most, &vec![]]);
    let none = all_facts(nodes, shop.test.id, &[]).await;
    assert_eq!((none.merchant.row, none.affiliates), (shop.test, vec![]));
}

pub(crate) async fn lookups_of_one_moment_do_not_mix(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let shops = [&shop.test, &shop.live, &other.test];
    let mut expected = Vec::new();
    for merchant in shops {
        let owner = build::affiliate(&ids, "owner");
        let click = build::click(&ids, &owner, &build::session("visitor"), moment(-60));
        let event = build::event(&ids, "sale");
        let mut set = sets::add_affiliate(merchant.id, &owner).with_event(&event, &[]);
        set.rows.clicks = vec![click.clone()];
        win(nodes, set).await;
        expected.push((owner, as_read(&click), event));
    }
    let lookup = EventLookup { session: Some(build::session("visitor")), ..naming_nothing("sale") };
    let asked = (0..60).map(|n| {
        let (storage, merchant, lookup) = (nodes.two.clone(), shops[n % 3].id, lookup.clone());
        tokio::spawn(async move { storage.event_facts(merchant, vec![lookup]).await.unwrap().unwrap() })
    });
    for (n, task) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        // A caller that gives up does not affect the others.
        if n % 5 == 4 {
            task.abort();
            continue;
        }
        let EventFacts { merchant, affiliates, tiers: _, rules: _, found } = task.await.unwrap();
        let (owner, click, event) = &expected[n % 3];
        assert_eq!((&merchant.row, &affiliates), (shops[n % 3], &vec![owner.clone()]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].clicks, [*click]);
        assert_eq!(found[0].earlier.as_ref().map(|record| &record.event), Some(event));
    }
}

pub(crate) async fn an_external_id_is_looked_up_in_its_space(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let spaces = [EventSpace::Paying, EventSpace::Signup, EventSpace::Lead, EventSpace::TrialStarted];
    let kinds = ["renewal", "signup", "lead", "trial_started"];
    for (n, kind) in kinds.into_iter().enumerate() {
        let lookup = |space| EventLookup { space, ..naming_nothing("one") };
        assert_eq!(facts(nodes, shop.test.id, &lookup(spaces[n])).await.earlier, None, "{kind}");
        let event = Event { kind: EventKind::parse(kind).unwrap(), ..build::event(&ids, "one") };
        win(nodes, ChangeSet::new(shop.test.id).with_event(&event, &[])).await;
        let found = facts(nodes, shop.test.id, &lookup(spaces[n])).await.earlier;
        assert_eq!(found.map(|record| record.event), Some(event));
        let near = EventLookup { external_id: ExternalId::parse("One").unwrap(), ..lookup(spaces[n]) };
        assert_eq!(facts(nodes, shop.test.id, &near).await.earlier, None, "compared with case");
    }
}

pub(crate) async fn five_levels_of_parents_come_along(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let mut line: Vec<Affiliate> = (0..8).map(|n| build::affiliate(&ids, &format!("level-{n}"))).collect();
    for n in 0..7 {
        line[n].parent_id = Some(line[n + 1].id);
    }
    // A rejected parent is a fact like any other: what follows from it is the domain's to say.
    line[2].status = AffiliateStatus::Rejected;
    let mut set = line.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    let session = build::session("visitor");
    set.rows.clicks = vec![build::click(&ids, &line[4], &session, moment(-1))];
    let coupon = build::coupon(&ids, &line[1], "ONE");
    win(nodes, set.with_coupon(&coupon)).await;
    let named = |n: usize| EventLookup { affiliate_id: Some(line[n].id), ..naming_nothing("1") };
    for (lookup, expected) in [
        (named(0), &line[0..=5]),
        (named(5), &line[5..=7]),
        (named(7), &line[7..=7]),
        (EventLookup { coupon: Some(coupon.code.clone()), ..naming_nothing("1") }, &line[1..=6]),
        // Each once, though three name them.
        (EventLookup { coupon: Some(coupon.code.clone()), session: Some(session), ..named(0) }, &line[0..=7]),
    ] {
        let read = facts(nodes, shop.test.id, &lookup).await;
        assert_eq!(read.affiliates, sorted(expected.to_vec()));
    }
    // A cycle, which only damage makes, ends too.
    let closed = Affiliate { parent_id: Some(line[5].id), ..line[7].clone() };
    win(nodes, sets::change_affiliate(shop.test.id, Version::FIRST, &closed)).await;
    let read = facts(nodes, shop.test.id, &named(5)).await;
    let ids: Vec<AffiliateId> = read.affiliates.iter().map(|affiliate| affiliate.id).collect();
    assert_eq!(ids, [line[5].id, line[6].id, line[7].id]);
}

/// Clicks of one session, a minute apart, the oldest first.
fn clicks(ids: &SeededIds, owner: &Affiliate, count: i64, oldest: Timestamp) -> Vec<Click> {
    let after = |n: i64| oldest.plus(Duration::from_secs(60 * u64::try_from(n).unwrap()));
    (0..count).map(|n| build::click(ids, owner, &build::session("visitor"), after(n))).collect()
}

async fn chosen(nodes: &Nodes, merchant: MerchantId, now: Timestamp) -> Vec<SessionClick> {
    let lookup = EventLookup { session: Some(build::session("visitor")), now, ..naming_nothing("1") };
    facts(nodes, merchant, &lookup).await.clicks
}

pub(crate) async fn the_latest_clicks_and_the_earliest_in_the_window_are_chosen(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let owner = build::affiliate(&ids, "bob");
    let now = moment(0);
    let edge = now.minus(90 * DAY);
    // 30 before the window, whose last is a microsecond too old; 70 in it, of which the first is on its edge.
    let mut all = clicks(&ids, &owner, 30, edge.minus(Duration::from_micros(29 * 60_000_000 + 1)));
    all.extend(clicks(&ids, &owner, 70, edge));
    assert!(all[29].created_at < edge && all[30].created_at == edge);
    let mut set = sets::add_affiliate(shop.test.id, &owner);
    set.rows.clicks = all.iter().rev().cloned().collect();
    win(nodes, set).await;
    let picked = |parts: &[&[Click]]| -> Vec<SessionClick> { parts.concat().iter().map(as_read).collect() };
    assert_eq!(chosen(nodes, shop.test.id, now).await, picked(&[&all[30..55], &all[75..]]));
    // Where the two overlap each is there once; the latest are there even when all are too old.
    assert_eq!(chosen(nodes, shop.test.id, now.plus(Duration::from_secs(35 * 60))).await, picked(&[&all[65..]]));
    assert_eq!(chosen(nodes, shop.test.id, now.plus(Duration::from_secs(60 * 60))).await, picked(&[&all[75..]]));
    assert_eq!(chosen(nodes, shop.test.id, now.plus(100 * DAY)).await, picked(&[&all[75..]]));

    // Within one instant, ids decide the order.
    let mut set = ChangeSet::new(shop.live.id);
    let mut same: Vec<Click> =
        (0..60).map(|_| build::click(&ids, &owner, &build::session("visitor"), moment(-5))).collect();
    set.rows.clicks = same.iter().rev().cloned().collect();
    win(nodes, set).await;
    same.drain(25..35);
    let expected: Vec<SessionClick> = same.iter().map(as_read).collect();
    assert_eq!(chosen(nodes, shop.live.id, now).await, expected);
}

pub(crate) async fn the_window_follows_the_merchants_clock(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let owner = build::affiliate(&ids, "bob");
    let now = moment(0);
    let all = clicks(&ids, &owner, 60, now.minus(2 * DAY));
    let mut set = sets::add_affiliate(shop.test.id, &owner);
    set.rows.clicks = all.clone();
    win(nodes, set).await;
    let mut merchant = shop.test.clone();
    let version = std::cell::Cell::new(Version::FIRST);
    let mut settle = async |offset: i64, days: u16| {
        merchant = Merchant { clock: MerchantClock::ahead_by(offset), ..merchant.clone() };
        merchant.settings.cookie_window_days = days;
        let mut set = ChangeSet::new(merchant.id);
        set.rows.merchants.change(version.get(), merchant.clone());
        version.set(version.get().next());
        win(nodes, set).await;
    };
    let picked = |start: usize, end: usize| -> Vec<SessionClick> {
        all[start..end].iter().chain(&all[35.max(end)..]).map(as_read).collect()
    };
    settle(0, 2).await;
    assert_eq!(chosen(nodes, shop.test.id, now).await, picked(0, 25));
    settle(5 * 60_000_000, 2).await;
    assert_eq!(chosen(nodes, shop.test.id, now).await, picked(5, 30), "five minutes ahead");
    settle(86_400_000_000, 3).await;
    assert_eq!(chosen(nodes, shop.test.id, now).await, picked(0, 25), "a day ahead, a day longer");
    settle(i64::MAX, 365).await;
    assert_eq!(chosen(nodes, shop.test.id, now).await, picked(35, 60), "at the end of time");
}

pub(crate) async fn a_customers_bond_is_found_by_the_first_key_that_is_taken(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let [above, one, two] = ["above", "one", "two"].map(|name| build::affiliate(&ids, name));
    let one = Affiliate { parent_id: Some(above.id), ..one };
    let event = build::event(&ids, "first");
    let bindings = [build::binding(&ids, &one, &event), build::binding(&ids, &two, &event)];
    let key = |text: &str| text.to_owned();
    let mut set = [&above, &one, &two].into_iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    set = set.with_event(&event, &[]);
    set = set
        .with_binding(&bindings[0], &[key("x:1"), key("e:a@example.com")])
        .with_binding(&bindings[1], &[key("e:b@example.com")]);
    win(nodes, set).await;
    let of =
        |keys: &[&str]| EventLookup { customer: keys.iter().map(|text| key(text)).collect(), ..naming_nothing("1") };
    let lookups = [
        of(&["x:1", "e:b@example.com"]),
        of(&["x:2", "e:b@example.com"]),
        of(&["e:a@example.com"]),
        of(&["x:2", "e:c@example.com"]),
        of(&[]),
    ];
    let read = all_facts(nodes, shop.test.id, &lookups).await;
    let found: Vec<Option<Versioned<Binding>>> = read.found.into_iter().map(|found| found.binding).collect();
    let [first, second] = bindings.clone().map(|binding| Some(sets::first(binding)));
    assert_eq!(found, [first.clone(), second, first, None, None]);
    assert_eq!(read.affiliates, sorted(vec![above, one, two]), "with their parents");
    let elsewhere = all_facts(nodes, shop.live.id, &lookups).await;
    assert!(elsewhere.found.iter().all(|found| found.binding.is_none()), "another merchant's is not there");

    let mut renewed = ChangeSet::new(shop.test.id);
    renewed.rows.bindings.change(Version::FIRST, bindings[0].renewed());
    win(nodes, renewed).await;
    let read = all_facts(nodes, shop.test.id, &lookups[..1]).await;
    let Some(Versioned { row, version }) = read.found[0].binding.clone() else { panic!("it is still bound") };
    assert_eq!((row.renewals, version), (1, Version::FIRST.next()));
}
