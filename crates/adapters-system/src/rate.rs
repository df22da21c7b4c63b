//! Rate limits within one process.

use domain::ApiKeyId;
use governor::{
    Quota, RateLimiter as Governor,
    clock::{Clock, MonotonicClock, Reference},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use ports::{RateLimiter, RateVerdict};
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

const MINUTE: Duration = Duration::from_secs(60);

type Governed<K, C> = Governor<K, DashMapStateStore<K>, C, StateInformationMiddleware>;

/// Counts requests by key with GCRA: a key may make its minute's allowance at once and gets it back evenly over a
/// minute. A key whose allowance is changed starts anew.
///
/// Memory: a key is forgotten, at most a minute later, once it has its whole allowance back; so what is kept is bounded
/// by the distinct keys of about two minutes.
#[derive(Debug)]
pub struct KeyedRateLimiter<K: Hash + Eq + Clone = ApiKeyId, C: Clock = MonotonicClock> {
    clock: C,
    limits: RwLock<Limits<K, C>>,
}

/// One governor for each allowance in use; there are as many as operators gave to keys.
#[derive(Debug)]
struct Limits<K: Hash + Eq + Clone, C: Clock> {
    by_allowance: HashMap<NonZeroU32, Arc<Governed<K, C>>>,
    swept_at: C::Instant,
}

impl<K: Hash + Eq + Clone> KeyedRateLimiter<K> {
    /// A limiter that has counted nothing yet.
    pub fn new() -> Self {
        Self::with_clock(MonotonicClock)
    }
}

impl<K: Hash + Eq + Clone> Default for KeyedRateLimiter<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> KeyedRateLimiter<K, C> {
    fn with_clock(clock: C) -> Self {
        let limits = RwLock::new(Limits { by_allowance: HashMap::new(), swept_at: clock.now() });
        Self { clock, limits }
    }

    /// Counts one request of `key`, which may make `per_minute` of them (at least one).
    pub fn count(&self, key: &K, per_minute: u32) -> RateVerdict {
        let allowance = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        match self.governed(allowance).check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = allowance.get().saturating_sub(remaining);
                RateVerdict { allowed: true, remaining, reset: MINUTE * used / allowance.get() }
            }
            Err(refused) => {
                RateVerdict { allowed: false, remaining: 0, reset: refused.wait_time_from(self.clock.now()) }
            }
        }
    }

    /// The governor of an allowance. While a request holds one, the sweep does not drop it.
    fn governed(&self, allowance: NonZeroU32) -> Arc<Governed<K, C>> {
        let now = self.clock.now();
        {
            let limits = self.limits.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(governed) = limits.by_allowance.get(&allowance)
                && Duration::from(now.duration_since(limits.swept_at)) < MINUTE
            {
                return Arc::clone(governed);
            }
        }
        let mut limits = self.limits.write().unwrap_or_else(PoisonError::into_inner);
        limits.sweep(now);
        let make = || {
            Arc::new(Governor::dashmap_with_clock(Quota::per_minute(allowance), self.clock.clone()).with_middleware())
        };
        Arc::clone(limits.by_allowance.entry(allowance).or_insert_with(make))
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Limits<K, C> {
    /// Forgets, once a minute, the keys that have their whole allowance, and the allowances that no key uses.
    fn sweep(&mut self, now: C::Instant) {
        if Duration::from(now.duration_since(self.swept_at)) < MINUTE {
            return;
        }
        self.swept_at = now;
        self.by_allowance.retain(|_, governed| {
            governed.retain_recent();
            governed.shrink_to_fit();
            !governed.is_empty() || Arc::strong_count(governed) > 1
        });
    }
}

/// Counts requests by the visitor's address. What one subscriber of IPv6 usually has, a network of 64 bits, counts as
/// one address.
#[derive(Debug, Default)]
pub struct AddressRateLimiter(KeyedRateLimiter<Ipv6Addr>);

impl AddressRateLimiter {
    /// Counts one request from `address`, which may make `per_minute` of them (at least one).
    pub fn count(&self, address: IpAddr, per_minute: u32) -> RateVerdict {
        self.0.count(&subscriber(address), per_minute)
    }
}

/// The address that is counted: an IPv4 address, mapped, or the start of an IPv6 network.
fn subscriber(address: IpAddr) -> Ipv6Addr {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64),
    }
}

