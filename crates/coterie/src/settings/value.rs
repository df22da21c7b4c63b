//! How one setting is read from its text.

use adapters_system::SecretKeys;
use domain::{ApiKey, KeyFormat, ShareIdFormat};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserializer, de};
use std::{fmt, marker::PhantomData, net::IpAddr, net::SocketAddr, path::PathBuf};

/// A type of setting. Every setting is read from text, whether it comes from a file or from the environment.
pub(super) trait Setting: Sized {
    /// The end of the sentence "must be …". Never shows the value: it may be secret.
    fn expected() -> String;

    /// Reads it; `None` if it is not what was expected.
    fn read(text: &str) -> Option<Self>;
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const LEAST: u32, const MOST: u32>(u32);

impl<const LEAST: u32, const MOST: u32> Whole<LEAST, MOST> {
    /// The number.
    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    /// The number, for counts and sizes in memory.
    pub(crate) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const LEAST: u32, const MOST: u32> Setting for Whole<LEAST, MOST> {
    fn expected() -> String {
        format!("a whole number from {LEAST} to {MOST}")
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (LEAST..=MOST).contains(number)).map(Self)
    }
}

/// Requests a minute, within the bounds of a key's limit.
pub(crate) type PerMinute = Whole<1, { ApiKey::MOST_RATE_LIMIT }>;

/// The server's secret, long enough.
#[derive(Debug, Clone)]
pub(crate) struct ServerSecret(pub(crate) SecretString);

impl ServerSecret {
    /// The secret, if it is long enough.
    pub(crate) fn new(text: &str) -> Option<Self> {
        SecretKeys::new(&text.into()).is_ok().then(|| Self(text.into()))
    }
}

impl Setting for ServerSecret {
    fn expected() -> String {
        format!("a text of at least {} characters", SecretKeys::LEAST)
    }

    fn read(text: &str) -> Option<Self> {
        Self::new(text)
    }
}

impl Setting for SecretString {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

/// What a key's text begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPrefix(pub(crate) String);

impl Setting for KeyPrefix {
    fn expected() -> String {
        "at most 16 of a-z, 0-9 and _".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        KeyFormat::new(text, &[]).is_ok().then(|| Self(text.to_owned()))
    }
}

/// What the share ids of referral groups begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharePrefix(pub(crate) ShareIdFormat);

impl Setting for SharePrefix {
    fn expected() -> String {
        "at most 16 of A-Z, 0-9 and -".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        ShareIdFormat::new(text).ok().map(Self)
    }
}

impl Setting for SocketAddr {
    fn expected() -> String {
        "an IP address and a port, as 127.0.0.1:8080 or [::1]:8080".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for IpNet {
    fn expected() -> String {
        "IP addresses or networks, as 127.0.0.1 or 10.0.0.0/8".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(Self::from))
    }
}

impl Setting for PathBuf {
    fn expected() -> String {
        "the path of a file".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Setting for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Where the data are.
#[derive(Debug, Clone)]
pub(crate) enum DatabaseUrl {
    /// A PostgreSQL database; the text may hold a password.
    Postgres(SecretString),
    /// The file of an embedded database.
    Sqlite(PathBuf),
}

impl Setting for DatabaseUrl {
    fn expected() -> String {
        "postgres://user:password@host/name or sqlite:<path of a file>".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            // "sqlite://data/x.db" is how other programs spell the path "data/x.db". A database in memory does not
            // work: every connection would see its own.
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty() && path != ":memory:").then(|| Self::Sqlite(path.into()));
        }
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
        (!rest.is_empty()).then(|| Self::Postgres(text.into()))
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

impl Setting for LogFormat {
    fn expected() -> String {
        "json or pretty".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "pretty" => Some(Self::Pretty),
            _ => None,
        }
    }
}

/// What is logged, in the directives of `tracing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLevel(pub(crate) String);

impl Setting for LogLevel {
    fn expected() -> String {
        "off, error, warn, info, debug or trace, or directives as info,adapters_http=debug".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        let filter: tracing_subscriber::filter::Targets = text.parse().ok()?;
        // A misspelt level reads as the name of a part that logs everything.
        let only_levels = filter.iter().all(|(part, _)| part.contains("::") || text.contains(&format!("{part}=")));
        (!text.is_empty() && only_levels).then(|| Self(text.to_owned()))
    }
}

/// Reads a setting.
pub(super) fn one<'de, D: Deserializer<'de>, T: Setting>(deserializer: D) -> Result<T, D::Error> {
    let text = deserializer.deserialize_any(Scalar::<T>::new())?;
    T::read(&text).ok_or_else(|| refused::<T, _>())
}

/// Reads a setting that may be empty: then it is not set.
pub(super) fn maybe<'de, D: Deserializer<'de>, T: Setting>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = deserializer.deserialize_any(Scalar::<T>::new())?;
    if text.is_empty() { Ok(None) } else { T::read(&text).map(Some).ok_or_else(|| refused::<T, _>()) }
}

/// Reads a list, or a text with commas.
pub(super) fn list<'de, D: Deserializer<'de>, T: Setting>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let texts = deserializer.deserialize_any(Many::<T>(PhantomData))?;
    texts.iter().map(|text| T::read(text).ok_or_else(|| refused::<T, _>())).collect()
}

fn refused<T: Setting, E: de::Error>() -> E {
    E::custom(format_args!("must be {}", T::expected()))
}

/// The text of a scalar. Its errors never show the value.
struct Scalar<T>(PhantomData<T>);

impl<T> Scalar<T> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Setting> de::Visitor<'de> for Scalar<T> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&T::expected())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<String, E> {
        Err(refused::<T, E>())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(refused::<T, A::Error>())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(refused::<T, A::Error>())
    }
}

/// The texts of a list.
struct Many<T>(PhantomData<T>);

impl<'de, T: Setting> de::Visitor<'de> for Many<T> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", T::expected())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text::<T>(text, _)) = items.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(refused::<T, A::Error>())
    }
}

/// An item of a list.
struct Text<T>(String, PhantomData<T>);

impl<'de, T: Setting> de::Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar::<T>::new()).map(|text| Self(text, PhantomData))
    }
}
