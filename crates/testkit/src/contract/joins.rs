//! Joining a group and closing it, by many at once, from two nodes: load, decide, commit, as the use cases do.

use super::{Nodes, orders::Opened, settle::sound, settle::win};
use crate::{
    SeededIds,
    build::{self, moment},
    sets::Grow,
};
use domain::{Actor, Customer, Group, GroupId, GroupStatus, GroupTerms, Joiner, MerchantId, Refusal, Timestamp};
use ports::{ChangeSet, CommitError, OrderLookup, Space, Storage, Version};
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

/// Joins `group` with an order of `customer`, which is stored already, or returns the rule that refuses it.
async fn join(
    node: &dyn Storage,
    ids: &SeededIds,
    merchant: MerchantId,
    group: GroupId,
    customer: &Customer,
    now: Timestamp,
) -> Result<(), Refusal> {
    let lookup = OrderLookup { customer_id: Some(customer.id), group_id: Some(group), ..OrderLookup::default() };
    loop {
        let facts = node.place_facts(merchant, &lookup).await.unwrap().unwrap();
        let (group, known) = (facts.group.unwrap(), facts.customer.unwrap());
        let joiner = Joiner { email_is_used: facts.email_owner.is_some(), currency: None, amount: None };
        group.row.admits(joiner, now)?;
        let order = build::order(ids, customer, &group.row);
        let mut set = ChangeSet::new(merchant).with_order(&order);
        set.expect_unchanged(&known);
        set.rows.groups.change(group.version, group.row.joined(Actor::System, now));
        if committed(node, set).await {
            return Ok(());
        }
    }
}

async fn committed(node: &dyn Storage, set: ChangeSet) -> bool {
    let outcome = match node.enter(&[]).await {
        Ok(_entry) => node.commit(set).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => true,
        Err(CommitError::Conflict | CommitError::Busy) => {
            tokio::task::yield_now().await;
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// Closes `group`, if its time is over.
async fn close(node: &dyn Storage, merchant: MerchantId, group: GroupId, now: Timestamp) {
    loop {
        let facts = node.closing_facts(merchant, group).await.unwrap().unwrap();
        let Some(closed) = facts.group.row.closed(now) else { return };
        let mut set = ChangeSet::new(merchant);
        for order in facts.orders {
            let settled = order.row.settled(&closed.terms, closed.reached(), now).unwrap();
            set.rows.orders.change(order.version, settled);
        }
        set.rows.groups.change(facts.group.version, closed);
        if committed(node, set).await {
            return;
        }
    }
}

/// An open group for this many participants, and customers to join it.
async fn scene(nodes: &Nodes, room: u16, count: usize) -> (Opened, Vec<Customer>) {
    let mut opened = Opened::stored(nodes).await;
    let group = Group { terms: GroupTerms { max_participants: room, ..opened.group.terms.clone() }, ..opened.group };
    opened.group = group;
    let customers: Vec<_> = (0..count).map(|n| build::customer(&opened.ids, &format!("joiner{n}"))).collect();
    let mut set = customers.iter().fold(ChangeSet::new(opened.shop.test.id), Grow::with_customer);
    set.rows.groups.change(Version::FIRST, opened.group.clone());
    win(nodes, set).await;
    (opened, customers)
}

async fn all_at_once(nodes: &Nodes, opened: &Opened, customers: &[Customer]) -> Vec<Result<(), Refusal>> {
    let start = Arc::new(Barrier::new(customers.len()));
    let mut tasks = JoinSet::new();
    for (n, customer) in customers.iter().cloned().enumerate() {
        let (node, start, merchant) = (nodes.turn(n), Arc::clone(&start), opened.shop.test.id);
        let (group, ids) = (opened.group.id, SeededIds::new(1_000 + u64::try_from(n).unwrap()));
        tasks.spawn(async move {
            start.wait().await;
            join(&*node, &ids, merchant, group, &customer, moment(1)).await
        });
    }
    tasks.join_all().await
}

pub(crate) async fn of_many_joins_for_the_last_place_one_wins(nodes: &Nodes) {
    let (opened, customers) = scene(nodes, 2, 200).await;
    let outcomes = all_at_once(nodes, &opened, &customers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let full = Err(Refusal::Group(domain::GroupRefusal::Full));
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == full).count(), 199, "{outcomes:?}");
    let group = nodes.two.group(opened.shop.test.id, opened.group.id).await.unwrap().unwrap();
    assert_eq!(group.participants, 2);
    sound(nodes).await;
}

pub(crate) async fn of_many_joins_with_one_address_one_wins(nodes: &Nodes) {
    let (opened, customers) = scene(nodes, 100, 1).await;
    let same: Vec<Customer> = (0..50).map(|_| customers[0].clone()).collect();
    let outcomes = all_at_once(nodes, &opened, &same).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let used = Err(Refusal::Group(domain::GroupRefusal::EmailUsed));
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == used).count(), 49, "{outcomes:?}");
    let key = opened.group.email_key(&customers[0].email);
    let mut set = ChangeSet::new(opened.shop.test.id);
    set.claim(Space::GroupEmail, key, ports::IdSource::uuid(&opened.ids));
    assert!(!committed(&*nodes.two, set).await, "the address is taken");
    sound(nodes).await;
}

pub(crate) async fn who_joins_as_the_group_closes_is_in_it_or_refused(nodes: &Nodes) {
    let (opened, customers) = scene(nodes, 100, 20).await;
    let (merchant, group) = (opened.shop.test.id, opened.group.id);
    let over = opened.group.schedule.expires_at;
    let start = Arc::new(Barrier::new(customers.len() + 2));
    let mut joins = JoinSet::new();
    for (n, customer) in customers.iter().cloned().enumerate() {
        let (node, start) = (nodes.turn(n), Arc::clone(&start));
        let ids = SeededIds::new(1_000 + u64::try_from(n).unwrap());
        joins.spawn(async move {
            start.wait().await;
            // Each thinks that it is just in time.
            join(&*node, &ids, merchant, group, &customer, moment(1)).await.is_ok()
        });
    }
    let mut closes = JoinSet::new();
    for n in 0..2 {
        let (node, start) = (nodes.turn(n), Arc::clone(&start));
        closes.spawn(async move {
            start.wait().await;
            close(&*node, merchant, group, over).await;
        });
    }
    closes.join_all().await;
    let joined = joins.join_all().await.into_iter().filter(|joined| *joined).count();
    let facts = nodes.two.closing_facts(merchant, group).await.unwrap().unwrap();
    assert_eq!(usize::from(facts.group.row.participants), 1 + joined);
    let wanted = if joined == 0 { GroupStatus::Expired } else { GroupStatus::Completed };
    assert_eq!(facts.group.row.status, wanted);
    let (row, orders) = (facts.group.row, facts.orders);
    assert_eq!(orders.len(), 1 + joined);
    for order in orders {
        let due = row.terms.cashback(row.reached(), order.row.left().unwrap());
        assert_eq!(order.row.cashback, due, "everybody who is in it gets what it reached");
    }
    sound(nodes).await;
}
