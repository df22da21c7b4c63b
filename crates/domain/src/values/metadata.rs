//! The caller's own key-value data, stored as given.

/// A JSON object as the caller wrote it: at most 50 keys, each key 1 to 40 characters, each value at most 500.
///
/// The domain does not read JSON. The edge that does hands in the object's text with the measures of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(String);

impl Metadata {
    /// The most keys.
    pub const MOST_KEYS: usize = 50;
    /// The most characters of a key.
    pub const MOST_KEY: usize = 40;
    /// The most characters of a value's text.
    pub const MOST_VALUE: usize = 500;

    /// Takes an object's text; `entries` are its keys and the texts of its values.
    pub fn parse<'a>(text: &str, entries: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        if entries.len() > Self::MOST_KEYS {
            return Err(format!("must have at most {} keys", Self::MOST_KEYS));
        }
        for (key, value) in entries {
            if !(1..=Self::MOST_KEY).contains(&key.chars().count()) {
                return Err(format!("must have keys of 1 to {} characters", Self::MOST_KEY));
            }
            if value.chars().count() > Self::MOST_VALUE {
                return Err(format!("must have values of at most {} characters", Self::MOST_VALUE));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// What was stored before and checked then.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The object's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}
