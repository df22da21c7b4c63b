//! Answers that are made before the commit, and the wish to get the same one again.

use domain::Timestamp;
use ports::{IdempotencyKey, ResponseRecord, ResponseStatus, StoredResponse};
use std::time::Duration;

/// How long a response is stored for its idempotency key (docs/api-conventions.md).
const KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);

/// What the caller receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: ResponseStatus,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether it is the stored response of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Response {
    /// A first answer.
    pub(crate) fn first(status: ResponseStatus, body: Vec<u8>) -> Self {
        Self { status, body, replayed: false }
    }
}

impl From<StoredResponse> for Response {
    fn from(StoredResponse { fingerprint: _, status, body }: StoredResponse) -> Self {
        Self { status, body, replayed: true }
    }
}

/// A caller's wish that this request happen once (the `Idempotency-Key` header).
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    /// The operation, as `POST /affiliates`.
    pub route: &'static str,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// Of the request as parsed, its path included.
    pub fingerprint: [u8; 32],
}

impl IdempotentRequest {
    /// The answer as it is kept for this request.
    pub(crate) fn response(&self, response: &Response, now: Timestamp) -> ResponseRecord {
        ResponseRecord {
            route: self.route.to_owned(),
            key: self.key.clone(),
            fingerprint: self.fingerprint,
            status: response.status,
            body: response.body.clone(),
            created_at: now,
            expires_at: now.plus(KEPT_FOR),
        }
    }
}
