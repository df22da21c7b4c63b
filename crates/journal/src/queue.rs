//! Decides which sets wait and which share a batch. Pure: no clock, no tasks.
//!
//! Sets leave in the order of arrival, except that a set which shares an exclusive token with a set in flight, or with
//! an earlier one that still waits, is held back until that one is done. So the sets of a batch are independent, and
//! sets that share a key are written one after the other.
//!
//! While a batch is in flight, new sets accumulate for the next one. Another batch leaves beside it only if it takes
//! long, if the waiting sets fill a batch, or if one of them is urgent (docs/adr/0019-a-batch-is-waited-for.md).

use crate::{Limits, tokens::Token};
use ports::LockMode;
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// A set that waits or is in flight. `P` is returned to the caller with it.
#[derive(Debug)]
pub(crate) struct Queued<P> {
    pub(crate) payload: P,
    pub(crate) tokens: Vec<(Token, LockMode)>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) urgent: bool,
    /// When it came, on the caller's clock.
    pub(crate) since: Duration,
}

#[derive(Debug)]
pub(crate) struct Queue<P> {
    urgent: VecDeque<Queued<P>>,
    ordinary: VecDeque<Queued<P>>,
    /// How often each token is held by sets in flight; an exclusive hold is the only one.
    held: HashMap<Token, Held>,
    /// The number of batches in flight.
    batches_in_flight: usize,
    /// When the last of them left.
    left: Duration,
    bytes: usize,
    limits: Limits,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    shared: usize,
    exclusive: usize,
}

impl Held {
    /// Whether another set may hold the token as firmly as `hold` beside these.
    fn admits(self, hold: LockMode) -> bool {
        self.exclusive == 0 && (hold == LockMode::Shared || self.shared == 0)
    }

    fn count(&mut self, hold: LockMode) -> &mut usize {
        match hold {
            LockMode::Shared => &mut self.shared,
            LockMode::Exclusive => &mut self.exclusive,
        }
    }
}

/// The sets that leave the queue at one moment.
#[derive(Debug)]
pub(crate) struct Dispatch<P> {
    /// To be written in one transaction; their tokens are held until [`Queue::release`].
    pub(crate) batch: Vec<Queued<P>>,
    /// Sets that have waited too long.
    pub(crate) expired: Vec<Queued<P>>,
}

