//! The lines of an order, each with a price of its own.

use crate::values::{Currency, Money, ShortText};
use std::fmt;

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The shop's word for what was bought.
    pub product: Option<ShortText>,
    /// The shop's word for what kind of thing that is.
    pub category: Option<ShortText>,
    /// What was paid for it.
    pub amount: Money,
}

/// The lines of one order, in the order in which the shop gave them; all in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Items(pub Vec<Item>);

/// Stored lines that cannot be read: the row is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not stored items")]
pub struct ItemsError;

impl Items {
    /// The most lines an order may have.
    pub const MOST: usize = 100;

    /// Reads what `Display` wrote, in the currency of the event.
    pub fn stored(text: &str, currency: Currency) -> Result<Self, ItemsError> {
        text.lines().map(|line| Item::stored(line, currency)).collect::<Option<_>>().map(Self).ok_or(ItemsError)
    }
}

impl Item {
    fn stored(line: &str, currency: Currency) -> Option<Self> {
        let mut words = line.split('\t');
        let minor = words.next()?.parse().ok()?;
        let text = |word: &str| if word.is_empty() { Some(None) } else { ShortText::parse(word).ok().map(Some) };
        let (product, category) = (text(words.next()?)?, text(words.next()?)?);
        words.next().is_none().then_some(Self { product, category, amount: Money::from_minor(minor, currency) })
    }
}

/// The stored form: a line an item, `<minor units>\t<product>\t<category>`. Short texts hold no control characters.
impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &Option<ShortText>| text.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default();
        for Item { product, category, amount } in &self.0 {
            writeln!(f, "{}\t{}\t{}", amount.minor(), text(product), text(category))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_stored_reads_back(lines in prop::collection::vec((any::<i64>(), "\\PC{0,20}", "\\PC{0,20}"), 0..10)) {
            let usd: Currency = "USD".parse().unwrap();
            let item = |(minor, product, category): (i64, String, String)| Item {
                product: ShortText::parse(&product).ok(),
                category: ShortText::parse(&category).ok(),
                amount: Money::from_minor(minor, usd),
            };
            let items = Items(lines.into_iter().map(item).collect());
            prop_assert_eq!(Items::stored(&items.to_string(), usd), Ok(items));
        }
    }

    #[test]
    fn damage_is_noticed() {
        for bad in ["1", "1\ta", "x\ta\tb", "1\ta\tb\tc"] {
            assert_eq!(Items::stored(bad, "USD".parse().unwrap()), Err(ItemsError), "{bad}");
        }
    }
}
