//! Rates: exact fractions from 0 to 1.

use crate::values::{Decimal, decimal};

/// A decimal fraction from 0 to 1 with at most six digits, stored in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(1_000_000);

    /// From millionths; `None` above 1.
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= Self::ONE.0 { Some(Self(millionths)) } else { None }
    }

    /// From a decimal fraction; `None` outside 0 to 1 or with more than six digits.
    pub fn from_decimal(fraction: Decimal) -> Option<Self> {
        u32::try_from(fraction.scaled(6)?).ok().and_then(Self::from_millionths)
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The shortest decimal text with at least two digits after the point: `0.20`, `0.125`.
    pub fn decimal(self) -> String {
        let (mut value, mut scale) = (self.0, 6);
        while scale > 2 && value % 10 == 0 {
            value /= 10;
            scale -= 1;
        }
        decimal::plain(i128::from(value), scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, printed) in [("0.2", "0.20"), ("0.125", "0.125"), ("1", "1.00"), ("0.000001", "0.000001")] {
            assert_eq!(Rate::from_decimal(text.parse().unwrap()).unwrap().decimal(), printed);
        }
        for text in ["1.000001", "-0.1", "0.0000001", "20"] {
            assert_eq!(Rate::from_decimal(text.parse().unwrap()), None, "{text}");
        }
    }
}
