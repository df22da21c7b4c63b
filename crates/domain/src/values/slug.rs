//! Slugs: names in links.

use crate::values::{DisplayName, token};
use uuid::Uuid;

/// 2 to 63 of `[a-z0-9-]`, unique per merchant for affiliates and on the server for merchants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    const MOST: usize = 63;

    /// Checks length and alphabet; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = (2..=Self::MOST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err("must be 2 to 63 of a-z, 0-9 and -".to_owned()) }
    }

    /// A slug in a link, as people and programs mangle links: in capitals, with what a chat program took for a part of it
    /// (a slash, a comma, a full stop), with white space and invisible characters around it.
    pub fn in_link(text: &str) -> Option<Self> {
        // A letter that no slug has is not cut off: what is left might be somebody else's.
        let is_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '-';
        let meant = token(text);
        let meant = meant.trim_matches(|letter| !is_of_a_name(letter)).to_ascii_lowercase();
        Self::parse(&meant).ok()
    }

    /// A slug that no affiliate has.
    pub fn nobody() -> Self {
        Self::erased(Uuid::nil())
    }

    /// A slug from a name: its letters and digits in lower case, everything else one hyphen; `None` if too little is
    /// left. Letters outside ASCII are dropped, not guessed at.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut made = String::new();
        for letter in name.chars().flat_map(char::to_lowercase) {
            if letter.is_ascii_alphanumeric() {
                made.push(letter);
            } else if !made.is_empty() && !made.ends_with('-') {
                made.push('-');
            }
        }
        made.truncate(Self::MOST);
        Self::parse(made.trim_end_matches('-')).ok()
    }

    /// An affiliate's slug where none was asked for: from the display name, else `a-` and eight random letters. Never
    /// from the e-mail.
    pub fn for_affiliate(name: Option<&DisplayName>, random: &str) -> Self {
        name.and_then(|name| Self::from_name(name.as_str())).unwrap_or_else(|| Self(format!("a-{random}")))
    }

    /// Returns the slug that replaces that of the affiliate with this id once it is erased.
    pub fn erased(id: Uuid) -> Self {
        Self(format!("erased-{}", id.simple()))
    }

    /// Returns the slug of a merchant whose name has no letter or digit that a slug may contain.
    pub(crate) fn shop() -> Self {
        Self("shop".to_owned())
    }

    /// The same slug with `-suffix`, cut so that it fits.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let room = Self::MOST.saturating_sub(suffix.len() + 1);
        let stem: String = self.0.chars().take(room).collect();
        Self(format!("{}-{suffix}", stem.trim_end_matches('-')))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_they_arrive() {
        for text in ["alice", "Alice", "alice/", "alice,", "alice.", " alice", "alice ", "alice\u{200b}", "(alice)"] {
            assert_eq!(Slug::in_link(text), Slug::parse("alice").ok(), "{text:?}");
        }
        for bad in ["", "a", "al ice", "al/ice", "alicé", "alice%20", &"x".repeat(64)] {
            assert_eq!(Slug::in_link(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn names_become_slugs() {
        for (name, slug) in [("Bob", Some("bob")), ("  Café  Zoë & Co. ", Some("caf-zo-co")), ("é", None), ("x", None)]
        {
            assert_eq!(Slug::from_name(name).as_ref().map(Slug::as_str), slug, "{name}");
        }
        let long = Slug::from_name(&"x".repeat(200)).unwrap();
        assert_eq!(long.as_str().len(), 63);
        assert_eq!(long.with_suffix("2").as_str().len(), 63);
        assert!(Slug::parse("Bob").is_err() && Slug::parse("b").is_err() && Slug::parse("a_b").is_err());
    }
}
