//! `search`: a text, or terms with commas between them, each a field, an operator and a value.

use crate::{spelling::snake_case, values};
use domain::{Money, ShortText, Timestamp};
use ports::{Between, Search};
use std::{borrow::Cow, time::Duration};

/// The most letters of a whole search.
pub(crate) const MOST_LETTERS: usize = 4_000;
/// The most terms of one.
const MOST_TERMS: usize = 10;

const FORM: &str = "must be a text, or field:value, field>=value, field<=value and field~value with commas between \
    them; a value with a comma, or a text with such a sign, goes in double quotes";
const QUOTES: &str = "must close its double quotes before a comma or the end, with \\\" for \" and \\\\ for \\ within";

/// A field by which a list is searched, in camelCase; `T` is the term that it makes.
pub(crate) struct Field<T> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind<T>,
}

/// What a field's values are, and how one makes a term.
pub(crate) enum Kind<T> {
    /// Something that is or is not the value.
    Exact(fn(&str) -> Result<T, String>),
    /// A text, which may also be asked for by a part of it in lower case.
    Text(fn(&str) -> Result<T, String>, fn(String) -> T),
    /// Minor units.
    Amount(fn(Between<i64>) -> T),
    /// A time.
    Time(fn(Between<Timestamp>) -> T),
}

/// Reads the parameter of a list with these fields.
pub(crate) fn read<T>(text: &str, fields: &[Field<T>]) -> Result<Search<T>, String> {
    if text.chars().count() > MOST_LETTERS {
        return Err(format!("must be at most {MOST_LETTERS} characters"));
    }
    if let Some(quoted) = quoted_whole(text) {
        return plain(&quoted);
    }
    if !has_operator(text, fields) {
        return plain(text);
    }
    let mut terms = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        if terms.len() == MOST_TERMS {
            return Err(format!("must have at most {MOST_TERMS} terms"));
        }
        let (written, behind) = Written::first(text)?;
        terms.push(written.term(fields)?);
        rest = behind;
    }
    Ok(Search::Terms(terms))
}

/// A plain text to search for.
fn plain<T>(text: &str) -> Result<Search<T>, String> {
    ShortText::parse(text).map(|text| Search::Text(text.as_str().to_lowercase()))
}

/// Returns the text within double quotes, if there is nothing outside of them.
fn quoted_whole(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.trim().strip_prefix('"')?;
    unquoted(inner).ok().filter(|(_, behind)| behind.is_empty()).map(|(value, _)| value)
}

/// Whether a text is more than words: has an operator in it, or a known field before what looks like one.
fn has_operator<T>(text: &str, fields: &[Field<T>]) -> bool {
    let before_sign = || text.find(['<', '>', '=']).and_then(|at| text.get(..at));
    [":", "~", ">=", "<="].iter().any(|operator| text.contains(operator))
        || before_sign().is_some_and(|name| field(name.trim(), fields).is_some())
}

fn field<'f, T>(name: &str, fields: &'f [Field<T>]) -> Option<&'f Field<T>> {
    fields.iter().find(|field| field.name == name || snake_case(field.name) == name)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    AtLeast,
    AtMost,
    Contains,
}

impl Operator {
    const ALL: [(&'static str, Self); 4] =
        [(":", Self::Equal), (">=", Self::AtLeast), ("<=", Self::AtMost), ("~", Self::Contains)];

    /// Splits off the operator that a text begins with.
    fn strip(text: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|(sign, operator)| text.strip_prefix(sign).map(|behind| (*operator, behind)))
    }

    /// The values of a field that the operator matches, given the first and the last value that the term means.
    const fn between<V>(self, first: V, last: V) -> Option<Between<V>>
    where
        V: Copy,
    {
        match self {
            Self::Equal => Some(Between { least: Some(first), most: Some(last) }),
            Self::AtLeast => Some(Between { least: Some(first), most: None }),
            Self::AtMost => Some(Between { least: None, most: Some(last) }),
            Self::Contains => None,
        }
    }
}

/// A term as it is written.
#[derive(Debug, PartialEq, Eq)]
struct Written<'t> {
    name: &'t str,
    operator: Operator,
    value: Cow<'t, str>,
}

