use super::*;
use crate::audit::audit;
use crate::commissions::{CommissionMove, moved_together};
use crate::events::Decision;
use crate::payouts::{Balances, Bucket};
use crate::rewards::{LeafTerms, OverrideTerms, RateSource, Reward, SaleCap, split, targets};
use crate::values::{AffiliateId, PayoutId, Rate};
use proptest::prelude::*;
use uuid::Uuid;

fn rate(millionths: u32) -> Rate {
    Rate::from_millionths(millionths).unwrap()
}

/// A sale and its rows, as time goes on.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) sale: Event,
    pub(crate) rows: Vec<Commission>,
    next: u128,
}

impl Story {
    /// A sale of whole leaves, each with its part, its reward and its parents' rates; at most `cap` of it is paid.
    fn new(currency: &str, leaves: &[(i64, Reward, Vec<u32>)], cap: Option<u32>) -> Self {
        let currency = currency.parse().unwrap();
        let money = |minor| Money::from_minor(minor, currency);
        let amount = money(leaves.iter().map(|(basis, ..)| basis).sum());
        Self::within(amount, leaves, cap.map(|share| amount.at_down(rate(share))), Decision::default())
    }

    /// A sale of `amount` whose rows are at most `payout_cap` together, decided so.
    pub(crate) fn within(
        amount: Money,
        leaves: &[(i64, Reward, Vec<u32>)],
        payout_cap: Option<Money>,
        decision: Decision,
    ) -> Self {
        let money = |minor| Money::from_minor(minor, amount.currency());
        let sale = Event {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            kind: EventKind::Purchase,
            external_id: ExternalId::parse("1").unwrap(),
            order_id: OrderReference::parse("1").unwrap(),
            amount: Some(amount),
            items: Items::default(),
            payout_cap,
            refunded_minor: 0,
            refunds: None,
            session: None,
            coupon: None,
            affiliate_id: None,
            customer_email: None,
            customer_external_id: None,
            occurred_at: None,
            metadata: Metadata::default(),
            decision,
            fingerprint: [0; 32],
            created_at: Timestamp::MIN,
        };
        let mut story = Self { sale, rows: Vec::new(), next: 10 };
        let terms: Vec<LeafTerms> = leaves
            .iter()
            .map(|(basis, reward, parents)| {
                let overrides =
                    parents.iter().zip(1..).map(|(&share, level)| OverrideTerms { level, rate: rate(share) });
                LeafTerms::whole(money(*basis), *reward, overrides.collect())
            })
            .collect();
        let cap = payout_cap.map(|cap| SaleCap { cap, promise: None, amount, left: amount });
        for (terms, line) in terms.iter().zip(targets(&terms, cap)) {
            let leaf = story.row(0, None, terms.basis, terms.reward, line.leaf.amount);
            for (over, target) in terms.overrides.iter().zip(line.overrides) {
                story.row(over.level, Some(leaf), line.leaf.earned, Reward::Rate(over.rate), target.amount);
            }
        }
        story
    }

    fn id(&mut self) -> CommissionId {
        self.next += 1;
        CommissionId::from_uuid(Uuid::from_u128(self.next))
    }

    fn row(
        &mut self,
        level: u8,
        leaf_id: Option<CommissionId>,
        basis: Money,
        reward: Reward,
        amount: Money,
    ) -> CommissionId {
        let id = self.id();
        self.rows.push(Commission {
            id,
            event_id: self.sale.id,
            order_id: self.sale.order_id.clone(),
            affiliate_id: AffiliateId::from_uuid(id.uuid()),
            level,
            leaf_id,
            reverses: None,
            refund_id: None,
            basis,
            reward,
            rate_source: RateSource::Merchant,
            rule_id: None,
            amount,
            made_as: CommissionStatus::Pending,
            status: CommissionStatus::Pending,
            payout_id: None,
            reason: None,
            matures_at: Timestamp::MAX,
            created_at: Timestamp::MIN,
            updated_at: Timestamp::MIN,
        });
        id
    }

