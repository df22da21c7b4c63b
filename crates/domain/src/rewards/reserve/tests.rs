use super::*;
use crate::commissions::{CommissionStatus, refund::tests::Story};
use crate::events::Decision;
use crate::groups::{DiscountType, GroupTerms, Level, LevelValue, Levels, cashback::tests::terms};
use crate::values::Rate;
use proptest::prelude::*;

fn rate(millionths: u32) -> Rate {
    Rate::from_millionths(millionths).unwrap()
}

fn money(minor: i64, currency: &str) -> Money {
    Money::from_minor(minor, currency.parse().unwrap())
}

/// Terms whose highest level gives so much, in percent or in whole units.
fn promising(value: &str, discount: DiscountType) -> GroupTerms {
    let value = LevelValue::from_decimal(value.parse().unwrap()).unwrap();
    GroupTerms { discount, levels: Levels::new(vec![Level { value, participants: 2 }]).unwrap(), ..terms() }
}

/// A sale with one leaf of a reward, and its parents' rates of that.
struct Sold {
    amount: Money,
    reserve: CashbackReserve,
    story: Story,
}

impl Sold {
    fn new(terms: &GroupTerms, amount: Money, most: Rate, reward: Reward, parents: &[u32]) -> Self {
        let reserve = terms.reserve(amount, most);
        let decision = Decision { reserve: Some(reserve), ..Decision::default() };
        let leaves = [(amount.minor(), reward, parents.to_vec())];
        Self { amount, reserve, story: Story::within(amount, &leaves, Some(reserve.room(amount)), decision) }
    }

    fn earned(&self) -> Vec<i64> {
        let rows = self.story.rows.iter().filter(|row| row.status != CommissionStatus::Void);
        rows.map(|row| row.amount.minor()).collect()
    }

    fn left(&self) -> Money {
        self.story.sale.left().unwrap()
    }
}

#[test]
fn commissions_share_what_the_highest_level_leaves_and_the_highest_parent_is_cut_first() {
    // A hundred dollars, fifteen percent promised; a fifth to the leaf, a tenth and a twentieth of that to its parents.
    for (most, room, rows) in [
        (1_000_000, 8_500, [2_000, 200, 100]),
        (380_000, 2_300, [2_000, 200, 100]),
        (379_900, 2_299, [2_000, 200, 99]),
        (370_000, 2_200, [2_000, 200, 0]),
        (362_000, 2_120, [2_000, 120, 0]),
        (350_000, 2_000, [2_000, 0, 0]),
        (300_000, 1_500, [1_500, 0, 0]),
        (150_000, 0, [0, 0, 0]),
        (50_000, 0, [0, 0, 0]),
    ] {
        let fifth = Reward::Rate(rate(200_000));
        let sold = Sold::new(&terms(), money(10_000, "USD"), rate(most), fifth, &[100_000, 50_000]);
        assert_eq!(sold.reserve.reserved(sold.amount), money(1_500, "USD"));
        assert_eq!((sold.reserve.room(sold.amount).minor(), sold.earned()), (room, rows.to_vec()), "{most}");
        sold.story.assert_sound();
    }
}

#[test]
fn what_is_reserved_is_rounded_as_the_cashback_is() {
    for (amount, currency, percent, most, reserved, room) in [
        (110, "USD", "15", 500_000, 17, 38),   // 16.5 is 17, of 55
        (90, "USD", "15", 500_000, 14, 31),    // 13.5 is 14, of 45
        (30, "USD", "5", 500_000, 2, 13),      // 1.5 is 2
        (999, "JPY", "15", 333_333, 150, 182), // 149.85, of 332.999667
        (1_234, "KWD", "5", 200_000, 62, 184), // 61.7, of 246.8
        (10, "JPY", "7.5", 75_000, 1, 0),      // 0.75, of nothing: the promise is above the cap
    ] {
        let amount = money(amount, currency);
        let reserve = promising(percent, DiscountType::Percentage).reserve(amount, rate(most));
        assert_eq!((reserve.reserved(amount).minor(), reserve.room(amount).minor()), (reserved, room), "{amount:?}");
    }
}

