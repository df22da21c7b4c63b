//! Answers that are made before the commit, and the wish to get the same one again.

use ports::{IdempotencyKey, KeptReply, ReplyStatus};

/// What the caller receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: ReplyStatus,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether it was kept from an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Answer {
    /// A first answer.
    pub(crate) fn first(status: ReplyStatus, body: Vec<u8>) -> Self {
        Self { status, body, replayed: false }
    }
}

impl From<KeptReply> for Answer {
    fn from(KeptReply { fingerprint: _, status, body }: KeptReply) -> Self {
        Self { status, body, replayed: true }
    }
}

/// A caller's wish that this request happen once (the `Idempotency-Key` header).
#[derive(Debug, Clone)]
pub struct Once {
    /// The operation, as `POST /affiliates`.
    pub route: &'static str,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// Of the request as parsed, its path included.
    pub fingerprint: [u8; 32],
}
