//! Checkout sessions: orders in the legacy API, with lines and a reference of the payment.

use crate::values::{OrderReference, string_enum::string_enum};

/// What a line of a checkout is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineType {
    /// Something bought.
    Product,
    /// Bringing it.
    Shipping,
    /// What was taken off.
    Discount,
}
string_enum!(LineType { Product = "PRODUCT", Shipping = "SHIPPING", Discount = "DISCOUNT" });

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

    /// Takes the text of all lines.
    pub fn parse(text: String) -> Result<Self, String> {
        if text.len() > Self::MOST_BYTES {
            return Err(format!("must be at most {} bytes", Self::MOST_BYTES));
        }
        Ok(Self(text))
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
        assert!(LineItems::parse("x".repeat(LineItems::MOST_BYTES + 1)).is_err());
    }
}
