//! Payouts.

use super::{
    Nodes,
    paging::{position, walk},
    settle::{Outcome, at_once, only_conflicts_beside, other_shop, shop, sound, win},
};
use crate::{
    SeededIds, boundary_values,
    build::{self, Shop, moment, usd},
    sets::{self, Grow, first},
};
use domain::{
    Account, Affiliate, AffiliateStatus, Commission, CommissionStatus, Money, Payout, PayoutId, PayoutItem,
    PayoutItemStatus, PayoutStatus,
};
use ports::{
    ChangeSet, DueFacts, DuePart, DueRequest, FrozenRequest, IdSourceExt, Page, PayoutFilter, PayoutItemFilter, Version,
};

fn sealed(payout: Payout) -> Payout {
    Payout { sealed_at: Some(moment(0)), ..payout }
}

pub(crate) async fn a_payout_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let owner = build::affiliate(&ids, "bob");
    let (full, plain) = (boundary_values::payout(), sealed(build::payout(&ids)));
    let (of_full, of_plain) =
        (boundary_values::payout_item(&full, &owner), build::payout_item(&ids, &plain, &owner, &[]));
    let set = sets::add_affiliate(shop.test.id, &owner).with_payout(&full, std::slice::from_ref(&of_full));
    win(nodes, set.with_payout(&plain, std::slice::from_ref(&of_plain))).await;
    for (payout, item) in [(&full, &of_full), (&plain, &of_plain)] {
        let merchant = shop.test.id;
        assert_eq!(nodes.two.payout(merchant, payout.id).await.unwrap().as_ref(), Some(payout));
        let request = super::paging::newest(10);
        let page = nodes.two.payout_items(merchant, payout.id, &PayoutItemFilter::default(), &request).await.unwrap();
        assert_eq!(page.rows, std::slice::from_ref(item));
        let facts = nodes.two.payout_facts(merchant, payout.id, &[item.id], &[owner.id]).await.unwrap().unwrap();
        assert_eq!((facts.merchant, facts.payout), (first(shop.test.clone()), first(payout.clone())));
        assert_eq!(facts.items, std::slice::from_ref(item), "once, though it was asked for twice");
        assert_eq!(nodes.two.payout(shop.live.id, payout.id).await.unwrap(), None);
        assert!(nodes.two.payout_facts(shop.live.id, payout.id, &[], &[]).await.unwrap().is_none());
    }
    let others = nodes.two.payout_facts(shop.test.id, full.id, &[of_plain.id], &[ids.id()]).await.unwrap().unwrap();
    assert_eq!(others.items, [], "another payout's items are not its own");
    let mut set = ChangeSet::new(shop.test.id);
    let changed = Payout { status: PayoutStatus::Processing, sent_at: Some(moment(9)), ..plain };
    let ended = PayoutItem { status: PayoutItemStatus::Paid, ..of_plain };
    set.rows.payouts.change(Version::FIRST, changed.clone());
    set.rows.payout_items.change(Version::FIRST, ended);
    win(nodes, set).await;
    assert_eq!(nodes.two.payout(shop.test.id, changed.id).await.unwrap(), Some(changed));
}

pub(crate) async fn only_sealed_payouts_are_shown(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let hidden = build::payout(&ids);
    win(nodes, ChangeSet::new(shop.test.id).with_payout(&hidden, &[])).await;
    assert_eq!(nodes.two.payout(shop.test.id, hidden.id).await.unwrap(), None);
    let page = nodes.two.payouts(shop.test.id, &PayoutFilter::default(), &super::paging::newest(10)).await.unwrap();
    assert_eq!(page.rows, []);
    assert!(nodes.two.payout_facts(shop.test.id, hidden.id, &[], &[]).await.unwrap().is_some(), "but to be changed");
    sound(nodes).await;
}

