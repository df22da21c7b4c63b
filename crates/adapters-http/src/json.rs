//! JSON as it was written: number texts stay texts, so that no amount passes through a float.

use crate::name::{BODY, Name};
use domain::{Decimal, FieldError};
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt};

/// The deepest nesting that a body may have.
pub(crate) const MOST_DEPTH: usize = 32;

/// The most unknown names that one answer lists.
const MOST_UNKNOWN: usize = 50;

/// A JSON value that borrows from the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(&'a str),
    /// A string, unescaped. Never holds U+0000.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object, in the order written. Names are unique.
    Object(Entries<'a>),
}

/// The members of an object.
pub(crate) type Entries<'a> = Vec<(Cow<'a, str>, Node<'a>)>;

/// Reads a whole body. Refuses what is not JSON, what is nested too deep, duplicate names and U+0000 anywhere.
pub(crate) fn parse(body: &[u8]) -> Result<Node<'_>, FieldError> {
    let text = std::str::from_utf8(body).map_err(|_| FieldError::new(BODY, "must be UTF-8"))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    node(raw.get(), &Name::root(), 0)
}

/// The entries of the one list that a body consists of, each unread: `{"<name>": [ … ]}`. What is wrong inside an entry is
/// that entry's own fault; all else is looked at as in any other body.
pub(crate) fn entries<'a>(body: &'a [u8], name: &str, most: usize) -> Result<Vec<&'a str>, Vec<FieldError>> {
    let (list, others) = one_list(body, name).map_err(|fault| vec![fault])?;
    let list = match list.map(serde_json::from_str::<Vec<&RawValue>>) {
        None => Err("is required".to_owned()),
        Some(Err(_)) => Err("must be a list".to_owned()),
        Some(Ok(list)) if list.is_empty() || list.len() > most => Err(format!("must have 1 to {most} entries")),
        Some(Ok(list)) => Ok(list),
    };
    let unknown = others.iter().map(|other| Name::root().field(other).fault("is not a known field"));
    match list {
        Ok(list) if others.is_empty() => Ok(list.into_iter().map(RawValue::get).collect()),
        Ok(_) => Err(unknown.take(MOST_UNKNOWN).collect()),
        Err(expected) => Err([FieldError::new(name, expected)].into_iter().chain(unknown).take(MOST_UNKNOWN).collect()),
    }
}

/// The member `name` of an object, unread, and the names of its other members, which are sound JSON.
fn one_list<'a>(body: &'a [u8], name: &str) -> Result<(Option<&'a str>, Vec<String>), FieldError> {
    let text = std::str::from_utf8(body).map_err(|_| FieldError::new(BODY, "must be UTF-8"))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if !raw.get().starts_with('{') {
        return Err(FieldError::new(BODY, "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    let members = deserializer.deserialize_map(Members).map_err(|error| malformed(&error))?;
    let shallow: Entries<'_> = members.iter().map(|(key, _)| (Cow::Borrowed(key.as_str()), Node::Null)).collect();
    if let Some(twice) = duplicate(&shallow) {
        return Err(Name::root().field(twice).fault("must be given only once"));
    }
    let (mut list, mut others) = (None, Vec::new());
    for (key, value) in members {
        if key == name {
            list = Some(value.get());
            continue;
        }
        let member = format!("{{{}:{}}}", Node::Text(Cow::Borrowed(&key)).compact(), value.get());
        parse(member.as_bytes())?;
        others.push(key);
    }
    Ok((list, others))
}

fn malformed(error: &serde_json::Error) -> FieldError {
    FieldError::new(BODY, format!("must be valid JSON (see line {}, column {})", error.line(), error.column()))
}

/// Reads one value; `raw` is its text without spaces around it, already known to be JSON in outline.
fn node<'a>(raw: &'a str, name: &Name<'_>, depth: usize) -> Result<Node<'a>, FieldError> {
    match raw.as_bytes().first() {
        Some(b'{' | b'[') if depth == MOST_DEPTH => {
            Err(FieldError::new(BODY, format!("must not be nested deeper than {MOST_DEPTH} levels")))
        }
        Some(b'{') => object(raw, name, depth + 1).map(Node::Object),
        Some(b'[') => list(raw, name, depth + 1).map(Node::List),
        Some(b'"') => text(raw, name).map(Node::Text),
        Some(b't') => Ok(Node::Bool(true)),
        Some(b'f') => Ok(Node::Bool(false)),
        Some(b'n') => Ok(Node::Null),
        _ => Ok(Node::Number(raw)),
    }
}

fn text<'a>(raw: &'a str, name: &Name<'_>) -> Result<Cow<'a, str>, FieldError> {
    let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let read = match quoted {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str::<String>(raw).map_err(|_| name.fault("must be Unicode text"))?),
    };
    if read.contains('\0') { Err(name.fault("must not contain U+0000")) } else { Ok(read) }
}

fn list<'a>(raw: &'a str, name: &Name<'_>, depth: usize) -> Result<Vec<Node<'a>>, FieldError> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| malformed(&error))?;
    items.into_iter().enumerate().map(|(at, item)| node(item.get(), &name.item(at), depth)).collect()
}

fn object<'a>(raw: &'a str, name: &Name<'_>, depth: usize) -> Result<Entries<'a>, FieldError> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let members = deserializer.deserialize_map(Members).map_err(|error| malformed(&error))?;
    let mut entries = Entries::with_capacity(members.len());
    for (key, value) in members {
        let inner = name.field(&key);
        if key.contains('\0') {
            return Err(name.field(&key.replace('\0', "")).fault("must not have U+0000 in its name"));
        }
        let value = node(value.get(), &inner, depth)?;
        entries.push((Cow::Owned(key), value));
    }
    match duplicate(&entries) {
        Some(key) => Err(name.field(key).fault("must be given only once")),
        None => Ok(entries),
    }
}

