//! Upkeep: deletion of expired data.

use crate::{AppError, context::UseCaseContext, workers::Turn};
use ports::Maintenance;
use std::sync::Arc;

/// How many rows are deleted at once, so that other work does not wait long.
const CHUNK: u32 = 500;
/// How many chunks one run deletes at the most; the rest is the next run's.
const MOST_CHUNKS: u32 = 200;

/// The use cases of upkeep. Any number of nodes may run them at once.
pub struct Upkeep {
    context: Arc<UseCaseContext>,
    storage: Arc<dyn Maintenance>,
}

impl Upkeep {
    pub(crate) fn new(context: Arc<UseCaseContext>, storage: Arc<dyn Maintenance>) -> Self {
        Self { context, storage }
    }

    /// Deletes stored responses that have expired.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let done = u64::from(self.forget_replies().await?);
        Ok(Turn { done, ..Turn::default() })
    }

    /// Deletes stored responses that have expired, and returns how many.
    pub async fn forget_replies(&self) -> Result<u32, AppError> {
        let mut forgotten = 0;
        for _ in 0..MOST_CHUNKS {
            let some = self.storage.forget_replies(self.context.now(), CHUNK).await?;
            forgotten += some;
            if some < CHUNK {
                break;
            }
        }
        Ok(forgotten)
    }
}