    pub(crate) fn refund(&mut self, minor: Option<i64>) -> Result<Refund, Refusal> {
        let sale = self.sale.amount.unwrap();
        let amount = minor.map(|minor| Money::from_minor(minor, sale.currency()).decimal().parse().unwrap());
        let request = NewRefund { amount, ..asking() };
        let mut next = self.next;
        let next_id = || {
            next += 1;
            CommissionId::from_uuid(Uuid::from_u128(next))
        };
        let made =
            refund(EventId::from_uuid(Uuid::from_u128(2)), request, &self.sale, &self.rows, next_id, Timestamp::MIN)?;
        self.next = next;
        self.sale = made.sale.clone();
        self.keep(&made.voided);
        self.rows.extend(made.reversals.clone());
        Ok(made)
    }

    fn keep(&mut self, moved: &[Commission]) {
        for after in moved {
            *self.rows.iter_mut().find(|row| row.id == after.id).unwrap() = after.clone();
        }
    }

    fn step(&mut self, place: usize, step: CommissionMove) -> Result<usize, Refusal> {
        let moved = moved_together(self.rows[place].id, &self.rows, step, None, Timestamp::MIN)?;
        self.keep(&moved);
        Ok(moved.len())
    }

    fn set(&mut self, place: usize, status: CommissionStatus, payout: bool) {
        let payout_id = payout.then(|| PayoutId::from_uuid(Uuid::nil()));
        self.rows[place] = Commission { status, payout_id, ..self.rows[place].clone() };
    }

    /// The sum of a row and its reversals.
    fn sum(&self, place: usize) -> i64 {
        let id = self.rows[place].id;
        let its = self.rows.iter().filter(|row| row.id == id || row.reverses == Some(id));
        its.map(|row| row.amount.minor()).sum()
    }

    pub(crate) fn assert_sound(&self) {
        assert_eq!(audit(&self.sale, &self.rows), [], "{self:#?}");
    }
}

fn asking() -> NewRefund {
    NewRefund {
        external_id: ExternalId::parse("r").unwrap(),
        as_sent: AsSent::default(),
        refunds: Some(EventId::from_uuid(Uuid::from_u128(1))),
        order_id: None,
        amount: None,
        currency: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        fingerprint: [0; 32],
    }
}

/// 99.00 at a fifth, and a tenth of that to the parent.
fn usual() -> Story {
    Story::new("USD", &[(9_900, Reward::Rate(rate(200_000)), vec![100_000])], Some(1_000_000))
}

#[test]
fn ten_parts_add_up_to_the_whole() {
    let mut story = usual();
    for n in 1..=10 {
        let made = story.refund(Some(990)).unwrap();
        assert_eq!((made.reversals.len(), made.voided.len()), (2, 0));
        assert!(made.reversals.iter().all(|row| row.amount.minor() <= 0));
        assert_eq!((story.sum(0), story.sum(1)), (1_980 - 198 * n, 198 - (198 * n + 5) / 10), "after {n}");
        story.assert_sound();
    }
    assert_eq!((story.sum(0), story.sum(1)), (0, 0));
    assert!(matches!(story.refund(None), Err(Refusal::State(_))));
    assert!(matches!(story.refund(Some(1)), Err(Refusal::State(_))));
}

#[test]
fn thirds_of_currencies_without_and_with_three_digits() {
    for (currency, sale, part, leaf, parent) in [
        ("JPY", 1_000, 333, [133, 67, 0], [13, 7, 0]),
        ("KWD", 1_000, 333, [133, 67, 0], [13, 7, 0]),
        ("USD", 101, 33, [14, 7, 0], [1, 1, 0]),
    ] {
        let mut story = Story::new(currency, &[(sale, Reward::Rate(rate(200_000)), vec![100_000])], Some(1_000_000));
        for n in 0..3 {
            story.refund((n < 2).then_some(part)).unwrap();
            assert_eq!((story.sum(0), story.sum(1)), (leaf[n], parent[n]), "{currency} {n}");
            story.assert_sound();
        }
    }
}

