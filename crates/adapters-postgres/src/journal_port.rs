//! The port that writes: the committers do.

use crate::PostgresStorage;
use async_trait::async_trait;
use ports::{ChangeSet, CommitError, Entry, Journal, Lane};

#[async_trait]
impl Journal for PostgresStorage {
    async fn enter(&self, lanes: &[Lane]) -> Result<Entry, CommitError> {
        self.committers.enter(lanes).await
    }

    async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        self.committers.commit(set).await
    }
}
