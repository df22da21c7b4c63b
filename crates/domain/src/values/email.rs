//! E-mail addresses, compared the way people mean them.

use crate::values::disposable_email;
use std::iter;
use uuid::Uuid;

/// A plausible e-mail address, stored as given and compared case-folded.
///
/// The check is deliberately modest: one `@`, a local part of 1 to 64 characters, a dotted domain, 254 in all, no
/// spaces. Only sending an e-mail shows whether the address exists.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Providers that ignore dots in the local part, and the name they all mean.
const DOTLESS: [(&str, &str); 2] = [("gmail.com", "gmail.com"), ("googlemail.com", "gmail.com")];
/// Providers known to deliver `name+tag@` to `name@`.
const TAGGED: [&str; 12] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "icloud.com",
    "me.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "fastmail.com",
    "zoho.com",
];

impl Email {
    /// Checks the form; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be an e-mail address".to_owned();
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let message = |c: char| !c.is_whitespace() && !c.is_control() && !"@,;:<>()[]\\\"".contains(c);
        let label = |part: &str| {
            !part.is_empty()
                && part.len() <= 63
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let sound = (1..=64).contains(&local.chars().count())
            && local.chars().all(message)
            && domain.contains('.')
            && domain.split('.').all(label)
            && text.chars().count() <= 254;
        if sound { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }

    /// Returns the address that replaces that of the person with this id once it is erased. It cannot receive e-mails.
    pub fn erased(id: Uuid) -> Self {
        Self(format!("erased-{}@erased.invalid", id.simple()))
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are unique: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// Whether it is of a provider of addresses that are thrown away after use, or of a name under it.
    pub fn is_throwaway(&self) -> bool {
        let folded = self.folded();
        let domain = folded.rsplit_once('@').map(|(_, domain)| domain);
        let mut names = iter::successors(domain, |name| name.split_once('.').map(|(_, parent)| parent));
        names.any(|name| disposable_email::DOMAINS.contains(&name))
    }

    /// The form in which two addresses count as one person's (self-referral): folded, without the plus-tag and dots
    /// where the provider ignores them.
    pub fn person(&self) -> String {
        let folded = self.folded();
        let Some((local, domain)) = folded.rsplit_once('@') else { return folded };
        let local = match local.split_once('+') {
            Some((name, _)) if TAGGED.contains(&domain) && !name.is_empty() => name,
            _ => local,
        };
        match DOTLESS.iter().find(|(known, _)| *known == domain) {
            Some((_, home)) => format!("{}@{home}", local.replace('.', "")),
            None => format!("{local}@{domain}"),
        }
    }
}

impl std::fmt::Debug for Email {
    /// Personal data: never in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in ["bob@example.com", "b.o+x@mail.example.co.uk", "Ünal@bücher.example", "o'hara@example.com"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "bob", "@example.com", "bob@", "bob@example", "a b@example.com", "a@b@c.de", "a@-b.de", "a@b..de"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert!(Email::parse(&format!("{}@example.com", "x".repeat(65))).is_err());
    }

    #[test]
    fn one_person_behind_many_spellings() {
        for (a, b) in [
            ("Bob.Smith+shop@Gmail.com", "bobsmith@googlemail.com"),
            ("bob+1@outlook.com", "BOB@outlook.com"),
            ("A@example.com", "a@EXAMPLE.com"),
        ] {
            assert_eq!(Email::parse(a).unwrap().person(), Email::parse(b).unwrap().person());
        }
        for (a, b) in [("bob+1@example.com", "bob@example.com"), ("b.ob@outlook.com", "bob@outlook.com")] {
            assert_ne!(Email::parse(a).unwrap().person(), Email::parse(b).unwrap().person());
        }
    }

    #[test]
    fn throwaway_providers_and_names_under_them() {
        for thrown in ["a@mailinator.com", "a@Team.MAILINATOR.com", "a+b@x.y.yopmail.fr"] {
            assert!(Email::parse(thrown).unwrap().is_throwaway(), "{thrown}");
        }
        for kept in ["a@example.com", "a@notmailinator.com", "mailinator.com@example.com", "a@mailinator.com.example"] {
            assert!(!Email::parse(kept).unwrap().is_throwaway(), "{kept}");
        }
        assert!(disposable_email::DOMAINS.is_sorted_by(|a, b| a < b));
        assert!(disposable_email::DOMAINS.iter().all(|name| name.contains('.') && **name == name.to_lowercase()));
    }

    #[test]
    fn is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Email::parse("bob@example.com").unwrap()), "Email(…)");
    }
}
