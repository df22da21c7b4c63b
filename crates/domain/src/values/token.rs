//! Texts that name something, as people and programs mangle them on the way.

use std::borrow::Cow;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The text without the white space around it and without invisible characters (Unicode's category Cf: zero-width
/// spaces, joiners, direction marks, byte order marks), which people cannot see and so cannot mean.
pub fn token(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter));
    if trimmed.contains(is_invisible) {
        Cow::Owned(trimmed.chars().filter(|letter| !is_invisible(*letter)).collect())
    } else {
        Cow::Borrowed(trimmed)
    }
}

fn is_invisible(letter: char) -> bool {
    // No character below the soft hyphen is one.
    letter >= '\u{ad}' && letter.general_category() == GeneralCategory::Format
}

/// What shops write where there is no customer account. The same for everybody, so it names nobody.
const NOBODY: [&str; 5] = ["0", "guest", "null", "none", "anonymous"];

/// Whether a customer's id, as a shop sends it, is the id of nobody.
pub fn names_nobody(id: &str) -> bool {
    id.is_empty() || NOBODY.iter().any(|word| id.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_not_meant() {
        for text in ["A1", " A1", "A1 ", "\u{feff}A1\u{200b}", "A\u{200d}1", "\u{a0}A\u{ad}1\n", "A1\u{200b} \u{2060}"]
        {
            assert_eq!(token(text), "A1", "{text:?}");
        }
        assert_eq!(token("A 1"), "A 1", "what is inside and can be seen stays");
        assert_eq!(token(" \u{200b} "), "");
    }

    #[test]
    fn nobody_has_several_names() {
        for id in ["", "0", "Guest", "NULL", "none", "anonymous"] {
            assert!(names_nobody(id), "{id}");
        }
        for id in ["00", "1", "guest-7", "nobody@example.com"] {
            assert!(!names_nobody(id), "{id}");
        }
    }
}
