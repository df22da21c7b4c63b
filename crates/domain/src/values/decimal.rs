//! Decimal numbers, exactly as written.

use std::str::FromStr;

/// A decimal number as in a request: a whole mantissa and a power of ten. Never passes through a float.
///
/// Reads JSON's number grammar, exponents included, up to 30 significant digits.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    /// Digits after the point; never negative after reading.
    scale: u32,
}

/// The text is not a decimal number, or has more digits than any amount or rate could need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 30 digits")]
pub struct DecimalError;

const MOST_DIGITS: u32 = 30;

impl Decimal {
    /// A whole mantissa with `scale` digits after the point: `(1250, 2)` is 12.50.
    pub const fn new(mantissa: i64, scale: u32) -> Self {
        Self { mantissa: mantissa as i128, scale }
    }

    /// The number in units of 10^-`digits`; `None` where that is no whole number or does not fit 64 bits.
    pub fn scaled(self, digits: u32) -> Option<i64> {
        let whole = if self.scale <= digits {
            self.mantissa.checked_mul(10_i128.checked_pow(digits - self.scale)?)?
        } else {
            let power = 10_i128.checked_pow(self.scale - digits)?;
            (self.mantissa % power == 0).then_some(self.mantissa / power)?
        };
        i64::try_from(whole).ok()
    }

    /// The one text of this number: no exponent, no needless zeros. Equal numbers give equal texts.
    pub fn canonical(self) -> String {
        let (mut mantissa, mut scale) = (self.mantissa, self.scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        plain(mantissa, scale)
    }
}

/// Prints `mantissa × 10^-scale` with exactly `scale` digits after the point.
pub(crate) fn plain(mantissa: i128, scale: u32) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let digits = mantissa.unsigned_abs().to_string();
    let scale = scale as usize;
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}
impl Eq for Decimal {}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| DecimalError)?),
            None => (text, 0),
        };
        let (negative, unsigned) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(DecimalError),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let fits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !fits(whole) || !fits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(DecimalError);
        }
        let digits = format!("{whole}{}", fraction.trim_end_matches('0'));
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(Self { mantissa: 0, scale: 0 });
        }
        let scale =
            i64::try_from(fraction.trim_end_matches('0').len()).map_err(|_| DecimalError)? - i64::from(exponent);
        let grown = u32::try_from((-scale).max(0)).map_err(|_| DecimalError)?;
        let scale = u32::try_from(scale.max(0)).map_err(|_| DecimalError)?;
        let length = u32::try_from(significant.len()).map_err(|_| DecimalError)?;
        if length.checked_add(grown).is_none_or(|all| all > MOST_DIGITS) || scale > MOST_DIGITS {
            return Err(DecimalError);
        }
        let mantissa = significant.parse::<i128>().map_err(|_| DecimalError)?;
        let mantissa = mantissa.checked_mul(10_i128.pow(grown)).ok_or(DecimalError)?;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_json_allows() {
        for (text, digits, wanted) in [
            ("99.00", 2, Some(9900)),
            ("99", 2, Some(9900)),
            ("99.000", 2, Some(9900)),
            ("99.001", 2, None),
            ("35000.0", 0, Some(35_000)),
            ("1e2", 0, Some(100)),
            ("1.5E-1", 6, Some(150_000)),
            ("-12.5", 2, Some(-1250)),
            ("0.000", 0, Some(0)),
            ("0e400", 0, Some(0)),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("9223372036854775808", 0, None),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().scaled(digits), wanted, "{text}");
        }
        for text in ["", "-", ".5", "1.", "01", "1e", "+1", "1e99", "1_0", "NaN", "1e-31", " 1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn prints_what_it_reads(mantissa: i64, scale in 0_u32..8) {
            let text = plain(i128::from(mantissa), scale);
            prop_assert_eq!(text.parse::<Decimal>().unwrap().scaled(scale), Some(mantissa));
        }

        #[test]
        fn equal_numbers_have_one_text(mantissa in -1_000_000_i64..1_000_000, zeros in 0_u32..6) {
            let longer = plain(i128::from(mantissa) * 10_i128.pow(zeros), 2 + zeros).parse::<Decimal>().unwrap();
            prop_assert_eq!(longer.canonical(), Decimal::new(mantissa, 2).canonical());
        }
    }
}