pub(crate) async fn payouts_are_listed_newest_first_and_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let made: Vec<Payout> = (0..12_usize)
        .map(|n| Payout {
            status: PayoutStatus::ALL[n % 4],
            total: Money::zero(if n < 7 { usd() } else { "EUR".parse().unwrap() }),
            created_at: moment([5, 5, 9, 1, 5, 9, 2, 8, 0, 5, 9, 5][n]),
            ..sealed(build::payout(&ids))
        })
        .collect();
    let set = made.iter().fold(ChangeSet::new(shop.test.id), |set, payout| set.with_payout(payout, &[]));
    win(nodes, set.with_payout(&build::payout(&ids), &[])).await;
    win(nodes, ChangeSet::new(shop.live.id).with_payout(&sealed(build::payout(&ids)), &[])).await;
    for status in [None, Some(PayoutStatus::Open), Some(PayoutStatus::Failed)] {
        for currency in [None, Some(usd()), "JPY".parse().ok()] {
            for (from, to) in [(None, None), (Some(moment(5)), None), (Some(moment(1)), Some(moment(9)))] {
                let filter = PayoutFilter { status, currency, from, to };
                let fits = |payout: &&Payout| {
                    status.is_none_or(|status| status == payout.status)
                        && currency.is_none_or(|currency| currency == payout.currency())
                        && from.is_none_or(|from| from <= payout.created_at)
                        && to.is_none_or(|to| payout.created_at < to)
                };
                let rows: Vec<_> =
                    made.iter().filter(fits).map(|payout| position(payout.created_at, payout.id.uuid())).collect();
                walk(&rows, async |request| {
                    let page = nodes.two.payouts(shop.test.id, &filter, &request).await.unwrap();
                    let rows = page.rows.iter().map(|row| position(row.created_at, row.id.uuid())).collect();
                    Page { rows, more: page.more }
                })
                .await;
            }
        }
    }
}

pub(crate) async fn items_are_listed_and_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let payout = sealed(build::payout(&ids));
    let owners: Vec<Affiliate> = (0..9).map(|n| build::affiliate(&ids, &format!("earner-{n}"))).collect();
    let made: Vec<PayoutItem> = owners
        .iter()
        .enumerate()
        .map(|(n, owner)| PayoutItem {
            status: PayoutItemStatus::ALL[n % 3],
            created_at: moment([5, 5, 9, 1, 5, 9, 2, 8, 0][n]),
            ..build::payout_item(&ids, &payout, owner, &[])
        })
        .collect();
    let other = sealed(build::payout(&ids));
    let foreign = build::payout_item(&ids, &other, &owners[0], &[]);
    win(nodes, ChangeSet::new(shop.test.id).with_payout(&payout, &made).with_payout(&other, &[foreign])).await;
    for status in [None, Some(PayoutItemStatus::Open), Some(PayoutItemStatus::Paid)] {
        for affiliate_id in [None, Some(owners[0].id), Some(ids.id())] {
            let filter = PayoutItemFilter { status, affiliate_id };
            let fits = |item: &&PayoutItem| {
                status.is_none_or(|status| status == item.status)
                    && affiliate_id.is_none_or(|id| id == item.affiliate_id)
            };
            let rows: Vec<_> = made.iter().filter(fits).map(|item| position(item.created_at, item.id.uuid())).collect();
            walk(&rows, async |request| {
                let page = nodes.two.payout_items(shop.test.id, payout.id, &filter, &request).await.unwrap();
                let rows = page.rows.iter().map(|row| position(row.created_at, row.id.uuid())).collect();
                Page { rows, more: page.more }
            })
            .await;
        }
    }
}

