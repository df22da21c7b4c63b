//! Looking at the storage as a whole.

use super::{
    Nodes,
    settle::{shop, sound, win},
    tables::Rows,
};
use crate::{
    SeededIds,
    build::{self, Shop},
    sets::{self, Grow},
};
use domain::{
    Account, Affiliate, CashbackReserve, Commission, CommissionMove, CommissionStatus, Coupon, Decision, Event,
    EventKind, ExternalId, Merchant, Money, Order, Payout, PayoutItem, Reward, Slug,
};
use ports::{ChangeSet, Claim, Entity, IdSource, IdSourceExt, Space, Version};
use std::cell::RefCell;

const FIRST: Version = Version::FIRST;

pub(crate) async fn a_storage_is_ready_and_sound_when_new(nodes: &Nodes) {
    for node in [&nodes.one, &nodes.two] {
        node.ready().await.unwrap();
        assert_eq!(node.differences(100).await.unwrap(), []);
    }
}

/// Approves or voids `row` with its account, as the use case does.
fn move_set(
    shop: &Shop,
    row: &Commission,
    at: Version,
    step: CommissionMove,
    account: &Account,
    of: Option<Version>,
) -> (ChangeSet, Commission, Account) {
    let moved = row.moved(step, None, build::moment(10)).unwrap();
    let after = account.moved(row, &moved).unwrap();
    let mut set = ChangeSet::new(shop.test.id);
    set.rows.commissions.change(at, moved.clone());
    match of {
        Some(version) => set.rows.accounts.change(version, after.clone()),
        None => set = set.with_account(&after),
    }
    (set, moved, after)
}

pub(crate) async fn ordinary_writing_leaves_no_difference(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    sound(nodes).await;
    let rows = Rows::of(&ids, &shop, "ordinary");
    win(nodes, rows.insert(shop.test.id)).await;
    sound(nodes).await;

    // A second event whose commissions are approved, one of which is voided again; parents in another currency.
    let parent = build::affiliate(&ids, "parent");
    let sale = Event {
        amount: Some(Money::from_minor(12_345, "KWD".parse().unwrap())),
        kind: EventKind::Renewal,
        ..build::event(&ids, "second")
    };
    let leaf = build::commission(&ids, &sale, &rows.affiliate);
    let above = build::override_of(&ids, &leaf, &parent, 1);
    let set = sets::add_affiliate(shop.test.id, &parent).with_event(&sale, &[leaf.clone(), above.clone()]);
    win(nodes, set).await;
    let kwd = leaf.amount.currency();
    let (approve, void) = (CommissionMove::Approve, CommissionMove::Void);
    let (set, leaf, account) =
        move_set(&shop, &leaf, FIRST, approve, &build::account(&ids, &rows.affiliate, kwd), None);
    win(nodes, set).await;
    sound(nodes).await;
    let (set, above, parents) = move_set(&shop, &above, FIRST, approve, &build::account(&ids, &parent, kwd), None);
    win(nodes, set).await;
    assert_eq!((above.status, parents.approved), (CommissionStatus::Approved, above.amount));
    let (set, leaf, account) = move_set(&shop, &leaf, FIRST.next(), void, &account, Some(FIRST));
    win(nodes, set).await;
    assert_eq!((leaf.status, account.approved.minor()), (CommissionStatus::Void, 0));
    sound(nodes).await;

    // Names and codes that change hands.
    let renamed = Affiliate { slug: Slug::parse("renamed").unwrap(), ..rows.affiliate.clone() };
    let mut set = sets::change_affiliate(shop.test.id, FIRST, &renamed);
    set.free(Space::AffiliateSlug, rows.affiliate.slug.as_str(), renamed.row_id());
    set.claim(Space::AffiliateSlug, "renamed", renamed.row_id());
    win(nodes, set).await;
    win(nodes, ChangeSet::new(shop.test.id).without_coupon(&sets::first(rows.coupon.clone()))).await;
    let again = Coupon { id: ids.id(), affiliate_id: parent.id, ..rows.coupon };
    win(nodes, ChangeSet::new(shop.test.id).with_coupon(&again)).await;
    sound(nodes).await;
}

