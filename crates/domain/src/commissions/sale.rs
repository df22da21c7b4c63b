//! The lines of an event, and how several affiliates share them (docs/rules/commissions.md).

use crate::events::{EventKind, Items};
use crate::rewards::split;
use crate::values::{Money, ShortText};

/// What an event is rated by.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    /// What happened.
    pub kind: &'a EventKind,
    /// What was paid; there for every paying kind.
    pub amount: Option<Money>,
    /// The lines it is made of; none, or they sum up to the amount.
    pub items: &'a Items,
    /// The most that all of its commissions together may be.
    pub cap: Option<Money>,
}

/// One line: an item, or the whole of an event without items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Its place among the items.
    pub(crate) place: Option<usize>,
    pub(crate) product: Option<&'a ShortText>,
    pub(crate) category: Option<&'a ShortText>,
    /// What was paid for it; nothing where the event has no amount.
    pub(crate) amount: Option<Money>,
}

impl Sale<'_> {
    /// Its lines: at least one.
    pub(crate) fn lines(&self) -> Vec<Line<'_>> {
        if self.items.0.is_empty() {
            return vec![Line { place: None, product: None, category: None, amount: self.amount }];
        }
        let line = |(place, item): (usize, &'_ crate::events::Item)| (place, item.amount);
        let places = self.items.0.iter().enumerate().map(line);
        let lines = places.zip(&self.items.0).map(|((place, amount), item)| Line {
            place: Some(place),
            product: item.product.as_ref(),
            category: item.category.as_ref(),
            amount: Some(amount),
        });
        lines.collect()
    }
}

/// The equal parts of each line for `sharers` affiliates: a list for each of them, in the order of the lines.
///
/// Split cumulatively, so that the parts of one affiliate sum to its part of the whole for any lines. The odd minor
/// units of the whole go to the first affiliates.
pub(crate) fn shares(lines: &[Money], sharers: usize) -> Vec<Vec<Money>> {
    let mut parts = vec![Vec::new(); sharers];
    let (Some(first), weights) = (lines.first(), vec![1; sharers]) else { return parts };
    let (mut sum, mut before) = (0_i64, vec![0_i64; sharers]);
    for line in lines {
        sum = sum.saturating_add(line.minor());
        let upto = split(Money::from_minor(sum, first.currency()), &weights);
        for ((upto, before), parts) in upto.into_iter().zip(&mut before).zip(&mut parts) {
            parts.push(Money::from_minor(upto.minor() - *before, line.currency()));
            *before = upto.minor();
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minors(lines: &[i64], sharers: usize) -> Vec<Vec<i64>> {
        let usd = "USD".parse().unwrap();
        let lines: Vec<_> = lines.iter().map(|&minor| Money::from_minor(minor, usd)).collect();
        shares(&lines, sharers).into_iter().map(|parts| parts.into_iter().map(Money::minor).collect()).collect()
    }

    #[test]
    fn worked_by_hand() {
        assert_eq!(minors(&[1], 3), [[1], [0], [0]], "one cent has one owner");
        assert_eq!(minors(&[100], 3), [[34], [33], [33]]);
        assert_eq!(minors(&[50, 50], 3), [[17, 17], [17, 16], [16, 17]], "50 is 17, 17, 16; 100 is 34, 33, 33");
        assert_eq!(minors(&[99, 0, 1], 1), [[99, 0, 1]]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nobody_is_a_cent_ahead_by_more_than_one(
            lines in prop::collection::vec(0_i64..Money::MAX_MINOR / 100, 1..20), sharers in 1_usize..30,
        ) {
            let parts = minors(&lines, sharers);
            for (at, line) in lines.iter().enumerate() {
                prop_assert_eq!(parts.iter().map(|parts| parts[at]).sum::<i64>(), *line);
            }
            prop_assert!(parts.iter().flatten().all(|&part| part >= 0));
            let whole = minors(&[lines.iter().sum()], sharers);
            for (parts, whole) in parts.iter().zip(&whole) {
                prop_assert_eq!(parts.iter().sum::<i64>(), whole[0]);
            }
            prop_assert!(whole[0][0] - whole[sharers - 1][0] <= 1);
        }
    }
}
