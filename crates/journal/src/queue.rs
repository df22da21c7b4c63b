//! Decides which sets wait and which share a batch. Pure: no clock, no tasks.
//!
//! Sets leave in the order of arrival, except that a set which shares an exclusive token with a set in flight, or with
//! an earlier one that still waits, is held back until that one is done. So the sets of a batch are independent, and
//! sets that share a key are written one after the other.
//!
//! While a batch is in flight, new sets accumulate for the next one. Another batch leaves beside it only if it takes
//! long, if the waiting sets fill a batch, or if one of them is urgent (docs/adr/0019-a-batch-is-waited-for.md).

use crate::{Limits, tokens::Token};
use ports::Hold;
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// A set that waits or is in flight. `P` is returned to the caller with it.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    pub(crate) payload: P,
    pub(crate) tokens: Vec<(Token, Hold)>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) urgent: bool,
    /// When it came, on the caller's clock.
    pub(crate) since: Duration,
}

#[derive(Debug)]
pub(crate) struct Queue<P> {
    urgent: VecDeque<Waiting<P>>,
    ordinary: VecDeque<Waiting<P>>,
    /// How often each token is held by sets in flight; an exclusive hold is the only one.
    in_flight: HashMap<Token, Held>,
    /// The number of batches in flight.
    away: usize,
    /// When the last of them left.
    left: Duration,
    bytes: usize,
    limits: Limits,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    still: usize,
    change: usize,
}

impl Held {
    /// Whether another set may hold the token as firmly as `hold` beside these.
    fn admits(self, hold: Hold) -> bool {
        self.change == 0 && (hold == Hold::Still || self.still == 0)
    }

    fn count(&mut self, hold: Hold) -> &mut usize {
        match hold {
            Hold::Still => &mut self.still,
            Hold::Change => &mut self.change,
        }
    }
}

/// The sets that leave the queue at one moment.
#[derive(Debug)]
pub(crate) struct Departure<P> {
    /// To be written in one transaction; their tokens are held until [`Queue::release`].
    pub(crate) batch: Vec<Waiting<P>>,
    /// Sets that have waited too long.
    pub(crate) expired: Vec<Waiting<P>>,
}

