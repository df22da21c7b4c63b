//! What every use case has at hand.

use crate::{AppError, IdempotentRequest, Response};
use domain::{Merchant, MerchantId, Timestamp};
use ports::{
    Announcement, ChangeSet, Clock, CommitError, Entry, Envelope, IdSource, IdSourceExt, Journal, Lane,
    PayloadRedactor, RateLimiter, Renderer, Resource, ResponseReads, ResponseStatus, Storage, Topic, Versioned,
};
use std::sync::Arc;

/// The ports that the use cases need.
#[derive(Clone)]
pub struct Dependencies {
    /// The storage to read from.
    pub storage: Arc<dyn Storage>,
    /// The write path: the storage's own, or a wrapper around it.
    pub journal: Arc<dyn Journal>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn IdSource>,
    /// Renders responses and announcements.
    pub renderer: Arc<dyn Renderer>,
    /// Finds and removes personal data in what was rendered.
    pub redactor: Arc<dyn PayloadRedactor>,
    /// Counts requests.
    pub limiter: Arc<dyn RateLimiter>,
}

/// The ports that all use cases share.
pub(crate) struct UseCaseContext {
    journal: Arc<dyn Journal>,
    responses: Arc<dyn ResponseReads>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) renderer: Arc<dyn Renderer>,
}

impl UseCaseContext {
    pub(crate) fn new(dependencies: Dependencies) -> Self {
        let Dependencies { storage, journal, clock, ids, renderer, redactor: _, limiter: _ } = dependencies;
        Self { journal, responses: storage, clock, ids, renderer }
    }

    /// Real time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the response stored for an idempotency key; refused if it was for another request.
    pub(crate) async fn stored_response(
        &self,
        merchant: MerchantId,
        request: &IdempotentRequest,
    ) -> Result<Option<Response>, AppError> {
        match self.responses.response(merchant, request.route, &request.key, self.now()).await? {
            Some(kept) if kept.fingerprint != request.fingerprint => Err(AppError::IdempotencyMismatch),
            Some(kept) if kept.status == ResponseStatus::Gone => Err(AppError::AnswerErased),
            Some(kept) => Ok(Some(kept.into())),
            None => Ok(None),
        }
    }

    /// Returns a set for `merchant`'s rows; refused while the merchant's data are being wiped.
    pub(crate) fn set_for(&self, merchant: &Versioned<Merchant>) -> Result<ChangeSet, AppError> {
        if merchant.row.resetting { Err(AppError::Unavailable(None)) } else { Ok(ChangeSet::of(merchant)) }
    }

    /// Adds an announcement about the object that `data` shows.
    pub(crate) fn announce(&self, set: &mut ChangeSet, merchant: &Merchant, topic: Topic, at: Timestamp, data: &[u8]) {
        let id = self.ids.id();
        let envelope = Envelope { id, topic, created_at: at, merchant: merchant.id, mode: merchant.mode };
        let payload = self.renderer.announcement(envelope, data);
        set.announce.push(Announcement { id, topic, created_at: at, payload });
    }

    /// Shows an object and announces it.
    pub(crate) fn announce_resource(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        topic: Topic,
        at: Timestamp,
        resource: Resource<'_>,
    ) {
        let data = self.renderer.object(resource);
        self.announce(set, merchant, topic, at, &data);
    }

    /// Waits for a place in the write path and for lanes.
    pub(crate) async fn lanes(&self, lanes: &[Lane]) -> Result<Entry, AppError> {
        Ok(self.journal.enter(lanes).await?)
    }

    /// Commits a set from a place in the write path.
    pub(crate) async fn commit(&self, set: ChangeSet) -> Result<(), CommitError> {
        self.journal.commit(set).await
    }

    /// Commits a set once, without retries.
    pub(crate) async fn commit_once(&self, set: ChangeSet) -> Result<(), CommitError> {
        let _entry = self.journal.enter(&[]).await?;
        self.journal.commit(set).await
    }
}
