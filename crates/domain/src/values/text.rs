//! Short texts with a limit each.

use crate::values::{Id, Kind, token};

/// Why a text was refused: the end of the sentence "… must be".
pub(crate) fn check(text: &str, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length == 0 || length > most {
        return Err(format!("must be 1 to {most} characters"));
    }
    if text.chars().any(|letter| letter.is_control()) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $most:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MOST: usize = $most;

            /// Checks length and characters; the error says what was expected.
            pub fn parse(text: &str) -> Result<Self, String> {
                check(text, Self::MOST)?;
                Ok(Self(text.to_owned()))
            }

            /// Cuts and cleans a text that arrives unasked (a header, a link's parameter); `None` if nothing is left.
            pub fn lossy(text: &str) -> Option<Self> {
                let kept: String = text.chars().filter(|letter| !letter.is_control()).take(Self::MOST).collect();
                (!kept.is_empty()).then_some(Self(kept))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

texts! {
    /// The name of an organization.
    OrganizationName, 100;
    /// What a person calls an API key.
    KeyName, 100;
    /// The name an affiliate is shown by.
    DisplayName, 200;
    /// The shop's own id of what an event is about; unique per merchant within its space (docs/rules/commissions.md).
    ExternalId, 255;
    /// The shop's order that an event belongs to.
    OrderReference, 255;
    /// Why a person moved a commission.
    Reason, 500;
    /// A page address as a visitor's browser gave it.
    LandingUrl, 2000;
    /// A browser's description of itself.
    UserAgent, 500;
    /// Any other short text: a campaign, a shop's customer id.
    ShortText, 255;
    /// A person's first or last name.
    PersonName, 200;
    /// A telephone number as people write it.
    PhoneNumber, 50;
    /// A language and perhaps a region, as `en` or `en_US`.
    Locale, 35;
}

impl OrderReference {
    /// The order of an event that names none: its external id.
    pub(crate) fn same_as(id: &ExternalId) -> Self {
        Self(id.0.clone())
    }
}

impl ExternalId {
    /// The id of an event that is an order, by the shop's id of that.
    pub(crate) fn same_as(order: &OrderReference) -> Self {
        Self(order.0.clone())
    }

    /// The id of an event that the shop gave none.
    pub fn of<K: Kind>(id: Id<K>) -> Self {
        Self(id.to_string())
    }
}

/// A visitor's session, as in the cookie `_cobz_sess`: 16 to 64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// Checks length and alphabet of a session as it was sent ([`token`]).
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = token(text);
        let fits = (16..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if fits { Ok(Self(text.into_owned())) } else { Err("must be 16 to 64 letters, digits, - or _".to_owned()) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
