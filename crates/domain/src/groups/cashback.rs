//! The terms of a group, its levels, and the cashback that they give (docs/rules/groups.md).

use crate::rewards::{CashbackReserve, Reward};
use crate::values::{Currency, Decimal, Money, Rate, Refusal, decimal, string_enum::string_enum};
use std::{fmt, time::Duration};

/// What the value of a level means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountType {
    /// A part of the order, in percent.
    Percentage,
    /// A fixed sum, in whole units of the order's currency.
    Amount,
}
string_enum!(DiscountType { Percentage = "PERCENTAGE", Amount = "AMOUNT" });

/// The value of a level, exact to four digits after the point: percent, or whole units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelValue(i64);

impl LevelValue {
    /// The largest sum, in whole units.
    pub const MOST_UNITS: i64 = 1_000_000_000;
    const SCALE: i64 = 10_000;

    /// Above 0, at most [`Self::MOST_UNITS`], with at most four digits after the point.
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        let exact = value.scaled(4)?;
        (1..=Self::MOST_UNITS * Self::SCALE).contains(&exact).then_some(Self(exact))
    }

    /// From whole percent or units.
    pub const fn whole(value: u16) -> Self {
        Self(value as i64 * Self::SCALE)
    }

    /// The shortest decimal text: `5`, `7.5`.
    pub fn decimal(self) -> String {
        let (mut value, mut scale) = (self.0, 4);
        while scale > 0 && value % 10 == 0 {
            value /= 10;
            scale -= 1;
        }
        decimal::plain(i128::from(value), scale)
    }

    /// As a part of the whole: five percent is 0.05. `None` above 100.
    pub fn percent(self) -> Option<Rate> {
        // A ten-thousandth of a percent is a millionth.
        u32::try_from(self.0).ok().and_then(Rate::from_millionths)
    }

    /// As whole units; `None` for a fraction.
    pub const fn units(self) -> Option<i64> {
        if self.0 % Self::SCALE == 0 { Some(self.0 / Self::SCALE) } else { None }
    }
}

/// A step of the discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// What every order gets.
    pub value: LevelValue,
    /// How many participants it takes.
    pub participants: u16,
}

/// One to five levels, each better and asking for more participants than the one before; the first asks for two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels(Vec<Level>);

impl Levels {
    /// The most levels.
    pub const MOST: usize = 5;

    /// Checks them; the error says what was expected.
    pub fn new(levels: Vec<Level>) -> Result<Self, String> {
        if !(1..=Self::MOST).contains(&levels.len()) {
            return Err(format!("must have 1 to {} entries", Self::MOST));
        }
        if levels.first().is_none_or(|first| first.participants != 2) {
            return Err("must begin with a level that 2 participants unlock".to_owned());
        }
        let ascending = |pair: &[Level]| match pair {
            [a, b] => a.value < b.value && a.participants < b.participants,
            _ => true,
        };
        if !levels.windows(2).all(ascending) {
            return Err("must ascend in value and in participantsToUnlock".to_owned());
        }
        Ok(Self(levels))
    }

    /// Levels that are defined in the code and known to be valid.
    pub(crate) const fn fixed(levels: Vec<Level>) -> Self {
        Self(levels)
    }

    /// Reads what `Display` wrote.
    pub fn stored(text: &str) -> Result<Self, String> {
        let level = |word: &str| {
            let (participants, value) = word.split_once(':')?;
            Some(Level { value: LevelValue(value.parse().ok()?), participants: participants.parse().ok()? })
        };
        let levels: Option<Vec<Level>> = text.split(',').map(level).collect();
        levels.ok_or_else(|| "must be stored levels".to_owned()).and_then(Self::new)
    }

    /// All of them with their numbers, counted from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (u8, Level)> {
        (1..).zip(self.0.iter().copied())
    }

    /// The level with this number.
    pub fn get(&self, number: u8) -> Option<Level> {
        self.numbered().find(|(known, _)| *known == number).map(|(_, level)| level)
    }

    /// The highest level that so many participants unlock, with its number.
    pub fn reached_by(&self, participants: u16) -> Option<(u8, Level)> {
        self.numbered().filter(|(_, level)| level.participants <= participants).last()
    }
}

/// `2:50000,5:100000`: participants and ten-thousandths.
impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> =
            self.0.iter().map(|level| format!("{}:{}", level.participants, level.value.0)).collect();
        f.write_str(&words.join(","))
    }
}

