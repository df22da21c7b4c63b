//! Real time, for measuring.

use std::time::Instant;
use time::{Date, OffsetDateTime};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a report says when it was made")]
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}
