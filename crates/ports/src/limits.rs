//! How much every storage reads at the most, so that all of them answer alike.

/// As far as the seats that a merchant's affiliates take are counted.
pub const MOST_SEATS: u16 = 1_000;

/// As far as a chain of parents is followed.
pub const MOST_ANCESTORS: u16 = 1_000;

/// The most API keys that a list shows.
pub const MOST_KEYS: u16 = 1_000;
