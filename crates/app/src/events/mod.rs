//! Conversion events: record, get, list.

mod batch;
mod command;
mod settle;

pub use batch::{BatchLine, RecordEventBatchCommand};
pub use command::{AskedItem, RecordEventCommand};

use crate::{
    AppError, IdempotentRequest, Principal, Response,
    context::UseCaseContext,
    recording::{EventContext, EventInput, Recorder},
};
use command::in_currency;
use domain::{Binding, EventId, NewEvent, Refusal};
use ports::{
    ChangeSet, EventFilter, EventFound, EventLookup, EventReads, EventRecord, IdSourceExt, Page, PageRequest, Resource,
    ResponseStatus,
};
use std::sync::Arc;

/// The use cases of conversion events.
pub struct Events {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn EventReads>,
    batches: batch::Turns,
}

impl Events {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn EventReads>) -> Self {
        Self { context, reads, batches: batch::Turns::default() }
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
        page: &PageRequest,
    ) -> Result<Page<EventRecord>, AppError> {
        Ok(self.reads.events(who.merchant_id, filter, page).await?)
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with the statuses that
    /// the commissions have now; with another body it is refused (docs/rules/commissions.md).
    pub async fn record(
        &self,
        who: &Principal,
        command: RecordEventCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let mut command = command;
        self.settle(who, &mut [&mut command]).await?;
        let load = || self.reads.event_facts(who.merchant_id, vec![self.lookup(&command)]);
        let decide = |facts| {
            let (event_context, mut found) = EventContext::of(facts);
            self.decided(who, command.clone(), &event_context, found.pop().unwrap_or_default())
        };
        self.context.run(who.merchant_id, request, &[], load, decide).await
    }

    /// Returns the response that recording would get, without recording. The ids in it belong to no object.
    pub async fn try_out(&self, who: &Principal, mut command: RecordEventCommand) -> Result<Response, AppError> {
        self.settle(who, &mut [&mut command]).await?;
        let facts = self.reads.event_facts(who.merchant_id, vec![self.lookup(&command)]).await?;
        let (event_context, mut found) = EventContext::of(facts.ok_or(Refusal::NotFound)?);
        let (_, response) = self.decided(who, command, &event_context, found.pop().unwrap_or_default())?;
        Ok(Response { status: ResponseStatus::Ok, ..response })
    }

    fn lookup(&self, command: &RecordEventCommand) -> EventLookup {
        let mut customer = Binding::keys(command.as_sent.customer_external_id.as_ref(), None);
        customer.extend(Binding::keys(command.customer_external_id.as_ref(), command.customer_email.as_ref()));
        EventLookup {
            space: command.kind.space(),
            external_id: command.external_id.clone(),
            session: command.session.clone(),
            coupon: command.coupon.clone(),
            affiliate_id: command.affiliate_id,
            customer: if command.kind.pays() { customer } else { Vec::new() },
            now: self.context.now(),
        }
    }

    /// What is to be written, if anything, and what is to be answered.
    fn decided(
        &self,
        who: &Principal,
        command: RecordEventCommand,
        event_context: &EventContext,
        mut found: EventFound,
    ) -> Result<(Option<ChangeSet>, Response), AppError> {
        // A bad amount is reported before the external id is checked: shape comes before state.
        let new = in_currency(command, &event_context.merchant.row)?;
        if let Some(earlier) = found.earlier.take() {
            return Ok((None, self.repeated(&new, earlier)?));
        }
        let (set, response) = self.recorded(who, new, event_context, found)?;
        Ok((Some(set), response))
    }

    fn recorded(
        &self,
        who: &Principal,
        command: NewEvent,
        event_context: &EventContext,
        found: EventFound,
    ) -> Result<(ChangeSet, Response), AppError> {
        let mut set = self.context.set_for(&event_context.merchant)?;
        let now = event_context.merchant.row.clock.at(self.context.now());
        let recorder = Recorder { context: &self.context, who, event_context, now };
        let body = recorder.record(&mut set, self.context.ids.id(), EventInput::new(command), found)?;
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    fn repeated(&self, command: &NewEvent, earlier: EventRecord) -> Result<Response, AppError> {
        if earlier.event.fingerprint != command.fingerprint {
            let differs = earlier.event.differs_from(command);
            return Err(Refusal::Repeated { field: "external_id", id: earlier.event.id.to_string(), differs }.into());
        }
        let first = as_first_answered(earlier);
        Ok(Response::first(ResponseStatus::Ok, self.context.renderer.object(Resource::Event(&first))))
    }
}

/// The record with the ids and amounts that its first answer showed, and the statuses that its commissions have now.
fn as_first_answered(mut record: EventRecord) -> EventRecord {
    record.event.refunded_minor = 0;
    record.commissions.retain(|row| row.reverses.is_none());
    record
}
