//! Tiers: list, get, create, change, delete, and promotion of affiliates.

use crate::{
    AppError, IdempotentRequest, Principal, Response, commit_loop::Decision, context::UseCaseContext, lanes,
    workers::Turn,
};
use domain::{
    Affiliate, AffiliateChange, AffiliateId, MerchantId, NewTier, Refusal, Tier, TierChange, TierId, Timestamp,
    promotion,
};
use ports::{
    ChangeSet, IdSourceExt, NewTierFacts, Page, PageRequest, ProgramReads, PromotionFacts, Resource, ResponseStatus,
    Space, TierChangeFacts, TierFilter, Topic, Versioned, Window,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How many candidates are read at once.
const CANDIDATES: u32 = 500;

/// How far windows overlap: an id is made some seconds before its event is there.
const OVERLAP: Duration = Duration::from_secs(15);
/// How long the windows of successive scans overlap.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the worker looks only at new events. Then it checks all affiliates once, for changes without an event: a
/// paid commission, a new tier.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// The use cases of tiers.
pub struct Tiers {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn ProgramReads>,
    looked: Mutex<Looked>,
}

/// Up to when this node's worker has scanned.
#[derive(Debug, Clone, Copy)]
struct Looked {
    /// At those with new events.
    new: Timestamp,
    /// The last scan of all affiliates.
    all: Timestamp,
}

impl Tiers {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn ProgramReads>) -> Self {
        Self { context, reads, looked: Mutex::new(Looked { new: Timestamp::MIN, all: Timestamp::MIN }) }
    }

    /// One tier.
    pub async fn get(&self, who: &Principal, id: TierId) -> Result<Tier, AppError> {
        Ok(self.reads.tier(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(&self, who: &Principal, filter: &TierFilter, page: &PageRequest) -> Result<Page<Tier>, AppError> {
        Ok(self.reads.tiers(who.merchant_id, filter, page).await?)
    }

    /// Makes one.
    pub async fn create(
        &self,
        who: &Principal,
        command: NewTier,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.new_tier_facts(who.merchant_id, &command.name);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.created(&command, facts)).await
    }

    fn created(&self, command: &NewTier, facts: NewTierFacts) -> Result<(ChangeSet, Response), AppError> {
        let NewTierFacts { merchant, name_owner } = facts;
        if name_owner.is_some() {
            return Err(Refusal::Exists { field: "name" }.into());
        }
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        // Two requests that take the last place at once conflict on the merchant's row.
        set.rows.merchants.change(merchant.version, merchant.row.with_one_more_tier()?);
        let tier = Tier::create(self.context.ids.id(), command.clone(), merchant.row.settings.currency, now)?;
        set.claim(Space::TierName, tier.name.folded(), tier.id.uuid());
        let body = self.context.renderer.object(Resource::Tier(&tier));
        self.context.announce(&mut set, &merchant.row, Topic::TierCreated, now, &body);
        set.rows.tiers.insert(tier);
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    /// Changes a tier. Its affiliates keep it; commissions earned by it stay.
    pub async fn change(
        &self,
        who: &Principal,
        id: TierId,
        command: TierChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.tier_change_facts(who.merchant_id, id, command.name.as_ref());
        self.context.run(who.merchant_id, request, &[], load, |facts| self.changed(&command, facts)).await
    }

    fn changed(&self, command: &TierChange, facts: TierChangeFacts) -> Result<(ChangeSet, Response), AppError> {
        let TierChangeFacts { merchant, tier: Versioned { row: before, version }, name_owner, in_use: _ } = facts;
        let id = before.id.uuid();
        if name_owner.is_some_and(|owner| owner != id) {
            return Err(Refusal::Exists { field: "name" }.into());
        }
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        let after = before.changed(command.clone(), merchant.row.settings.currency, now)?;
        let is_same = Tier { updated_at: before.updated_at, ..after.clone() } == before;
        let after = if is_same { before.clone() } else { after };
        let body = self.context.renderer.object(Resource::Tier(&after));
        if !is_same {
            let (old, new) = (before.name.folded(), after.name.folded());
            if old != new {
                set.claim(Space::TierName, new, id);
                set.free(Space::TierName, old, id);
            }
            self.context.announce(&mut set, &merchant.row, Topic::TierUpdated, after.updated_at, &body);
            set.rows.tiers.change(version, after);
        }
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }

    /// Deletes one that no affiliate has and no rule names.
    pub async fn delete(&self, who: &Principal, id: TierId) -> Result<Response, AppError> {
        let load = || self.reads.tier_change_facts(who.merchant_id, id, None);
        self.context.run(who.merchant_id, None, &[], load, |facts| self.deleted(facts)).await
    }

    fn deleted(&self, facts: TierChangeFacts) -> Result<(ChangeSet, Response), AppError> {
        let TierChangeFacts { merchant, tier, name_owner: _, in_use } = facts;
        if in_use {
            let text = "A tier that affiliates have or commission rules name cannot be deleted.";
            return Err(Refusal::State(text.to_owned()).into());
        }
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        set.rows.merchants.change(merchant.version, merchant.row.with_one_tier_less());
        set.rows.tiers.delete(&tier);
        set.free(Space::TierName, tier.row.name.folded(), tier.row.id.uuid());
        self.context.announce_resource(&mut set, &merchant.row, Topic::TierDeleted, now, Resource::Tier(&tier.row));
        Ok((set, Response::first(ResponseStatus::NoContent, Vec::new())))
    }

    /// Promotes affiliates that may have reached a tier since the last turn of this node; from time to time, and at
    /// first, all.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let now = self.context.now();
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let sweep = now.since(looked.all) >= SWEEP_EVERY;
        if !sweep && now.since(looked.new) < LOOK_EVERY {
            return Ok(Turn::default());
        }
        let window = Window { from: looked.new.minus(OVERLAP), to: now };
        // Whole milliseconds, as in ids; the one that has begun is the next turn's.
        let risen = self.promote_due(if sweep { None } else { Some(window) }).await?;
        let all = if sweep { now } else { looked.all };
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Looked { new: now, all };
        Ok(Turn { done: u64::from(risen), ..Turn::default() })
    }

    /// Promotes affiliates for which events recorded in `window` may have reached a higher tier, or all that have
    /// reached one, and returns how many rose.
    ///
    /// For a worker, over all merchants. Each promotion is a write of its own and repeating it changes nothing, so an
    /// interrupted turn is repeated: windows may overlap, but must not leave gaps.
    pub async fn promote_due(&self, window: Option<Window>) -> Result<u32, AppError> {
        let (mut risen, mut after) = (0, None);
        loop {
            let due = match window {
                Some(window) => self.reads.tier_candidates(window, after, CANDIDATES).await?,
                None => self.reads.tier_aspirants(after, CANDIDATES).await?,
            };
            for &(merchant, affiliate) in &due {
                risen += u32::from(self.promote_one(merchant, affiliate).await?);
            }
            match due.last() {
                Some(&last) => after = Some(last),
                None => return Ok(risen),
            }
        }
    }

    /// Promotes one affiliate to the tier that it has reached, and returns whether it rose. Called by the worker, and
    /// by use cases that change an affiliate's totals: payouts, for what was paid.
    pub async fn promote_one(&self, merchant: MerchantId, affiliate: AffiliateId) -> Result<bool, AppError> {
        let load = || self.reads.promotion_facts(merchant, affiliate);
        let decide = |facts: Option<PromotionFacts>| {
            let set = facts.map(|facts| self.promoted(facts)).transpose()?.flatten();
            Ok(set.map_or(Decision::Return(false), |set| Decision::commit(set, true)))
        };
        self.context.work(&[lanes::affiliate(merchant, affiliate)], load, decide).await
    }

    /// Returns the set that promotes an affiliate; `None` if it stays. Only approved affiliates rise, and none while
    /// the merchant's data are being wiped.
    fn promoted(&self, facts: PromotionFacts) -> Result<Option<ChangeSet>, AppError> {
        let PromotionFacts { merchant, mut record, version, tiers, totals } = facts;
        if merchant.row.resetting || !record.affiliate.is_approved() {
            return Ok(None);
        }
        let ladder: Vec<Tier> = tiers.iter().map(|tier| tier.row.clone()).collect();
        let Some(next) = promotion(&ladder, &totals, record.affiliate.tier_id).map(|tier| tier.id) else {
            return Ok(None);
        };
        let now = merchant.row.clock.at(self.context.now());
        let change = AffiliateChange { tier_id: Some(Some(next)), ..AffiliateChange::default() };
        let after: Affiliate = record.affiliate.changed(change, now)?;
        let mut set = self.context.set_for(&merchant)?;
        // As they were weighed: none was made easier, harder or better meanwhile.
        for tier in tiers {
            if tier.row.id == next {
                // Written although it does not change, so that a simultaneous deletion conflicts.
                set.rows.tiers.change(tier.version, tier.row);
            } else {
                set.expect_unchanged(&tier);
            }
        }
        record.affiliate = after.clone();
        let at = after.updated_at;
        set.rows.affiliates.change(version, after);
        self.context.announce_resource(
            &mut set,
            &merchant.row,
            Topic::AffiliateUpdated,
            at,
            Resource::Affiliate(&record),
        );
        Ok(Some(set))
    }
}
