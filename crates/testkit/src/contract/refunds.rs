//! Refunds.

use super::{
    Nodes,
    orders::Opened,
    settle::{Outcome, commit, other_shop, shop, sound, win},
};
use crate::{
    SeededIds,
    build::{self, moment},
    sets::{self, Grow},
};
use domain::{Event, EventKind, ExternalId, MerchantId, Metadata, NewRefund, Order, OrderReference, refund};
use ports::{ChangeSet, EventRecord, IdSourceExt, RefundFacts, RefundLookup, RefundedSale, Space, Storage};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::task::JoinSet;

fn by_order(order: &str, external_id: &str) -> RefundLookup {
    let sale = RefundedSale::Order(OrderReference::parse(order).unwrap());
    RefundLookup { external_id: ExternalId::parse(external_id).unwrap(), sale }
}

fn by_event(event: &Event, external_id: &str) -> RefundLookup {
    RefundLookup { external_id: ExternalId::parse(external_id).unwrap(), sale: RefundedSale::Event(event.id) }
}

async fn facts(nodes: &Nodes, merchant: MerchantId, lookup: &RefundLookup) -> RefundFacts {
    let mut facts = nodes.two.refund_facts(merchant, lookup).await.unwrap().unwrap();
    facts.sales.sort_by_key(|sale| sale.row.id);
    facts.rows.sort_by_key(|row| row.row.id);
    facts
}

pub(crate) async fn what_taking_a_sale_back_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let (earner, parent, bystander) =
        (build::affiliate(&ids, "bob"), build::affiliate(&ids, "eve"), build::affiliate(&ids, "joe"));
    let sale = build::event(&ids, "order-1");
    let leaf = build::commission(&ids, &sale, &earner);
    let above = build::override_of(&ids, &leaf, &parent, 1);
    let back = Event { external_id: ExternalId::parse("r-1").unwrap(), ..build::refund(&ids, &sale, 990) };
    let reversal = build::reversal(&ids, &leaf, &back);
    let owed = build::account(&ids, &parent, build::usd());
    let [euro, theirs] =
        [build::account(&ids, &earner, "EUR".parse().unwrap()), build::account(&ids, &bystander, build::usd())];
    let mut set = [&earner, &parent, &bystander].into_iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    for account in [&owed, &euro, &theirs] {
        set = set.with_account(account);
    }
    let set = set.with_event(&sale, &[leaf.clone(), above.clone(), reversal.clone()]).with_event(&back, &[]);
    win(nodes, set).await;

    for lookup in [by_event(&sale, "r-2"), by_order("order-1", "r-2")] {
        let RefundFacts { merchant, earlier, sales, rows, accounts, order } = facts(nodes, shop.test.id, &lookup).await;
        assert_eq!(order, None, "a sale that is no order");
        assert_eq!((merchant, earlier), (sets::first(shop.test.clone()), None));
        assert_eq!(sales, [sets::first(sale.clone())]);
        assert_eq!(rows, [&leaf, &above, &reversal].map(|row| sets::first(row.clone())));
        assert_eq!(accounts, [sets::first(owed.clone())], "only in the sale's currency, only of its earners");
    }
    let again = facts(nodes, shop.test.id, &by_order("order-1", "r-1")).await;
    assert_eq!(again.earlier, Some(EventRecord { event: back.clone(), commissions: vec![reversal.clone()] }));
    let record = nodes.two.event(shop.test.id, sale.id).await.unwrap().unwrap();
    assert_eq!(record.commissions, [leaf, reversal, above], "a sale shows all of its rows");
    let named = facts(nodes, shop.test.id, &by_event(&back, "r-2")).await.sales;
    assert_eq!(named, [sets::first(back)], "whatever it is");
    for foreign in [shop.live.id, other.test.id] {
        let RefundFacts { earlier, sales, rows, .. } = facts(nodes, foreign, &by_event(&sale, "r-1")).await;
        assert_eq!((earlier, sales.len(), rows.len()), (None, 0, 0));
        assert_eq!(facts(nodes, foreign, &by_order("order-1", "r-1")).await.sales, []);
    }
    assert!(nodes.two.refund_facts(ids.id(), &by_order("order-1", "r-1")).await.unwrap().is_none());
}

pub(crate) async fn the_order_that_a_sale_is_comes_with_it(nodes: &Nodes) {
    let Opened { ids, shop, creator, group, order: first } = Opened::stored(nodes).await;
    let own = Order { participates: false, ..build::order(&ids, &creator, &group) };
    let named = Order { reference: OrderReference::parse("named").ok(), ..Order { id: ids.id(), ..own.clone() } };
    let mut set = ChangeSet::new(shop.test.id);
    let mut sales = Vec::new();
    for order in [own, named] {
        let sale = build::conversion(&ids, &order, &group);
        let order = order.converted(sale.id);
        set = set.with_event(&sale, &[]).with_order(&order);
        sales.push((sale, order));
    }
    // What merely names an order of the shop, by whichever id, is not that order.
    let mut namesakes = Vec::new();
    for order in ["first".to_owned(), first.id.to_string()] {
        let sale =
            Event { order_id: OrderReference::parse(&order).unwrap(), ..build::event(&ids, &format!("of {order}")) };
        set = set.with_event(&sale, &[]);
        namesakes.push(sale);
    }
    win(nodes, set).await;
    for (sale, order) in sales {
        for lookup in [by_event(&sale, "r"), by_order(sale.order_id.as_str(), "r")] {
            let found = facts(nodes, shop.test.id, &lookup).await.order;
            assert_eq!(found, Some((sets::first(order.clone()), sets::first(group.clone()))));
        }
        assert_eq!(facts(nodes, shop.live.id, &by_event(&sale, "r")).await.order, None);
    }
    for sale in namesakes {
        assert_eq!(facts(nodes, shop.test.id, &by_event(&sale, "r")).await.order, None);
    }
    sound(nodes).await;
}