#[test]
fn all_at_once_makes_undecided_rows_void_and_takes_the_others_back() {
    use CommissionStatus::{Approved, Paid, Pending, Review, Void};
    for (status, frozen, reversal) in [
        (Pending, false, None),
        (Review, false, None),
        (Approved, false, Some(Approved)),
        (Approved, true, Some(Approved)),
        (Paid, true, Some(Review)),
    ] {
        let mut story = usual();
        story.set(0, status, frozen);
        let made = story.refund(None).unwrap();
        let leaf = made.reversals.iter().find(|row| row.level == 0);
        assert_eq!(
            leaf.map(|row| (row.status, row.payout_id, row.amount.minor())),
            reversal.map(|s| (s, None, -1_980))
        );
        assert_eq!(story.rows[0].status == Void, reversal.is_none(), "{status:?}");
        assert!(made.voided.iter().all(|row| row.refund_id == Some(made.event.id)));
        assert_eq!(story.rows[1].status, Void, "the parent's is pending, whatever the leaf is");
        story.assert_sound();
    }
}

#[test]
fn a_part_and_then_the_rest_keeps_both_siblings() {
    let mut story = usual();
    story.refund(Some(100)).unwrap();
    let made = story.refund(None).unwrap();
    assert_eq!((made.reversals.len(), made.voided.len()), (2, 0));
    assert_eq!((story.sum(0), story.sum(1)), (0, 0));
    assert!(story.rows.iter().all(|row| row.status == CommissionStatus::Pending));
    story.assert_sound();
}

#[test]
fn ties_and_sums_that_do_not_change() {
    let mut story = Story::new("USD", &[(5, Reward::Rate(rate(500_000)), vec![500_000])], None);
    assert_eq!((story.sum(0), story.sum(1)), (3, 2), "2.5 and 1.5 go up");
    let made = story.refund(Some(1)).unwrap();
    assert_eq!(made.reversals.iter().map(|row| row.amount.minor()).collect::<Vec<_>>(), [-1, -1]);
    let mut story = Story::new("USD", &[(1_000, Reward::Rate(rate(1_000)), vec![100_000])], None);
    let made = story.refund(Some(1)).unwrap();
    assert_eq!(made.reversals.len(), 1, "its basis is less, its amount is not, and of the parent nothing is");
    assert_eq!((made.reversals[0].amount.minor(), made.reversals[0].basis.minor()), (0, -1));
    story.assert_sound();
}

#[test]
fn what_is_capped_stays_below_its_cap_and_nobody_is_given_anything() {
    // A case in which the leaf's rounding goes down and the cap's does not: the parent would gain a cent.
    let mut story = Story::new("USD", &[(1_000, Reward::Rate(rate(250_770)), vec![1_000_000])], Some(500_000));
    assert_eq!((story.sum(0), story.sum(1)), (251, 249));
    for _ in 0..1_000 {
        let made = story.refund(Some(1)).unwrap();
        assert!(made.reversals.iter().all(|row| row.amount.minor() <= 0), "{made:#?}");
        story.assert_sound();
    }
    assert_eq!((story.sum(0), story.sum(1)), (0, 0));
}

#[test]
fn a_void_leaf_bears_its_part_and_gets_no_sibling() {
    let half = |parents: &[u32]| (500, Reward::Rate(rate(200_000)), parents.to_vec());
    let mut story = Story::new("USD", &[half(&[100_000]), half(&[])], Some(1_000_000));
    assert_eq!(story.step(0, CommissionMove::Void).unwrap(), 2, "the parent's row goes with it");
    let made = story.refund(Some(600)).unwrap();
    assert_eq!(made.reversals.len(), 1);
    assert_eq!(made.reversals[0].basis.minor(), -300);
    assert_eq!(story.sum(2), 40, "a fifth of 200");
    story.refund(None).unwrap();
    assert_eq!(story.sum(2), 0);
    assert_eq!(story.rows[0].status, CommissionStatus::Void);
    story.assert_sound();
}