/// What a group promises. Copied from the merchant's settings when it opens; later changes of those do not touch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTerms {
    /// What the levels' values mean.
    pub discount: DiscountType,
    /// The levels.
    pub levels: Levels,
    /// The most participants.
    pub max_participants: u16,
    /// How long a group is open.
    pub minutes_duration: u32,
    /// The smallest order, in minor units of its currency.
    pub min_purchase: i64,
    /// How long after completion the cashback becomes available.
    pub cashback_hold_minutes: u32,
    /// What the merchant charges of each order for the program.
    pub application_fee_rate: Rate,
}

impl GroupTerms {
    /// The most participants that a group can be given room for: closing it is one write of three rows each.
    pub const MOST_PARTICIPANTS: u16 = 1_000;
    /// The longest duration, in minutes: a year.
    pub const MOST_MINUTES: u32 = 525_600;
    /// The longest hold, in minutes: a year.
    pub const MOST_HOLD_MINUTES: u32 = 525_600;

    /// How long a group is open.
    pub fn duration(&self) -> Duration {
        minutes(self.minutes_duration)
    }

    /// How long after completion the cashback becomes available.
    pub fn hold(&self) -> Duration {
        minutes(self.cashback_hold_minutes)
    }

    /// What an order gets of which `left` is left, at a level. Never more than that.
    #[must_use]
    pub fn cashback(&self, level: Option<Level>, left: Money) -> Money {
        level.map_or(Money::zero(left.currency()), |level| self.reward(level, left.currency()).within(left))
    }

    /// What a level gives, in a currency.
    fn reward(&self, level: Level, currency: Currency) -> Reward {
        match self.discount {
            DiscountType::Percentage => Reward::Rate(level.value.percent().unwrap_or(Rate::ZERO)),
            DiscountType::Amount => {
                let unit = 10_i64.checked_pow(currency.exponent());
                let sum = level.value.units().zip(unit).and_then(|(units, unit)| units.checked_mul(unit));
                Reward::Flat(Money::from_minor(sum.unwrap_or(0), currency))
            }
        }
    }

    /// The best level that as many participants as there may be unlock.
    pub fn highest(&self) -> Option<Level> {
        self.levels.reached_by(self.max_participants).map(|(_, level)| level)
    }

    /// What is promised to each order in a currency at most: what the highest level gives.
    pub fn promise(&self, currency: Currency) -> Reward {
        self.highest().map_or(Reward::Rate(Rate::ZERO), |level| self.reward(level, currency))
    }

    /// What is laid aside of an order of `amount`, of which `rate` may be paid out.
    pub fn reserve(&self, amount: Money, rate: Rate) -> CashbackReserve {
        CashbackReserve { cap: amount.at_down(rate), promise: self.promise(amount.currency()) }
    }

    /// What is promised to an order at most: its cashback at the highest level.
    #[must_use]
    pub fn promised(&self, amount: Money) -> Money {
        self.cashback(self.highest(), amount)
    }

    /// What the merchant charges for an order that joins: it is the one the program has brought.
    #[must_use]
    pub fn fee(&self, amount: Money) -> Money {
        amount.at(self.application_fee_rate)
    }

    /// Faults that only several fields together show.
    pub fn check(&self) -> Result<(), Refusal> {
        let unfit = |level: &Level| match self.discount {
            DiscountType::Percentage => level.value.percent().is_none(),
            DiscountType::Amount => level.value.units().is_none(),
        };
        if self.levels.0.iter().any(unfit) {
            let expected = match self.discount {
                DiscountType::Percentage => "must have values of at most 100 percent",
                DiscountType::Amount => "must have values in whole units of the currency",
            };
            return Err(Refusal::invalid("discountLevels", expected));
        }
        Ok(())
    }

    /// Whether no order can be promised more than `cap` of itself; what is promised is never cut
    /// (docs/rules/groups.md).
    pub fn fits_within(&self, cap: Rate) -> bool {
        let Some(highest) = self.highest() else { return true };
        match self.discount {
            _ if cap == Rate::ONE => true,
            DiscountType::Percentage => highest.value.percent().is_some_and(|rate| rate <= cap),
            DiscountType::Amount => {
                // In any currency, so in the one with the most digits: the smallest order must bear the sum.
                let sum = i128::from(highest.value.units().unwrap_or(i64::MAX)) * 1_000;
                sum * 1_000_000 <= i128::from(self.min_purchase) * i128::from(cap.millionths())
            }
        }
    }
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn terms() -> GroupTerms {
        let level = |(participants, percent)| Level { value: LevelValue::whole(percent), participants };
        GroupTerms {
            discount: DiscountType::Percentage,
            levels: Levels::new([(2, 5), (5, 10), (10, 15)].map(level).to_vec()).unwrap(),
            max_participants: 15,
            minutes_duration: 10,
            min_purchase: 0,
            cashback_hold_minutes: 0,
            application_fee_rate: Rate::ZERO,
        }
    }