/// Sets that each make two things disagree, with what they are.
fn plants(ids: &SeededIds, shop: &Shop, rows: &Rows) -> Vec<(&'static str, ChangeSet)> {
    let merchant = shop.test.id;
    let owner = build::affiliate(ids, "owner");
    let bare = || ChangeSet::new(merchant);
    let claim = |space, key: &str| {
        let claim = Claim { space, key: key.to_owned(), owner: ids.uuid() };
        ChangeSet { claims: vec![claim], ..bare() }
    };
    let without_claims = |set: ChangeSet| ChangeSet { claims: Vec::new(), ..set };
    let mut owed = bare();
    let one = |currency: &str| Money::from_minor(1, currency.parse().unwrap());
    owed.rows.accounts.change(FIRST, Account { approved: one("USD"), ..rows.account.clone() });
    let paid = Account { paid: one("JPY"), ..build::account(ids, &rows.affiliate, one("JPY").currency()) };
    let orphan = build::commission(ids, &build::event(ids, "gone"), &rows.affiliate);
    let astray =
        Commission { leaf_id: Some(ids.id()), level: 1, ..build::commission(ids, &rows.event, &rows.affiliate) };
    let unsummed = Commission { status: CommissionStatus::Approved, ..build::commission(ids, &rows.event, &owner) };
    let payout = Payout { sealed_at: Some(build::moment(0)), ..build::payout(ids) };
    let part = build::payout_item(ids, &payout, &owner, std::slice::from_ref(&unsummed));
    let elsewhere = build::payout(ids);
    let ended = Payout { id: ids.id(), ended_at: Some(build::moment(0)), ..payout.clone() };
    let empty = |payout: &Payout| build::payout_item(ids, payout, &owner, &[]);
    let left = Commission { id: ids.id(), payout_id: Some(ended.id), ..unsummed.clone() };
    let earning = |row: &Commission| {
        let mut set = bare();
        set.rows.commissions.insert(row.clone());
        set
    };
    let frozen = Account { in_payout: one("KRW"), ..build::account(ids, &rows.affiliate, one("KRW").currency()) };
    let sold = |n: &str| {
        let sale = build::event(ids, n);
        let leaf = build::commission(ids, &sale, &rows.affiliate);
        (sale, leaf)
    };
    let taken_back = |refunded_minor: i64, n: &str, change: &dyn Fn(Commission) -> Commission| {
        let (sale, leaf) = sold(n);
        let back = build::refund(ids, &sale, 990);
        let reversal = change(build::reversal(ids, &leaf, &back));
        bare().with_event(&Event { refunded_minor, ..sale }, &[leaf, reversal]).with_event(&back, &[])
    };
    let (dear, dear_leaf) = sold("dear");
    let too_much = Commission { amount: one("USD"), ..dear_leaf };
    let (twice, twice_leaf) = sold("twice");
    let second = Commission { id: ids.id(), ..twice_leaf.clone() };
    let (capped, capped_leaf) = sold("capped");
    let capped = Event { payout_cap: Some(Money::from_minor(1_000, build::usd())), ..capped };
    let homeless = build::refund(ids, &build::event(ids, "nowhere"), 1);
    let renamed = Affiliate { slug: Slug::parse("unclaimed").unwrap(), ..rows.affiliate.clone() };
    let moved = Merchant { slug: Slug::parse("unclaimed").unwrap(), ..shop.live.clone() };
    let mut unlisted = bare();
    unlisted.rows.merchants.change(FIRST, moved);
    let taken_over = Claim { space: Space::CouponCode, key: "STOLEN".to_owned(), owner: rows.coupon.id.uuid() };
    // An order beside its group, so that nothing but its conversion can be wrong.
    let sold_as = |change: &dyn Fn(Event) -> Option<Event>| {
        let order = Order { participates: false, ..build::order(ids, &rows.customer, &rows.group) };
        let sale = build::conversion(ids, &order, &rows.group);
        let order = order.converted(sale.id);
        change(sale).iter().fold(bare().with_order(&order), |set, sale| set.with_event(sale, &[]))
    };
    vec![
        ("an account that is owed what no row says", owed),
        ("an account that was paid what no row says", bare().with_account(&paid)),
        ("an account with something in a payout that no row says", bare().with_account(&frozen)),
        ("a refund of nothing", bare().with_event(&homeless, &[])),
        ("a sale of which less was taken back than its refunds say", taken_back(989, "less", &|row| row)),
        ("a sibling that takes back too little", {
            taken_back(990, "little", &|row| Commission { amount: one("USD"), ..row })
        }),
        ("a sibling whose basis is not what its refund took", {
            taken_back(990, "basis", &|row| Commission { basis: Money::from_minor(-991, build::usd()), ..row })
        }),
        ("a sibling of a row that is missing", {
            taken_back(990, "row", &|row| Commission { reverses: Some(ids.id()), ..row })
        }),
        ("a sibling of another level", taken_back(990, "level", &|row| Commission { level: 1, ..row })),
        ("a sibling by a refund that is missing", {
            taken_back(990, "refund", &|row| Commission { refund_id: Some(ids.id()), ..row })
        }),
        ("a commission that is not its rate", bare().with_event(&dear, &[too_much])),
        ("two leaves for one sale", bare().with_event(&twice, &[twice_leaf, second])),
        ("a commission above the cap", bare().with_event(&capped, &[capped_leaf])),
        ("an approved commission in no account", earning(&unsummed)),
        ("a commission whose event is missing", earning(&orphan)),
        ("a commission whose leaf is missing", earning(&astray)),
        ("an event without its claim", without_claims(bare().with_event(&build::event(ids, "unclaimed"), &[]))),
        ("an external id without its event", claim(Space::Event(rows.event.kind.space()), "nothing")),
        ("an affiliate without its claims", without_claims(bare().with_affiliate(&owner))),
        ("an affiliate under a slug it did not claim", sets::change_affiliate(merchant, FIRST, &renamed)),
        ("a slug without its affiliate", claim(Space::AffiliateSlug, "nobody")),
        ("an address without its affiliate", claim(Space::AffiliateEmail, "nobody@example.com")),
        ("a coupon without its claim", without_claims(bare().with_coupon(&build::coupon(ids, &rows.affiliate, "X-1")))),
        ("a code without its coupon", claim(Space::CouponCode, "NOTHING")),
        ("a second code of one coupon", ChangeSet { claims: vec![taken_over], ..bare() }),
        ("a bond that goes by nothing", bare().with_binding(&build::binding(ids, &rows.affiliate, &rows.event), &[])),
        ("a customer's key without its bond", claim(Space::Binding, "x:nobody")),
        ("a tier without its claim", without_claims(bare().with_tier(&build::tier(ids, "unclaimed")))),
        ("a tier's name without it", claim(Space::TierName, "nothing")),
        ("an account with something in a payout that no row says", {
            let account = build::account(ids, &rows.affiliate, "CHF".parse().unwrap());
            bare().with_account(&Account { in_payout: one("CHF"), ..account })
        }),
        ("a payout whose items add up to more", {
            bare().with_payout(&payout, &[PayoutItem { amount: one("USD"), commissions_count: 1, ..empty(&payout) }])
        }),
        (
            "an item without its rows",
            bare().with_payout(&elsewhere, std::slice::from_ref(&PayoutItem { payout_id: elsewhere.id, ..part })),
        ),
        ("an item without its payout", {
            let gone = build::payout(ids);
            let mut set = bare().with_payout(&gone, &[empty(&gone)]);
            set.rows.payouts.new.clear();
            set
        }),
        (
            "a row in a payout that has no item for it",
            earning(&Commission { id: ids.id(), payout_id: Some(ids.id()), ..orphan.clone() }),
        ),
        ("a row left in a payout that ended", {
            let item = build::payout_item(ids, &ended, &owner, std::slice::from_ref(&left));
            let payout = Payout { total: left.amount, items_count: 1, commissions_count: 1, ..ended.clone() };
            let mut set = bare().with_payout(&payout, &[item]);
            set.rows.commissions.insert(left.clone());
            set
        }),
        ("an item without its claim", {
            let payout = build::payout(ids);
            without_claims(bare().with_payout(&payout, &[empty(&payout)]))
        }),
        ("a place in a payout without its item", claim(Space::PayoutAccount, "0:0")),
        ("an account without its claim", {
            without_claims(bare().with_account(&build::account(ids, &rows.affiliate, "EUR".parse().unwrap())))
        }),
        ("a place for an account without it", claim(Space::Account, "aff_0:USD")),
        ("a key that its hash does not lead to", without_claims(bare().with_key(&build::api_key(ids, "lost")))),
        ("a hash without its key", claim(Space::KeyHash, &"0".repeat(64))),
        ("a customer without its claim", without_claims(bare().with_customer(&build::customer(ids, "unclaimed")))),
        ("an address without its customer", claim(Space::CustomerEmail, "nobody@example.com")),
        (
            "a group without its claim",
            without_claims(bare().with_group(&build::group(ids, &rows.customer, "UNCLAIMD"))),
        ),
        ("a share id without its group", claim(Space::GroupShareId, "NOTHING9")),
        ("an order that takes part and is not counted", {
            let late = build::customer(ids, "late");
            bare().with_customer(&late).with_order(&build::order(ids, &late, &rows.group))
        }),
        ("an order without its group", {
            bare().with_order(&build::order(ids, &rows.customer, &build::group(ids, &rows.customer, "GONEGONE")))
        }),
        ("an order whose conversion is missing", sold_as(&|_| None)),
        ("an order whose conversion is another's", {
            sold_as(&|sale| Some(Event { external_id: ExternalId::parse("another").unwrap(), ..sale }))
        }),
        ("an order whose conversion is of less", {
            let less = Money::from_minor(1, build::usd());
            sold_as(&|sale| Some(Event { amount: Some(less), ..sale }))
        }),
        ("an order whose conversion is in another currency", {
            let euro = Money::from_minor(35_000, "EUR".parse().unwrap());
            sold_as(&|sale| Some(Event { amount: Some(euro), ..sale }))
        }),
        ("an order of which its conversion alone is refunded", {
            let back = RefCell::new(None);
            let set = sold_as(&|sale| {
                *back.borrow_mut() = Some(build::refund(ids, &sale, 7));
                Some(Event { refunded_minor: 7, ..sale })
            });
            back.into_inner().iter().fold(set, |set, back| set.with_event(back, &[]))
        }),
        ("an order with nothing reserved for its cashback", {
            sold_as(&|sale| Some(Event { decision: Decision::default(), ..sale }))
        }),
        ("an order whose commissions may take what is reserved", {
            sold_as(&|sale| Some(Event { payout_cap: sale.amount, ..sale }))
        }),
        ("an order with less reserved than its group promises", {
            sold_as(&|sale| {
                let reserve = sale
                    .decision
                    .reserve
                    .map(|reserve| CashbackReserve { promise: Reward::Flat(one("USD")), ..reserve });
                let payout_cap = sale.amount.zip(reserve).map(|(amount, reserve)| reserve.room(amount));
                Some(Event { payout_cap, decision: Decision { reserve, ..Decision::default() }, ..sale })
            })
        }),
        ("a reference without its order", claim(Space::OrderReference, "nothing")),
        ("an address that takes part without an order", claim(Space::GroupEmail, "0:nobody@example.com")),
        ("a merchant under a slug it did not claim", unlisted),
        ("a slug without its merchant", claim(Space::MerchantSlug, "nowhere")),
    ]
}