impl<P> Queue<P> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            urgent: VecDeque::new(),
            ordinary: VecDeque::new(),
            in_flight: HashMap::new(),
            away: 0,
            left: Duration::ZERO,
            bytes: 0,
            limits,
        }
    }

    /// Accepts a set, or hands it back if the queue is full. Urgent sets are always accepted.
    pub(crate) fn push(&mut self, set: Waiting<P>) -> Result<(), P> {
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
    pub(crate) fn depart(&mut self, now: Duration) -> Departure<P> {
        let mut departure = Departure { batch: Vec::new(), expired: Vec::new() };
        if !self.patience(now).is_zero() {
            return departure;
        }
        let mut room =
            Room { sets: self.limits.batch_sets, rows: self.limits.batch_rows, bytes: self.limits.batch_bytes };
        let mut reserved: HashMap<Token, Held> = HashMap::new();
        for urgent in [true, false] {
            let waiting = std::mem::take(if urgent { &mut self.urgent } else { &mut self.ordinary });
            let mut kept = VecDeque::with_capacity(waiting.len());
            for set in waiting {
                if now.saturating_sub(set.since) > self.limits.queue_age {
                    self.bytes -= set.bytes;
                    departure.expired.push(set);
                } else if room.is_open() && self.is_free(&set, &reserved) && room.take(&set, departure.batch.is_empty())
                {
                    self.bytes -= set.bytes;
                    hold(&mut self.in_flight, &set.tokens);
                    departure.batch.push(set);
                } else {
                    if room.is_open() {
                        hold(&mut reserved, &set.tokens);
                    }
                    kept.push_back(set);
                }
            }
            *(if urgent { &mut self.urgent } else { &mut self.ordinary }) = kept;
        }
        if !departure.batch.is_empty() {
            (self.away, self.left) = (self.away + 1, now);
        }
        departure
    }

    /// Returns how long waiting sets still hold back for a batch in flight.
    pub(crate) fn patience(&self, now: Duration) -> Duration {
        if self.away == 0 || !self.urgent.is_empty() || self.ordinary.len() >= self.limits.batch_sets {
            return Duration::ZERO;
        }
        (self.left + self.limits.apart).saturating_sub(now)
    }

    /// Whether a sleeping committer must look again after a set has arrived: the first set starts the linger time, and
    /// later ones may end it.
    pub(crate) fn rouses(&self, now: Duration) -> bool {
        self.urgent.len() + self.ordinary.len() == 1 || self.patience(now).is_zero()
    }

    /// Records that a batch is done.
    pub(crate) fn land(&mut self) {
        self.away = self.away.saturating_sub(1);
    }

    /// Releases these tokens, so that sets which waited for them may leave.
    pub(crate) fn release(&mut self, tokens: &[(Token, Hold)]) {
        for &(token, hold) in tokens {
            if let Some(held) = self.in_flight.get_mut(&token) {
                let count = held.count(hold);
                *count = count.saturating_sub(1);
                if held.still == 0 && held.change == 0 {
                    self.in_flight.remove(&token);
                }
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.ordinary.is_empty()
    }

    fn is_free(&self, set: &Waiting<P>, reserved: &HashMap<Token, Held>) -> bool {
        let admits = |map: &HashMap<Token, Held>, token, hold| map.get(token).is_none_or(|held| held.admits(hold));
        set.tokens.iter().all(|(token, hold)| admits(&self.in_flight, token, *hold) && admits(reserved, token, *hold))
    }
}

fn hold(map: &mut HashMap<Token, Held>, tokens: &[(Token, Hold)]) {
    for &(token, hold) in tokens {
        *map.entry(token).or_default().count(hold) += 1;
    }
}

/// The space left in a batch.
struct Room {
    sets: usize,
    rows: usize,
    bytes: usize,
}

impl Room {
    fn is_open(&self) -> bool {
        self.sets > 0
    }

    /// Takes a set in if it fits. The first set always does. A set that does not fit closes the batch, so that it
    /// leaves first next time and is not overtaken for ever.
    fn take<P>(&mut self, set: &Waiting<P>, first: bool) -> bool {
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

    fn waiting(name: usize, tokens: &[(u64, Hold)], urgent: bool) -> Waiting<usize> {
        let tokens = tokens.iter().map(|&(token, hold)| (Token::of(token), hold)).collect();
        Waiting { payload: name, tokens, rows: 1, bytes: 10, urgent, since: Duration::ZERO }
    }

    fn names(departure: &Departure<usize>) -> Vec<usize> {
        departure.batch.iter().map(|set| set.payload).collect()
    }

    /// Limits without a linger time.
    const EAGER: Limits = Limits { apart: Duration::ZERO, ..Limits::DEFAULT };
    const CHANGE: Hold = Hold::Change;
    const STILL: Hold = Hold::Still;

    #[test]
    fn sets_that_meet_go_one_after_the_other() {
        let mut queue = Queue::new(EAGER);
        for (name, tokens) in
            [(0, [(1, CHANGE)]), (1, [(1, CHANGE)]), (2, [(2, STILL)]), (3, [(2, STILL)]), (4, [(2, CHANGE)])]
        {
            queue.push(waiting(name, &tokens, false)).unwrap();
        }
        let first = queue.depart(Duration::ZERO);
        assert_eq!(names(&first), [0, 2, 3]);
        assert_eq!(names(&queue.depart(Duration::ZERO)), [] as [usize; 0]);
        queue.release(&first.batch[0].tokens);
        assert_eq!(names(&queue.depart(Duration::ZERO)), [1]);
        queue.release(&first.batch[1].tokens);
        assert!(names(&queue.depart(Duration::ZERO)).is_empty(), "one reader is still in flight");
        queue.release(&first.batch[2].tokens);
        assert_eq!(names(&queue.depart(Duration::ZERO)), [4]);
    }

    #[test]
    fn nobody_overtakes_a_set_that_waits_for_the_same_key() {
        let mut queue = Queue::new(EAGER);
        queue.push(waiting(0, &[(1, CHANGE)], false)).unwrap();
        let flight = queue.depart(Duration::ZERO);
        queue.push(waiting(1, &[(1, CHANGE), (2, CHANGE)], false)).unwrap();
        queue.push(waiting(2, &[(2, CHANGE)], false)).unwrap();
        queue.push(waiting(3, &[(3, CHANGE)], false)).unwrap();
        assert_eq!(names(&queue.depart(Duration::ZERO)), [3]);
        queue.release(&flight.batch[0].tokens);
        assert_eq!(names(&queue.depart(Duration::ZERO)), [1]);
    }

    #[test]
    fn urgent_ones_go_first_and_always_find_room() {
        let limits = Limits { queue_sets: 1, batch_sets: 1, ..EAGER };
        let mut queue = Queue::new(limits);
        queue.push(waiting(0, &[], false)).unwrap();
        assert_eq!(queue.push(waiting(1, &[], false)), Err(1));
        queue.push(waiting(2, &[], true)).unwrap();
        assert_eq!(names(&queue.depart(Duration::ZERO)), [2]);
    }

    #[test]
    fn those_who_come_while_a_batch_is_away_make_the_next_one() {
        let mut queue = Queue::new(Limits { apart: Duration::from_millis(10), ..EAGER });
        let at = Duration::from_millis;
        queue.push(waiting(0, &[], false)).unwrap();
        assert_eq!(names(&queue.depart(at(1))), [0], "nothing is away");
        queue.push(waiting(1, &[], false)).unwrap();
        queue.push(waiting(2, &[], false)).unwrap();
        assert!(names(&queue.depart(at(10))).is_empty());
        assert_eq!(queue.patience(at(10)), at(1));
        queue.land();
        assert_eq!(names(&queue.depart(at(10))), [1, 2]);
    }

    #[test]
    fn a_batch_that_stays_away_is_not_waited_for_nor_is_any_by_urgent_or_many_sets() {
        let limits = Limits { apart: Duration::from_millis(10), batch_sets: 2, ..EAGER };
        let mut queue = Queue::new(limits);
        let mut leave = |name, urgent, at| {
            queue.push(waiting(name, &[], urgent)).unwrap();
            names(&queue.depart(Duration::from_millis(at)))
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
        let late = queue.depart(Duration::from_millis(1_001));
        assert_eq!((late.batch.len(), late.expired.len()), (0, 1));
        assert!(queue.is_empty() && queue.bytes == 0);
    }

    #[test]
    fn a_set_too_large_for_the_rest_of_a_batch_goes_first_in_the_next() {
        let limits = Limits { batch_rows: 10, ..EAGER };
        let mut queue = Queue::new(limits);
        for (name, rows) in [(0, 5), (1, 8), (2, 1)] {
            queue.push(Waiting { rows, ..waiting(name, &[], false) }).unwrap();
        }
        assert_eq!(names(&queue.depart(Duration::ZERO)), [0]);
        assert_eq!(names(&queue.depart(Duration::ZERO)), [1, 2]);
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
            let sets: Vec<Vec<(u64, Hold)>> = sets
                .into_iter()
                .map(|tokens| {
                    let once: HashMap<u64, bool> = tokens.into_iter().collect();
                    once.into_iter().map(|(token, change)| (token, if change { CHANGE } else { STILL })).collect()
                })
                .collect();
            let meet = |a: usize, b: usize| sets[a].iter().any(|(x, hold)| {
                sets[b].iter().any(|(y, other)| x == y && (*hold == CHANGE || *other == CHANGE))
            });
            for (name, tokens) in sets.iter().enumerate() {
                queue.push(waiting(name, tokens, false)).unwrap();
            }
            let mut flights: Vec<Vec<Waiting<usize>>> = Vec::new();
            let mut left: Vec<usize> = Vec::new();
            loop {
                let departed = queue.depart(Duration::ZERO).batch;
                for set in &departed {
                    let in_flight: HashSet<usize> = flights.iter().flatten().map(|set| set.payload).collect();
                    prop_assert!(in_flight.iter().all(|&other| !meet(set.payload, other)));
                    prop_assert!(departed.iter().all(|o| o.payload == set.payload || !meet(set.payload, o.payload)));
                    left.push(set.payload);
                }
                let idle = departed.is_empty();
                if !idle { flights.push(departed); }
                if (idle || !lazy) && !flights.is_empty() {
                    for set in flights.remove(0) { queue.release(&set.tokens); }
                } else if idle {
                    break;
                }
            }
            prop_assert_eq!(left.len(), sets.len());
            prop_assert!(queue.in_flight.is_empty() && queue.bytes == 0);
            for (at, &a) in left.iter().enumerate() {
                for &b in &left[at + 1..] {
                    prop_assert!(a < b || !meet(a, b), "{} left before {}", a, b);
                }
            }
        }
    }
}
