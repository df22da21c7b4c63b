//! Targets: what each row of a sale should be, for what is left of the sale (docs/rules/commissions.md).
//!
//! Recording is this calculation with all of the sale left, a refund is the same calculation later: a row's reversal is
//! the difference between the two. So in whatever steps a sale is taken back, its rows end at one calculation of what
//! is left.

use crate::rewards::Reward;
use crate::values::{Money, Rate};
use std::cmp::Reverse;

/// The terms of one leaf row and the overrides calculated from it. All lines of a sale are in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafTerms {
    /// Its part of the sale, as recorded.
    pub basis: Money,
    /// What refunds left of that.
    pub left: Money,
    /// How its commission follows.
    pub reward: Reward,
    /// Its overrides, in any order.
    pub overrides: Vec<OverrideTerms>,
}

/// What one override follows from, besides its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverrideTerms {
    /// 1 for the leaf's parent, and so on.
    pub level: u8,
    /// Its part of the leaf's commission.
    pub rate: Rate,
}

/// The most that all rows of a sale may be together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaleCap {
    /// Of the whole sale, what is promised to its buyer included.
    pub cap: Money,
    /// What is promised to its buyer of what is left of it, and is taken out of the cap first.
    pub promise: Option<Reward>,
    /// The whole sale.
    pub amount: Money,
    /// What refunds left of it.
    pub left: Money,
}

/// What one row should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// By its own terms, before the cap. Overrides are calculated from it.
    pub earned: Money,
    /// What the cap left of that.
    pub amount: Money,
}

/// What a leaf row and its overrides should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafTargets {
    /// The leaf.
    pub leaf: Target,
    /// Its overrides, in the order of the terms.
    pub overrides: Vec<Target>,
}

impl LeafTerms {
    /// The terms of a row about to be recorded: nothing is taken back yet.
    pub const fn whole(basis: Money, reward: Reward, overrides: Vec<OverrideTerms>) -> Self {
        Self { basis, left: basis, reward, overrides }
    }

    fn earned(&self) -> Money {
        match self.reward {
            Reward::Rate(rate) => self.left.at(rate),
            Reward::Flat(sum) => sum.part(self.left, self.basis),
        }
    }

    fn uncut(&self) -> LeafTargets {
        let target = |earned| Target { earned, amount: earned };
        let earned = self.earned();
        let overrides = self.overrides.iter().map(|terms| target(earned.at(terms.rate))).collect();
        LeafTargets { leaf: target(earned), overrides }
    }
}

impl SaleCap {
    /// What of the cap is left with the sale, rounded down, beside what is promised of that; never below zero. So rows and
    /// promise together are within the cap's part of what is left, save where the promise alone is above that: what is
    /// promised is never cut.
    #[must_use]
    pub fn now(self) -> Money {
        let part = self.cap.part_down(self.left, self.amount);
        let promised = self.promise.map_or(0, |promise| promise.within(self.left).minor());
        Money::from_minor(part.minor().saturating_sub(promised).max(part.minor().min(0)), part.currency())
    }
}

/// Returns what each row should be: a leaf by its reward of what is left of its basis, an override by its rate of the
/// leaf's rounded commission. If the sum is above the cap, the highest level is cut first and the leaves last, within a
/// level in proportion, by largest remainder.
///
/// Without a cap no row ever grows when less is left. With one, a row that was cut may: what the cap leaves it is the
/// difference of two rounded numbers. A refund must not pay it out then.
pub fn targets(leaves: &[LeafTerms], cap: Option<SaleCap>) -> Vec<LeafTargets> {
    let mut found: Vec<LeafTargets> = leaves.iter().map(LeafTerms::uncut).collect();
    let Some(cap) = cap.map(SaleCap::now) else { return found };
    let mut by_level = levels(leaves, &mut found);
    by_level.sort_by_key(|(level, _)| Reverse(*level));
    let sum: i128 = by_level.iter().map(|(_, target)| i128::from(target.amount.minor())).sum();
    let mut over = (sum - i128::from(cap.minor())).max(0);
    for level in by_level.chunk_by_mut(|(a, _), (b, _)| a == b) {
        over -= cut(level, over);
    }
    found
}

/// Every row with its level.
fn levels<'a>(leaves: &[LeafTerms], found: &'a mut [LeafTargets]) -> Vec<(u8, &'a mut Target)> {
    let lines = leaves.iter().zip(found);
    let rows = lines.flat_map(|(terms, LeafTargets { leaf, overrides })| {
        let levels = terms.overrides.iter().map(|terms| terms.level);
        std::iter::once((0, leaf)).chain(levels.zip(overrides))
    });
    rows.collect()
}

/// Takes `over` off the rows of one level, or all they have, and says how much that was.
fn cut(level: &mut [(u8, &mut Target)], over: i128) -> i128 {
    let weights: Vec<i64> = level.iter().map(|(_, target)| target.amount.minor()).collect();
    let taken = over.min(weights.iter().map(|&weight| i128::from(weight)).sum());
    for ((_, target), part) in level.iter_mut().zip(split_minor(taken, &weights)) {
        let rest = i128::from(target.amount.minor()) - part;
        target.amount = Money::from_minor(i64::try_from(rest).unwrap_or_default(), target.amount.currency());
    }
    taken
}

