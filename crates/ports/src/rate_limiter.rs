//! The port that limits requests.

use domain::ApiKeyId;
use std::time::Duration;

/// What the limiter says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateVerdict {
    /// Whether it may go on.
    pub allowed: bool,
    /// How many more may follow at once.
    pub remaining: u32,
    /// When the whole allowance is back, or, if refused, when one request is.
    pub reset: Duration,
}

/// Counts requests by key.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RateLimiter: Send + Sync {
    /// Counts one request of `key`, which may make `per_minute` of them.
    fn check(&self, key: ApiKeyId, per_minute: u32) -> RateVerdict;
}
