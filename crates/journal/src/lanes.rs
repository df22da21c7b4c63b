//! Lanes: a fair queue for each hot aggregate, taken before the load.

use ports::Lane;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type LaneMap = Mutex<HashMap<Lane, Arc<AsyncMutex<()>>>>;

/// The lanes that are held or waited for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Lanes {
    table: Arc<LaneMap>,
}

/// A lane that is held; dropping it gives it to the next in line.
#[derive(Debug)]
pub(crate) struct LaneGuard {
    lane: Lane,
    table: Arc<LaneMap>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Lanes {
    /// Waits for every lane, in one global order so that two callers cannot wait for each other.
    pub(crate) async fn take(&self, lanes: &[Lane]) -> Vec<LaneGuard> {
        let mut wanted = lanes.to_vec();
        wanted.sort();
        wanted.dedup();
        let mut held = Vec::with_capacity(wanted.len());
        for lane in wanted {
            let mutex = Arc::clone(lock(&self.table).entry(lane).or_default());
            // The guard exists before the wait, so that a caller that stops waiting cleans up the table too.
            let mut place = LaneGuard { lane, table: Arc::clone(&self.table), guard: None };
            place.guard = Some(mutex.lock_owned().await);
            held.push(place);
        }
        held
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.table).len()
    }
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        self.guard = None;
        // Only the table itself still refers to the lane: it is neither held nor waited for.
        if table.get(&self.lane).is_some_and(|mutex| Arc::strong_count(mutex) == 1) {
            table.remove(&self.lane);
        }
    }
}

fn lock(table: &LaneMap) -> std::sync::MutexGuard<'_, HashMap<Lane, Arc<AsyncMutex<()>>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::MerchantId;
    use ports::LaneKind;
    use uuid::Uuid;

    fn lane(n: u128) -> Lane {
        Lane { merchant: MerchantId::from_uuid(Uuid::nil()), kind: LaneKind::Affiliate, id: Uuid::from_u128(n) }
    }

    #[tokio::test]
    async fn one_at_a_time_first_come_first_served() {
        let lanes = Lanes::default();
        let held = lanes.take(&[lane(1)]).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for n in 0..5 {
            let (lanes, order) = (lanes.clone(), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let _held = lanes.take(&[lane(1)]).await;
                order.lock().unwrap().push(n);
            }));
            tokio::task::yield_now().await;
        }
        assert!(order.lock().unwrap().is_empty());
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(lanes.count(), 0, "nothing is left behind");
    }

    #[tokio::test]
    async fn opposite_orders_do_not_block_each_other_for_ever() {
        let lanes = Lanes::default();
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let lanes = lanes.clone();
                let wanted = if n % 2 == 0 { [lane(1), lane(2)] } else { [lane(2), lane(1)] };
                tokio::spawn(async move {
                    let _held = lanes.take(&wanted).await;
                    tokio::task::yield_now().await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(lanes.count(), 0);
    }

    #[tokio::test]
    async fn a_caller_who_gives_up_leaves_nothing() {
        let lanes = Lanes::default();
        let held = lanes.take(&[lane(1)]).await;
        let waiter = {
            let lanes = lanes.clone();
            tokio::spawn(async move { lanes.take(&[lane(1)]).await.len() })
        };
        tokio::task::yield_now().await;
        waiter.abort();
        assert!(waiter.await.is_err());
        drop(held);
        assert_eq!(lanes.count(), 0);
    }
}
