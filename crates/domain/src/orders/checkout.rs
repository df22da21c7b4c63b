//! Checkout sessions: orders in the legacy API, with lines and a reference of the payment.

use crate::values::OrderReference;

/// The lines of a checkout, as text. The domain does not read them: they are not used in calculations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineItems(String);

impl LineItems {
    /// The most lines.
    pub const MOST: usize = 100;
    /// The most bytes of all lines together.
    pub const MOST_BYTES: usize = 32 * 1024;
    /// The most characters of a line's name.
    pub const MOST_NAME: usize = 255;
    /// The most characters of a line's description.
    pub const MOST_DESCRIPTION: usize = 1_000;
    /// The most characters of the address of a line's picture.
    pub const MOST_URL: usize = 2_000;

    /// The most characters of a line's type.
    pub const MOST_TYPE: usize = 50;
    /// The type of a line that names none.
    pub const PRODUCT: &str = "PRODUCT";

    /// Takes the JSON texts of lines, as many of the first as fit.
    pub fn that_fit(lines: impl Iterator<Item = String>) -> Self {
        let mut text = String::from("[");
        for (at, line) in lines.take(Self::MOST).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            // And the bracket at the end.
            if text.len() + comma.len() + line.len() + 1 > Self::MOST_BYTES {
                break;
            }
            text.push_str(comma);
            text.push_str(&line);
        }
        text.push(']');
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a checkout session says of its order and the order itself does not show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkout {
    /// The shop's own id of the payment. Not unique.
    pub payment_reference: Option<OrderReference>,
    /// Its lines.
    pub lines: Option<LineItems>,
}

/// A stored checkout that cannot be read: the row is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored checkout")]
pub struct CheckoutError;

impl Checkout {
    /// Reads what [`Checkout::to_stored`] wrote.
    pub fn stored(text: Option<&str>) -> Result<Self, CheckoutError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let (reference, lines) = text.split_once('\n').ok_or(CheckoutError)?;
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let reference = filled(reference).map(|text| OrderReference::parse(&text)).transpose();
        Ok(Self { payment_reference: reference.map_err(|_| CheckoutError)?, lines: filled(lines).map(LineItems) })
    }

    /// The stored form: the reference in the first line, which holds no control characters, then the text of the lines.
    /// None for a checkout that says nothing.
    pub fn to_stored(&self) -> Option<String> {
        let Self { payment_reference, lines } = self;
        let reference = payment_reference.as_ref().map_or("", OrderReference::as_str);
        let lines = lines.as_ref().map_or("", LineItems::as_str);
        (*self != Self::default()).then(|| format!("{reference}\n{lines}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_stored_reads_back(reference in "\\PC{0,20}", lines in "(\\[.{0,40}\\])?") {
            let checkout = Checkout {
                payment_reference: OrderReference::parse(&reference).ok(),
                lines: (!lines.is_empty()).then_some(LineItems(lines)),
            };
            prop_assert_eq!(Checkout::stored(checkout.to_stored().as_deref()), Ok(checkout));
        }
    }

    #[test]
    fn damage_is_noticed_and_nothing_stays_nothing() {
        assert_eq!(Checkout::default().to_stored(), None);
        for bad in ["", "x", "a\tb\n[]"] {
            assert_eq!(Checkout::stored(Some(bad)), Err(CheckoutError), "{bad:?}");
        }
    }

    #[test]
    fn as_many_lines_are_kept_as_fit() {
        let kept = |length: usize, lines: usize| LineItems::that_fit((0..lines).map(|_| "x".repeat(length))).0;
        assert_eq!((kept(1, 0).as_str(), kept(1, 2).as_str()), ("[]", "[x,x]"));
        assert_eq!(kept(1, 101).len(), 1 + 2 * LineItems::MOST);
        assert_eq!(kept(LineItems::MOST_BYTES - 2, 2).len(), LineItems::MOST_BYTES, "the first alone");
        assert_eq!(kept(LineItems::MOST_BYTES - 1, 1), "[]");
    }
}
