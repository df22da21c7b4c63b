//! Conversion events as callers see them.

use super::{
    Nodes,
    paging::{position, walk},
    settle::{other_shop, shop, sound, win},
};
use crate::{
    SeededIds, boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{
    Affiliate, AffiliateId, Commission, CommissionStatus, Event, EventKind, ExternalId, MerchantId, Timestamp,
};
use ports::{ChangeSet, EventFilter, EventRecord, IdSourceExt, Page, PageRequest, Position, Version};

async fn read(nodes: &Nodes, merchant: MerchantId, event: &Event) -> Option<EventRecord> {
    nodes.two.event(merchant, event.id).await.unwrap()
}

fn bare(event: &Event) -> EventRecord {
    EventRecord { event: event.clone(), commissions: Vec::new() }
}

pub(crate) async fn an_event_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let winner = build::affiliate(&ids, "bob");
    let full = boundary_values::event(&ids, &winner, &boundary_values::coupon(&winner));
    let least = boundary_values::least_event(&ids);
    win(nodes, sets::add_affiliate(shop.test.id, &winner)).await;
    for event in [&full, &least] {
        assert_eq!(read(nodes, shop.test.id, event).await, None);
        win(nodes, ChangeSet::new(shop.test.id).with_event(event, &[])).await;
        assert_eq!(read(nodes, shop.test.id, event).await, Some(bare(event)));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(read(nodes, foreign, event).await, None);
        }
    }
    for kind in ["purchase", "renewal", "signup", "lead", "trial_started", "x"] {
        let event = Event { kind: EventKind::parse(kind).unwrap(), ..build::event(&ids, &format!("{kind} id")) };
        win(nodes, ChangeSet::new(shop.test.id).with_event(&event, &[])).await;
        assert_eq!(read(nodes, shop.test.id, &event).await, Some(bare(&event)));
    }
    // What a refund takes back is written into the row; the rest of the image comes along.
    let refunded = Event { refunded_minor: 1, id: least.id, external_id: least.external_id, kind: least.kind, ..full };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.events.change(Version::FIRST, refunded.clone());
    win(nodes, set).await;
    assert_eq!(read(nodes, shop.test.id, &refunded).await, Some(bare(&refunded)));
}

pub(crate) async fn an_event_shows_what_it_earned_by_level(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let earners: Vec<Affiliate> = (0..6).map(|n| build::affiliate(&ids, &format!("earner-{n}"))).collect();
    // Two events of one order: each shows its own rows.
    let sale = build::event(&ids, "sale");
    let rest = Event { order_id: sale.order_id.clone(), ..build::event(&ids, "rest") };
    let leaf = build::commission(&ids, &sale, &earners[0]);
    let mut rows: Vec<Commission> =
        (1..6_u8).rev().map(|level| build::override_of(&ids, &leaf, &earners[usize::from(level)], level)).collect();
    rows.insert(2, leaf);
    let other = build::commission(&ids, &rest, &earners[3]);
    let set = earners.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    win(nodes, set.with_event(&sale, &rows).with_event(&rest, std::slice::from_ref(&other))).await;
    rows.sort_by_key(|row| row.level);
    assert_eq!(read(nodes, shop.test.id, &sale).await.unwrap().commissions, rows);
    assert_eq!(read(nodes, shop.test.id, &rest).await.unwrap().commissions, std::slice::from_ref(&other));

    let page = nodes.two.events(shop.test.id, &EventFilter::default(), &super::paging::newest(100)).await.unwrap();
    let expected = [
        EventRecord { event: rest, commissions: vec![other] },
        EventRecord { event: sale.clone(), commissions: rows.clone() },
    ];
    assert_eq!(page.rows, expected, "a list shows the same");

    // A commission that has moved is returned in its current state.
    let moved = Commission { status: CommissionStatus::Void, ..rows[2].clone() };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.commissions.change(Version::FIRST, moved.clone());
    win(nodes, set).await;
    assert_eq!(read(nodes, shop.test.id, &sale).await.unwrap().commissions[2], moved);
    sound(nodes).await;
}

/// Ten events; several of one instant, not stored in the order of time, two with one external id in two spaces.
async fn many(nodes: &Nodes, ids: &SeededIds, shop: &Shop) -> (Vec<AffiliateId>, Vec<Event>) {
    let winners = [build::affiliate(ids, "bob"), build::affiliate(ids, "eve")];
    let mut set = sets::add_affiliate(shop.test.id, &winners[0]).with_affiliate(&winners[1]);
    let kinds = [EventKind::Purchase, EventKind::Signup, EventKind::Lead, EventKind::TrialStarted];
    let made: Vec<Event> = (0..10_usize)
        .map(|n| Event {
            kind: kinds[n % 4].clone(),
            affiliate_id: [None, Some(winners[0].id), Some(winners[1].id)][n % 3],
            created_at: moment([5, 5, 9, 1, 5, 9, 2, 8, 0, 5][n]),
            ..build::event(ids, &format!("id-{}", n / 2))
        })
        .collect();
    for event in &made {
        set = set.with_event(event, &[]);
    }
    win(nodes, set).await;
    win(nodes, ChangeSet::new(shop.live.id).with_event(&Event { id: ids.id(), ..made[1].clone() }, &[])).await;
    (winners.map(|winner| winner.id).to_vec(), made)
}

fn placed(event: &Event) -> Position {
    position(event.created_at, event.id.uuid())
}

async fn listed(nodes: &Nodes, merchant: MerchantId, filter: &EventFilter, request: PageRequest) -> Page<Position> {
    let page = nodes.two.events(merchant, filter, &request).await.unwrap();
    Page { rows: page.rows.iter().map(|record| placed(&record.event)).collect(), more: page.more }
}

pub(crate) async fn events_are_listed_newest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let everything = EventFilter::default();
    walk(&[], async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    let (_, made) = many(nodes, &ids, &shop).await;
    let rows: Vec<Position> = made.iter().map(placed).collect();
    walk(&rows, async |request| listed(nodes, shop.test.id, &everything, request).await).await;
}

pub(crate) async fn events_are_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (winners, made) = many(nodes, &ids, &shop).await;
    let instants: [(Option<Timestamp>, Option<Timestamp>); 5] = [
        (None, None),
        (Some(moment(5)), None),
        (None, Some(moment(5))),
        (Some(moment(5)), Some(moment(9))),
        (Some(moment(5)), Some(moment(5))),
    ];
    for affiliate_id in [None, Some(winners[0]), Some(winners[1]), Some(ids.id())] {
        for external_id in [None, Some("id-0"), Some("id-1"), Some("id")] {
            let external_id = external_id.map(|id| ExternalId::parse(id).unwrap());
            for (from, to) in instants {
                let filter = EventFilter { affiliate_id, external_id: external_id.clone(), from, to };
                let rows = made.iter().filter(|row| matches(&filter, row)).map(placed).collect::<Vec<_>>();
                walk(&rows, async |request| listed(nodes, shop.test.id, &filter, request).await).await;
            }
        }
    }
}

fn matches(filter: &EventFilter, row: &Event) -> bool {
    let EventFilter { affiliate_id, external_id, from, to } = filter;
    affiliate_id.is_none_or(|id| Some(id) == row.affiliate_id)
        && external_id.as_ref().is_none_or(|id| *id == row.external_id)
        && from.is_none_or(|from| from <= row.created_at)
        && to.is_none_or(|to| row.created_at < to)
}
