//! Erasure of a person: personal data are removed, rows that money depends on stay (docs/adr/0017-erasing-a-person.md).
//!
//! The person's row is closed first: a customer is deleted, an affiliate is rejected. The same row is emptied last,
//! because it holds what the other rows are found by: a second call finds what an interrupted one has left. In between,
//! one pass redacts stored payloads, and then the rows are emptied, a bounded number at a time, in the versions that
//! they had before the pass: a row that changed meanwhile, and may have been announced again, is looked for again.

mod affiliate;
mod customer;
mod texts;

use crate::{AppError, IdempotentRequest, Principal, Response, commit_loop::RequestLoop, context::UseCaseContext};
use domain::{AffiliateId, CustomerId, Event, EventId, Merchant, MerchantId};
use ports::{
    AffiliateTraces, ChangeSet, CustomerTraces, ErasureReads, EventTraces, Maintenance, Part, PayloadRedactor,
    SubjectIdentifiers, Versioned,
};
use std::{ops::ControlFlow, sync::Arc};

/// How many rows of a kind are looked for before the pass over stored payloads.
const ROUND: u32 = 500;
/// How many rows one write empties.
const CHUNK: usize = 100;
/// How many rows one scan reads where no index finds those with personal data.
const WINDOW: u32 = 2_000;

/// The use case of erasing.
pub struct Erasing {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn ErasureReads>,
    storage: Arc<dyn Maintenance>,
    redactor: Arc<dyn PayloadRedactor>,
}

/// The kinds of persons that can be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A customer.
    Customer(CustomerId),
    /// An affiliate.
    Affiliate(AffiliateId),
}

/// What was found of a person.
enum PersonalData {
    Customer(CustomerTraces),
    Affiliate(AffiliateTraces),
}

/// What is to be done next.
enum Next {
    /// To close it.
    Close(ChangeSet),
    /// To empty what is left.
    Empty(Box<ErasurePlan>),
    /// To answer: nothing is left.
    Response(ChangeSet, Response),
}

/// What is left of a person.
struct ErasurePlan {
    merchant: Versioned<Merchant>,
    /// What identifies the person in stored payloads.
    by: SubjectIdentifiers,
    /// Which events contain the person's data.
    events: EventTraces,
    /// The affiliate whose clicks are deleted.
    clicks_of: Option<AffiliateId>,
    /// What empties the rows that were found.
    rows: Vec<ChangeSet>,
    /// Whether there may be more of those.
    more: bool,
    /// What empties its own row.
    last: ChangeSet,
    /// The answer to that.
    response: Response,
}

impl Erasing {
    pub(crate) fn new(
        context: Arc<UseCaseContext>,
        reads: Arc<dyn ErasureReads>,
        storage: Arc<dyn Maintenance>,
        redactor: Arc<dyn PayloadRedactor>,
    ) -> Self {
        Self { context, reads, storage, redactor }
    }

    /// Erases a person. One that is erased already stays as it is.
    pub async fn erase(
        &self,
        who: &Principal,
        person: Person,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let mut steps = self.context.request(who.merchant_id, request, &[]).await?;
        let mut past = None;
        loop {
            let traces = match steps.load(|| self.traces(who.merchant_id, person)).await? {
                ControlFlow::Break(stored) => return Ok(stored),
                ControlFlow::Continue(traces) => traces,
            };
            let next = match traces {
                PersonalData::Customer(traces) => self.customer(who, traces)?,
                PersonalData::Affiliate(traces) => self.affiliate(traces)?,
            };
            let answered = match next {
                Next::Close(set) => {
                    if steps.commits.write(set).await? {
                        steps.commits.progressed();
                    }
                    None
                }
                Next::Empty(remains) => self.empty(&mut steps, &mut past, *remains).await?,
                Next::Response(set, response) => steps.commit(set, response).await?,
            };
            if let Some(response) = answered {
                return Ok(response);
            }
        }
    }

    async fn traces(&self, merchant: MerchantId, person: Person) -> Result<Option<PersonalData>, AppError> {
        Ok(match person {
            Person::Customer(id) => self.reads.customer_traces(merchant, id, ROUND).await?.map(PersonalData::Customer),
            Person::Affiliate(id) => {
                self.reads.affiliate_traces(merchant, id, ROUND).await?.map(PersonalData::Affiliate)
            }
        })
    }

    /// Empties what was found, and further events after `past`; the answer if that was all there is.
    async fn empty(
        &self,
        steps: &mut RequestLoop<'_>,
        past: &mut Option<EventId>,
        remains: ErasurePlan,
    ) -> Result<Option<Response>, AppError> {
        let ErasurePlan { merchant, mut by, events, clicks_of, mut rows, more, last, response } = remains;
        let id = merchant.row.id;
        let Part { found, next } = self.telling_events(id, &events, *past).await?;
        by.resource_ids.extend(found.iter().map(|event| event.row.id.to_string()));
        self.erase_texts(id, &by).await?;
        for chunk in found.chunks(CHUNK) {
            let mut set = self.context.set_for(&merchant)?;
            for Versioned { row, version } in chunk {
                set.rows.events.change(*version, emptied(row, &events));
            }
            rows.push(set);
        }
        // However long the pass took, each write has all the patience there is.
        steps.commits.progressed();
        for set in rows {
            if !steps.commits.write(set).await? {
                return Ok(None);
            }
            steps.commits.progressed();
        }
        *past = next;
        if more || next.is_some() {
            return Ok(None);
        }
        if let Some(affiliate) = clicks_of {
            self.forget_clicks(id, affiliate).await?;
        }
        steps.commits.progressed();
        steps.commit(last, response).await
    }

    /// Returns events with the person's data after `after`: one round of them, or all.
    async fn telling_events(
        &self,
        merchant: MerchantId,
        of: &EventTraces,
        after: Option<EventId>,
    ) -> Result<Part<Versioned<Event>, EventId>, AppError> {
        let (mut all, mut after) = (Vec::new(), after);
        loop {
            let Part { found, next } = self.reads.event_traces(merchant, of, after, WINDOW).await?;
            all.extend(found);
            if next.is_none() || all.len() >= ROUND as usize {
                return Ok(Part { found: all, next });
            }
            after = next;
        }
    }

    async fn forget_clicks(&self, merchant: MerchantId, affiliate: AffiliateId) -> Result<(), AppError> {
        let mut after = None;
        loop {
            after = self.storage.forget_clicks(merchant, affiliate, after, WINDOW).await?;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Returns the event without the person's data.
fn emptied(event: &Event, of: &EventTraces) -> Event {
    match of {
        EventTraces::Addresses(_) => event.erased(),
        EventTraces::CouponsOf(affiliate) => event.without_coupons_of(*affiliate),
    }
}

/// Whether a look that asks for a round of rows may have left some.
fn is_cut(found: usize) -> bool {
    found >= ROUND as usize
}
