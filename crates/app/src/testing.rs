//! Test mode: the clock, and the reset.

use crate::{
    AppError, IdempotentRequest, Principal, Response,
    commit_loop::{Decision, RequestLoop},
    context::UseCaseContext,
    workers::Turn,
};
use domain::{Merchant, MerchantId, Refusal, TestClock, TestClockStep};
use ports::{ChangeSet, Maintenance, MerchantReads, Resource, ResponseStatus, Topic, Versioned};
use std::{ops::ControlFlow, sync::Arc};

/// How many rows are wiped at once, so that other work does not wait long.
const CHUNK: u32 = 2_000;
/// How many merchants' resets a worker continues in one turn.
const MOST_RESETS: u32 = 10;

/// The use cases of test mode. Live keys cannot reach them.
pub struct TestMode {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn MerchantReads>,
    storage: Arc<dyn Maintenance>,
}

impl TestMode {
    /// The operation whose stored responses survive a reset: the reset itself.
    pub const RESET: &'static str = "POST /test/reset";

    pub(crate) fn new(
        context: Arc<UseCaseContext>,
        reads: Arc<dyn MerchantReads>,
        storage: Arc<dyn Maintenance>,
    ) -> Self {
        Self { context, reads, storage }
    }

    /// What the clock shows.
    pub async fn clock(&self, who: &Principal) -> Result<TestClock, AppError> {
        who.require_test()?;
        Ok(self.merchant(who.merchant_id).await?.row.test_clock(self.context.now()))
    }

    /// Moves the clock forward. What is due by it is then done by the workers.
    pub async fn advance(
        &self,
        who: &Principal,
        step: TestClockStep,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        who.require_test()?;
        let decide = |loaded: Versioned<Merchant>| {
            let mut set = self.context.set_for(&loaded)?;
            set.urgent = true;
            let real = self.context.now();
            let after = loaded.row.clock_moved(step, real)?;
            let body = self.context.renderer.object(Resource::TestClock(after.test_clock(real)));
            set.rows.merchants.change(loaded.version, after);
            Ok((set, Response::first(ResponseStatus::Ok, body)))
        };
        let load = || self.reads.merchant(who.merchant_id);
        self.context.run(who.merchant_id, request, &[], load, decide).await
    }

    /// Wipes the merchant's data, and resets its settings and clock.
    ///
    /// The merchant is marked first: change sets decided before expect it unchanged and conflict, later ones find the
    /// mark and are refused until the reset is done. If the reset is interrupted, a worker continues it.
    pub async fn reset(&self, who: &Principal, request: Option<IdempotentRequest>) -> Result<Response, AppError> {
        who.require_test()?;
        let mut steps = self.context.request(who.merchant_id, request, &[]).await?;
        match self.begin(&mut steps, who.merchant_id).await? {
            ControlFlow::Break(stored) => Ok(stored),
            ControlFlow::Continue(()) => self.finish(&mut steps, who.merchant_id).await,
        }
    }

    /// Marks the merchant.
    async fn begin(
        &self,
        steps: &mut RequestLoop<'_>,
        merchant: MerchantId,
    ) -> Result<ControlFlow<Response>, AppError> {
        let decide = |loaded: Versioned<Merchant>| {
            if loaded.row.resetting {
                return Ok(Decision::Return(ControlFlow::Continue(())));
            }
            let mut set = ChangeSet::new(merchant);
            set.urgent = true;
            set.rows.merchants.change(loaded.version, loaded.row.reset_begun());
            Ok(Decision::commit(set, ControlFlow::Continue(())))
        };
        steps.respond(|| self.reads.merchant(merchant), decide).await
    }

    /// Wipes a marked merchant and removes the mark. If another node has done so meanwhile, that is equivalent.
    ///
    /// The mark is removed from the version loaded before wiping: not if another node removed it and a new reset set it
    /// again in between, since then some rows may not be wiped.
    async fn finish(&self, steps: &mut RequestLoop<'_>, merchant: MerchantId) -> Result<Response, AppError> {
        loop {
            let loaded = match steps.load(|| self.reads.merchant(merchant)).await? {
                ControlFlow::Break(stored) => return Ok(stored),
                ControlFlow::Continue(loaded) => loaded,
            };
            while !self.storage.wipe(merchant, Self::RESET, CHUNK).await? {
                steps.commits.progressed();
            }
            let (set, response) = self.reopened(&loaded);
            if let Some(response) = steps.commit(set, response).await? {
                return Ok(response);
            }
        }
    }

    fn reopened(&self, loaded: &Versioned<Merchant>) -> (ChangeSet, Response) {
        let mut set = ChangeSet::of(loaded);
        if !loaded.row.resetting {
            let body = self.context.renderer.object(Resource::Settings(&loaded.row));
            return (set, Response::first(ResponseStatus::Ok, body));
        }
        set.urgent = true;
        let after = loaded.row.reset_done(self.context.now());
        let body = self.context.renderer.object(Resource::Settings(&after));
        self.context.announce(&mut set, &after, Topic::SettingsUpdated, after.updated_at, &body);
        set.rows.merchants.change(loaded.version, after);
        (set, Response::first(ResponseStatus::Ok, body))
    }

    /// Continues resets that were interrupted.
    pub(crate) async fn finish_resets(&self) -> Result<Turn, AppError> {
        let mut turn = Turn::default();
        for merchant in self.reads.resetting_merchants(MOST_RESETS).await? {
            let mut steps = self.context.request(merchant, None, &[]).await?;
            self.finish(&mut steps, merchant).await?;
            turn.done += 1;
        }
        Ok(turn)
    }

    async fn merchant(&self, id: MerchantId) -> Result<Versioned<Merchant>, AppError> {
        Ok(self.reads.merchant(id).await?.ok_or(Refusal::NotFound)?)
    }
}
