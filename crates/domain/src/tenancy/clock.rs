//! The clock of a merchant, and how callers see and move that of a test merchant.

use crate::values::{Refusal, Timestamp};
use std::time::Duration;

/// How far a merchant's business time is ahead of real time. Zero, and fixed, in live mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MerchantClock {
    offset_micros: i64,
}

impl MerchantClock {
    /// How far ahead of real time a clock may be put: ten years.
    pub const MOST_AHEAD: Duration = Duration::from_secs(10 * 365 * 86_400);

    /// A clock that is `offset_micros` ahead.
    pub const fn ahead_by(offset_micros: i64) -> Self {
        Self { offset_micros }
    }

    /// Microseconds ahead of real time.
    pub const fn offset_micros(self) -> i64 {
        self.offset_micros
    }

    /// Business time at the real instant `real`.
    pub fn at(self, real: Timestamp) -> Timestamp {
        Timestamp::from_micros(real.micros().saturating_add(self.offset_micros)).unwrap_or(Timestamp::MAX)
    }

    /// The clock after `step` at the real instant `real`. It goes forward only: what was decided by it stays behind it.
    pub fn moved(self, step: TestClockStep, real: Timestamp) -> Result<Self, Refusal> {
        let now = self.at(real);
        let (field, target) = match step {
            TestClockStep::By(span) => ("seconds", now.plus(span)),
            TestClockStep::To(target) => ("to", target),
        };
        if target <= now {
            return Err(Refusal::invalid(field, "must be later than the clock's present time"));
        }
        if target.since(real) > Self::MOST_AHEAD {
            return Err(Refusal::invalid(field, "must not put the clock more than 10 years ahead of real time"));
        }
        Ok(Self { offset_micros: target.micros().saturating_sub(real.micros()) })
    }
}

/// How a test clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestClockStep {
    /// Forward by so much.
    By(Duration),
    /// Forward to this instant.
    To(Timestamp),
}

/// What a test clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestClock {
    /// Business time.
    pub now: Timestamp,
    /// How far it is ahead of real time.
    pub ahead: MerchantClock,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_test_clock_goes_forward_only() {
        let clock = MerchantClock::ahead_by(60_000_000);
        let by = |seconds| clock.moved(TestClockStep::By(Duration::from_secs(seconds)), at(1_000));
        let to = |seconds| clock.moved(TestClockStep::To(at(seconds)), at(1_000));
        assert_eq!(by(30).unwrap().offset_micros(), 90_000_000);
        assert_eq!(to(1_061).unwrap().at(at(1_000)), at(1_061), "it shows just what was asked for");
        for stuck in [by(0), to(1_060), to(1_059), to(0)] {
            assert!(matches!(stuck, Err(Refusal::Invalid(_))), "{stuck:?}");
        }
    }

    #[test]
    fn a_test_clock_goes_ten_years_ahead_at_most() {
        let most = MerchantClock::MOST_AHEAD.as_secs();
        let by = |clock: MerchantClock, seconds| clock.moved(TestClockStep::By(Duration::from_secs(seconds)), at(7));
        let ahead = by(MerchantClock::default(), most).unwrap();
        assert!(by(ahead, 1).is_err() && by(MerchantClock::default(), most + 1).is_err());
        assert!(by(MerchantClock::default(), u64::MAX).is_err(), "nothing overflows");
    }

    proptest! {
        #[test]
        fn a_moved_clock_shows_a_later_time(ahead in 0_i64..1_000_000_000, seconds in 1_u64..1_000_000_000, real in 0_i64..1_000_000) {
            let clock = MerchantClock::ahead_by(ahead);
            let Ok(moved) = clock.moved(TestClockStep::By(Duration::from_secs(seconds)), at(real)) else { return Ok(()) };
            prop_assert!(moved.at(at(real)) > clock.at(at(real)));
            prop_assert_eq!(moved.at(at(real)).since(clock.at(at(real))), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_clock_moves_business_time_only_forward_of_real_time() {
        let real = Timestamp::from_micros(1_000).unwrap();
        assert_eq!(MerchantClock::default().at(real), real);
        assert_eq!(MerchantClock::ahead_by(5).at(real).micros(), 1_005);
        assert_eq!(MerchantClock::ahead_by(i64::MAX).at(real), Timestamp::MAX);
    }
}