pub(crate) async fn what_a_payment_file_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let payout = sealed(build::payout(&ids));
    let owners: Vec<Affiliate> = (0..5).map(|n| build::affiliate(&ids, &format!("earner-{n}"))).collect();
    let mut items: Vec<PayoutItem> = owners.iter().map(|owner| build::payout_item(&ids, &payout, owner, &[])).collect();
    items[3].status = PayoutItemStatus::Paid;
    let set = owners.iter().fold(ChangeSet::new(shop.test.id), Grow::with_affiliate).with_payout(&payout, &items);
    win(nodes, set).await;
    let mut open: Vec<(&PayoutItem, &Affiliate)> =
        items.iter().zip(&owners).filter(|(item, _)| item.outcome().is_none()).collect();
    open.sort_by_key(|(item, _)| item.affiliate_id);
    let mut after = None;
    for pair in open.chunks(3) {
        let lines = nodes.two.payout_lines(shop.test.id, payout.id, after, 3).await.unwrap();
        assert_eq!(lines.len(), pair.len());
        for (line, (item, owner)) in lines.iter().zip(pair) {
            assert_eq!((&line.item, &line.email, &line.display_name), (*item, &owner.email, &owner.display_name));
        }
        after = lines.last().map(|line| line.item.affiliate_id);
    }
    assert!(nodes.two.payout_lines(shop.live.id, payout.id, None, 3).await.unwrap().is_empty());
    let known = nodes.two.known_affiliates(shop.test.id, &[owners[0].id, ids.id()]).await.unwrap();
    assert_eq!(known, [owners[0].id]);
    assert!(nodes.two.known_affiliates(shop.live.id, &[owners[0].id]).await.unwrap().is_empty());
}

/// An affiliate with approved rows of these amounts, and its account. Sorted by id, as steps go through them.
struct Earner {
    affiliate: Affiliate,
    account: Account,
    rows: Vec<Commission>,
}

async fn earner(nodes: &Nodes, ids: &SeededIds, shop: &Shop, name: &str, amounts: &[i64]) -> Earner {
    let affiliate = build::affiliate(ids, name);
    let (sale, rows) = build::earnings(ids, &format!("sale of {name}"), &affiliate, amounts);
    let approved = |row| Commission { status: CommissionStatus::Approved, ..row };
    let mut rows: Vec<Commission> = rows.into_iter().map(approved).collect();
    rows.sort_by_key(|row| row.id);
    let opened = build::account(ids, &affiliate, usd());
    let account = rows.iter().fold(opened, |account, row| account.with(row).unwrap());
    let set = sets::add_affiliate(shop.test.id, &affiliate).with_event(&sale, &rows).with_account(&account);
    win(nodes, set).await;
    Earner { affiliate, account, rows }
}

fn request(least: i64, part: DuePart, rows: u32) -> DueRequest {
    DueRequest { currency: usd(), least: Money::from_minor(least, usd()), only: Vec::new(), part, rows }
}

const START: DuePart = DuePart::Accounts { after: None };

async fn due(nodes: &Nodes, shop: &Shop, request: &DueRequest) -> DueFacts {
    nodes.two.payout_due(shop.test.id, request).await.unwrap().unwrap()
}

fn whose(facts: &DueFacts) -> Vec<domain::AffiliateId> {
    facts.accounts.iter().map(|due| due.account.row.affiliate_id).collect()
}

pub(crate) async fn what_building_a_payout_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let mut all =
        vec![earner(nodes, &ids, &shop, "bob", &[500, -100]).await, earner(nodes, &ids, &shop, "eve", &[300]).await];
    all.sort_by_key(|one| one.affiliate.id);
    let small = earner(nodes, &ids, &shop, "small", &[99]).await;
    earner(nodes, &ids, &shop, "debt", &[50, -60]).await;
    let gone = earner(nodes, &ids, &shop, "gone", &[800]).await;
    let suspended = Affiliate { status: AffiliateStatus::Suspended, ..gone.affiliate };
    win(nodes, sets::change_affiliate(shop.test.id, Version::FIRST, &suspended)).await;
    let facts = due(nodes, &shop, &request(100, START, 50)).await;
    assert_eq!((facts.merchant.clone(), facts.more), (first(shop.test.clone()), false));
    assert_eq!(facts.accounts.len(), 2);
    for (due, earner) in facts.accounts.iter().zip(&all) {
        assert_eq!(due.account, first(earner.account.clone()));
        assert_eq!(due.affiliate, Version::FIRST);
        assert_eq!(due.rows, earner.rows.iter().cloned().map(first).collect::<Vec<_>>());
    }
    assert_eq!(whose(&due(nodes, &shop, &request(1, START, 50)).await).len(), 3, "a lower minimum takes one more");
    let only = DueRequest { only: vec![small.affiliate.id, suspended.id], ..request(1, START, 50) };
    assert_eq!(whose(&due(nodes, &shop, &only).await), [small.affiliate.id]);
    let euros = DueRequest { currency: "EUR".parse().unwrap(), least: Money::zero("EUR".parse().unwrap()), ..only };
    assert_eq!(whose(&due(nodes, &shop, &euros).await), []);
    let live = nodes.two.payout_due(shop.live.id, &request(1, START, 50)).await.unwrap().unwrap();
    assert_eq!(whose(&live), []);
    assert!(nodes.two.payout_due(ids.id(), &request(1, START, 50)).await.unwrap().is_none());
    sound(nodes).await;
}