#[test]
fn a_promised_sum_stays_whole_while_the_sale_shrinks() {
    let twenty = promising("20", DiscountType::Amount);
    let mut sold = Sold::new(&twenty, money(10_000, "USD"), rate(500_000), Reward::Rate(rate(400_000)), &[100_000]);
    assert_eq!(sold.earned(), [3_000, 0], "forty dollars, of which ten are beyond the cap");
    // Left, the cap's part of that, the promise, and what stays with the commissions.
    for (left, part, promise, rest) in
        [(8_000, 4_000, 2_000, 2_000), (5_000, 2_500, 2_000, 500), (3_000, 1_500, 2_000, 0), (1_000, 500, 1_000, 0)]
    {
        sold.story.refund(Some(sold.left().minor() - left)).unwrap();
        let left = money(left, "USD");
        assert_eq!((left.at_down(rate(500_000)).minor(), sold.reserve.reserved(left).minor()), (part, promise));
        assert_eq!(sold.earned().iter().sum::<i64>(), rest, "{left:?}");
        sold.story.assert_sound();
    }
    for (currency, minor) in [("JPY", 20), ("KWD", 20_000)] {
        assert_eq!(twenty.promise(currency.parse().unwrap()), Reward::Flat(money(minor, currency)));
    }
}

#[test]
fn what_covers_a_promise_gives_as_much_whatever_is_left() {
    let part = |millionths| Reward::Rate(rate(millionths));
    let sum = |minor| Reward::Flat(money(minor, "USD"));
    for (own, other, covers) in [
        (part(150_000), part(150_000), true),
        (part(150_000), part(150_001), false),
        (sum(500), sum(500), true),
        (sum(500), sum(501), false),
        (sum(500), Reward::Flat(money(1, "EUR")), false),
        (part(999_999), sum(1), false),
        (sum(500), part(1), false),
        (sum(0), part(0), true),
        (part(0), sum(0), true),
    ] {
        assert_eq!(own.covers(other), covers, "{own:?} {other:?}");
    }
}

fn any_terms() -> impl Strategy<Value = GroupTerms> {
    let percent = (1_i64..=1_000_000).prop_map(|value| (value, 4, DiscountType::Percentage));
    let units = (1_i64..=500).prop_map(|value| (value, 0, DiscountType::Amount));
    prop_oneof![percent, units]
        .prop_map(|(value, scale, discount)| promising(&crate::values::decimal::plain(value.into(), scale), discount))
}

proptest! {
    /// However a sale is taken back: its commissions and its cashback at the highest level are together within the cap's
    /// part of what is left, rounded down; or, where the cashback alone is above that, they are the cashback alone. So
    /// they are never more than `max_payout_rate` of what is left, but for what was promised anyhow.
    #[test]
    fn commissions_and_cashback_stay_within_the_cap_together(
        terms in any_terms(),
        currency in prop::sample::select(vec!["USD", "JPY", "KWD"]),
        minor in prop_oneof![1_i64..2_000, 1..=Money::MAX_MINOR],
        most in prop_oneof![Just(1_000_000_u32), 0..=1_000_000_u32],
        share in 0_u32..=1_000_000,
        parents in prop::collection::vec(0_u32..=1_000_000, 0..5),
        refunds in prop::collection::vec(0_u32..=1_000_000, 0..6),
    ) {
        let amount = money(minor, currency);
        let mut sold = Sold::new(&terms, amount, rate(most), Reward::Rate(rate(share)), &parents);
        for refund in std::iter::once(0).chain(refunds) {
            let part = sold.left().at(rate(refund)).minor();
            if part > 0 {
                sold.story.refund(Some(part)).unwrap();
            }
            let left = sold.left();
            let (earned, cashback) = (sold.earned(), i128::from(terms.promised(left).minor()));
            let sum = earned.iter().map(|&minor| i128::from(minor)).sum::<i128>();
            let cap = i128::from(amount.at_down(rate(most)).part_down(left, amount).minor());
            prop_assert!(sum >= 0 && cashback >= 0);
            prop_assert!(sum + cashback <= cap.max(cashback), "{sum} and {cashback} of {cap}");
            let share = i128::from(left.minor()) * i128::from(most);
            prop_assert!(sum == 0 || (sum + cashback) * 1_000_000 <= share, "more than the rate of what is left");
            sold.story.assert_sound();
        }
    }

    /// Where the settings are within the cap, and no group promises more than they do, what is promised is above the cap
    /// by no more than the rounding of one unit.
    #[test]
    fn what_the_settings_allow_leaves_the_promise_within_the_cap(
        terms in any_terms(), most in 0_u32..=1_000_000, minor in 1_i64..10_000_000,
    ) {
        let order = money(minor, "KWD");
        let terms = GroupTerms { min_purchase: minor, ..terms };
        if terms.fits_within(rate(most)) {
            let reserve = terms.reserve(order, rate(most));
            prop_assert!(reserve.reserved(order).minor() <= reserve.cap.minor() + 1);
        }
    }
}
