//! Upkeep: what a server does by itself from time to time.

use crate::{AppError, context::UseCaseContext, workers::Turn};
use ports::Maintenance;
use std::sync::Arc;

/// How much is deleted in one go, so that nobody waits long behind it.
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

    /// Deletes kept answers whose time is over.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let done = u64::from(self.forget_replies().await?);
        Ok(Turn { done, ..Turn::default() })
    }

    /// Deletes kept answers whose time is over; how many.
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