impl<C: Clock + Clone + Send + Sync> RateLimiter for KeyedRateLimiter<ApiKeyId, C>
where
    C::Instant: Send + Sync,
{
    fn check(&self, key: ApiKeyId, per_minute: u32) -> RateVerdict {
        self.count(&key, per_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn limiter() -> (KeyedRateLimiter<u8, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (KeyedRateLimiter::with_clock(clock.clone()), clock)
    }

    fn allowed(limiter: &KeyedRateLimiter<u8, FakeRelativeClock>, key: u8, per_minute: u32, times: u32) -> u32 {
        (0..times).map(|_| u32::from(limiter.count(&key, per_minute).allowed)).sum()
    }

    #[test]
    fn the_whole_allowance_may_go_at_once_and_comes_back_evenly() {
        let (limiter, clock) = limiter();
        let first = limiter.count(&1, 60);
        assert_eq!(first, RateVerdict { allowed: true, remaining: 59, reset: Duration::from_secs(1) });
        assert_eq!(allowed(&limiter, 1, 60, 100), 59);
        let refused = limiter.count(&1, 60);
        assert_eq!(refused, RateVerdict { allowed: false, remaining: 0, reset: Duration::from_secs(1) });
        clock.advance(Duration::from_secs(10));
        assert_eq!(allowed(&limiter, 1, 60, 100), 10);
        clock.advance(MINUTE);
        assert_eq!(allowed(&limiter, 1, 60, 100), 60);
    }

    #[test]
    fn keys_and_allowances_are_counted_apart() {
        let (limiter, _clock) = limiter();
        assert_eq!(allowed(&limiter, 1, 1, 5), 1);
        assert_eq!(allowed(&limiter, 2, 1, 5), 1);
        assert_eq!(allowed(&limiter, 1, 7, 50), 7, "a changed allowance counts anew");
        assert_eq!(allowed(&limiter, 3, 0, 5), 1, "zero is read as one");
    }

    #[test]
    fn the_largest_allowance_is_exact() {
        let (limiter, clock) = limiter();
        let most = domain::ApiKey::MOST_RATE_LIMIT;
        assert_eq!(limiter.count(&1, most).remaining, most - 1);
        clock.advance(Duration::from_micros(6));
        assert_eq!(limiter.count(&1, most).remaining, most - 1);
    }

    #[test]
    fn a_subscriber_is_counted_as_one() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("203.0.113.7"), of("::ffff:203.0.113.7"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::8"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        let limiter = AddressRateLimiter::default();
        let count = |text: &str| limiter.count(text.parse().unwrap(), 1).allowed;
        assert!(count("2001:db8::1") && !count("2001:db8::2") && count("203.0.113.7"));
    }

    #[test]
    fn rested_keys_are_forgotten_and_tired_ones_are_not() {
        let (limiter, clock) = limiter();
        assert_eq!(allowed(&limiter, 1, 60, 1), 1);
        assert_eq!(allowed(&limiter, 2, 5, 1), 1);
        clock.advance(MINUTE - Duration::from_secs(1));
        assert_eq!(allowed(&limiter, 3, 60, 60), 60);
        clock.advance(Duration::from_secs(2));
        assert_eq!(allowed(&limiter, 3, 60, 60), 2);
        let limits = limiter.limits.read().unwrap();
        let kept: Vec<(u32, usize)> =
            limits.by_allowance.iter().map(|(limit, keys)| (limit.get(), keys.len())).collect();
        assert_eq!(kept, [(60, 1)]);
    }
}