    fn money(minor: i64, currency: &str) -> Money {
        Money::from_minor(minor, currency.parse().unwrap())
    }

    #[test]
    fn levels_are_reached_one_after_the_other() {
        let terms = terms();
        for (participants, number) in [(0, 0), (1, 0), (2, 1), (4, 1), (5, 2), (9, 2), (10, 3), (15, 3)] {
            assert_eq!(terms.levels.reached_by(participants).map_or(0, |(number, _)| number), number);
        }
    }

    #[test]
    fn a_percentage_is_rounded_once_and_a_sum_is_whole_units() {
        let percent = terms();
        let level = percent.levels.get(1);
        for (left, cashback) in [(35_000, 1_750), (10, 1), (9, 0), (1, 0), (30, 2), (0, 0)] {
            assert_eq!(percent.cashback(level, money(left, "EUR")), money(cashback, "EUR"), "{left}");
        }
        let sum = GroupTerms { discount: DiscountType::Amount, ..percent };
        for (left, currency, cashback) in
            [(35_000, "EUR", 500), (499, "EUR", 499), (0, "EUR", 0), (700, "JPY", 5), (9_000, "KWD", 5_000)]
        {
            assert_eq!(sum.cashback(level, money(left, currency)), money(cashback, currency), "{left} {currency}");
        }
        assert_eq!(sum.cashback(None, money(35_000, "EUR")), money(0, "EUR"));
    }

    #[test]
    fn values_are_exact() {
        let read = |text: &str| LevelValue::from_decimal(text.parse().unwrap());
        for (text, shown) in [("5", "5"), ("7.50", "7.5"), ("0.0001", "0.0001"), ("1000000000", "1000000000")] {
            assert_eq!(read(text).unwrap().decimal(), shown);
        }
        for bad in ["0", "-1", "0.00001", "1000000001"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read("7.5").unwrap().percent(), Rate::from_millionths(75_000));
        assert!(read("101").unwrap().percent().is_none() && read("7.5").unwrap().units().is_none());
    }

    #[test]
    fn levels_ascend_from_two() {
        let level = |(participants, value)| Level { value: LevelValue::whole(value), participants };
        let made = |levels: &[(u16, u16)]| Levels::new(levels.iter().copied().map(level).collect());
        let good = made(&[(2, 1), (3, 2), (4, 3), (5, 4), (6, 5)]).unwrap();
        assert_eq!(Levels::stored(&good.to_string()), Ok(good));
        for bad in [
            &[][..],
            &[(3, 5)],
            &[(1, 5)],
            &[(2, 5), (2, 6)],
            &[(2, 5), (3, 5)],
            &[(2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)],
        ] {
            assert!(made(bad).is_err(), "{bad:?}");
        }
        assert!(Levels::stored("").is_err() && Levels::stored("2").is_err());
    }

    #[test]
    fn terms_agree_with_themselves() {
        assert!(terms().check().is_ok());
        let few = GroupTerms { max_participants: 4, ..terms() };
        assert!(few.check().is_ok() && few.highest() == few.levels.get(1), "what nobody can reach is not promised");
        let value = LevelValue::from_decimal("7.5".parse().unwrap()).unwrap();
        let half = Levels::new(vec![Level { value, participants: 2 }]).unwrap();
        assert!(GroupTerms { levels: half.clone(), ..terms() }.check().is_ok());
        assert!(GroupTerms { levels: half, discount: DiscountType::Amount, ..terms() }.check().is_err());
    }

    proptest! {
        /// What fits within the cap never promises more of an order than that, beyond the rounding of one unit.
        #[test]
        fn what_is_promised_stays_within_the_cap(
            amount in 1_i64..1_000_000, value in 1_u16..=100, cap in 0_u32..=1_000_000, is_sum: bool, least in 0_i64..1_000_000
        ) {
            let cap = Rate::from_millionths(cap).unwrap();
            let levels = Levels::new(vec![Level { value: LevelValue::whole(value), participants: 2 }]).unwrap();
            let discount = if is_sum { DiscountType::Amount } else { DiscountType::Percentage };
            let terms = GroupTerms { levels, discount, min_purchase: least, ..terms() };
            for currency in ["JPY", "EUR", "KWD"] {
                let order = money(amount.max(least), currency);
                let promised = terms.promised(order);
                prop_assert!(promised.minor() >= 0 && promised.minor() <= order.minor());
                prop_assert!(!terms.fits_within(cap) || promised.minor() <= order.at(cap).minor());
            }
        }
    }
}
