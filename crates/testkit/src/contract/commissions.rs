//! Commissions.

use super::{
    Nodes,
    paging::{position, walk},
    settle::{other_shop, shop, win},
};
use crate::{
    SeededIds, boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{
    Account, Affiliate, AffiliateStatus, Commission, CommissionStatus, Event, MerchantId, Money, OrderReference,
    RateSource, Timestamp,
};
use ports::{
    ChangeSet, CommissionFilter, CommissionMoveFacts, IdSourceExt, Page, PageRequest, Position, Version, Versioned,
};

async fn read(nodes: &Nodes, merchant: MerchantId, row: &Commission) -> Option<Commission> {
    nodes.two.commission(merchant, row.id).await.unwrap()
}

pub(crate) async fn a_commission_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let earner = build::affiliate(&ids, "bob");
    let sale = build::event(&ids, "sale");
    let plain = build::commission(&ids, &sale, &earner);
    let full = boundary_values::commission(&sale, &earner, &plain);
    win(nodes, sets::add_affiliate(shop.test.id, &earner)).await;
    assert_eq!(read(nodes, shop.test.id, &plain).await, None);
    win(nodes, ChangeSet::new(shop.test.id).with_event(&sale, &[full.clone(), plain.clone()])).await;
    for row in [&plain, &full] {
        assert_eq!(read(nodes, shop.test.id, row).await.as_ref(), Some(row));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(read(nodes, foreign, row).await, None);
        }
    }
    let sources = [RateSource::Affiliate, RateSource::Merchant, RateSource::Override];
    let mut row = Commission { id: plain.id, ..full };
    let mut version = Version::FIRST;
    for (n, &status) in CommissionStatus::ALL.iter().enumerate() {
        row = Commission { status, rate_source: sources[n % sources.len()], ..row };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.commissions.change(version, row.clone());
        win(nodes, set).await;
        version = version.next();
        assert_eq!(read(nodes, shop.test.id, &plain).await.as_ref(), Some(&row));
    }
}

/// Twelve commissions of two affiliates and three orders; several of one instant, not stored in the order of time.
async fn many(nodes: &Nodes, ids: &SeededIds, shop: &Shop) -> (Vec<Affiliate>, Vec<Commission>) {
    let earners = vec![build::affiliate(ids, "bob"), build::affiliate(ids, "eve")];
    let sales: Vec<Event> = (0..3).map(|n| build::event(ids, &format!("order-{n}"))).collect();
    let made: Vec<Commission> = (0..12_usize)
        .map(|n| Commission {
            status: CommissionStatus::ALL[n % CommissionStatus::ALL.len()],
            created_at: moment([5, 5, 9, 1, 5, 9, 2, 8, 0, 5, 9, 5][n]),
            ..build::commission(ids, &sales[n % 3], &earners[usize::from(n < 5)])
        })
        .collect();
    let set = sets::add_affiliate(shop.test.id, &earners[0]).with_affiliate(&earners[1]);
    let set = sales.iter().fold(set, |set, sale| set.with_event(sale, &[]));
    win(nodes, {
        let mut set = set;
        set.rows.commissions.new.clone_from(&made);
        set
    })
    .await;
    let theirs = Event { id: ids.id(), ..sales[0].clone() };
    let foreign = Commission { id: ids.id(), event_id: theirs.id, ..made[0].clone() };
    win(nodes, ChangeSet::new(shop.live.id).with_event(&theirs, &[foreign])).await;
    (earners, made)
}

fn placed(row: &Commission) -> Position {
    position(row.created_at, row.id.uuid())
}

async fn listed(
    nodes: &Nodes,
    merchant: MerchantId,
    filter: &CommissionFilter,
    request: PageRequest,
) -> Page<Position> {
    let page = nodes.two.commissions(merchant, filter, &request).await.unwrap();
    Page { rows: page.rows.iter().map(placed).collect(), more: page.more }
}

pub(crate) async fn commissions_are_listed_newest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let everything = CommissionFilter::default();
    walk(&[], async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    let (_, mut made) = many(nodes, &ids, &shop).await;
    let rows: Vec<Position> = made.iter().map(placed).collect();
    walk(&rows, async |request| listed(nodes, shop.test.id, &everything, request).await).await;
    made.sort_by_key(|row| std::cmp::Reverse(placed(row)));
    let page = nodes.two.commissions(shop.test.id, &everything, &super::paging::newest(100)).await.unwrap();
    assert_eq!(page.rows, made, "with every field");
}

pub(crate) async fn commissions_are_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (earners, made) = many(nodes, &ids, &shop).await;
    let instants: [(Option<Timestamp>, Option<Timestamp>); 4] =
        [(None, None), (Some(moment(5)), None), (None, Some(moment(5))), (Some(moment(5)), Some(moment(9)))];
    for affiliate_id in [None, Some(earners[0].id), Some(ids.id())] {
        for status in [None, Some(CommissionStatus::Pending), Some(CommissionStatus::Review)] {
            for order_id in [None, Some("order-0"), Some("order-2"), Some("order")] {
                let order_id = order_id.map(|order| OrderReference::parse(order).unwrap());
                for (from, to) in instants {
                    let filter = CommissionFilter { affiliate_id, status, order_id: order_id.clone(), from, to };
                    let rows = made.iter().filter(|row| matches(&filter, row)).map(placed).collect::<Vec<_>>();
                    walk(&rows, async |request| listed(nodes, shop.test.id, &filter, request).await).await;
                }
            }
        }
    }
}

