//! The clock of a test merchant, as callers see it.

use super::scalars::Instant;
use domain::TestClock;
use serde::Serialize;
use utoipa::ToSchema;

/// The time of the test clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestClock, example = json!({"now": "2026-02-01T12:00:00.000Z", "offset_seconds": 2_592_000}))]
pub(crate) struct TestClockObject {
    /// Business time, which `created_at`, holds and windows use.
    now: Instant,
    /// How many whole seconds the clock is ahead of real time.
    #[schema(minimum = 0)]
    offset_seconds: i64,
}

impl From<TestClock> for TestClockObject {
    fn from(TestClock { now, ahead }: TestClock) -> Self {
        Self { now: now.into(), offset_seconds: ahead.offset_micros().div_euclid(1_000_000) }
    }
}