pub(crate) async fn every_planted_difference_is_found(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    sound(nodes).await;
    let mut known = 0;
    for (name, set) in plants(&ids, &shop, &rows) {
        win(nodes, set).await;
        let found = nodes.two.differences(1_000).await.unwrap();
        assert!(found.len() > known, "{name} was not noticed: {found:#?}");
        known = found.len();
        for difference in &found {
            assert!(!difference.found.contains('@'), "{name}: an address is nobody's business: {difference:?}");
            assert!(!difference.rule.is_empty() && !difference.found.is_empty());
        }
    }
    let found = nodes.two.differences(1_000).await.unwrap();
    assert!(found.iter().any(|difference| difference.merchant == Some(shop.test.id)), "{found:#?}");
}

pub(crate) async fn a_sale_is_compared_however_many_there_are(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let earner = build::affiliate(&ids, "bob");
    win(nodes, sets::add_affiliate(shop.test.id, &earner)).await;
    let sold = |merchant, count: usize, broken: bool| {
        let sales = (0..count).map(|n| {
            let sale = build::event(&ids, &format!("sale-{n}"));
            let row = build::commission(&ids, &sale, &earner);
            let amount = if broken && n + 1 == count { Money::from_minor(1, build::usd()) } else { row.amount };
            (sale, Commission { amount, ..row })
        });
        sales.fold(ChangeSet::new(merchant), |set, (sale, row)| set.with_event(&sale, &[row]))
    };
    win(nodes, sold(shop.test.id, 1_001, false)).await;
    sound(nodes).await;
    win(nodes, ChangeSet::new(shop.live.id).with_affiliate(&earner)).await;
    win(nodes, sold(shop.live.id, 501, true)).await;
    let found = nodes.two.differences(100).await.unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].rule, found[0].merchant), ("sale_rows", Some(shop.live.id)));
}

pub(crate) async fn no_more_differences_are_told_than_were_asked_for(nodes: &Nodes) {
    let (ids, shop, rows) = Rows::stored(nodes).await;
    for (_, set) in plants(&ids, &shop, &rows) {
        win(nodes, set).await;
    }
    for limit in [1_u32, 2, 7] {
        let found = nodes.two.differences(limit).await.unwrap();
        assert_eq!(found.len(), usize::try_from(limit).unwrap());
    }
}
