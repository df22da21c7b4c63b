//! Refunds: taking sales back.

use crate::{
    AppError, IdempotentRequest, Principal, Response,
    commit_loop::{CommitLoop, Decision},
    context::UseCaseContext,
    lanes,
    taking_back::{TakenBack, by_level, taken_back},
};
use domain::{AsSent, Merchant, NewRefund, Refusal};
use ports::{
    ChangeSet, EventRecord, IdSourceExt, Lane, ReadError, RefundFacts, RefundLookup, RefundReads, RefundedSale,
    Resource, ResponseStatus, Versioned,
};
use std::sync::Arc;

/// The use cases of refunds. Reading them is reading events.
pub struct Refunds {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn RefundReads>,
}

/// What is decided on: the facts, or what is wrong with how the sale is named.
type Facts = Result<RefundFacts, Refusal>;

impl Refunds {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn RefundReads>) -> Self {
        Self { context, reads }
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with the statuses that
    /// the commissions have now; with another body it is refused (docs/rules/commissions.md).
    pub async fn record(
        &self,
        who: &Principal,
        command: NewRefund,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let command = self.settled(who, command).await?;
        let lookup = lookup(&command);
        let lanes: Vec<Lane> = lookup.iter().map(|lookup| lanes::sale(who.merchant_id, &lookup.sale)).collect();
        let mut waited = false;
        let load = || self.facts(who, &lookup);
        let decide = |facts: Facts| match group_lane(who, &facts, &mut waited) {
            Some(lane) => Ok(Decision::Reload(vec![lane])),
            None => self.decided(who, &command, facts?).map(Decision::from),
        };
        self.context.run(who.merchant_id, request, &lanes, load, decide).await
    }

    /// Records one in the place that a batch has in the write path; with the merchant as it was last seen.
    pub(crate) async fn record_in_batch(
        &self,
        who: &Principal,
        command: &NewRefund,
        commits: &mut CommitLoop<'_>,
    ) -> Result<(Response, Versioned<Merchant>), AppError> {
        let command = self.settled(who, command.clone()).await?;
        let lookup = lookup(&command);
        let mut waited = false;
        let load = || self.facts(who, &lookup);
        let decide = |facts: Option<Facts>| {
            let facts = facts.ok_or(Refusal::NotFound)?;
            if let Some(lane) = group_lane(who, &facts, &mut waited) {
                return Ok(Decision::Reload(vec![lane]));
            }
            let facts = facts?;
            let merchant = facts.merchant.clone();
            let (set, response) = self.decided(who, &command, facts)?;
            Ok(Decision::from((set, (response, merchant))))
        };
        commits.step(load, decide).await
    }

    /// The refund under the names that it goes by: those that were sent, where an earlier version kept something so.
    async fn settled(&self, who: &Principal, mut command: NewRefund) -> Result<NewRefund, AppError> {
        let AsSent { external_id, order_id, customer_external_id: _ } = command.as_sent.clone();
        if external_id.is_none() && order_id.is_none() {
            return Ok(command);
        }
        let as_sent = NewRefund {
            external_id: external_id.unwrap_or_else(|| command.external_id.clone()),
            order_id: order_id.or_else(|| command.order_id.clone()),
            ..command.clone()
        };
        let Ok(lookup) = lookup(&as_sent) else { return Ok(command) };
        let Some(facts) = self.reads.refund_facts(who.merchant_id, &lookup).await? else { return Ok(command) };
        if facts.earlier.is_some() {
            command.external_id = as_sent.external_id;
        }
        if command.refunds.is_none() && !facts.sales.is_empty() {
            command.order_id = as_sent.order_id;
        }
        Ok(command)
    }

    /// What is wrong with the name of the sale is a fact too: no refusal comes before the stored response was looked for.
    async fn facts(&self, who: &Principal, lookup: &Result<RefundLookup, Refusal>) -> Result<Option<Facts>, ReadError> {
        match lookup {
            Ok(lookup) => Ok(self.reads.refund_facts(who.merchant_id, lookup).await?.map(Ok)),
            Err(refusal) => Ok(Some(Err(refusal.clone()))),
        }
    }

    /// Returns the response that recording it now would give. Nothing is stored.
    pub async fn preview(&self, who: &Principal, command: NewRefund) -> Result<Response, AppError> {
        let command = self.settled(who, command).await?;
        let facts = self.reads.refund_facts(who.merchant_id, &lookup(&command)?).await?;
        let (_, response) = self.decided(who, &command, facts.ok_or(Refusal::NotFound)?)?;
        Ok(Response { status: ResponseStatus::Ok, ..response })
    }

    /// What is to be written, if anything, and what is to be answered.
    fn decided(
        &self,
        who: &Principal,
        command: &NewRefund,
        mut facts: RefundFacts,
    ) -> Result<(Option<ChangeSet>, Response), AppError> {
        let earlier = facts.earlier.take();
        if let Some(same) = earlier.as_ref().filter(|earlier| earlier.event.fingerprint == command.fingerprint) {
            let commissions = by_level(same.commissions.iter().cloned());
            let record = EventRecord { event: same.event.clone(), commissions };
            let body = self.context.renderer.object(Resource::Event(&record));
            return Ok((None, Response::first(ResponseStatus::Ok, body)));
        }
        // Faults of the body are reported before the external id is checked: shape comes before state.
        let sale = command.sale(facts.sales.iter().map(|sale| &sale.row))?;
        command.amount(sale)?;
        if let Some(EventRecord { event, commissions: _ }) = earlier {
            let differs = vec!["content"];
            return Err(Refusal::Repeated { field: "external_id", id: event.id.to_string(), differs }.into());
        }
        let TakenBack { set, event, order: _ } =
            taken_back(&self.context, who, self.context.ids.id(), command.clone(), facts)?;
        Ok((Some(set), Response::first(ResponseStatus::Created, event)))
    }
}

/// The lane of the group that the sale is an order in: taken after the sale's, as all do who take both, and once.
fn group_lane(who: &Principal, facts: &Facts, waited: &mut bool) -> Option<Lane> {
    let (_, group) = facts.as_ref().ok()?.order.as_ref()?;
    (!std::mem::replace(waited, true)).then(|| lanes::group(who.merchant_id, group.row.id))
}

fn lookup(command: &NewRefund) -> Result<RefundLookup, Refusal> {
    let sale = match (command.refunds, &command.order_id) {
        (Some(id), _) => RefundedSale::Event(id),
        (None, Some(order)) => RefundedSale::Order(order.clone()),
        (None, None) => return Err(Refusal::invalid("refunds", "is required where there is no order_id")),
    };
    Ok(RefundLookup { external_id: command.external_id.clone(), sale })
}