#[test]
fn a_row_moves_with_the_siblings_that_share_its_state() {
    use CommissionMove::{Approve, Void};
    let mut story = usual();
    story.refund(Some(990)).unwrap();
    assert_eq!(story.step(2, Approve).unwrap(), 2, "a sibling brings its row along");
    assert_eq!(story.rows[0].status, CommissionStatus::Approved);
    assert_eq!(story.rows[1].status, CommissionStatus::Pending, "the parent's own row waits");
    assert_eq!(story.step(0, Void).unwrap(), 4, "row, sibling, and the parent's two");
    assert!(story.rows.iter().all(|row| row.status == CommissionStatus::Void));
    assert!(story.step(0, Approve).is_err());
}

#[test]
fn a_sibling_of_a_paid_row_is_approved_or_written_off_alone() {
    for (step, status, review) in
        [(CommissionMove::Approve, CommissionStatus::Approved, 0), (CommissionMove::Void, CommissionStatus::Void, 0)]
    {
        let mut story = usual();
        story.set(0, CommissionStatus::Paid, true);
        let made = story.refund(Some(990)).unwrap();
        let place = story.rows.iter().position(|row| row.reverses == Some(story.rows[0].id)).unwrap();
        assert_eq!((made.reversals.len(), story.rows[place].status), (2, CommissionStatus::Review));
        assert_eq!(story.step(place, step).unwrap(), 1);
        assert_eq!((story.rows[place].status, story.rows[0].status), (status, CommissionStatus::Paid));
        assert!(story.step(0, CommissionMove::Void).is_err(), "what is paid never changes");
        let books = Balances::of(&story.rows).unwrap();
        let usd = "USD".parse().unwrap();
        assert_eq!(books.affiliate(story.rows[0].affiliate_id, Bucket::Review, usd).minor(), review);
        // Written off or not, what is left is calculated from all reversals.
        story.refund(None).unwrap();
        assert_eq!(story.sum(0), 0);
        story.assert_sound();
    }
}

#[test]
fn an_open_payout_holds_its_rows() {
    let mut story = usual();
    story.refund(Some(990)).unwrap();
    story.set(0, CommissionStatus::Approved, true);
    assert!(matches!(story.step(0, CommissionMove::Void), Err(Refusal::State(_))));
    // The parent's row is in a payout: the leaf cannot take it along.
    let mut story = usual();
    story.set(1, CommissionStatus::Approved, true);
    assert!(matches!(story.step(0, CommissionMove::Void), Err(Refusal::State(_))));
    // Part of it was already taken off an earlier payout.
    let mut story = usual();
    story.set(0, CommissionStatus::Approved, true);
    story.refund(Some(990)).unwrap();
    story.set(0, CommissionStatus::Approved, false);
    story.set(2, CommissionStatus::Paid, true);
    assert!(matches!(story.step(0, CommissionMove::Void), Err(Refusal::State(_))));
}

