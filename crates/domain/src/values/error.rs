//! How the rules say no.

use std::fmt;

/// One thing wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the caller spelled it, dotted for nested ones (`customer.email`).
    pub field: String,
    /// What was expected instead, as the end of a sentence: "must be …".
    pub expected: String,
}

impl FieldError {
    /// A fault of `field`, with what was expected of it.
    pub fn new(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), expected: expected.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.expected)
    }
}

/// A decision not to do what was asked. Its texts are meant for the caller and hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something in the input cannot be accepted; at least one fault.
    #[error("the input is not acceptable")]
    Invalid(Vec<FieldError>),
    /// A key that must be unique is taken.
    #[error("{field} is already in use")]
    Exists {
        /// The field whose value is taken.
        field: &'static str,
    },
    /// A key that must be unique was given to another object of the caller's own making.
    #[error("{field} is already in use by {id}, {}", told(.differs))]
    Repeated {
        /// The field whose value is taken.
        field: &'static str,
        /// The object that has it.
        id: String,
        /// The fields in which that object's content is another; none where it is the same.
        differs: Vec<&'static str>,
    },
    /// The thing is not in a state that allows it.
    #[error("{0}")]
    State(String),
    /// What a field names is not there, but may well come: the same request may be accepted later.
    #[error("{0}")]
    NotYet(FieldError),
    /// A referral group does not take the order, or the customer may place none.
    #[error("{}", .0.message())]
    Group(GroupRefusal),
    /// The thing named in the path does not exist for this merchant.
    #[error("there is no such object")]
    NotFound,
    /// The organization's plan does not include it.
    #[error("{0}")]
    Plan(String),
}

fn told(differs: &[&str]) -> String {
    match differs {
        [] => "which was made from the same content".to_owned(),
        [one] => format!("whose {one} is another"),
        [first @ .., last] => format!("whose {} and {last} are others", first.join(", ")),
    }
}

/// Why an order neither opens nor joins a referral group (docs/rules/groups.md). In the order in which they are
/// checked; only an unknown group, which is [`Refusal::NotFound`], comes between the first and the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupRefusal {
    /// The customer is blocked.
    Blocked,
    /// The group is closed, or its time is over.
    Closed,
    /// The group has as many participants as it may have.
    Full,
    /// The address takes part already.
    EmailUsed,
    /// The order is smaller than the smallest purchase.
    AmountTooLow,
}

impl GroupRefusal {
    /// The message for the caller.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Blocked => "The customer is blocked.",
            Self::Closed => "The group is completed, expired or canceled.",
            Self::Full => "The group has the most participants already.",
            Self::EmailUsed => "The e-mail address takes part in the group already.",
            Self::AmountTooLow => "The amount is below the smallest purchase.",
        }
    }
}

impl Refusal {
    /// The refusal for one bad field.
    pub fn invalid(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, expected)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_key_and_what_is_different() {
        let refusal = |differs: &[&'static str]| Refusal::Repeated {
            field: "external_id",
            id: "evt_1".to_owned(),
            differs: differs.to_vec(),
        };
        for (differs, text) in [
            (&[][..], "external_id is already in use by evt_1, which was made from the same content"),
            (&["amount"], "external_id is already in use by evt_1, whose amount is another"),
            (&["amount", "items"], "external_id is already in use by evt_1, whose amount and items are others"),
        ] {
            assert_eq!(refusal(differs).to_string(), text);
        }
    }
}
