//! What every use case has at hand, and the loop of load, decide, commit.

use crate::{Answer, AppError, Once};
use domain::{Merchant, MerchantId, Timestamp};
use ports::{
    Announcement, ChangeSet, Clock, CommitError, Entry, Envelope, IdSource, IdSourceExt, Journal, Lane, RateLimiter,
    Reply, ReplyReads, ReplyStatus, Shown, Storage, Topic, Versioned, Wire,
};
use std::{sync::Arc, time::Duration};

/// Everything outside that the use cases need.
#[derive(Clone)]
pub struct Outside {
    /// Where everything is kept: what is read.
    pub storage: Arc<dyn Storage>,
    /// How it gets there: the storage's own write path, or one that stands before it.
    pub journal: Arc<dyn Journal>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn IdSource>,
    /// Renders answers and announcements.
    pub wire: Arc<dyn Wire>,
    /// Counts requests.
    pub limiter: Arc<dyn RateLimiter>,
}

/// How long a use case tries again before it gives up with "unavailable".
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer is kept for its idempotency key (http-api, Conventions).
const KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);

/// The ports that all use cases share.
pub(crate) struct Desk {
    journal: Arc<dyn Journal>,
    replies: Arc<dyn ReplyReads>,
    clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) wire: Arc<dyn Wire>,
}

impl Desk {
    pub(crate) fn new(outside: Outside) -> Self {
        let Outside { storage, journal, clock, ids, wire, limiter: _ } = outside;
        Self { journal, replies: storage, clock, ids, wire }
    }

    /// Real time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A place in the write path, for one use case of `merchant`.
    pub(crate) async fn attempts(
        &self,
        merchant: MerchantId,
        once: Option<Once>,
        lanes: &[Lane],
    ) -> Result<Attempts<'_>, AppError> {
        let entry = self.journal.enter(lanes).await?;
        Ok(Attempts { desk: self, merchant, once, started: self.now(), entry })
    }

    /// The answer that was kept for an idempotency key; refused if it was for another request.
    pub(crate) async fn kept_answer(&self, merchant: MerchantId, once: &Once) -> Result<Option<Answer>, AppError> {
        match self.replies.reply(merchant, once.route, &once.key, self.now()).await? {
            Some(kept) if kept.fingerprint != once.fingerprint => Err(AppError::IdempotencyMismatch),
            Some(kept) if kept.status == ReplyStatus::Gone => Err(AppError::AnswerErased),
            Some(kept) => Ok(Some(kept.into())),
            None => Ok(None),
        }
    }

    /// A set for `merchant`'s rows, which nobody may write while its data are being wiped.
    pub(crate) fn set_for(&self, merchant: &Versioned<Merchant>) -> Result<ChangeSet, AppError> {
        if merchant.row.resetting { Err(AppError::Unavailable(None)) } else { Ok(ChangeSet::of(merchant)) }
    }

    /// Adds an announcement about the object that `data` shows.
    pub(crate) fn announce(&self, set: &mut ChangeSet, merchant: &Merchant, topic: Topic, at: Timestamp, data: &[u8]) {
        let id = self.ids.id();
        let envelope = Envelope { id, topic, created_at: at, merchant: merchant.id, mode: merchant.mode };
        let payload = self.wire.announcement(envelope, data);
        set.announce.push(Announcement { id, topic, created_at: at, payload });
    }

    /// Shows an object and announces it.
    pub(crate) fn announce_shown(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        topic: Topic,
        at: Timestamp,
        shown: Shown<'_>,
    ) {
        let data = self.wire.object(shown);
        self.announce(set, merchant, topic, at, &data);
    }

    /// Waits for more lanes, for a use case that learns only from its facts which it needs.
    pub(crate) async fn lanes(&self, lanes: &[Lane]) -> Result<Entry, AppError> {
        Ok(self.journal.enter(lanes).await?)
    }

    /// Writes a set for which nobody waits to hear more than yes or no, and which is not tried again.
    pub(crate) async fn commit_once(&self, set: ChangeSet) -> Result<(), CommitError> {
        let _entry = self.journal.enter(&[]).await?;
        self.journal.commit(set).await
    }
}

/// The attempts of one use case. Each is: load the facts, look for a kept answer, decide, commit.
pub(crate) struct Attempts<'a> {
    desk: &'a Desk,
    merchant: MerchantId,
    once: Option<Once>,
    started: Timestamp,
    #[allow(dead_code, reason = "held until the use case ends")]
    entry: Entry,
}

impl Attempts<'_> {
    /// The answer that was kept for this request's idempotency key.
    ///
    /// Asked after the facts are loaded: whatever a first request with the same key has changed in them, its answer is
    /// then there too, and comes before any refusal that its change would now provoke.
    pub(crate) async fn kept_answer(&self) -> Result<Option<Answer>, AppError> {
        match &self.once {
            Some(once) => self.desk.kept_answer(self.merchant, once).await,
            None => Ok(None),
        }
    }

    /// Commits. `None` means that the facts changed meanwhile: load and decide again.
    pub(crate) async fn commit(&self, mut set: ChangeSet, answer: Answer) -> Result<Option<Answer>, AppError> {
        set.reply = self.once.as_ref().map(|once| self.kept_as(once, &answer));
        if set.row_count() == 0 {
            return Ok(Some(answer));
        }
        Ok(self.write(set).await?.then_some(answer))
    }

    /// Commits a set that keeps no answer. `false` means: load and decide again.
    pub(crate) async fn write(&self, set: ChangeSet) -> Result<bool, AppError> {
        match self.desk.journal.commit(set).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => {
                self.again().await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A step of a longer use case is done: patience begins anew with the next one.
    pub(crate) fn progressed(&mut self) {
        self.started = self.desk.now();
    }

    /// Waits a moment before the next attempt, a different one for each caller; gives up when patience is at its end.
    pub(crate) async fn again(&self) -> Result<(), AppError> {
        if self.desk.now().since(self.started) > PATIENCE {
            return Err(AppError::Unavailable(None));
        }
        let mut random = [0_u8; 1];
        self.desk.ids.fill(&mut random);
        let [random] = random;
        self.desk.clock.pause(Duration::from_micros(1_000 + 75 * u64::from(random))).await;
        Ok(())
    }

    fn kept_as(&self, once: &Once, answer: &Answer) -> Reply {
        let now = self.desk.now();
        Reply {
            route: once.route.to_owned(),
            key: once.key.clone(),
            fingerprint: once.fingerprint,
            status: answer.status,
            body: answer.body.clone(),
            created_at: now,
            expires_at: now.plus(KEPT_FOR),
        }
    }
}