pub(crate) async fn what_is_due_is_cut_into_steps(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(earner(nodes, &ids, &shop, &format!("earner-{n}"), &[100; 3]).await);
    }
    all.sort_by_key(|one| one.affiliate.id);
    let facts = due(nodes, &shop, &request(1, START, 7)).await;
    assert!(facts.more);
    assert_eq!(whose(&facts)[..2], [all[0].affiliate.id, all[1].affiliate.id], "the third may be cut off");
    let after = DuePart::Accounts { after: Some(all[1].affiliate.id) };
    let facts = due(nodes, &shop, &request(1, after, 100)).await;
    assert_eq!((facts.more, whose(&facts)), (false, all[2..].iter().map(|one| one.affiliate.id).collect()));
    let rest = DuePart::Rest { of: all[0].affiliate.id, after: all[0].rows[0].id };
    let facts = due(nodes, &shop, &request(1_000_000, rest, 1)).await;
    assert!(facts.more, "and whatever it is still owed");
    assert_eq!(facts.accounts[0].rows, [first(all[0].rows[1].clone())]);
    let last = DuePart::Rest { of: all[0].affiliate.id, after: all[0].rows[2].id };
    assert_eq!(whose(&due(nodes, &shop, &request(1, last, 5)).await), []);
}

/// Freezes these rows in a new payout, as the use case does.
fn freeze(ids: &SeededIds, shop: &Shop, earners: &[&Earner]) -> (ChangeSet, PayoutId) {
    let payout = build::payout(ids);
    let mut set = ChangeSet::new(shop.test.id);
    let mut items = Vec::new();
    for Earner { affiliate, account, rows } in earners {
        let (mut moved, mut frozen) = (account.clone(), Vec::new());
        for row in rows {
            let after = row.frozen_in(payout.id, moment(5)).unwrap();
            moved = moved.moved(row, &after).unwrap();
            set.rows.commissions.change(Version::FIRST, after.clone());
            frozen.push(after);
        }
        set.rows.accounts.change(Version::FIRST, moved);
        set.expect_unchanged(&first(affiliate.clone()));
        items.push(build::payout_item(ids, &payout, affiliate, &frozen));
    }
    let payout = payout.sealed(&items, moment(5)).unwrap();
    (set.with_payout(&payout, &items), payout.id)
}

