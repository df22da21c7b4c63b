//! Referral groups and their settings.

use super::{
    Nodes,
    orders::{Opened, dated},
    paging::{take_and_skip, text},
    settle::{other_shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, moment},
    sets::{self, Grow},
};
use domain::{Actor, Group, GroupStatus, Merchant, MerchantClock, Order, Timestamp};
use ports::{
    ChangeSet, ClosingFacts, Counted, Due, GroupSettingsFacts, IdSourceExt, ListRequest, NewGroupFacts, SortBy, Version,
};

pub(crate) async fn a_group_comes_back_whole(nodes: &Nodes) {
    let Opened { ids, shop, group, creator, .. } = Opened::stored(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let largest = boundary_values::group(&creator);
    win(nodes, ChangeSet::new(shop.test.id).with_group(&largest)).await;
    for group in [group, largest] {
        assert_eq!(nodes.two.group(shop.test.id, group.id).await.unwrap().as_ref(), Some(&group));
        let facts = nodes.two.group_facts(shop.test.id, group.id).await.unwrap().unwrap();
        assert_eq!((facts.merchant, facts.group), (sets::first(shop.test.clone()), sets::first(group.clone())));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(nodes.two.group(foreign, group.id).await.unwrap(), None);
            assert!(nodes.two.group_facts(foreign, group.id).await.unwrap().is_none());
            assert!(nodes.two.closing_facts(foreign, group.id).await.unwrap().is_none());
        }
        let replaced = Group { level: None, completed_at: None, canceled_at: None, ..group };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.groups.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        assert_eq!(nodes.two.group(shop.test.id, replaced.id).await.unwrap(), Some(replaced));
    }
    sound(nodes).await;
}

pub(crate) async fn groups_are_listed_in_any_order_and_searched(nodes: &Nodes) {
    let Opened { ids, shop, group, creator, .. } = Opened::stored(nodes).await;
    let place = |group: &Group| (group.created_at, group.updated_at, group.id.uuid());
    let mut made = vec![group];
    for n in 0..5_usize {
        made.push(Group {
            created_at: moment([4, 4, 9, 1, 4][n]),
            updated_at: moment([9, 9, 9, 9, 5][n]),
            ..build::group(&ids, &creator, &format!("GROUP00{n}"))
        });
    }
    win(nodes, made[1..].iter().fold(ChangeSet::new(shop.test.id), Grow::with_group)).await;
    for (search, found) in [
        (None, made.iter().map(place).collect::<Vec<_>>()),
        (Some("kht-group003"), vec![place(&made[4])]),
        (Some("creator@"), made.iter().map(place).collect()),
    ] {
        take_and_skip(&found, &[SortBy::CreatedAt, SortBy::UpdatedAt], search.map(text), async |request| {
            let Counted { rows, count } = nodes.two.groups(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(place).collect(), count }
        })
        .await;
    }
    assert_eq!(nodes.two.groups(shop.live.id, &ListRequest::newest(9)).await.unwrap().count, 0);
}

pub(crate) async fn a_group_is_found_by_its_code_and_shows_who_takes_part(nodes: &Nodes) {
    let Opened { ids, shop, group, order, .. } = Opened::stored(nodes).await;
    let by_code = async |merchant, code: &str| nodes.two.group_of_code(merchant, code).await.unwrap();
    assert_eq!(by_code(shop.test.id, "OPENED00").await, Some(group.id));
    assert_eq!((by_code(shop.live.id, "OPENED00").await, by_code(shop.test.id, "OTHER000").await), (None, None));
    let joiners = ["b", "c"].map(|name| build::customer(&ids, name));
    let made = Order { created_at: moment(5), ..build::order(&ids, &joiners[0], &group) };
    let refunded = Order { participates: false, ..build::order(&ids, &joiners[1], &group) };
    let mut set = ChangeSet::new(shop.test.id).with_customer(&joiners[0]).with_customer(&joiners[1]);
    set = set.with_order(&made).with_order(&refunded);
    let grown = Group { participants: 2, ..group.clone() };
    set.rows.groups.change(Version::FIRST, grown.clone());
    win(nodes, set).await;
    let who = [&order, &made].map(dated);
    take_and_skip(&who, &[SortBy::CreatedAt], None, async |request| {
        let Counted { rows, count } = nodes.two.participants(shop.test.id, group.id, &request).await.unwrap();
        Counted { rows: rows.iter().map(dated).collect(), count }
    })
    .await;
    assert_eq!(nodes.two.participants(shop.live.id, group.id, &ListRequest::newest(9)).await.unwrap().count, 0);
    let ClosingFacts { merchant, group: read, orders } =
        nodes.two.closing_facts(shop.test.id, group.id).await.unwrap().unwrap();
    assert_eq!((merchant, read.row, read.version), (sets::first(shop.test.clone()), grown, Version::FIRST.next()));
    let mut expected = vec![sets::first(order), sets::first(made)];
    expected.sort_by_key(|order| order.row.id);
    assert_eq!(orders, expected);
    sound(nodes).await;
}

