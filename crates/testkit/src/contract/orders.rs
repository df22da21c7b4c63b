//! Orders.

use super::{
    Nodes,
    paging::{Dated, take_and_skip, text},
    settle::{other_shop, shop, sound, win},
};
use crate::{
    SeededIds, boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{Checkout, Customer, Group, GroupStatus, Merchant, MerchantClock, Order, OrderReference, OrderVelocity};
use ports::{ChangeSet, Counted, Due, IdSourceExt, OrderFacts, OrderLookup, PlaceFacts, SessionFacts, SortBy, Version};

/// A customer whose order opened a group.
pub(crate) struct Opened {
    pub(crate) ids: SeededIds,
    pub(crate) shop: Shop,
    pub(crate) creator: Customer,
    pub(crate) group: Group,
    pub(crate) order: Order,
}

impl Opened {
    pub(crate) async fn stored(nodes: &Nodes) -> Self {
        let (ids, shop) = shop(nodes).await;
        let creator = build::customer(&ids, "creator");
        let group = Group { participants: 1, ..build::group(&ids, &creator, "OPENED00") };
        let order = Order { reference: OrderReference::parse("first").ok(), ..build::order(&ids, &creator, &group) };
        let set = ChangeSet::new(shop.test.id).with_customer(&creator).with_group(&group).with_order(&order);
        win(nodes, set).await;
        Self { ids, shop, creator, group, order }
    }
}

pub(crate) async fn an_order_comes_back_whole(nodes: &Nodes) {
    let Opened { ids, shop, order, .. } = Opened::stored(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let largest = boundary_values::customer();
    let largest_group = boundary_values::group(&largest);
    let largest_order = boundary_values::order(&largest, &largest_group);
    let set = ChangeSet::new(shop.test.id).with_customer(&largest).with_group(&largest_group);
    win(nodes, set.with_order(&largest_order)).await;
    for order in [order, largest_order] {
        assert_eq!(nodes.two.order(shop.test.id, order.id).await.unwrap().as_ref(), Some(&order));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(nodes.two.order(foreign, order.id).await.unwrap(), None);
        }
        let replaced = Order {
            ambassador_id: None,
            available_at: None,
            locale: None,
            event_id: None,
            checkout: Checkout::default(),
            ..order
        };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.orders.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        assert_eq!(nodes.two.order(shop.test.id, replaced.id).await.unwrap(), Some(replaced));
    }
    sound(nodes).await;
}

pub(crate) fn dated(order: &Order) -> Dated {
    (order.created_at, order.updated_at, order.id.uuid())
}

pub(crate) async fn orders_are_listed_in_any_order_and_searched(nodes: &Nodes) {
    let Opened { ids, shop, group, order, .. } = Opened::stored(nodes).await;
    let mut made = vec![order];
    let mut set = ChangeSet::new(shop.test.id);
    for n in 0..5_usize {
        let customer = build::customer(&ids, &format!("buyer{n}"));
        let order = Order {
            created_at: moment([4, 4, 9, 1, 4][n]),
            updated_at: moment([9, 9, 9, 9, 5][n]),
            reference: OrderReference::parse(&format!("Shop-{n}")).ok(),
            ..build::order(&ids, &customer, &group)
        };
        set = set.with_customer(&customer).with_order(&order);
        made.push(order);
    }
    set.rows.groups.change(Version::FIRST, Group { participants: 6, ..group });
    win(nodes, set).await;
    let both = [SortBy::CreatedAt, SortBy::UpdatedAt];
    for (search, found) in [
        (None, made.iter().map(dated).collect::<Vec<_>>()),
        (Some("shop-"), made[1..].iter().map(dated).collect()),
        (Some("buyer2@example"), vec![dated(&made[3])]),
        (Some("kht-opened00"), made.iter().map(dated).collect()),
    ] {
        take_and_skip(&found, &both, search.map(text), async |request| {
            let Counted { rows, count } = nodes.two.orders(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(dated).collect(), count }
        })
        .await;
    }
    take_and_skip(&[], &both, None, async |request| {
        let Counted { rows, count } = nodes.two.orders(shop.live.id, &request).await.unwrap();
        Counted { rows: rows.iter().map(dated).collect(), count }
    })
    .await;
    sound(nodes).await;
}

pub(crate) async fn what_placing_an_order_needs(nodes: &Nodes) {
    let Opened { ids, shop, creator, group, order } = Opened::stored(nodes).await;
    let stranger = build::customer(&ids, "stranger");
    win(nodes, ChangeSet::new(shop.test.id).with_customer(&stranger)).await;
    let facts = async |lookup: OrderLookup| nodes.two.place_facts(shop.test.id, &lookup).await.unwrap().unwrap();
    let nothing = facts(OrderLookup::default()).await;
    assert!(nothing.customer.is_none() && nothing.group.is_none() && nothing.settings.is_none());
    for (by_id, customer, takes_part) in [(true, &creator, true), (false, &creator, true), (true, &stranger, false)] {
        let lookup = OrderLookup {
            customer_id: by_id.then_some(customer.id),
            email: (!by_id).then(|| customer.email.clone()),
            reference: OrderReference::parse("first").ok(),
            group_id: Some(group.id),
        };
        let found = facts(lookup).await;
        let PlaceFacts {
            merchant,
            settings,
            customer: read,
            reference_owner,
            group: joined,
            creator: by,
            email_owner,
            velocity,
        } = found;
        assert_eq!((merchant, settings), (sets::first(shop.test.clone()), None));
        assert_eq!(read, Some(sets::first(customer.clone())));
        assert_eq!(reference_owner, Some(order.id.uuid()));
        assert_eq!((joined, by), (Some(sets::first(group.clone())), Some(creator.clone())));
        assert_eq!(email_owner, takes_part.then_some(order.id.uuid()));
        let of_customer = if takes_part { vec![order.created_at] } else { Vec::new() };
        assert_eq!(velocity, OrderVelocity { of_customer, of_group: vec![order.created_at] });
    }
    let unknown = OrderLookup {
        email: Some(build::customer(&ids, "new").email),
        reference: OrderReference::parse("second").ok(),
        group_id: Some(ids.id()),
        ..OrderLookup::default()
    };
    let found = facts(unknown).await;
    assert!(found.customer.is_none() && found.group.is_none() && found.creator.is_none());
    assert_eq!((found.reference_owner, found.email_owner, found.velocity), (None, None, OrderVelocity::default()));
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.group_settings.insert(boundary_values::group_settings(&shop.test));
    win(nodes, set).await;
    let settings = facts(OrderLookup::default()).await.settings;
    assert_eq!(settings, Some(sets::first(boundary_values::group_settings(&shop.test))));
    let own = OrderLookup { customer_id: Some(creator.id), group_id: Some(group.id), ..OrderLookup::default() };
    let foreign = nodes.two.place_facts(shop.live.id, &own).await.unwrap().unwrap();
    assert!(foreign.customer.is_none() && foreign.group.is_none() && foreign.email_owner.is_none());
    assert_eq!(foreign.velocity, OrderVelocity::default());
    assert!(nodes.two.place_facts(ids.id(), &own).await.unwrap().is_none());
}

pub(crate) async fn the_latest_orders_tell_the_pace(nodes: &Nodes) {
    let Opened { ids, shop, creator, group, order } = Opened::stored(nodes).await;
    let (friend, elsewhere) = (build::customer(&ids, "friend"), build::group(&ids, &creator, "OTHER000"));
    let mut set = ChangeSet::new(shop.test.id).with_customer(&friend).with_group(&elsewhere);
    // The creator's own are in another group and the friend's in this one, not in the order of their times.
    for (n, seconds) in [30, 10, 50, 20, 40, 50].into_iter().enumerate() {
        let at = |order: Order| Order { created_at: moment(seconds), participates: false, ..order };
        let hers = Order {
            reference: OrderReference::parse(&format!("own-{n}")).ok(),
            ..build::order(&ids, &creator, &elsewhere)
        };
        set = set.with_order(&at(hers)).with_order(&at(build::order(&ids, &friend, &group)));
    }
    win(nodes, set).await;
    let facts = async |customer: &Customer| {
        let by_email = OrderLookup { email: Some(customer.email.clone()), ..OrderLookup::default() };
        let by_id = OrderLookup { customer_id: Some(customer.id), group_id: Some(group.id), ..OrderLookup::default() };
        let by_email = nodes.two.place_facts(shop.test.id, &by_email).await.unwrap().unwrap().velocity;
        let by_id = nodes.two.place_facts(shop.test.id, &by_id).await.unwrap().unwrap().velocity;
        assert_eq!((&by_email.of_customer, by_email.of_group), (&by_id.of_customer, Vec::new()));
        by_id
    };
    let latest = [50, 50, 40, 30].map(moment).to_vec();
    for customer in [&creator, &friend] {
        assert_eq!(facts(customer).await, OrderVelocity { of_customer: latest.clone(), of_group: latest.clone() });
    }
    assert!(order.created_at < moment(10), "the oldest is not looked at");
}

pub(crate) async fn what_moving_an_order_needs(nodes: &Nodes) {
    let Opened { ids, shop, group, order, .. } = Opened::stored(nodes).await;
    let OrderFacts { merchant, order: read, group: of } =
        nodes.two.order_facts(shop.test.id, order.id).await.unwrap().unwrap();
    assert_eq!(merchant, sets::first(shop.test.clone()));
    assert_eq!((read, of), (sets::first(order.clone()), sets::first(group)));
    for foreign in [shop.live.id, ids.id()] {
        assert!(nodes.two.order_facts(foreign, order.id).await.unwrap().is_none());
    }
    assert!(nodes.two.order_facts(shop.test.id, ids.id()).await.unwrap().is_none());
}

pub(crate) async fn what_showing_sessions_needs(nodes: &Nodes) {
    let Opened { ids, shop, creator, group, .. } = Opened::stored(nodes).await;
    let canceled = Group { status: GroupStatus::Canceled, ..build::group(&ids, &creator, "CANCELED") };
    win(nodes, ChangeSet::new(shop.test.id).with_group(&canceled)).await;
    let asked = [group.id, canceled.id, ids.id()];
    let SessionFacts { merchant, groups } = nodes.two.session_facts(shop.test.id, &asked).await.unwrap().unwrap();
    assert_eq!(merchant, shop.test);
    assert_eq!(groups, [(group.id, GroupStatus::Open), (canceled.id, GroupStatus::Canceled)].into());
    for (merchant, asked) in [(shop.test.id, &[][..]), (shop.live.id, &asked)] {
        assert_eq!(nodes.two.session_facts(merchant, asked).await.unwrap().unwrap().groups, [].into());
    }
    assert!(nodes.two.session_facts(ids.id(), &asked).await.unwrap().is_none());
}

pub(crate) async fn held_cashback_is_due_by_the_merchants_clock(nodes: &Nodes) {
    let Opened { ids, shop, order, .. } = Opened::stored(nodes).await;
    let creator = build::customer(&ids, "live");
    let group = Group { participants: 1, ..build::group(&ids, &creator, "LIVELIVE") };
    let live = Order { available_at: Some(moment(50)), ..build::order(&ids, &creator, &group) };
    win(nodes, ChangeSet::new(shop.live.id).with_customer(&creator).with_group(&group).with_order(&live)).await;
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.orders.change(Version::FIRST, Order { available_at: Some(moment(60)), ..order.clone() });
    win(nodes, set).await;
    let due = async |now, skip, limit| nodes.two.due_orders(moment(now), skip, limit).await.unwrap();
    let (of_live, of_test) =
        (Due { merchant: shop.live.id, id: live.id }, Due { merchant: shop.test.id, id: order.id });
    assert_eq!(due(49, 0, 10).await, []);
    assert_eq!(due(50, 0, 10).await, [of_live]);
    assert_eq!(due(60, 0, 10).await, [of_live, of_test]);
    assert_eq!((due(60, 0, 1).await, due(60, 1, 10).await), (vec![of_live], vec![of_test]));
    let ahead = Merchant { clock: MerchantClock::ahead_by(20_000_000), ..shop.test.clone() };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.merchants.change(Version::FIRST, ahead);
    win(nodes, set).await;
    assert_eq!((due(39, 0, 10).await, due(40, 0, 10).await), (vec![], vec![of_test]));
}
