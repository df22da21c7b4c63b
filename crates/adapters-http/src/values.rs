//! Readers of single values. The error of each says what was expected, as the end of a sentence.

use crate::json::Node;
use domain::{
    AffiliateId, Currency, Decimal, Id, Kind, Metadata, Rate, RuleScope, ShortText, TierId, Timestamp, token,
};
use std::ops::RangeInclusive;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// A string that `parse` accepts.
pub(crate) fn text<T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&Node<'_>) -> Result<T, String> {
    move |node| match node {
        Node::Text(text) => parse(text),
        _ => Err("must be a string".to_owned()),
    }
}

/// `true` or `false`.
pub(crate) fn flag(node: &Node<'_>) -> Result<bool, String> {
    match node {
        Node::Bool(value) => Ok(*value),
        _ => Err("must be true or false".to_owned()),
    }
}

/// The same from the text of a query parameter.
pub(crate) fn flag_text(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

/// A number, exactly.
pub(crate) fn decimal(node: &Node<'_>) -> Result<Decimal, String> {
    match node {
        Node::Number(text) => text.parse().map_err(|_| "must be a number of at most 30 digits".to_owned()),
        _ => Err("must be a number".to_owned()),
    }
}

/// What `read` makes of a number, or of a text that is one: several languages write exact numbers so.
pub(crate) fn number_or_text<T>(
    read: impl Fn(&Node<'_>) -> Result<T, String>,
) -> impl Fn(&Node<'_>) -> Result<T, String> {
    move |node| match node {
        Node::Text(text) if text.parse::<Decimal>().is_ok() => read(&Node::Number(text)),
        node => read(node),
    }
}

/// An amount, exactly: a number, or a text that is one.
pub(crate) fn exact_amount(node: &Node<'_>) -> Result<Decimal, String> {
    number_or_text(decimal)(node)
}

/// A whole number within `range`; `35000.0` is one.
pub(crate) fn whole<T: TryFrom<i64> + PartialOrd + std::fmt::Display>(
    range: RangeInclusive<T>,
) -> impl Fn(&Node<'_>) -> Result<T, String> {
    move |node| decimal(node).and_then(|number| within(number, &range)).map_err(|_| expected(&range))
}

/// The same from the text of a query parameter.
pub(crate) fn whole_text<T: TryFrom<i64> + PartialOrd + std::fmt::Display>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let number = text.parse::<Decimal>().map_err(|_| expected(&range))?;
        within(number, &range)
    }
}

fn within<T: TryFrom<i64> + PartialOrd + std::fmt::Display>(
    number: Decimal,
    range: &RangeInclusive<T>,
) -> Result<T, String> {
    let value = number.scaled(0).and_then(|whole| T::try_from(whole).ok());
    value.filter(|value| range.contains(value)).ok_or_else(|| expected(range))
}

fn expected<T: std::fmt::Display>(range: &RangeInclusive<T>) -> String {
    format!("must be a whole number from {} to {}", range.start(), range.end())
}

/// A rate.
pub(crate) fn rate(node: &Node<'_>) -> Result<Rate, String> {
    let wrong = || "must be a number from 0 to 1 with at most 6 digits after the point".to_owned();
    decimal(node).ok().and_then(Rate::from_decimal).ok_or_else(wrong)
}

/// A list of at most `most` items.
pub(crate) fn list<T>(
    most: usize,
    read: impl Fn(&Node<'_>) -> Result<T, String>,
) -> impl Fn(&Node<'_>) -> Result<Vec<T>, String> {
    move |node| match node {
        Node::List(items) if items.len() > most => Err(format!("must have at most {most} entries")),
        Node::List(items) => {
            let item =
                |(at, item)| read(item).map_err(|expected| format!("must be a list whose entry {at} {expected}"));
            items.iter().enumerate().map(item).collect()
        }
        _ => Err("must be a list".to_owned()),
    }
}

/// Reads an id in a body or a filter. A malformed id gets the message of an unknown one, so that callers cannot learn
/// which ids exist.
pub(crate) fn id<K: Kind>(text: &str) -> Result<Id<K>, String> {
    text.parse().map_err(|_| format!("must be the id of an existing object ({}_…)", K::PREFIX))
}

/// A name that the caller gives something, as it is read ([`domain::token`]), and as it was sent where that is otherwise.
pub(crate) fn name<T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<(T, Option<T>), String> {
    move |text| {
        let read = token(text);
        Ok((parse(&read)?, if read == text { None } else { parse(text).ok() }))
    }
}

/// The caller's own data.
pub(crate) fn metadata(node: &Node<'_>) -> Result<Metadata, String> {
    let Node::Object(entries) = node else { return Err("must be an object".to_owned()) };
    let values: Vec<(&str, String)> = entries
        .iter()
        .map(|(name, value)| match value {
            Node::Text(text) => (name.as_ref(), text.clone().into_owned()),
            other => (name.as_ref(), other.compact()),
        })
        .collect();
    Metadata::parse(&node.compact(), values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// The same, of which what is too much is left out; the empty list, which some languages write for an empty object, is one.
pub(crate) fn metadata_that_fits(node: &Node<'_>) -> Result<Metadata, String> {
    let fits = |(name, value): &&(std::borrow::Cow<'_, str>, Node<'_>)| {
        let length = match value {
            Node::Text(text) => text.chars().count(),
            other => other.compact().chars().count(),
        };
        (1..=Metadata::MOST_KEY).contains(&name.chars().count()) && length <= Metadata::MOST_VALUE
    };
    match node {
        Node::List(items) if items.is_empty() => Ok(Metadata::default()),
        Node::Object(entries) => {
            metadata(&Node::Object(entries.iter().filter(fits).take(Metadata::MOST_KEYS).cloned().collect()))
        }
        other => metadata(other),
    }
}

/// An instant: RFC 3339 with any offset, or a date, which means its midnight in UTC.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        let form = "must be a date (2024-01-31) or an RFC 3339 time (2024-01-31T12:00:00Z) from 1970 on";
        match text.rsplit_once(' ') {
            // In a query, a plus that is not escaped arrives as a blank.
            Some((_, offset)) if offset.len() == 5 && offset.contains(':') => {
                format!("{form}; the plus of its offset must be escaped, as %2B{offset}")
            }
            _ => form.to_owned(),
        }
    };
    let at = match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) => at,
        Err(_) => {
            Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| wrong())?.midnight().assume_utc()
        }
    };
    Timestamp::from_date_time(at).ok_or_else(wrong)
}

