//! The clock of a test merchant, as callers see and move it (product 1).

use crate::{MerchantClock, Timestamp};
use std::time::Duration;

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