/// Returns the first duplicate name. Sorting a list of references keeps it fast for an object of any size.
pub(crate) fn duplicate<'n>(entries: &'n Entries<'_>) -> Option<&'n str> {
    let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}

/// Collects an object's members with their values unread.
pub(crate) struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _seq: A) -> Result<Self::Value, A::Error> {
        Err(serde::de::Error::custom("an object was expected"))
    }
}

impl Node<'_> {
    /// Writes the value without spaces: number texts and the order of members as given.
    pub(crate) fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (at, (name, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// SHA-256 of what the value means: members in any order, numbers in any spelling.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.digest(&mut hasher);
        hasher.finalize().into()
    }

    /// Feeds the value in a form that no other value has: a tag, then lengths before contents.
    pub(crate) fn digest(&self, hasher: &mut Sha256) {
        match self {
            Self::Null => hasher.update(b"n"),
            Self::Bool(value) => hasher.update(if *value { b"t" } else { b"f" }),
            Self::Number(text) => {
                let canonical = text.parse::<Decimal>().map_or_else(|_| (*text).to_owned(), Decimal::canonical);
                digest_text(b'#', &canonical, hasher);
            }
            Self::Text(text) => digest_text(b'"', text, hasher),
            Self::List(items) => {
                digest_head(b'[', items.len(), hasher);
                items.iter().for_each(|item| item.digest(hasher));
            }
            Self::Object(entries) => {
                digest_head(b'{', entries.len(), hasher);
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_unstable_by_key(|(name, _)| name);
                for (name, value) in sorted {
                    digest_text(b'"', name, hasher);
                    value.digest(hasher);
                }
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    // Writing a string as JSON cannot fail; if it did, the string would be empty.
    out.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
}

pub(crate) fn digest_text(tag: u8, text: &str, hasher: &mut Sha256) {
    digest_head(tag, text.len(), hasher);
    hasher.update(text);
}

fn digest_head(tag: u8, length: usize, hasher: &mut Sha256) {
    hasher.update([tag]);
    hasher.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> [u8; 32] {
        parse(text.as_bytes()).unwrap().fingerprint()
    }

    #[test]
    fn numbers_stay_as_written() {
        for text in ["99.00", "18446744073709551616", "1e2", "-0", "0.1000000000000000000000000001"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), Node::Number(text));
        }
        assert_eq!(
            parse(br#" { "b" : [ 1.0 , "\u00e9\n" ], "a": {} } "#).unwrap().compact(),
            "{\"b\":[1.0,\"é\\n\"],\"a\":{}}"
        );
    }

    #[test]
    fn what_is_refused_and_by_which_name() {
        for (text, field) in [
            ("", "body"),
            ("{", "body"),
            ("{} {}", "body"),
            ("{\"a\":01}", "body"),
            ("NaN", "body"),
            ("\u{feff}{}", "body"),
            (r#"{"a":1,"b":{"c":1,"\u0063":2}}"#, "b.c"),
            (r#"{"a":[{"b":"x\u0000"}]}"#, "a[0].b"),
            (r#"{"a\u0000":1}"#, "a"),
            (r#"{"a":"\ud800"}"#, "a"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().field, field, "{text}");
        }
        assert_eq!(parse(b"\"\xff\"").unwrap_err().field, "body");
    }

    #[test]
    fn entries_of_a_list_are_unread() {
        let body = r#" {"events": [ {"a":1}, 2 , "x\u0000", {"a":1,"a":2}] }"#;
        assert_eq!(
            entries(body.as_bytes(), "events", 4).unwrap(),
            [r#"{"a":1}"#, "2", r#""x\u0000""#, r#"{"a":1,"a":2}"#]
        );
        for (text, fields) in [
            ("", vec!["body"]),
            ("[]", vec!["body"]),
            ("{}", vec!["events"]),
            (r#"{"events":[]}"#, vec!["events"]),
            (r#"{"events":[1,2,3,4,5]}"#, vec!["events"]),
            (r#"{"events":null}"#, vec!["events"]),
            (r#"{"events":[1],"events":[1]}"#, vec!["events"]),
            (r#"{"events":[1],"more":1,"z":2}"#, vec!["more", "z"]),
            (r#"{"z":1,"z":1}"#, vec!["z"]),
            (r#"{"z":{"y":"\u0000"}}"#, vec!["z.y"]),
            (r#"{"more":1}"#, vec!["events", "more"]),
            (r#"{"events":[1,}"#, vec!["body"]),
        ] {
            let faults = entries(text.as_bytes(), "events", 4).unwrap_err();
            assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), fields, "{text}");
        }
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MOST_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MOST_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn equal_meanings_have_one_fingerprint() {
        assert_eq!(print(r#"{"a":99.0,"b":[1e1,true]}"#), print(r#"{ "b" : [10, true], "\u0061":99.00 }"#));
        for (a, b) in [
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"["ab","c"]"#, r#"["a","bc"]"#),
            (r#"{"a":null}"#, "{}"),
            ("[[],[]]", "[[[]]]"),
            ("[1,2]", "[2,1]"),
        ] {
            assert_ne!(print(a), print(b), "{a} {b}");
        }
    }
}
