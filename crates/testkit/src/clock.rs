//! A clock that moves only when it is told to.

use async_trait::async_trait;
use domain::Timestamp;
use ports::Clock;
use std::{sync::Mutex, time::Duration};

/// A [`Clock`] that moves only when a test moves it, or when a use case pauses.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Puts it to `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }

    /// Moves it forward.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(span);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    /// Moves the clock by `span` and returns once the other tasks had a turn: a loop that pauses until a deadline ends.
    async fn pause(&self, span: Duration) {
        self.advance(span);
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::moment;

    #[tokio::test]
    async fn a_pause_takes_its_time_at_once() {
        let clock = FakeClock::at(moment(1));
        clock.pause(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), moment(3));
        clock.set(moment(0));
        assert_eq!(clock.now(), moment(0));
    }
}
