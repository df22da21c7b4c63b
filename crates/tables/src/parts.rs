//! Fields of the domain that fill several columns.

use crate::{Kind, Unfit};
use domain::{Currency, Email, EmailMessage, Items, Metric, Money, Rate, Reward, Threshold};

/// An amount that may be absent, together with its currency.
pub(crate) fn amount(minor: Option<i64>, currency: Option<Currency>) -> Result<Option<Money>, Unfit> {
    match (minor, currency) {
        (Some(minor), Some(currency)) => Ok(Some(Money::from_minor(minor, currency))),
        (None, None) => Ok(None),
        _ => Err(Unfit::new("must come with a currency")),
    }
}

/// The items of an event, in the currency of its amount; none without one.
pub(crate) fn items(text: &str, amount: Option<Money>) -> Result<Items, Unfit> {
    amount.map_or_else(|| Ok(Items::default()), |amount| Items::stored(text, amount.currency()).map_err(Unfit::of))
}

/// A reward: a rate or a fixed sum, never both.
pub(crate) fn reward(rate: Option<Rate>, flat_minor: Option<i64>, currency: Currency) -> Result<Reward, Unfit> {
    match (rate, flat_minor) {
        (Some(rate), None) => Ok(Reward::Rate(rate)),
        (None, Some(minor)) => Ok(Reward::Flat(Money::from_minor(minor, currency))),
        _ => Err(Unfit::new("must be there if there is no flat_minor, and only then")),
    }
}

/// A rule's reward, which has a currency only if it is a fixed sum.
pub(crate) fn granted(
    rate: Option<Rate>,
    flat_minor: Option<i64>,
    currency: Option<Currency>,
) -> Result<Reward, Unfit> {
    match (rate, flat_minor, currency) {
        (Some(rate), None, None) => Ok(Reward::Rate(rate)),
        (rate, flat_minor, Some(currency)) => reward(rate, flat_minor, currency),
        (_, _, None) => Err(Unfit::new("must be there if there is no currency, and only then")),
    }
}

/// What a tier is reached at: a sum has a currency, a count has none.
pub(crate) fn threshold(metric: Metric, height: i64, currency: Option<Currency>) -> Result<Threshold, Unfit> {
    match (metric, currency) {
        (Metric::Revenue, Some(currency)) => Ok(Threshold::Revenue(Money::from_minor(height, currency))),
        (Metric::CommissionsPaid, Some(currency)) => {
            Ok(Threshold::CommissionsPaid(Money::from_minor(height, currency)))
        }
        (Metric::Orders, None) => height.try_into().map(Threshold::Orders).map_err(|_| Unfit::kind(Kind::Big)),
        _ => Err(Unfit::new("must be there if the metric is a sum, and only then")),
    }
}

/// A message: all of it, or nothing once it was sent.
pub(crate) fn message(
    to: Option<Email>,
    subject: Option<String>,
    text: Option<String>,
) -> Result<Option<EmailMessage>, Unfit> {
    match (to, subject, text) {
        (Some(to), Some(subject), Some(text)) => Ok(Some(EmailMessage { to, subject, text })),
        (None, None, None) => Ok(None),
        _ => Err(Unfit::new("must come with a subject and a body")),
    }
}
