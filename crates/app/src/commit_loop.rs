//! The one pattern: load the facts, look for the stored response, decide, commit; once more if the facts changed meanwhile.
//!
//! [`UseCaseContext::run`] is a whole request, [`UseCaseContext::work`] a whole write that answers no request. A use case that commits several
//! sets holds a [`RequestLoop`] and goes through it step by step. All of them are the one loop in [`CommitLoop::repeat`].

use crate::{AppError, IdempotentRequest, Response, context::UseCaseContext};
use domain::{MerchantId, Refusal, Timestamp};
use ports::{ChangeSet, CommitError, Entry, Lane};
use std::{future::ready, ops::ControlFlow, time::Duration};

/// How long a use case retries before it gives up with "unavailable".
const PATIENCE: Duration = Duration::from_secs(5);

/// What follows from the facts. Refusals are errors.
#[allow(clippy::large_enum_variant, reason = "taken apart at once; most are commits")]
pub(crate) enum Decision<T> {
    /// The set is committed, and the step ends with the outcome.
    Commit {
        set: ChangeSet,
        outcome: T,
        /// Entered after a conflict, before the facts are loaded again.
        contended: Vec<Lane>,
    },
    /// There is nothing to write: the step ends with this.
    Return(T),
    /// The facts name lanes that are entered before the facts are loaded again.
    Reload(Vec<Lane>),
}

impl<T> Decision<T> {
    pub(crate) const fn commit(set: ChangeSet, outcome: T) -> Self {
        Self::Commit { set, outcome, contended: Vec::new() }
    }
}

impl<T> From<(ChangeSet, T)> for Decision<T> {
    fn from((set, outcome): (ChangeSet, T)) -> Self {
        Self::commit(set, outcome)
    }
}

impl<T> From<(Option<ChangeSet>, T)> for Decision<T> {
    fn from((set, outcome): (Option<ChangeSet>, T)) -> Self {
        match set {
            Some(set) => Self::commit(set, outcome),
            None => Self::Return(outcome),
        }
    }
}

/// How a step of a request ends: with the response, or, of one that takes several steps, with what the next one needs.
pub(crate) trait Outcome {
    /// The outcome where the request was answered before.
    fn stored(response: Response) -> Self;

    /// The response that is stored with the set.
    fn response(&self) -> Option<&Response>;
}

impl Outcome for Response {
    fn stored(response: Response) -> Self {
        response
    }

    fn response(&self) -> Option<&Response> {
        Some(self)
    }
}

impl<N> Outcome for ControlFlow<Response, N> {
    fn stored(response: Response) -> Self {
        Self::Break(response)
    }

    fn response(&self) -> Option<&Response> {
        match self {
            Self::Break(response) => Some(response),
            Self::Continue(_) => None,
        }
    }
}

impl UseCaseContext {
    /// Runs a request that commits one set. Facts that are absent mean that what the request names is not found.
    pub(crate) async fn run<F, L, E, D>(
        &self,
        merchant: MerchantId,
        request: Option<IdempotentRequest>,
        lanes: &[Lane],
        load: impl FnMut() -> L,
        mut decide: impl FnMut(F) -> Result<D, AppError>,
    ) -> Result<Response, AppError>
    where
        L: Future<Output = Result<Option<F>, E>>,
        E: Into<AppError>,
        D: Into<Decision<Response>>,
    {
        self.request(merchant, request, lanes).await?.respond(load, |facts| Ok(decide(facts)?.into())).await
    }

    /// Runs a write that answers no request.
    pub(crate) async fn work<F, L, E, T>(
        &self,
        lanes: &[Lane],
        load: impl FnMut() -> L,
        decide: impl FnMut(F) -> Result<Decision<T>, AppError>,
    ) -> Result<T, AppError>
    where
        L: Future<Output = Result<F, E>>,
        E: Into<AppError>,
    {
        self.enter(lanes).await?.step(load, decide).await
    }

    /// Enters the write path for a request that commits several sets.
    pub(crate) async fn request(
        &self,
        merchant: MerchantId,
        request: Option<IdempotentRequest>,
        lanes: &[Lane],
    ) -> Result<RequestLoop<'_>, AppError> {
        Ok(RequestLoop { commits: self.enter(lanes).await?, merchant, request })
    }

    /// Enters the write path.
    pub(crate) async fn enter(&self, lanes: &[Lane]) -> Result<CommitLoop<'_>, AppError> {
        let entry = self.lanes(lanes).await?;
        Ok(CommitLoop { context: self, started: self.now(), entry })
    }

    async fn stored<T: Outcome>(
        &self,
        merchant: MerchantId,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<T>, AppError> {
        match request {
            Some(request) => Ok(self.stored_response(merchant, request).await?.map(T::stored)),
            None => Ok(None),
        }
    }
}

/// A place in the write path, and the patience for the steps that are made from it.
pub(crate) struct CommitLoop<'a> {
    context: &'a UseCaseContext,
    started: Timestamp,
    #[allow(dead_code, reason = "held until the use case ends")]
    entry: Entry,
}

