//! Share ids: the short names by which customers join a group (docs/rules/groups.md).

use crate::values::token;
use std::fmt;

/// A group's share id: a prefix and eight of `[A-Z0-9]`, as `KHT-7K2M9QXA`. The eight are unique per merchant, so that
/// a group is found under any known prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShareId {
    prefix: String,
    code: String,
}

/// How share ids are made and read: the prefix is configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareIdFormat {
    prefix: String,
}

/// Read besides the server's own.
const KNOWN_PREFIXES: [&str; 2] = ["KHT-", "KHTPAY-"];
/// What legacy clients insert in test mode.
const INSERTED: &str = "TEST-";

impl ShareId {
    /// The letters of the random part.
    pub const LETTERS: &'static [u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    /// How many of them.
    pub const LENGTH: usize = 8;

    /// Reads what `Display` wrote.
    pub fn stored(text: &str) -> Result<Self, String> {
        let at = text.len().checked_sub(Self::LENGTH);
        let parts = at.and_then(|at| Some((text.get(..at)?, text.get(at..)?)));
        match parts {
            Some((prefix, code)) if is_code(code) => Ok(Self { prefix: prefix.to_owned(), code: code.to_owned() }),
            _ => Err("must be a share id".to_owned()),
        }
    }

    /// The part that is unique per merchant.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.code)
    }
}

impl Default for ShareIdFormat {
    /// As on KohortPay.
    fn default() -> Self {
        Self { prefix: "KHT-".to_owned() }
    }
}

impl ShareIdFormat {
    /// The most letters of a prefix.
    pub const MOST_PREFIX: usize = 16;

    /// A format with this prefix: at most 16 of `[A-Z0-9-]`.
    pub fn new(prefix: &str) -> Result<Self, String> {
        let fits = prefix.len() <= Self::MOST_PREFIX
            && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
        if fits {
            Ok(Self { prefix: prefix.to_owned() })
        } else {
            Err("must be at most 16 of A-Z, 0-9 and -".to_owned())
        }
    }

    /// The share id with these random letters.
    pub fn make(&self, random: &str) -> ShareId {
        ShareId { prefix: self.prefix.clone(), code: random.to_owned() }
    }

    /// Reads the unique part of a share id in any case, with the server's prefix or a known one, and with or without
    /// `test-` before or after it. `None` for a text that is not a share id: it names no group.
    pub fn read(&self, text: &str) -> Option<String> {
        let folded = token(text).to_ascii_uppercase();
        let bare = folded.strip_prefix(INSERTED).unwrap_or(&folded);
        let prefixes = KNOWN_PREFIXES.iter().copied().chain([self.prefix.as_str()]);
        prefixes
            .filter_map(|prefix| bare.strip_prefix(prefix))
            .map(|rest| rest.strip_prefix(INSERTED).unwrap_or(rest))
            .find(|rest| is_code(rest))
            .map(str::to_owned)
    }
}

fn is_code(text: &str) -> bool {
    text.len() == ShareId::LENGTH && text.bytes().all(|byte| ShareId::LETTERS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_in_every_form_that_was_ever_told() {
        let format = ShareIdFormat::new("COT-").unwrap();
        for text in [
            "COT-AB12CD34",
            "KHT-AB12CD34",
            "KHTPAY-AB12CD34",
            "kht-ab12cd34",
            "khtpay-TEST-ab12cd34",
            "KHT-test-AB12CD34",
            "test-KHT-AB12CD34",
            " KHT-AB12CD34\u{200b} ",
        ] {
            assert_eq!(format.read(text).as_deref(), Some("AB12CD34"), "{text}");
        }
        for bad in ["", "AB12CD34", "KHT-", "KHT-AB12CD3", "KHT-AB12CD345", "KHT-AB12CD3é", "XYZ-AB12CD34", "pg_1"] {
            assert_eq!(format.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_stored_reads_back() {
        for prefix in ["KHT-", "", "A-B-"] {
            let made = ShareIdFormat::new(prefix).unwrap().make("AB12CD34");
            assert_eq!(ShareId::stored(&made.to_string()), Ok(made));
        }
        assert!(ShareId::stored("KHT-").is_err() && ShareIdFormat::new("kht_").is_err());
    }
}