/// An affiliate's id in a body: malformed, unknown and foreign ones get the same words.
pub(crate) fn existing_affiliate(text: &str) -> Result<AffiliateId, String> {
    text.parse().map_err(|_| RuleScope::NO_AFFILIATE.to_owned())
}

/// Reads a tier's id in a body; see [`existing_affiliate`].
pub(crate) fn existing_tier(text: &str) -> Result<TierId, String> {
    text.parse().map_err(|_| RuleScope::NO_TIER.to_owned())
}

/// A currency in any case.
pub(crate) fn currency(text: &str) -> Result<Currency, String> {
    text.parse().map_err(|_| "must be an ISO 4217 currency code such as USD".to_owned())
}

/// Metadata in camelCase resources: as everywhere, and `null` is an empty object.
pub(crate) fn own_data(node: &Node<'_>) -> Result<Metadata, String> {
    match node {
        Node::Null => Ok(Metadata::default()),
        node => metadata(node),
    }
}

/// The id of some object in a body: malformed, unknown and foreign ones get the same words.
pub(crate) fn existing<K: Kind>(what: &'static str) -> impl Fn(&str) -> Result<Id<K>, String> {
    move |text| text.parse().map_err(|_| format!("must be the id of an existing {what}"))
}

/// Reads a share id as it was typed. A text that is not a share id names no group, which the use case reports.
pub(crate) fn share_id(text: &str) -> Result<String, String> {
    ShortText::parse(text).map(|text| text.as_str().to_owned())
}

/// Reads a value that a browser or buyer provided, which may be anything. An invalid value is treated like an unknown
/// one, because it must not cost the shop its event.
pub(crate) fn unproven<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.chars().count() > ShortText::MOST {
        return Err(format!("must be at most {} characters", ShortText::MOST));
    }
    Ok(parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read<T>(text: &str, reader: impl Fn(&Node<'_>) -> Result<T, String>) -> Result<T, String> {
        reader(&json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn whole_numbers_in_any_spelling() {
        for good in ["35000", "35000.0", "3.5e4"] {
            assert_eq!(read(good, whole(0_u32..=40_000)), Ok(35_000));
        }
        for bad in ["35000.5", "-1", "40001", "18446744073709551616", "\"1\"", "null", "1e999999999999"] {
            assert!(read(bad, whole(0_u32..=40_000)).is_err(), "{bad}");
        }
        assert_eq!(whole_text(1_u32..=100)("50"), Ok(50));
        assert!(whole_text(1_u32..=100)("").is_err());
    }

    #[test]
    fn instants() {
        for (text, micros) in [
            ("1970-01-02", 86_400_000_000),
            ("1970-01-01T00:00:01Z", 1_000_000),
            ("1970-01-01T01:00:00.000001+01:00", 1),
        ] {
            assert_eq!(instant(text).map(Timestamp::micros), Ok(micros), "{text}");
        }
        for bad in ["", "2024", "2024-02-30", "1969-12-31", "2024-01-01T00:00:00", "+12024-01-01"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_plus_that_became_a_blank_is_named() {
        let fault = instant("2024-01-01T12:00:00 01:00").unwrap_err();
        assert!(fault.ends_with("as %2B01:00"), "{fault}");
        assert!(!instant("2024-01-01 12:00:00").unwrap_err().contains("%2B"));
    }

    #[test]
    fn amounts_may_be_texts() {
        for good in ["12.50", "\"12.50\"", "\"-0.5\"", "\"1e2\""] {
            assert!(read(good, exact_amount).is_ok(), "{good}");
        }
        for bad in ["\"\"", "\"12,50\"", "\" 12\"", "\"12.50 USD\"", "true", "null"] {
            assert!(read(bad, exact_amount).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_read_without_what_cannot_be_seen() {
        let read = name(ShortText::parse);
        let text = |text: &str| ShortText::parse(text).unwrap();
        assert_eq!(read("A1"), Ok((text("A1"), None)));
        assert_eq!(read("A1 "), Ok((text("A1"), Some(text("A1 ")))));
        assert!(read(" ").is_err());
    }

    #[test]
    fn metadata_is_kept_as_given() {
        let kept = read(r#"{"b": 1.50, "a": {"x": [ "é" ]}}"#, metadata).unwrap();
        assert_eq!(kept.as_str(), r#"{"b":1.50,"a":{"x":["é"]}}"#);
        assert!(read(&format!(r#"{{"a":"{}"}}"#, "x".repeat(501)), metadata).is_err());
        assert!(read("[]", metadata).is_err());
    }

    #[test]
    fn rates_and_lists() {
        assert_eq!(read("[0.1, 0.05]", list(5, rate)).unwrap().len(), 2);
        for bad in ["[0.1,2]", "[\"0.1\"]", "0.1", "[0,0,0,0,0,0]", "[0.0000001]"] {
            assert!(read(bad, list(5, rate)).is_err(), "{bad}");
        }
    }
}
