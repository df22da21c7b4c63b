//! Ids and randomness.

use crate::clock::since_1970;
use ports::IdSource;
use rand::Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Uuid};

/// How many bits of a tick count the ids of one millisecond.
const COUNTER_BITS: u32 = 16;

/// UUIDv7, and random bytes from the operating system. The random bits of ids come from a generator of the thread, which
/// the operating system seeds: it is meant for cryptography too, and a sale makes half a dozen ids.
///
/// Ids made by one `SystemIds` sort in the order in which they were made, whatever thread made them and whatever the
/// machine's clock does. Between processes they sort by millisecond. Share one in a process.
///
/// The layout is that of RFC 9562, 5.7, with its method 1 (section 6.2): 48 bits of milliseconds, a counter of 16 bits
/// in `rand_a` and the first 4 bits of `rand_b`, 58 random bits. A counter that overflows, or a clock that steps back,
/// borrows from the following milliseconds, as the RFC allows.
#[derive(Debug, Default)]
pub struct SystemIds {
    /// Milliseconds and counter of the last id: what the next one must exceed.
    last: AtomicU64,
}

impl SystemIds {
    /// A source that has made nothing yet.
    pub const fn new() -> Self {
        Self { last: AtomicU64::new(0) }
    }

    /// The next id at `millis` since 1970.
    fn uuid_at(&self, millis: u64, random: u64) -> Uuid {
        let tick = self.tick(millis);
        let counter = tick & ((1 << COUNTER_BITS) - 1);
        // 16 bits for `rand_a`, whose first 4 give way to the version, and 64 for `rand_b`, whose first 2 give way to
        // the variant.
        let rand_a = counter >> 4;
        let rand_b = (counter & 0xf) << 58 | random >> 6;
        let tail = (u128::from(rand_a) << 64 | u128::from(rand_b)).to_be_bytes();
        let mut bytes = [0; 10];
        bytes.copy_from_slice(tail.split_at(6).1);
        Builder::from_unix_timestamp_millis(tick >> COUNTER_BITS, &bytes).into_uuid()
    }

    /// Milliseconds and counter, larger than all before.
    fn tick(&self, millis: u64) -> u64 {
        let wanted = millis << COUNTER_BITS;
        let next = |last: u64| wanted.max(last.saturating_add(1));
        // Nothing but the number itself is handed from thread to thread.
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last.unwrap_or_else(|last| last))
    }
}

impl IdSource for SystemIds {
    fn uuid(&self) -> Uuid {
        #[allow(clippy::disallowed_methods, reason = "this is what the IdSource port takes its randomness from")]
        let random = rand::rng().next_u64();
        let millis = u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX);
        self.uuid_at(millis, random)
    }

    #[allow(clippy::disallowed_methods, reason = "this is what the IdSource port takes its randomness from")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            #[allow(clippy::panic, reason = "without randomness no key and no id is safe to make: give up the request")]
            {
                panic!("the operating system gives no random bytes: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, thread};
    use uuid::{Variant, Version};

    #[test]
    fn the_layout_is_version_7() {
        let id = SystemIds::new().uuid_at(0x0123_4567_89ab, u64::MAX);
        assert_eq!(id.get_version(), Some(Version::SortRand));
        assert_eq!(id.get_variant(), Variant::RFC4122);
        assert_eq!(id.to_string(), "01234567-89ab-7000-83ff-ffffffffffff");
    }

    #[test]
    fn ids_sort_in_the_order_of_making_whatever_the_clock_does() {
        let ids = SystemIds::new();
        let within_one_millisecond = std::iter::repeat_n(1_000, 70_000);
        let stepping_back = [2_000, 1_999, 1_500, 2_000, 2_001];
        let made: Vec<Uuid> = within_one_millisecond.chain(stepping_back).map(|at| ids.uuid_at(at, 7)).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert_eq!(ids.uuid_at(3_000, 7).as_u128() >> 80, 3_000, "and it catches up with the clock");
    }

    #[test]
    fn threads_share_one_order_and_no_id() {
        let ids = SystemIds::new();
        let make = || (0..10_000).map(|_| ids.uuid()).collect::<Vec<_>>();
        let made: Vec<Vec<Uuid>> = thread::scope(|scope| {
            let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(made.iter().all(|of_one| of_one.is_sorted_by(|a, b| a < b)));
        let ticks: HashSet<u128> = made.iter().flatten().map(|id| id.as_u128() >> 58).collect();
        assert_eq!(ticks.len(), 40_000, "milliseconds and counter alone tell them apart");
    }

    #[test]
    fn randomness_differs() {
        let (mut one, mut other) = ([0_u8; 32], [0_u8; 32]);
        SystemIds::new().fill(&mut one);
        SystemIds::new().fill(&mut other);
        assert_ne!(one, other);
    }
}
