//! The ports that the machine itself serves: time, randomness and ids, rate limits; and the keys that are derived from
//! the server's secret.
//!
//! This is the one crate that may read the clock and the source of randomness. Everything else takes them as ports, so
//! that it can be tried at any instant and with any luck.

mod clock;
mod ids;
mod rate;
mod secret;

pub use clock::SystemClock;
pub use ids::SystemIds;
pub use rate::{AddressRateLimiter, KeyedRateLimiter};
pub use secret::{AddressHasher, SecretKeys, WeakSecret};