#[test]
fn what_a_refund_names_must_be_one_sale_and_fit_it() {
    let sale = usual().sale;
    let named = |request: &NewRefund, found: &[Event]| request.sale(found.iter()).map(|sale| sale.id);
    let field = |refusal: Refusal| match refusal {
        Refusal::Invalid(faults) => faults[0].field.clone(),
        other => panic!("{other:?}"),
    };
    let by_order = NewRefund { refunds: None, order_id: OrderReference::parse("1").ok(), ..asking() };
    let elsewhere = NewRefund { order_id: OrderReference::parse("2").ok(), ..asking() };
    let lead = Event { kind: EventKind::Lead, ..sale.clone() };
    assert_eq!(named(&asking(), std::slice::from_ref(&sale)), Ok(sale.id));
    assert_eq!(named(&by_order, &[lead.clone(), sale.clone()]), Ok(sale.id));
    assert_eq!(field(named(&asking(), &[]).unwrap_err()), "refunds");
    assert_eq!(field(named(&asking(), std::slice::from_ref(&lead)).unwrap_err()), "refunds");
    for found in [&[][..], &[lead]] {
        let early = named(&by_order, found).unwrap_err();
        assert!(matches!(&early, Refusal::NotYet(fault) if fault.field == "order_id"), "the sale may come: {early:?}");
    }
    assert_eq!(field(named(&by_order, &[sale.clone(), sale.clone()]).unwrap_err()), "order_id");
    assert_eq!(field(named(&elsewhere, std::slice::from_ref(&sale)).unwrap_err()), "order_id");
    for amount in ["0", "-1", "1.001"] {
        assert_eq!(field(NewRefund { amount: amount.parse().ok(), ..asking() }.amount(&sale).unwrap_err()), "amount");
    }
    assert_eq!(field(NewRefund { currency: "EUR".parse().ok(), ..asking() }.amount(&sale).unwrap_err()), "currency");
    let too_much = usual().refund(Some(9_901));
    assert!(matches!(too_much, Err(Refusal::State(_))));
}

fn any_story() -> impl Strategy<Value = Story> {
    let basis = prop_oneof![1_i64..100, 1_i64..100_000, 1..=Money::MAX_MINOR / 10];
    let reward = prop_oneof![
        3 => (0_u32..=1_000_000).prop_map(|share| Reward::Rate(rate(share))),
        1 => (0_i64..10_000).prop_map(|minor| Reward::Flat(Money::from_minor(minor, "USD".parse().unwrap()))),
    ];
    let leaf = (basis, reward, prop::collection::vec(0_u32..=1_000_000, 0..4));
    let cap = prop_oneof![Just(None), Just(Some(1_000_000)), (0_u32..=1_000_000).prop_map(Some)];
    (prop::collection::vec(leaf, 1..5), cap).prop_map(|(leaves, cap)| Story::new("USD", &leaves, cap))
}

#[derive(Debug, Clone)]
enum Act {
    Refund(u32),
    Step(usize, bool),
    Pay(usize),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0_u32..=1_000_000).prop_map(Act::Refund),
        1 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(place, void)| Act::Step(place.index(64), void)),
        1 => any::<prop::sample::Index>().prop_map(|place| Act::Pay(place.index(64))),
    ]
}

/// A fixed sum on three cents of the sale: a refund of half takes a third of that leaf or two thirds, and what the cap cut at
/// first would fit under it then. Nobody is given it back, and nothing is wrong with that.
#[test]
fn what_the_cap_once_cut_may_stay_cut() {
    let flat = |minor| Reward::Flat(Money::from_minor(minor, "USD".parse().unwrap()));
    let leaves = [
        (394, flat(1_941), vec![536_580, 938_949, 17_260]),
        (3, flat(2_273), vec![897_713, 690_498, 377_695]),
        (14_976, flat(927), vec![367_314, 963_862]),
    ];
    let mut story = Story::new("USD", &leaves, Some(823_783));
    let cut = story.rows.iter().filter(|row| row.level == 3).collect::<Vec<_>>();
    assert!(cut.iter().all(|row| row.amount.minor() == 0), "{cut:?}");
    story.refund(Some(7_532)).unwrap();
    assert_eq!(audit(&story.sale, &story.rows), []);
}

