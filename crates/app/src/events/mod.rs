//! Conversion events: record, get, list.

mod ask;
mod batch;
mod record;

pub use ask::{AskedItem, RecordEvent};
pub use batch::{BatchLine, EventBatch};
pub(crate) use record::{Happened, Recorder};

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use ask::in_currency;
use domain::{
    Affiliate, AffiliateId, Binding, Commission, CommissionRule, EventId, Merchant, NewEvent, Program, Refusal,
    Settings, Tier,
};
use ports::{
    ChangeSet, EventFacts, EventFilter, EventFound, EventLookup, EventReads, EventRecord, Page, PageAsk, ReplyStatus,
    Shown, Versioned,
};
use std::{collections::HashMap, sync::Arc};

/// The use cases of conversion events.
pub struct Events {
    desk: Arc<Desk>,
    reads: Arc<dyn EventReads>,
    batches: batch::Turns,
}

/// What all events of one request are decided by.
pub(crate) struct Shop {
    merchant: Versioned<Merchant>,
    affiliates: HashMap<AffiliateId, Affiliate>,
    tiers: Vec<Tier>,
    rules: Vec<CommissionRule>,
}

impl Shop {
    /// The facts, those of each event apart.
    pub(crate) fn of(facts: EventFacts) -> (Self, Vec<EventFound>) {
        let EventFacts { merchant, affiliates, tiers, rules, found } = facts;
        let affiliates = affiliates.into_iter().map(|row| (row.id, row)).collect();
        (Self { merchant, affiliates, tiers, rules }, found)
    }

    fn program(&self, has_parents: bool) -> Program<'_> {
        let Self { merchant, affiliates: _, tiers, rules } = self;
        Program { settings: &merchant.row.settings, has_parents, tiers, rules }
    }

    /// The parents of `leaf`, nearest first, as far as they were loaded.
    fn upline(&self, leaf: &Affiliate) -> Vec<Affiliate> {
        let next = |child: &Affiliate| child.parent_id.and_then(|id| self.affiliates.get(&id)).cloned();
        std::iter::successors(next(leaf), next).take(Settings::MOST_LEVELS).collect()
    }
}

impl Events {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn EventReads>) -> Self {
        Self { desk, reads, batches: batch::Turns::default() }
    }

    /// One event with what it earned.
    pub async fn get(&self, who: &Principal, id: EventId) -> Result<EventRecord, AppError> {
        Ok(self.reads.event(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &EventFilter,
        ask: &PageAsk,
    ) -> Result<Page<EventRecord>, AppError> {
        Ok(self.reads.events(who.merchant_id, filter, ask).await?)
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with another body it is
    /// refused (product 6).
    pub async fn record(&self, who: &Principal, ask: RecordEvent, once: Option<Once>) -> Result<Answer, AppError> {
        let lookup = self.lookup(&ask);
        let load = || self.reads.event_facts(who.merchant_id, vec![lookup.clone()]);
        let decide = |facts| {
            let (shop, mut found) = Shop::of(facts);
            self.decided(who, ask.clone(), &shop, found.pop().unwrap_or_default())
        };
        self.desk.run(who.merchant_id, once, &[], load, decide).await
    }

    /// The answer that recording it would get, without recording it. The ids in it are nobody's.
    pub async fn try_out(&self, who: &Principal, ask: RecordEvent) -> Result<Answer, AppError> {
        let facts = self.reads.event_facts(who.merchant_id, vec![self.lookup(&ask)]).await?;
        let (shop, mut found) = Shop::of(facts.ok_or(Refusal::NotFound)?);
        let (_, answer) = self.decided(who, ask, &shop, found.pop().unwrap_or_default())?;
        Ok(Answer { status: ReplyStatus::Ok, ..answer })
    }

    fn lookup(&self, ask: &RecordEvent) -> EventLookup {
        let customer = Binding::keys(ask.customer_external_id.as_ref(), ask.customer_email.as_ref());
        EventLookup {
            space: ask.kind.space(),
            external_id: ask.external_id.clone(),
            session: ask.session.clone(),
            coupon: ask.coupon.clone(),
            affiliate_id: ask.affiliate_id,
            customer: if ask.kind.pays() { customer } else { Vec::new() },
            now: self.desk.now(),
        }
    }

    /// What is to be written, if anything, and what is to be answered.
    fn decided(
        &self,
        who: &Principal,
        ask: RecordEvent,
        shop: &Shop,
        mut found: EventFound,
    ) -> Result<(Option<ChangeSet>, Answer), AppError> {
        // A bad amount is told before the external id is looked at: shape comes before state.
        let new = in_currency(ask, &shop.merchant.row)?;
        if let Some(earlier) = found.earlier.take() {
            return Ok((None, self.repeated(&new, earlier)?));
        }
        let (set, answer) = self.recorded(who, new, shop, found)?;
        Ok((Some(set), answer))
    }

    fn repeated(&self, ask: &NewEvent, earlier: EventRecord) -> Result<Answer, AppError> {
        if earlier.event.fingerprint != ask.fingerprint {
            return Err(Refusal::Exists { field: "external_id" }.into());
        }
        let first = as_first_answered(earlier);
        Ok(Answer::first(ReplyStatus::Ok, self.desk.wire.object(Shown::Event(&first))))
    }
}

/// The record as its first answer showed it: what changed since are only the statuses of its commissions, and what refunds
/// took back.
fn as_first_answered(mut record: EventRecord) -> EventRecord {
    record.event.refunded_minor = 0;
    let originals = record.commissions.iter().filter(|row| row.reverses.is_none());
    record.commissions = originals.map(Commission::as_made).collect();
    record
}
