//! Money: whole minor units and a currency, nothing lost and nothing made.

use crate::values::{Decimal, Rate, decimal};
use std::{fmt, str::FromStr, sync::LazyLock};

/// An ISO 4217 currency: three letters and how many digits its minor unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// Every active ISO 4217 currency that people pay with, by the digits of its minor unit. Funds codes, metals and
/// testing codes are left out.
const BY_EXPONENT: [(u8, &str); 3] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP \
         CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
         KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK \
         NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB \
         TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG",
    ),
];

/// The same in the order of their codes, for looking up: every stored amount is read with its currency.
static KNOWN: LazyLock<Vec<Currency>> = LazyLock::new(|| {
    let each = |(exponent, list): (u8, &'static str)| {
        let codes = list.split_ascii_whitespace().filter_map(|code| code.as_bytes().try_into().ok());
        codes.map(move |code| Currency { code, exponent })
    };
    let mut known: Vec<Currency> = BY_EXPONENT.into_iter().flat_map(each).collect();
    known.sort_unstable();
    known
});

impl Currency {
    /// The three capital letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Digits of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    pub const fn exponent(self) -> u32 {
        self.exponent as u32
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    /// Reads the code in any case.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let mut code: [u8; 3] = text.as_bytes().try_into().map_err(|_| MoneyError::Currency)?;
        code.make_ascii_uppercase();
        let place = KNOWN.binary_search_by_key(&code, |known| known.code).map_err(|_| MoneyError::Currency)?;
        KNOWN.get(place).copied().ok_or(MoneyError::Currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an amount cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an ISO 4217 code that people pay with.
    #[error("not an ISO 4217 currency code")]
    Currency,
    /// More digits than the currency has, or larger than [`Money::MAX_MINOR`].
    #[error("not an amount of that currency")]
    Amount,
    /// Two currencies in one sum.
    #[error("the currencies differ")]
    Mixed,
    /// The result does not fit.
    #[error("the sum is too large")]
    Overflow,
}

/// An amount in whole minor units of its currency. Signed: a reversal is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest amount that input may name, in minor units: sums of thousands of them still fit 64 bits.
    pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

    /// An amount in minor units.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// An amount from a decimal number of whole units: trailing zeros are fine, other digits beyond the currency's are
    /// not and nothing is rounded.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let minor = amount.scaled(currency.exponent()).ok_or(MoneyError::Amount)?;
        if minor.checked_abs().is_none_or(|size| size > Self::MAX_MINOR) {
            return Err(MoneyError::Amount);
        }
        Ok(Self { minor, currency })
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; both in one currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference; both in one currency.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// The part of this amount that `rate` gives, rounded once, half away from zero.
    ///
    /// It cannot overflow: a rate is at most 1.
    #[must_use]
    pub fn at(self, rate: Rate) -> Self {
        let exact = i128::from(self.minor) * i128::from(rate.millionths());
        let half = if exact < 0 { -500_000 } else { 500_000 };
        let minor = i64::try_from((exact + half) / 1_000_000).unwrap_or(self.minor);
        Self { minor, currency: self.currency }
    }

    /// The part of this amount that `rate` gives, not rounded, in whole units: at least the currency's digits, and no
    /// needless zeros beyond them.
    #[must_use]
    pub fn exactly_at(self, rate: Rate) -> String {
        let mut exact = i128::from(self.minor) * i128::from(rate.millionths());
        let (least, mut digits) = (self.currency.exponent(), self.currency.exponent() + 6);
        while digits > least && exact % 10 == 0 {
            exact /= 10;
            digits -= 1;
        }
        decimal::plain(exact, digits)
    }

    /// The part of this amount that `rate` gives, rounded towards zero.
    #[must_use]
    pub fn at_down(self, rate: Rate) -> Self {
        let exact = i128::from(self.minor) * i128::from(rate.millionths());
        Self { minor: i64::try_from(exact / 1_000_000).unwrap_or(self.minor), currency: self.currency }
    }

    /// The part of this amount that `left` is of `whole`, rounded once, half away from zero. `left` is 0 to `whole`; where
    /// the whole is nothing, the part is all of it.
    #[must_use]
    pub fn part(self, left: Self, whole: Self) -> Self {
        // An odd whole has no exact half; the integer below it does, as no remainder lies between the two.
        self.scaled(left, whole, |exact, whole| (exact + exact.signum() * (whole / 2)) / whole)
    }

    /// As [`Money::part`], rounded towards zero.
    #[must_use]
    pub fn part_down(self, left: Self, whole: Self) -> Self {
        self.scaled(left, whole, |exact, whole| exact / whole)
    }

    fn scaled(self, left: Self, whole: Self, divide: fn(i128, i128) -> i128) -> Self {
        if whole.minor == 0 {
            return self;
        }
        let exact = i128::from(self.minor) * i128::from(left.minor);
        let minor = i64::try_from(divide(exact, i128::from(whole.minor))).unwrap_or(self.minor);
        Self { minor, currency: self.currency }
    }

