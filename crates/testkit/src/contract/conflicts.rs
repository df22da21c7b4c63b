//! Versions: what moved meanwhile is a conflict, and nothing else is.

use super::{
    Nodes,
    settle::{Outcome, at_once, conflict, only_conflicts_beside, other_shop, win},
    tables::{Rows, stands_at},
};
use crate::{build, sets};
use ports::{ChangeSet, IdSource, RowRef, Table, Version};

const FIRST: Version = Version::FIRST;

pub(crate) async fn a_stale_version_conflicts_in_every_table(nodes: &Nodes) {
    let (_, shop, rows) = Rows::stored(nodes).await;
    let merchant = shop.test.id;
    for table in Table::ALL {
        win(nodes, rows.change_in(table, merchant, FIRST)).await;
        assert!(stands_at(nodes, merchant, rows.row(table), FIRST.next()).await, "{table:?}");
        for wrong in [FIRST, FIRST.next().next(), Version::stored(0), Version::stored(i64::MAX - 1)] {
            conflict(nodes, rows.change_in(table, merchant, wrong)).await;
            conflict(nodes, rows.delete_in(table, merchant, wrong)).await;
        }
        win(nodes, rows.change_in(table, merchant, FIRST.next())).await;
        assert!(stands_at(nodes, merchant, rows.row(table), FIRST.next().next()).await, "{table:?}");
    }
    // What hangs on another row goes first.
    for table in Table::ALL.into_iter().rev().filter(|table| !table.is_global()) {
        let third = FIRST.next().next();
        win(nodes, rows.delete_in(table, merchant, third)).await;
        for version in [third, third.next(), FIRST] {
            conflict(nodes, rows.change_in(table, merchant, version)).await;
            conflict(nodes, rows.delete_in(table, merchant, version)).await;
            assert!(!stands_at(nodes, merchant, rows.row(table), version).await, "{table:?}");
        }
    }
}

pub(crate) async fn a_missing_row_conflicts(nodes: &Nodes) {
    let (ids, shop, _) = Rows::stored(nodes).await;
    let elsewhere = build::shop(&ids, "never-founded");
    let never = Rows::of(&ids, &elsewhere, "never");
    for table in Table::ALL {
        conflict(nodes, never.change_in(table, shop.test.id, FIRST)).await;
        conflict(nodes, never.delete_in(table, shop.test.id, FIRST)).await;
        assert!(!stands_at(nodes, shop.test.id, never.row(table), FIRST).await);
        let nothing = RowRef { table, id: ids.uuid() };
        assert!(!stands_at(nodes, shop.test.id, nothing, Version::stored(0)).await);
    }
}

pub(crate) async fn what_was_held_still_must_not_have_moved(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    let merchant = shop.test.id;
    for (n, table) in Table::ALL.into_iter().enumerate() {
        let newcomer = build::affiliate(&ids, &format!("newcomer-{n}"));
        let holding = |version| {
            let mut set = sets::add_affiliate(merchant, &newcomer);
            set.unchanged.push((rows.row(table), version));
            set
        };
        win(nodes, rows.change_in(table, merchant, FIRST)).await;
        conflict(nodes, holding(FIRST)).await;
        assert!(nodes.two.affiliate(merchant, newcomer.id).await.unwrap().is_none(), "{table:?}");
        win(nodes, holding(FIRST.next())).await;
        assert!(stands_at(nodes, merchant, rows.row(table), FIRST.next()).await, "held, not changed: {table:?}");
        // What is read and written in one set is written.
        let mut both = rows.change_in(table, merchant, FIRST.next());
        both.unchanged.push((rows.row(table), FIRST.next()));
        win(nodes, both).await;
        assert!(stands_at(nodes, merchant, rows.row(table), FIRST.next().next()).await, "{table:?}");
    }
}

pub(crate) async fn many_may_hold_a_row_still_at_once(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    let holding = |n: usize| {
        let mut set = sets::add_affiliate(shop.test.id, &build::affiliate(&ids, &format!("holder-{n}")));
        set.unchanged.push((rows.row(Table::Merchants), FIRST));
        set.unchanged.push((rows.row(Table::Affiliates), FIRST));
        set
    };
    let outcomes = at_once(nodes, (0..60).map(holding).collect()).await;
    assert_eq!(only_conflicts_beside(&outcomes, Outcome::Won), 60);

    // One that writes the row goes through between them; those after it conflict.
    let mut sets: Vec<ChangeSet> = (60..120).map(holding).collect();
    sets.insert(30, rows.change_in(Table::Affiliates, shop.test.id, FIRST));
    let outcomes = at_once(nodes, sets).await;
    only_conflicts_beside(&outcomes, Outcome::Won);
    assert_eq!(outcomes[30], Outcome::Won, "nobody else writes the row");
    conflict(nodes, holding(120)).await;
}

pub(crate) async fn another_merchants_row_is_no_row(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for table in Table::ALL.into_iter().filter(|table| !table.is_global()) {
        for foreign in [shop.live.id, other.test.id] {
            conflict(nodes, rows.change_in(table, foreign, FIRST)).await;
            conflict(nodes, rows.delete_in(table, foreign, FIRST)).await;
            assert!(!stands_at(nodes, foreign, rows.row(table), FIRST).await, "{table:?}");
        }
        assert!(stands_at(nodes, shop.test.id, rows.row(table), FIRST).await, "{table:?}");
    }
}

pub(crate) async fn the_servers_own_rows_are_anybodys(nodes: &Nodes) {
    let (ids, _, rows) = Rows::stored(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for table in Table::ALL.into_iter().filter(|table| table.is_global()) {
        assert!(stands_at(nodes, other.live.id, rows.row(table), FIRST).await, "{table:?}");
        win(nodes, rows.change_in(table, other.live.id, FIRST)).await;
        conflict(nodes, rows.change_in(table, other.test.id, FIRST)).await;
    }
}
