//! Real time.

use async_trait::async_trait;
use domain::Timestamp;
use ports::Clock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The machine's clock, cut to microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = since_1970().as_micros();
        i64::try_from(micros).ok().and_then(Timestamp::from_micros).unwrap_or(Timestamp::MAX)
    }

    async fn pause(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

/// Real time since 1970; zero if the machine's clock is before it.
#[allow(clippy::disallowed_methods, reason = "this is what the Clock and IdSource ports take the time from")]
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_within_the_years_that_are_kept() {
        let now = SystemClock.now();
        assert!(now > Timestamp::MIN && now < Timestamp::MAX, "{now:?}");
    }
}