    /// The amount in whole units with exactly the currency's digits: `12.50`, `500`, `1.250`.
    pub fn decimal(self) -> String {
        decimal::plain(i128::from(self.minor), self.currency.exponent())
    }

    fn combine(self, other: Self, with: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed);
        }
        let minor = with(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str, currency: &str) -> Result<Money, MoneyError> {
        Money::from_decimal(text.parse().unwrap(), currency.parse().unwrap())
    }

    #[test]
    fn every_listed_currency_reads_back() {
        let mut seen = std::collections::BTreeSet::new();
        for (exponent, list) in BY_EXPONENT {
            for code in list.split_ascii_whitespace() {
                let currency: Currency = code.parse().unwrap();
                assert_eq!((currency.code(), currency.exponent()), (code, u32::from(exponent)));
                assert!(seen.insert(code), "{code} is listed twice");
            }
        }
        assert_eq!("usd".parse::<Currency>().unwrap().code(), "USD");
        assert!("XXX".parse::<Currency>().is_err() && "US".parse::<Currency>().is_err());
    }

    #[test]
    fn digits_follow_the_currency() {
        for (text, currency, printed) in
            [("12.5", "USD", "12.50"), ("500", "JPY", "500"), ("500.00", "JPY", "500"), ("1.25", "KWD", "1.250")]
        {
            assert_eq!(money(text, currency).unwrap().decimal(), printed);
        }
        for (text, currency) in [("12.505", "USD"), ("0.5", "JPY"), ("1.2345", "KWD"), ("10000000000000.01", "USD")] {
            assert_eq!(money(text, currency), Err(MoneyError::Amount), "{text} {currency}");
        }
    }

    #[test]
    fn ties_round_away_from_zero() {
        let rate = Rate::from_millionths(500_000).unwrap();
        for (minor, half) in [(1, 1), (-1, -1), (3, 2), (-3, -2), (2, 1)] {
            let usd = "USD".parse().unwrap();
            let (whole, one, two) =
                (Money::from_minor(minor, usd), Money::from_minor(1, usd), Money::from_minor(2, usd));
            assert_eq!(whole.at(rate), Money::from_minor(half, usd));
            assert_eq!(whole.part(one, two), Money::from_minor(half, usd));
            assert_eq!(whole.at_down(rate), Money::from_minor(minor / 2, usd));
        }
    }

    #[test]
    fn exact_shares_show_every_digit() {
        for (amount, currency, share, wanted) in [
            ("99.00", "USD", 200_000, "19.80"),
            ("0.01", "USD", 200_000, "0.002"),
            ("999", "JPY", 200_000, "199.8"),
            ("1.234", "KWD", 200_000, "0.2468"),
            ("1", "JPY", 1, "0.000001"),
            ("0", "JPY", 200_000, "0"),
        ] {
            let rate = Rate::from_millionths(share).unwrap();
            assert_eq!(money(amount, currency).unwrap().exactly_at(rate), wanted);
        }
    }

    proptest! {
        #[test]
        fn a_share_is_within_half_a_unit_of_the_exact_one(minor: i64, millionths in 0_u32..=1_000_000) {
            let usd = "USD".parse().unwrap();
            let share = Money::from_minor(minor, usd).at(Rate::from_millionths(millionths).unwrap());
            let error = i128::from(share.minor()) * 1_000_000 - i128::from(minor) * i128::from(millionths);
            prop_assert!(error.abs() <= 500_000);
        }

        #[test]
        fn a_part_is_within_half_a_unit_of_the_exact_one(minor: i64, whole in 1_i64.., share in 0_u32..=1_000_000) {
            let usd = "USD".parse().unwrap();
            let (sum, whole) = (Money::from_minor(minor, usd), Money::from_minor(whole, usd));
            let left = whole.at(Rate::from_millionths(share).unwrap());
            let exact = i128::from(minor) * i128::from(left.minor());
            let error = |part: Money| i128::from(part.minor()) * i128::from(whole.minor()) - exact;
            prop_assert!(error(sum.part(left, whole)).abs() * 2 <= i128::from(whole.minor()));
            prop_assert!(error(sum.part_down(left, whole)).abs() < i128::from(whole.minor()));
            prop_assert!(sum.part_down(left, whole).minor().abs() <= sum.part(left, whole).minor().abs());
            prop_assert_eq!((sum.part(whole, whole), sum.part_down(whole, whole)), (sum, sum));
        }

        #[test]
        fn a_sum_taken_back_is_what_it_was(a: i64, b: i64) {
            let usd = "USD".parse().unwrap();
            let (a, b) = (Money::from_minor(a, usd), Money::from_minor(b, usd));
            if let Ok(sum) = a.plus(b) { prop_assert_eq!(sum.minus(b), Ok(a)); }
            prop_assert_eq!(a.plus(Money::zero("EUR".parse().unwrap())), Err(MoneyError::Mixed));
        }
    }
}