proptest! {
    /// After any sequence of refunds every row and its reversals are exactly what one calculation of the rest gives.
    #[test]
    fn any_sequence_of_refunds_ends_at_the_target(story in any_story(), parts in prop::collection::vec(1_u32..=1_000_000, 1..12)) {
        let mut story = Story { sale: Event { payout_cap: None, ..story.sale.clone() }, ..story };
        let uncapped: Vec<_> = story.rows.iter().map(|row| row.reward.of(row.basis)).collect();
        for (row, amount) in story.rows.iter_mut().zip(uncapped) {
            row.amount = amount;
        }
        let originals = story.rows.len();
        for part in parts {
            let left = story.sale.left().unwrap();
            let amount = left.at(rate(part));
            if amount.minor() == 0 { continue }
            let made = story.refund(Some(amount.minor())).unwrap();
            prop_assert!(made.reversals.iter().all(|row| row.amount.minor() <= 0 && row.basis.minor() <= 0));
            if made.sale.left().unwrap().minor() == 0 { return Ok(()) }
            for place in 0..originals {
                let row = &story.rows[place];
                let its = story.rows.iter().filter(|other| other.id == row.id || other.reverses == Some(row.id));
                let left = Money::from_minor(its.map(|row| row.basis.minor()).sum(), row.basis.currency());
                let wanted = match row.reward {
                    Reward::Rate(rate) => left.at(rate),
                    Reward::Flat(sum) => sum.part(left, row.basis),
                };
                prop_assert_eq!(story.sum(place), wanted.minor());
            }
            let leaves = story.rows.iter().filter(|row| row.level == 0).map(|row| row.basis.minor());
            prop_assert_eq!(leaves.sum::<i64>(), made.sale.left().unwrap().minor());
            prop_assert_eq!(audit(&story.sale, &story.rows), []);
        }
    }

    /// Whatever refunds, people and payouts do, in whatever order: no row goes below zero, nobody is given anything, what
    /// is final stays, and the books balance.
    #[test]
    fn nothing_is_given_and_nothing_final_changes(story in any_story(), acts in prop::collection::vec(any_act(), 1..20)) {
        let mut story = story;
        let usd = "USD".parse().unwrap();
        for act in acts {
            let before = story.rows.clone();
            match act {
                Act::Refund(share) => {
                    let amount = story.sale.left().unwrap().at(rate(share)).minor();
                    let made = story.refund(Some(amount));
                    prop_assert_eq!(made.is_ok(), amount > 0);
                    prop_assert!(made.iter().flat_map(|made| &made.reversals).all(|row| row.amount.minor() <= 0));
                }
                Act::Step(place, void) => {
                    let step = if void { CommissionMove::Void } else { CommissionMove::Approve };
                    let _refused = story.step(place % story.rows.len(), step);
                }
                Act::Pay(place) => {
                    let place = place % story.rows.len();
                    match (story.rows[place].status, story.rows[place].payout_id) {
                        (CommissionStatus::Approved, None) => story.set(place, CommissionStatus::Approved, true),
                        (CommissionStatus::Approved, Some(_)) => story.set(place, CommissionStatus::Paid, true),
                        _ => {}
                    }
                }
            }
            for (before, after) in before.iter().zip(&story.rows) {
                let is_final = matches!(before.status, CommissionStatus::Paid | CommissionStatus::Void);
                prop_assert!(!is_final || before == after);
            }
            for place in (0..story.rows.len()).filter(|&place| story.rows[place].reverses.is_none()) {
                prop_assert!(story.sum(place) >= 0);
            }
            prop_assert_eq!(audit(&story.sale, &story.rows), [], "{:#?}", story);
            prop_assert_eq!(Balances::of(&story.rows).unwrap().sum(usd), 0);
        }
    }

    #[test]
    fn a_split_by_what_is_left_takes_from_nobody_more(lefts in prop::collection::vec(0_i64..1_000, 1..9), share in 0_u32..=1_000_000) {
        let whole = Money::from_minor(lefts.iter().sum(), "USD".parse().unwrap());
        let parts = split(whole.at(rate(share)), &lefts);
        prop_assert!(parts.iter().zip(&lefts).all(|(part, &left)| part.minor() <= left));
    }
}