impl<'t> Written<'t> {
    /// The first term of a text, and the text behind its comma.
    fn first(text: &'t str) -> Result<(Self, Option<&'t str>), String> {
        let wrong = || FORM.to_owned();
        let at = text.find([':', '~', '<', '>', '=', ',']).ok_or_else(wrong)?;
        let (name, behind) = text.split_at_checked(at).ok_or_else(wrong)?;
        let (operator, behind) = Operator::strip(behind).ok_or_else(wrong)?;
        let behind = behind.trim_start();
        let (value, behind) = match behind.strip_prefix('"') {
            Some(inner) => unquoted(inner)?,
            None => bare(behind),
        };
        let next = match behind.strip_prefix(',') {
            Some(next) => Some(next),
            None if behind.is_empty() => None,
            None => return Err(QUOTES.to_owned()),
        };
        Ok((Self { name: name.trim(), operator, value }, next))
    }

    /// What it asks for.
    fn term<T>(&self, fields: &[Field<T>]) -> Result<T, String> {
        let Self { name, operator, value } = self;
        let Some(field) = field(name, fields) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            return Err(format!(
                "must name a field out of {}; a text that has a sign such as : in it goes in double quotes",
                names.join(", ")
            ));
        };
        let (operators, term) = match field.kind {
            Kind::Exact(is) => (":", (*operator == Operator::Equal).then(|| is(value))),
            Kind::Text(is, has) => (
                ": or ~",
                match operator {
                    Operator::Equal => Some(is(value)),
                    Operator::Contains => Some(short(value).map(|text| has(text.to_lowercase()))),
                    Operator::AtLeast | Operator::AtMost => None,
                },
            ),
            Kind::Amount(make) => (":, >= or <=", ranged(*operator, amount(value), make)),
            Kind::Time(make) => (":, >= or <=", ranged(*operator, span(value), make)),
        };
        let term = term.ok_or_else(|| format!("must ask about {} with {operators}", field.name))?;
        term.map_err(|expected| format!("must have a value behind {}{} that {expected}", field.name, self.sign()))
    }

    fn sign(&self) -> &'static str {
        Operator::ALL.iter().find(|(_, operator)| *operator == self.operator).map_or("", |(sign, _)| sign)
    }
}

/// Splits off a value up to the next comma.
fn bare(text: &str) -> (Cow<'_, str>, &str) {
    let (value, behind) = text.find(',').and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    (Cow::Borrowed(value.trim_end()), behind)
}

/// Splits off a quoted value whose opening quote has been read.
fn unquoted(text: &str) -> Result<(Cow<'_, str>, &str), String> {
    let wrong = || QUOTES.to_owned();
    let mut value = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next().ok_or_else(wrong)? {
            '"' => return Ok((Cow::Owned(value), letters.as_str().trim_start())),
            '\\' => value.push(letters.next().filter(|letter| matches!(letter, '"' | '\\')).ok_or_else(wrong)?),
            letter => value.push(letter),
        }
    }
}

fn short(text: &str) -> Result<&str, String> {
    ShortText::parse(text).map(|_| text)
}

/// A term about values in an order; none if the operator asks for something else.
fn ranged<V: Copy, T>(
    operator: Operator,
    value: Result<(V, V), String>,
    make: fn(Between<V>) -> T,
) -> Option<Result<T, String>> {
    match value {
        Ok((first, last)) => operator.between(first, last).map(|between| Ok(make(between))),
        Err(_) if operator == Operator::Contains => None,
        Err(expected) => Some(Err(expected)),
    }
}

fn amount(text: &str) -> Result<(i64, i64), String> {
    values::whole_text(0..=Money::MAX_MINOR)(text).map(|minor| (minor, minor))
}

/// The first and the last instant that a time means: a date is a whole day in UTC, and as times are shown with
/// milliseconds, one is all of its millisecond unless more digits are given.
fn span(text: &str) -> Result<(Timestamp, Timestamp), String> {
    const DATE: usize = "2024-01-31".len();
    let first = values::instant(text)?;
    let rest = match text.len() {
        DATE => Duration::from_micros(86_400_000_000 - 1),
        _ if first.micros() % 1_000 == 0 => Duration::from_micros(999),
        _ => Duration::ZERO,
    };
    Ok((first, first.plus(rest)))
}

#[cfg(test)]
#[path = "search/tests.rs"]
mod tests;