pub(crate) async fn the_sales_of_an_order_are_found_two_at_the_most(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let order = |name: &str| OrderReference::parse(name).unwrap();
    let of =
        |external_id: &str, name: &str, kind| Event { order_id: order(name), kind, ..build::event(&ids, external_id) };
    let own = of("a", "a", EventKind::Purchase);
    let elsewhere = of("b", "c", EventKind::Purchase);
    let renewals = ["x", "y", "z"].map(|id| of(id, "many", EventKind::Renewal));
    let custom = of("w", "many", EventKind::Custom("upsell".to_owned()));
    let unpaid = [
        of("b", "c", EventKind::Lead),
        of("q", "a", EventKind::Signup),
        of("a", "a", EventKind::TrialStarted),
        Event { external_id: ExternalId::parse("back").unwrap(), ..build::refund(&ids, &own, 1) },
    ];
    let mut set = ChangeSet::new(shop.test.id);
    for event in renewals.iter().chain(&unpaid).chain([&own, &elsewhere, &custom]) {
        set = set.with_event(event, &[]);
    }
    win(nodes, set).await;
    let found = async |name: &str| -> Vec<Event> {
        facts(nodes, shop.test.id, &by_order(name, "r")).await.sales.into_iter().map(|sale| sale.row).collect()
    };
    assert_eq!(found("a").await, [own]);
    assert_eq!(found("c").await, [elsewhere]);
    assert_eq!(found("b").await, [], "an external id that is another order's");
    let many = found("many").await;
    assert!(many.len() == 2 && many.iter().all(|sale| sale.order_id == order("many")), "{many:#?}");
}

/// Takes `minor` units back as the use case does, again after each conflict; whether any were left.
async fn take_back(
    node: &dyn Storage,
    ids: &SeededIds,
    merchant: MerchantId,
    sale: &Event,
    minor: &str,
    n: usize,
) -> bool {
    let external_id = ExternalId::parse(&format!("r-{n}")).unwrap();
    let request = NewRefund {
        external_id: external_id.clone(),
        as_sent: domain::AsSent::default(),
        refunds: Some(sale.id),
        order_id: None,
        amount: minor.parse().ok(),
        currency: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [0; 32],
    };
    loop {
        let facts = node.refund_facts(merchant, &by_event(sale, external_id.as_str())).await.unwrap().unwrap();
        let RefundFacts { sales, rows, .. } = facts;
        let known: Vec<_> = rows.iter().map(|row| row.row.clone()).collect();
        let Ok(made) = refund(ids.id(), request.clone(), &sales[0].row, &known, || ids.id(), moment(1)) else {
            return false;
        };
        let mut set = ChangeSet::new(merchant);
        set.claim(Space::Event(made.event.kind.space()), external_id.as_str(), made.event.id.uuid());
        set.rows.events.insert(made.event.clone());
        set.rows.events.change(sales[0].version, made.sale);
        for row in rows.iter().filter(|row| made.reversals.iter().any(|made| made.reverses == Some(row.row.id))) {
            set.rows.commissions.change(row.version, row.row.clone());
        }
        set.rows.commissions.new = made.reversals;
        match commit(node, set).await {
            Outcome::Won => return true,
            Outcome::Conflict => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn of_many_refunds_never_more_than_is_left_is_taken(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let earner = build::affiliate(&ids, "bob");
    let sale = build::event(&ids, "sale");
    let leaf = build::commission(&ids, &sale, &earner);
    win(nodes, sets::add_affiliate(shop.test.id, &earner).with_event(&sale, &[leaf])).await;
    let (ids, taken) = (Arc::new(ids), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for lane in 0..10_usize {
        let (node, ids, sale, taken) = (nodes.turn(lane), Arc::clone(&ids), sale.clone(), Arc::clone(&taken));
        let merchant = shop.test.id;
        tasks.spawn(async move {
            for n in 0..20 {
                if take_back(&*node, &ids, merchant, &sale, "1.00", lane * 20 + n).await {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(taken.load(Ordering::Relaxed), 99);
    let EventRecord { event, commissions } = nodes.two.event(shop.test.id, sale.id).await.unwrap().unwrap();
    assert_eq!((event.refunded_minor, commissions.iter().map(|row| row.amount.minor()).sum::<i64>()), (9_900, 0));
    sound(nodes).await;
}
