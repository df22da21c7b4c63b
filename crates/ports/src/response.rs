//! Responses that are stored for idempotency.

use domain::Timestamp;

/// A caller's `Idempotency-Key`: 1 to 255 visible ASCII characters, without the quotes it may have come in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header's value, quoted or bare; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let fits = (1..=255).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(bare.to_owned())) } else { Err("must be 1 to 255 visible ASCII characters".to_owned()) }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The statuses that answers of committed change sets have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// Something was created.
    Created,
    /// Something was done.
    Ok,
    /// Something was deleted.
    NoContent,
    /// The response contained data of a person who has been erased. Stored instead of the response, never returned as a
    /// first one.
    Gone,
}

impl ResponseStatus {
    /// The HTTP status.
    pub const fn code(self) -> u16 {
        match self {
            Self::Created => 201,
            Self::Ok => 200,
            Self::NoContent => 204,
            Self::Gone => 410,
        }
    }

    /// From a stored HTTP status.
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            201 => Some(Self::Created),
            200 => Some(Self::Ok),
            204 => Some(Self::NoContent),
            410 => Some(Self::Gone),
            _ => None,
        }
    }
}

/// A response to store with the change it reports. Scope: merchant, route, key (docs/api-conventions.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseRecord {
    /// The operation, as `POST /affiliates`.
    pub route: String,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// Of the request as parsed.
    pub fingerprint: [u8; 32],
    /// The status of the first answer.
    pub status: ResponseStatus,
    /// The body of the first answer.
    pub body: Vec<u8>,
    /// Real time.
    pub created_at: Timestamp,
    /// Real time after which it is forgotten and its place can be taken.
    pub expires_at: Timestamp,
}

/// A stored response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// Of the request that was answered.
    pub fingerprint: [u8; 32],
    /// Its status.
    pub status: ResponseStatus,
    /// Its body.
    pub body: Vec<u8>,
}