pub(crate) async fn what_settling_a_payout_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let mut all =
        vec![earner(nodes, &ids, &shop, "bob", &[500, -100, 7]).await, earner(nodes, &ids, &shop, "eve", &[300]).await];
    all.sort_by_key(|one| one.affiliate.id);
    let (set, payout) = freeze(&ids, &shop, &all.iter().collect::<Vec<_>>());
    win(nodes, set).await;
    sound(nodes).await;
    assert_eq!(whose(&due(nodes, &shop, &request(1, START, 50)).await), [], "nothing is due any more");
    let request = FrozenRequest { payout, only: Vec::new(), after: None, rows: 50 };
    let frozen = async |request: &FrozenRequest| nodes.two.payout_frozen(shop.test.id, request).await.unwrap().unwrap();
    let facts = frozen(&request).await;
    assert_eq!((facts.payout.row.id, facts.more, facts.items.len()), (payout, false, 2));
    for (item, earner) in facts.items.iter().zip(&all) {
        let ids: Vec<_> = item.rows.iter().map(|row| row.row.id).collect();
        assert_eq!(ids, earner.rows.iter().map(|row| row.id).collect::<Vec<_>>());
        assert_eq!(item.item.row.affiliate_id, earner.affiliate.id);
        assert_eq!(item.account.row.in_payout, earner.account.approved);
    }
    let rows: Vec<_> = facts.items.iter().flat_map(|item| &item.rows).collect();
    for n in 0..rows.len() {
        let after = Some((rows[n].row.affiliate_id, rows[n].row.id));
        let facts = frozen(&FrozenRequest { after, rows: 1, ..request.clone() }).await;
        let read: Vec<_> = facts.items.iter().flat_map(|item| &item.rows).collect();
        assert_eq!(read, rows[n + 1..].iter().take(1).copied().collect::<Vec<_>>());
        assert_eq!(facts.more, n + 2 < rows.len());
    }
    let facts = frozen(&FrozenRequest { only: vec![all[1].affiliate.id, ids.id()], ..request.clone() }).await;
    assert_eq!(facts.items.len(), 1);
    let mut set = ChangeSet::new(shop.test.id);
    let paid = rows[0].row.paid_out(moment(9)).unwrap();
    set.rows.commissions.change(rows[0].version, paid);
    win(nodes, set).await;
    let left: usize = frozen(&request).await.items.iter().map(|item| item.rows.len()).sum();
    assert_eq!(left, rows.len() - 1, "what is paid is not asked for again");
    for foreign in [shop.live.id, other.test.id] {
        assert!(nodes.two.payout_frozen(foreign, &request).await.unwrap().is_none());
    }
}

pub(crate) async fn unsealed_payouts_are_found_the_oldest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let at = |seconds| Payout { begun_at: moment(seconds), ..build::payout(&ids) };
    let (old, older, young) = (at(5), at(3), at(60));
    let set = [&old, &older, &young, &sealed(at(1))]
        .into_iter()
        .fold(ChangeSet::new(shop.test.id), |set, payout| set.with_payout(payout, &[]));
    win(nodes, set).await;
    let found = nodes.two.unsealed_payouts(moment(60), 10).await.unwrap();
    assert_eq!(found, [(shop.test.id, older.id), (shop.test.id, old.id)]);
    assert_eq!(nodes.two.unsealed_payouts(moment(60), 1).await.unwrap(), found[..1]);
}

pub(crate) async fn payouts_at_once_share_no_row(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    for round in 0..10 {
        let mut all = Vec::new();
        for n in 0..4 {
            all.push(earner(nodes, &ids, &shop, &format!("earner-{round}-{n}"), &[500, -20, 7]).await);
        }
        // Each meets its neighbour in one account.
        let built: Vec<(ChangeSet, PayoutId)> =
            (0..4).map(|n| freeze(&ids, &shop, &[&all[n], &all[(n + 1) % 4]])).collect();
        let outcomes = at_once(nodes, built.iter().map(|(set, _)| set.clone()).collect()).await;
        let won = only_conflicts_beside(&outcomes, Outcome::Won);
        assert!((1..=2).contains(&won), "{outcomes:?}");
        sound(nodes).await;
        let mut of_whom = std::collections::BTreeMap::new();
        for earner in &all {
            let mut payouts = Vec::new();
            for row in &earner.rows {
                payouts.push(nodes.two.commission(shop.test.id, row.id).await.unwrap().unwrap().payout_id);
            }
            payouts.dedup();
            assert_eq!(payouts.len(), 1, "an account is in one payout or in none");
            of_whom.insert(earner.affiliate.id, payouts[0]);
        }
        let winners: Vec<PayoutId> = built
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| **outcome == Outcome::Won)
            .map(|((_, id), _)| *id)
            .collect();
        let frozen = of_whom.values().flatten().count();
        assert_eq!(frozen, 2 * winners.len());
        assert!(of_whom.values().flatten().all(|id| winners.contains(id)));
    }
}