impl<P> Queue<P> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            urgent: VecDeque::new(),
            ordinary: VecDeque::new(),
            held: HashMap::new(),
            batches_in_flight: 0,
            left: Duration::ZERO,
            bytes: 0,
            limits,
        }
    }

    /// Accepts a set, or hands it back if the queue is full. Urgent sets are always accepted.
    pub(crate) fn push(&mut self, set: Queued<P>) -> Result<(), P> {
        let full = self.ordinary.len() >= self.limits.queue_sets || self.bytes + set.bytes > self.limits.queue_bytes;
        if full && !set.urgent {
            return Err(set.payload);
        }
        self.bytes += set.bytes;
        if set.urgent {
            self.urgent.push_back(set)
        } else {
            self.ordinary.push_back(set)
        }
        Ok(())
    }

    /// Returns what may leave now; both lists are empty if nothing can.
    pub(crate) fn next_batch(&mut self, now: Duration) -> Dispatch<P> {
        let mut dispatch = Dispatch { batch: Vec::new(), expired: Vec::new() };
        if !self.linger_left(now).is_zero() {
            return dispatch;
        }
        let mut budget =
            Budget { sets: self.limits.batch_sets, rows: self.limits.batch_rows, bytes: self.limits.batch_bytes };
        let mut reserved: HashMap<Token, Held> = HashMap::new();
        for urgent in [true, false] {
            let waiting = std::mem::take(if urgent { &mut self.urgent } else { &mut self.ordinary });
            let mut kept = VecDeque::with_capacity(waiting.len());
            for set in waiting {
                if now.saturating_sub(set.since) > self.limits.queue_age {
                    self.bytes -= set.bytes;
                    dispatch.expired.push(set);
                } else if budget.is_open()
                    && self.is_free(&set, &reserved)
                    && budget.take(&set, dispatch.batch.is_empty())
                {
                    self.bytes -= set.bytes;
                    hold(&mut self.held, &set.tokens);
                    dispatch.batch.push(set);
                } else {
                    if budget.is_open() {
                        hold(&mut reserved, &set.tokens);
                    }
                    kept.push_back(set);
                }
            }
            *(if urgent { &mut self.urgent } else { &mut self.ordinary }) = kept;
        }
        if !dispatch.batch.is_empty() {
            (self.batches_in_flight, self.left) = (self.batches_in_flight + 1, now);
        }
        dispatch
    }

    /// Returns how long waiting sets still hold back for a batch in flight.
    pub(crate) fn linger_left(&self, now: Duration) -> Duration {
        if self.batches_in_flight == 0 || !self.urgent.is_empty() || self.ordinary.len() >= self.limits.batch_sets {
            return Duration::ZERO;
        }
        (self.left + self.limits.linger).saturating_sub(now)
    }

    /// Whether a sleeping committer must look again after a set has arrived: the first set starts the linger time, and
    /// later ones may end it.
    pub(crate) fn should_wake(&self, now: Duration) -> bool {
        self.urgent.len() + self.ordinary.len() == 1 || self.linger_left(now).is_zero()
    }

    /// Records that a batch is done.
    pub(crate) fn batch_done(&mut self) {
        self.batches_in_flight = self.batches_in_flight.saturating_sub(1);
    }

    /// Releases these tokens, so that sets which waited for them may leave.
    pub(crate) fn release(&mut self, tokens: &[(Token, LockMode)]) {
        for &(token, hold) in tokens {
            if let Some(held) = self.held.get_mut(&token) {
                let count = held.count(hold);
                *count = count.saturating_sub(1);
                if held.shared == 0 && held.exclusive == 0 {
                    self.held.remove(&token);
                }
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.ordinary.is_empty()
    }

    fn is_free(&self, set: &Queued<P>, reserved: &HashMap<Token, Held>) -> bool {
        let admits = |map: &HashMap<Token, Held>, token, hold| map.get(token).is_none_or(|held| held.admits(hold));
        set.tokens.iter().all(|(token, hold)| admits(&self.held, token, *hold) && admits(reserved, token, *hold))
    }
}

fn hold(map: &mut HashMap<Token, Held>, tokens: &[(Token, LockMode)]) {
    for &(token, hold) in tokens {
        *map.entry(token).or_default().count(hold) += 1;
    }
}

/// The space left in a batch.
struct Budget {
    sets: usize,
    rows: usize,
    bytes: usize,
}

impl Budget {
    fn is_open(&self) -> bool {
        self.sets > 0
    }

    /// Takes a set in if it fits. The first set always does. A set that does not fit closes the batch, so that it
    /// leaves first next time and is not overtaken for ever.
    fn take<P>(&mut self, set: &Queued<P>, first: bool) -> bool {
        if !first && (set.rows > self.rows || set.bytes > self.bytes) {
            self.sets = 0;
            return false;
        }
        self.sets -= 1;
        self.rows = self.rows.saturating_sub(set.rows);
        self.bytes = self.bytes.saturating_sub(set.bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn waiting(name: usize, tokens: &[(u64, LockMode)], urgent: bool) -> Queued<usize> {
        let tokens = tokens.iter().map(|&(token, hold)| (Token::of(token), hold)).collect();
        Queued { payload: name, tokens, rows: 1, bytes: 10, urgent, since: Duration::ZERO }
    }

    fn names(dispatch: &Dispatch<usize>) -> Vec<usize> {
        dispatch.batch.iter().map(|set| set.payload).collect()
    }

    /// Limits without a linger time.
    const EAGER: Limits = Limits { linger: Duration::ZERO, ..Limits::DEFAULT };
    const EXCLUSIVE: LockMode = LockMode::Exclusive;
    const SHARED: LockMode = LockMode::Shared;

    #[test]
    fn sets_that_meet_go_one_after_the_other() {
        let mut queue = Queue::new(EAGER);
        for (name, tokens) in [
            (0, [(1, EXCLUSIVE)]),
            (1, [(1, EXCLUSIVE)]),
            (2, [(2, SHARED)]),
            (3, [(2, SHARED)]),
            (4, [(2, EXCLUSIVE)]),
        ] {
            queue.push(waiting(name, &tokens, false)).unwrap();
        }
        let first = queue.next_batch(Duration::ZERO);
        assert_eq!(names(&first), [0, 2, 3]);
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [] as [usize; 0]);
        queue.release(&first.batch[0].tokens);
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [1]);
        queue.release(&first.batch[1].tokens);
        assert!(names(&queue.next_batch(Duration::ZERO)).is_empty(), "one reader is still in flight");
        queue.release(&first.batch[2].tokens);
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [4]);
    }

    #[test]
    fn nobody_overtakes_a_set_that_waits_for_the_same_key() {
        let mut queue = Queue::new(EAGER);
        queue.push(waiting(0, &[(1, EXCLUSIVE)], false)).unwrap();
        let flight = queue.next_batch(Duration::ZERO);
        queue.push(waiting(1, &[(1, EXCLUSIVE), (2, EXCLUSIVE)], false)).unwrap();
        queue.push(waiting(2, &[(2, EXCLUSIVE)], false)).unwrap();
        queue.push(waiting(3, &[(3, EXCLUSIVE)], false)).unwrap();
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [3]);
        queue.release(&flight.batch[0].tokens);
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [1]);
    }

    #[test]
    fn urgent_ones_go_first_and_always_find_room() {
        let limits = Limits { queue_sets: 1, batch_sets: 1, ..EAGER };
        let mut queue = Queue::new(limits);
        queue.push(waiting(0, &[], false)).unwrap();
        assert_eq!(queue.push(waiting(1, &[], false)), Err(1));
        queue.push(waiting(2, &[], true)).unwrap();
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [2]);
    }

    #[test]
    fn those_who_come_while_a_batch_is_away_make_the_next_one() {
        let mut queue = Queue::new(Limits { linger: Duration::from_millis(10), ..EAGER });
        let at = Duration::from_millis;
        queue.push(waiting(0, &[], false)).unwrap();
        assert_eq!(names(&queue.next_batch(at(1))), [0], "nothing is away");
        queue.push(waiting(1, &[], false)).unwrap();
        queue.push(waiting(2, &[], false)).unwrap();
        assert!(names(&queue.next_batch(at(10))).is_empty());
        assert_eq!(queue.linger_left(at(10)), at(1));
        queue.batch_done();
        assert_eq!(names(&queue.next_batch(at(10))), [1, 2]);
    }

    #[test]
    fn a_batch_that_stays_away_is_not_waited_for_nor_is_any_by_urgent_or_many_sets() {
        let limits = Limits { linger: Duration::from_millis(10), batch_sets: 2, ..EAGER };
        let mut queue = Queue::new(limits);
        let mut leave = |name, urgent, at| {
            queue.push(waiting(name, &[], urgent)).unwrap();
            names(&queue.next_batch(Duration::from_millis(at)))
        };
        assert_eq!(leave(0, false, 0), [0]);
        assert_eq!(leave(1, false, 10), [1], "ten milliseconds later");
        assert_eq!(leave(2, true, 11), [2]);
        assert_eq!(leave(3, false, 12), [] as [usize; 0]);
        assert_eq!(leave(4, false, 12), [3, 4], "a full batch");
    }

    #[test]
    fn a_set_that_waited_too_long_is_turned_away() {
        let mut queue = Queue::new(EAGER);
        queue.push(waiting(0, &[], false)).unwrap();
        let late = queue.next_batch(Duration::from_millis(1_001));
        assert_eq!((late.batch.len(), late.expired.len()), (0, 1));
        assert!(queue.is_empty() && queue.bytes == 0);
    }

    #[test]
    fn a_set_too_large_for_the_rest_of_a_batch_goes_first_in_the_next() {
        let limits = Limits { batch_rows: 10, ..EAGER };
        let mut queue = Queue::new(limits);
        for (name, rows) in [(0, 5), (1, 8), (2, 1)] {
            queue.push(Queued { rows, ..waiting(name, &[], false) }).unwrap();
        }
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [0]);
        assert_eq!(names(&queue.next_batch(Duration::ZERO)), [1, 2]);
    }

    proptest! {
        /// For any sets and any order of completion: sets in flight share no token, sets that share one leave in the
        /// order of arrival, and all sets leave in the end.
        #[test]
        fn independent_in_order_and_complete(
            sets in prop::collection::vec(prop::collection::vec((0_u64..8, any::<bool>()), 0..4), 1..60),
            batch in 1_usize..10,
            lazy in any::<bool>(),
        ) {
            let mut queue = Queue::new(Limits { batch_sets: batch, ..EAGER });
            let sets: Vec<Vec<(u64, LockMode)>> = sets
                .into_iter()
                .map(|tokens| {
                    let once: HashMap<u64, bool> = tokens.into_iter().collect();
                    once.into_iter().map(|(token, exclusive)| (token, if exclusive { EXCLUSIVE } else { SHARED })).collect()
                })
                .collect();
            let meet = |a: usize, b: usize| sets[a].iter().any(|(x, hold)| {
                sets[b].iter().any(|(y, other)| x == y && (*hold == EXCLUSIVE || *other == EXCLUSIVE))
            });
            for (name, tokens) in sets.iter().enumerate() {
                queue.push(waiting(name, tokens, false)).unwrap();
            }
            let mut flights: Vec<Vec<Queued<usize>>> = Vec::new();
            let mut left: Vec<usize> = Vec::new();
            loop {
                let dispatched = queue.next_batch(Duration::ZERO).batch;
                for set in &dispatched {
                    let held: HashSet<usize> = flights.iter().flatten().map(|set| set.payload).collect();
                    prop_assert!(held.iter().all(|&other| !meet(set.payload, other)));
                    prop_assert!(dispatched.iter().all(|o| o.payload == set.payload || !meet(set.payload, o.payload)));
                    left.push(set.payload);
                }
                let idle = dispatched.is_empty();
                if !idle { flights.push(dispatched); }
                if (idle || !lazy) && !flights.is_empty() {
                    for set in flights.remove(0) { queue.release(&set.tokens); }
                } else if idle {
                    break;
                }
            }
            prop_assert_eq!(left.len(), sets.len());
            prop_assert!(queue.held.is_empty() && queue.bytes == 0);
            for (at, &a) in left.iter().enumerate() {
                for &b in &left[at + 1..] {
                    prop_assert!(a < b || !meet(a, b), "{} left before {}", a, b);
                }
            }
        }
    }
}