/// Splits `amount` in proportion to `weights`, by largest remainder, the earlier of equals first. The parts sum up to
/// the amount; no part is above its weight where the amount is not above their sum. Neither is below zero.
pub fn split(amount: Money, weights: &[i64]) -> Vec<Money> {
    let parts = split_minor(i128::from(amount.minor()), weights);
    let money = |part| Money::from_minor(i64::try_from(part).unwrap_or_default(), amount.currency());
    parts.into_iter().map(money).collect()
}

fn split_minor(amount: i128, weights: &[i64]) -> Vec<i128> {
    let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    if whole == 0 {
        // Nothing to go by: the first has it all, so that nothing is lost.
        return (0..weights.len()).map(|place| if place == 0 { amount } else { 0 }).collect();
    }
    let exact = |&weight: &i64| amount * i128::from(weight);
    let mut parts: Vec<i128> = weights.iter().map(|weight| exact(weight) / whole).collect();
    let mut odd = amount - parts.iter().sum::<i128>();
    let mut order: Vec<(i128, &mut i128)> =
        weights.iter().zip(&mut parts).map(|(weight, part)| (exact(weight) % whole, part)).collect();
    order.sort_by_key(|(remainder, _)| Reverse(*remainder));
    for (_, part) in order {
        let one = odd.min(1);
        *part += one;
        odd -= one;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Currency;
    use proptest::prelude::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().unwrap())
    }

    fn rate(millionths: u32) -> Rate {
        Rate::from_millionths(millionths).unwrap()
    }

    fn leaf(basis: i64, left: i64, reward: Reward, parents: &[u32]) -> LeafTerms {
        let overrides = parents.iter().zip(1..).map(|(&share, level)| OverrideTerms { level, rate: rate(share) });
        LeafTerms { basis: usd(basis), left: usd(left), reward, overrides: overrides.collect() }
    }

    fn amounts(leaves: &[LeafTerms], cap: Option<SaleCap>) -> Vec<Vec<i64>> {
        let line = |line: LeafTargets| {
            let rows = std::iter::once(line.leaf).chain(line.overrides);
            rows.map(|target| target.amount.minor()).collect()
        };
        targets(leaves, cap).into_iter().map(line).collect()
    }

    fn cap(cap: i64, amount: i64, left: i64) -> Option<SaleCap> {
        Some(SaleCap { cap: usd(cap), promise: None, amount: usd(amount), left: usd(left) })
    }

    #[test]
    fn worked_by_hand() {
        let fifth = Reward::Rate(rate(200_000));
        assert_eq!(amounts(&[leaf(9_900, 9_900, fifth, &[100_000, 50_000])], None), [[1_980, 198, 99]]);
        assert_eq!(amounts(&[leaf(9_900, 6_567, fifth, &[100_000, 50_000])], None), [[1_313, 131, 66]]);
        assert_eq!(amounts(&[leaf(9_900, 0, fifth, &[100_000])], None), [[0, 0]]);
        let flat = Reward::Flat(usd(500));
        assert_eq!(amounts(&[leaf(3_000, 1_000, flat, &[100_000])], None), [[167, 17]], "166.67, then 16.7");
        assert_eq!(amounts(&[leaf(0, 0, flat, &[])], None), [[500]], "a lead has no sale to be in proportion to");
    }

    #[test]
    fn the_cap_cuts_the_highest_level_first_and_the_leaves_last() {
        let half = Reward::Rate(rate(500_000));
        let sale = [leaf(1_000, 1_000, half, &[200_000, 100_000])];
        assert_eq!(amounts(&sale, cap(1_000, 1_000, 1_000)), [[500, 100, 50]]);
        assert_eq!(amounts(&sale, cap(620, 1_000, 1_000)), [[500, 100, 20]]);
        assert_eq!(amounts(&sale, cap(530, 1_000, 1_000)), [[500, 30, 0]]);
        assert_eq!(amounts(&sale, cap(400, 1_000, 1_000)), [[400, 0, 0]]);
        let left = [leaf(1_000, 501, half, &[200_000, 100_000])];
        assert_eq!(amounts(&left, cap(620, 1_000, 501)), [[251, 50, 9]], "310.62 is rounded down");
        let earned: Vec<_> = targets(&sale, cap(400, 1_000, 1_000)).iter().map(|line| line.leaf.earned).collect();
        assert_eq!(earned, [usd(500)], "overrides are reckoned from what the leaf would be without the cap");
    }

    #[test]
    fn within_a_level_the_cut_is_in_proportion() {
        let all = |basis| leaf(basis, basis, Reward::Rate(Rate::ONE), &[]);
        assert_eq!(amounts(&[all(100), all(200), all(1)], cap(151, 301, 301)), [[50], [100], [1]]);
        assert_eq!(
            amounts(&[all(1), all(1), all(1)], cap(2, 3, 3)),
            [[0], [1], [1]],
            "the earlier of equals is cut first"
        );
    }

    #[test]
    fn splits_by_largest_remainder() {
        let parts = |amount, weights: &[i64]| -> Vec<i64> {
            split(usd(amount), weights).into_iter().map(Money::minor).collect()
        };
        assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(parts(10, &[5, 3, 3]), [4, 3, 3], "4.55, 2.73, 2.73");
        assert_eq!(parts(7, &[7, 0]), [7, 0]);
        assert_eq!(parts(0, &[0, 0]), [0, 0]);
        assert_eq!(parts(5, &[0, 0]), [5, 0]);
        assert_eq!(parts(5, &[]), [0_i64; 0]);
    }

    fn any_leaf() -> impl Strategy<Value = LeafTerms> {
        let basis = prop_oneof![0_i64..1_000, 0..=Money::MAX_MINOR / 200];
        let reward = prop_oneof![
            (0_u32..=1_000_000).prop_map(|share| Reward::Rate(rate(share))),
            (0_i64..10_000).prop_map(|sum| Reward::Flat(usd(sum))),
        ];
        let parents = prop::collection::vec(0_u32..=1_000_000, 0..5);
        (basis, reward, parents).prop_map(|(basis, reward, parents)| leaf(basis, basis, reward, &parents))
    }

    proptest! {
        #[test]
        fn a_split_loses_nothing_and_takes_from_nobody_more_than_there_is(
            weights in prop::collection::vec(0..=Money::MAX_MINOR, 1..20), share in 0_u32..=1_000_000,
        ) {
            let whole = usd(weights.iter().sum());
            let amount = whole.at(rate(share));
            let parts = split(amount, &weights);
            prop_assert_eq!(parts.iter().map(|part| part.minor()).sum::<i64>(), amount.minor());
            for (part, &weight) in parts.iter().zip(&weights) {
                prop_assert!((0..=weight).contains(&part.minor()));
            }
        }

        #[test]
        fn no_row_grows_when_less_is_left(
            lines in prop::collection::vec((any_leaf(), 0_u32..=1_000_000, 0_u32..=1_000_000), 1..6),
        ) {
            let left = |first: bool| -> Vec<LeafTerms> {
                let once = |line: &LeafTerms, share| LeafTerms { left: line.left.at(rate(share)), ..line.clone() };
                let lines = lines.iter().map(|(line, a, b)| if first { once(line, *a) } else { once(&once(line, *a), *b) });
                lines.collect()
            };
            let (before, after) = (amounts(&left(true), None), amounts(&left(false), None));
            for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
                prop_assert!((0..=*before).contains(after));
            }
        }

        #[test]
        fn the_cap_holds_and_spares_the_lower_levels(
            leaves in prop::collection::vec(any_leaf(), 1..6), most in 0_u32..=1_000_000, rest in 0_u32..=1_000_000,
        ) {
            let amount = usd(leaves.iter().map(|line| line.basis.minor()).sum());
            let left = amount.at(rate(rest));
            let parts = split(left, &leaves.iter().map(|line| line.basis.minor()).collect::<Vec<_>>());
            let leaves: Vec<LeafTerms> =
                leaves.into_iter().zip(parts).map(|(line, left)| LeafTerms { left, ..line }).collect();
            let cap = SaleCap { cap: amount.at_down(rate(most)), promise: None, amount, left };
            let (free, capped) = (targets(&leaves, None), targets(&leaves, Some(cap)));
            let mut rows: Vec<(u8, Target)> = Vec::new();
            for (terms, line) in leaves.iter().zip(&capped) {
                rows.push((0, line.leaf));
                rows.extend(terms.overrides.iter().map(|terms| terms.level).zip(line.overrides.iter().copied()));
            }
            let sum = |of: fn(&Target) -> Money| rows.iter().map(|(_, target)| i128::from(of(target).minor())).sum::<i128>();
            prop_assert_eq!(sum(|target| target.amount), sum(|target| target.earned).min(i128::from(cap.now().minor())));
            prop_assert!(rows.iter().all(|(_, t)| (0..=t.earned.minor()).contains(&t.amount.minor())));
            let lowest_cut = rows.iter().filter(|(_, t)| t.amount != t.earned).map(|(level, _)| *level).min();
            prop_assert!(rows.iter().all(|(level, t)| Some(*level) <= lowest_cut || lowest_cut.is_none() || t.amount.minor() == 0));
            let earned = |lines: &[LeafTargets]| lines.iter().map(|line| line.leaf.earned).collect::<Vec<_>>();
            prop_assert_eq!(earned(&free), earned(&capped));
        }
    }

    #[test]
    fn currencies_without_and_with_three_digits() {
        for (code, basis, left, wanted) in [("JPY", 999, 666, 133), ("KWD", 1_234, 617, 123)] {
            let currency: Currency = code.parse().unwrap();
            let money = |minor| Money::from_minor(minor, currency);
            let terms = LeafTerms {
                basis: money(basis),
                left: money(left),
                reward: Reward::Rate(rate(200_000)),
                overrides: Vec::new(),
            };
            assert_eq!(targets(&[terms], None).first().map(|line| line.leaf.amount), Some(money(wanted)));
        }
    }
}