fn matches(filter: &CommissionFilter, row: &Commission) -> bool {
    let CommissionFilter { affiliate_id, status, order_id, from, to } = filter;
    affiliate_id.is_none_or(|id| id == row.affiliate_id)
        && status.is_none_or(|status| status == row.status)
        && order_id.as_ref().is_none_or(|order| *order == row.order_id)
        && from.is_none_or(|from| from <= row.created_at)
        && to.is_none_or(|to| row.created_at < to)
}

/// Move facts whose parts are sorted by id: the port gives them in any order.
async fn facts(nodes: &Nodes, merchant: MerchantId, row: &Commission) -> Option<CommissionMoveFacts> {
    let mut facts = nodes.two.commission_move_facts(merchant, row.id).await.unwrap()?;
    facts.rows.sort_by_key(|row| row.row.id);
    facts.affiliates.sort_by_key(|affiliate| affiliate.row.id);
    facts.accounts.sort_by_key(|account| account.row.id);
    Some(facts)
}

pub(crate) async fn what_moving_a_commission_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let [leaf_earner, parent, grandparent, bystander] =
        ["leaf", "parent", "grandparent", "bystander"].map(|name| build::affiliate(&ids, name));
    let (sale, rest) = (build::event(&ids, "sale"), build::event(&ids, "rest"));
    let rest = Event { order_id: sale.order_id.clone(), ..rest };
    let leaf = build::commission(&ids, &sale, &leaf_earner);
    let overrides = [build::override_of(&ids, &leaf, &parent, 1), build::override_of(&ids, &leaf, &grandparent, 2)];
    // Of the same order, and nothing to do with it: another event's leaf and its override.
    let foreign = build::commission(&ids, &rest, &bystander);
    let above = build::override_of(&ids, &foreign, &parent, 1);
    let [lower, higher] = ["EUR", "JPY"].map(|currency| currency.parse().unwrap());
    let beside_before = build::account(&ids, &leaf_earner, lower);
    let accounts = [&leaf_earner, &parent].map(|owner| build::account(&ids, owner, build::usd()));
    let beside =
        [beside_before, build::account(&ids, &leaf_earner, higher), build::account(&ids, &bystander, build::usd())];
    let everyone = [&leaf_earner, &parent, &grandparent, &bystander];
    let mut set = everyone.into_iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate);
    for account in accounts.iter().chain(&beside) {
        set = set.with_account(account);
    }
    let reversal = build::reversal(&ids, &leaf, &build::refund(&ids, &sale, 990));
    let rows = [leaf.clone(), overrides[0].clone(), overrides[1].clone(), reversal.clone()];
    win(nodes, set.with_event(&sale, &rows).with_event(&rest, &[foreign, above])).await;

    // Every version is the current one.
    let parent = Affiliate { status: AffiliateStatus::Suspended, ..parent };
    win(nodes, sets::change_affiliate(shop.test.id, Version::FIRST, &parent)).await;
    let approved = Commission { status: CommissionStatus::Approved, ..overrides[0].clone() };
    let owed = Account { approved: Money::from_minor(198, build::usd()), ..accounts[1].clone() };
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.commissions.change(Version::FIRST, approved.clone());
    set.rows.accounts.change(Version::FIRST, owed.clone());
    win(nodes, set).await;
    let second = Version::FIRST.next();
    let parent = Versioned { row: parent, version: second };
    let approved = Versioned { row: approved, version: second };
    let owed = Versioned { row: owed, version: second };

    // Whichever row is asked for, all of its event come, and none of the order's others.
    for asked in [&leaf, &overrides[0], &reversal] {
        let CommissionMoveFacts { merchant, rows, affiliates, accounts: read } =
            facts(nodes, shop.test.id, asked).await.unwrap();
        assert_eq!(merchant, sets::first(shop.test.clone()));
        let [leaf, second, reversal] = [&leaf, &overrides[1], &reversal].map(|row| sets::first(row.clone()));
        assert_eq!(rows, [leaf, approved.clone(), second, reversal]);
        let [leaf_earner, grandparent] = [&leaf_earner, &grandparent].map(|row| sets::first(row.clone()));
        assert_eq!(affiliates, [leaf_earner, parent.clone(), grandparent]);
        let own = [sets::first(accounts[0].clone()), owed.clone()];
        assert_eq!(read, own, "only in the rows' currency, only of their earners");
    }

    for foreign in [shop.live.id, other.test.id, ids.id()] {
        assert!(facts(nodes, foreign, &leaf).await.is_none());
    }
    assert!(facts(nodes, shop.test.id, &Commission { id: ids.id(), ..leaf }).await.is_none());
}