pub(crate) async fn what_opening_a_group_needs(nodes: &Nodes) {
    let Opened { ids, shop, group, order, creator } = Opened::stored(nodes).await;
    let facts = async |merchant, customer, order| nodes.two.new_group_facts(merchant, customer, order).await.unwrap();
    let NewGroupFacts { merchant, settings, customer, order: opening } =
        facts(shop.test.id, creator.id, Some(order.id)).await.unwrap();
    assert_eq!((merchant, settings), (sets::first(shop.test.clone()), None));
    assert_eq!(customer, Some(sets::first(creator.clone())));
    assert_eq!(opening, Some((sets::first(order.clone()), sets::first(group))));
    for (merchant, customer, order) in [
        (shop.test.id, ids.id(), None),
        (shop.test.id, ids.id(), Some(ids.id())),
        (shop.live.id, creator.id, Some(order.id)),
    ] {
        let facts = facts(merchant, customer, order).await.unwrap();
        assert!(facts.customer.is_none() && facts.order.is_none());
    }
    assert!(facts(ids.id(), creator.id, None).await.is_none());
}

pub(crate) async fn group_settings_come_back_whole(nodes: &Nodes) {
    let Opened { ids, shop, .. } = Opened::stored(nodes).await;
    let GroupSettingsFacts { merchant, settings } = nodes.two.group_settings(shop.test.id).await.unwrap().unwrap();
    assert_eq!((merchant, settings), (sets::first(shop.test.clone()), None));
    let largest = boundary_values::group_settings(&shop.test);
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.group_settings.insert(largest.clone());
    win(nodes, set).await;
    let read = async || nodes.two.group_settings(shop.test.id).await.unwrap().unwrap().settings.unwrap();
    assert_eq!(read().await, sets::first(largest.clone()));
    let plain = build::group_settings(&shop.test);
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.group_settings.change(Version::FIRST, plain.clone());
    win(nodes, set).await;
    assert_eq!((read().await.row, read().await.version), (plain.clone(), Version::FIRST.next()));
    let facts = nodes.two.settings_facts(shop.test.id, None).await.unwrap().unwrap();
    assert_eq!(facts.group_settings.map(|settings| settings.row), Some(plain));
    assert_eq!(nodes.two.group_settings(shop.live.id).await.unwrap().unwrap().settings, None);
    assert!(nodes.two.group_settings(ids.id()).await.unwrap().is_none());
}

pub(crate) async fn groups_are_due_by_the_merchants_clock(nodes: &Nodes) {
    let Opened { ids, shop, group, .. } = Opened::stored(nodes).await;
    let creator = build::customer(&ids, "live");
    let pair = build::group(&ids, &creator, "LIVELIVE");
    let live = Group { created_at: Timestamp::MIN, status: GroupStatus::Open, ..pair };
    win(nodes, ChangeSet::new(shop.live.id).with_customer(&creator).with_group(&live)).await;
    let due = async |now: i64, skip, limit| nodes.two.due_groups(moment(now), skip, limit).await.unwrap();
    let mut all = vec![Due { merchant: shop.live.id, id: live.id }, Due { merchant: shop.test.id, id: group.id }];
    all.sort_by_key(|due| due.merchant);
    // Both are reminded after five minutes.
    assert_eq!((due(299, 0, 10).await, due(300, 0, 10).await), (vec![], all.clone()));
    assert_eq!((due(300, 0, 1).await, due(300, 1, 10).await), (all[..1].to_vec(), all[1..].to_vec()));
    let ahead = Merchant { clock: MerchantClock::ahead_by(100_000_000), ..shop.test.clone() };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.merchants.change(Version::FIRST, ahead);
    win(nodes, set).await;
    let of_test = Due { merchant: shop.test.id, id: group.id };
    assert_eq!((due(199, 0, 10).await, due(200, 0, 10).await), (vec![], vec![of_test]));
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.groups.change(Version::FIRST, group.canceled(Actor::System, moment(1)).unwrap());
    win(nodes, set).await;
    assert_eq!(due(299, 0, 10).await, [], "a closed group is never due");
}
