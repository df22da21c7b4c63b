//! The actor of a change.

use crate::values::{ApiKeyId, IdError};
use std::{fmt, str::FromStr};

/// The actor that created or changed an object: an API key, or the server when time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The caller with this key.
    Key(ApiKeyId),
    /// The server.
    System,
}

const SYSTEM: &str = "system";

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::System => f.write_str(SYSTEM),
        }
    }
}

impl FromStr for Actor {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == SYSTEM { Ok(Self::System) } else { text.parse().map(Self::Key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for actor in [Actor::System, Actor::Key(ApiKeyId::from_uuid(uuid::Uuid::from_u128(7)))] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert!("nobody".parse::<Actor>().is_err());
    }
}