impl CommitLoop<'_> {
    /// Loads, decides and commits, until it is done.
    pub(crate) async fn step<F, L, E, T>(
        &mut self,
        load: impl FnMut() -> L,
        decide: impl FnMut(F) -> Result<Decision<T>, AppError>,
    ) -> Result<T, AppError>
    where
        L: Future<Output = Result<F, E>>,
        E: Into<AppError>,
    {
        self.repeat(load, || ready(Ok(None)), decide).await
    }

    /// The one loop: whatever is written goes through it, or through a set that was decided on in it.
    async fn repeat<F, L, E, S, T>(
        &mut self,
        mut load: impl FnMut() -> L,
        stored: impl Fn() -> S,
        mut decide: impl FnMut(F) -> Result<Decision<T>, AppError>,
    ) -> Result<T, AppError>
    where
        L: Future<Output = Result<F, E>>,
        E: Into<AppError>,
        S: Future<Output = Result<Option<T>, AppError>>,
    {
        let mut held = None;
        loop {
            let facts = load().await.map_err(Into::into)?;
            // After the facts: whatever a first request with the same key changed in them, its response is then there too,
            // and comes before any refusal that the change would now provoke.
            if let Some(outcome) = stored().await? {
                return Ok(outcome);
            }
            let lanes = match decide(facts)? {
                Decision::Commit { set, outcome, contended } => {
                    if self.write(set).await? {
                        self.progressed();
                        return Ok(outcome);
                    }
                    contended
                }
                Decision::Return(outcome) => return Ok(outcome),
                Decision::Reload(lanes) => lanes,
            };
            if !lanes.is_empty() {
                // Never waits for a lane that it holds.
                drop(held.take());
                held = Some(self.context.lanes(&lanes).await?);
            }
        }
    }

    /// Commits a set. `false` means that the facts changed meanwhile: they are to be loaded and decided on again.
    pub(crate) async fn write(&self, set: ChangeSet) -> Result<bool, AppError> {
        match self.context.commit(set).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => {
                self.pause().await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Restarts the time limit after a step of a longer use case.
    pub(crate) fn progressed(&mut self) {
        self.started = self.context.now();
    }

    /// Waits a moment before the next attempt, a different one for each caller; gives up when patience is at its end.
    async fn pause(&self) -> Result<(), AppError> {
        if self.context.now().since(self.started) > PATIENCE {
            return Err(AppError::Unavailable(None));
        }
        let mut random = [0_u8; 1];
        self.context.ids.fill(&mut random);
        let [random] = random;
        self.context.clock.pause(Duration::from_micros(1_000 + 75 * u64::from(random))).await;
        Ok(())
    }
}

/// A [`CommitLoop`] for a request, which may have been answered before.
pub(crate) struct RequestLoop<'a> {
    pub(crate) commits: CommitLoop<'a>,
    merchant: MerchantId,
    request: Option<IdempotentRequest>,
}

impl RequestLoop<'_> {
    /// Loads, looks for the stored response, decides and commits, until it is done. The response, where that is the
    /// outcome, is stored with the set.
    pub(crate) async fn respond<F, L, E, T>(
        &mut self,
        load: impl FnMut() -> L,
        mut decide: impl FnMut(F) -> Result<Decision<T>, AppError>,
    ) -> Result<T, AppError>
    where
        L: Future<Output = Result<Option<F>, E>>,
        E: Into<AppError>,
        T: Outcome,
    {
        let Self { commits, merchant, request } = self;
        let (context, request) = (commits.context, request.as_ref());
        let decide = |facts: Option<F>| {
            Ok(match decide(facts.ok_or(Refusal::NotFound)?)? {
                Decision::Commit { mut set, outcome, contended } => match outcome.response() {
                    Some(response) if !keep(context, request, &mut set, response) => Decision::Return(outcome),
                    Some(_) | None => Decision::Commit { set, outcome, contended },
                },
                decision @ (Decision::Return(_) | Decision::Reload(_)) => decision,
            })
        };
        commits.repeat(load, || context.stored(*merchant, request), decide).await
    }

    /// Loads facts on which several sets are decided, unless the request was answered before.
    pub(crate) async fn load<F, L, E>(&mut self, load: impl FnMut() -> L) -> Result<ControlFlow<Response, F>, AppError>
    where
        L: Future<Output = Result<Option<F>, E>>,
        E: Into<AppError>,
    {
        self.respond(load, |facts| Ok(Decision::Return(ControlFlow::Continue(facts)))).await
    }

    /// The response that was stored for this request.
    pub(crate) async fn stored(&self) -> Result<Option<Response>, AppError> {
        self.commits.context.stored(self.merchant, self.request.as_ref()).await
    }

    /// Commits the last of several sets, with the response. `None` means that the facts changed meanwhile.
    pub(crate) async fn commit(&self, mut set: ChangeSet, response: Response) -> Result<Option<Response>, AppError> {
        let is_nothing = !keep(self.commits.context, self.request.as_ref(), &mut set, &response);
        Ok((is_nothing || self.commits.write(set).await?).then_some(response))
    }
}

/// Adds the response to the set that is committed with it, for a request with an idempotency key. Whether there is anything
/// to commit.
fn keep(
    context: &UseCaseContext,
    request: Option<&IdempotentRequest>,
    set: &mut ChangeSet,
    response: &Response,
) -> bool {
    set.response = request.map(|request| request.response(response, context.now()));
    set.row_count() > 0
}
