//! Many events in one request: each line is decided as it would be alone, many are written together.
//!
//! Lines that speak of the same thing (an external id, a customer) must see what the ones before them did. So the lines
//! go in rounds: of those that share a key, each waits for the round after its predecessor's. The facts of a round are
//! loaded in one go, and what it writes travels in sets of many lines. A refund sees all lines before it, and all after
//! it see what it did; only one whose sale is not there yet is tried again after the events.

use super::{Events, RecordEventCommand};
use crate::{
    AppError, IdempotentRequest, Principal, Refunds, Response, commit_loop::RequestLoop, recording::EventContext,
};
use domain::{EventSpace, Merchant, MerchantId, NewRefund, Refusal};
use ports::{ChangeSet, Lane, LaneKind, LineOutcome, Outcomes, Resource, ResponseStatus, RowRef, Space, Versioned};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    ops::ControlFlow,
    sync::atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// The most lines whose facts are loaded at once, so that their writes are committed while the facts are fresh.
const MOST_LOADED: usize = 500;
/// The most rows that one set collects, so that it stays below [`ChangeSet::MOST_ROWS`].
const MOST_ROWS: usize = 3_500;
/// The most bytes that one set collects.
const MOST_BYTES: usize = 2 << 20;

/// How many batches are under way at once, each with up to twenty megabytes of facts and rows: one decides while the
/// storage writes the other's.
const AT_ONCE: u64 = 2;

/// The next lane: batches take the lanes in turn.
#[derive(Debug, Default)]
pub(super) struct Turns(AtomicU64);

impl Turns {
    fn lane(&self) -> Lane {
        let turn = self.0.fetch_add(1, Ordering::Relaxed) % AT_ONCE;
        Lane { merchant: MerchantId::from_uuid(Uuid::nil()), kind: LaneKind::Batch, id: Uuid::from_u128(turn.into()) }
    }
}

/// Events posted together.
#[derive(Debug)]
pub struct RecordEventBatchCommand {
    /// Each as it was read, in order.
    pub lines: Vec<Result<BatchLine, Refusal>>,
    /// The request's id, for the lines that are refused.
    pub request_id: String,
}

/// What a line asks for.
#[derive(Debug)]
pub enum BatchLine {
    /// To record an event.
    Event(RecordEventCommand),
    /// To take a sale back.
    Refund(NewRefund),
}

/// Lines that go together: those between two refunds, or a refund.
enum Part {
    Events(Vec<Line>),
    Refund(usize, Box<NewRefund>),
}

/// A line that waits to be recorded, and its place in the batch.
#[derive(Debug, Clone)]
struct Line {
    place: usize,
    command: RecordEventCommand,
}

/// Something that two lines may have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Event(EventSpace, String),
    Customer(String),
    Email(String),
}

/// Lines that are written together.
struct Pack {
    set: ChangeSet,
    lines: Vec<(Line, LineOutcome)>,
}

/// A batch under way.
struct Run<'a> {
    who: &'a Principal,
    steps: RequestLoop<'a>,
    outcomes: Outcomes,
    /// As it was last seen.
    merchant: Option<Versioned<Merchant>>,
    /// Whether anything was written.
    wrote: bool,
}

impl Events {
    /// Records many events, each once. A refused line does not affect the others; a line whose external id came before
    /// in the batch repeats that one. If the storage fails, the whole request fails, and its retry answers recorded
    /// lines as repeats.
    pub async fn record_batch(
        &self,
        who: &Principal,
        batch: RecordEventBatchCommand,
        refunds: &Refunds,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let steps = self.context.request(who.merchant_id, request, &[self.batches.lane()]).await?;
        if let Some(stored) = steps.stored().await? {
            return Ok(stored);
        }
        let RecordEventBatchCommand { mut lines, request_id } = batch;
        let mut events: Vec<&mut RecordEventCommand> = lines.iter_mut().filter_map(event_of).collect();
        self.settle(who, &mut events).await?;
        let (mut parts, outcomes) = parts(lines);
        let outcomes = Outcomes { request_id, lines: outcomes };
        let mut run = Run { who, steps, outcomes, merchant: None, wrote: false };
        while let Some(part) = parts.pop_front() {
            match part {
                Part::Events(lines) => {
                    let mut rounds = rounds(lines);
                    while let Some(round) = rounds.pop_front() {
                        let last = parts.is_empty() && rounds.is_empty();
                        if let Some(response) = self.round(&mut run, round, last).await? {
                            return Ok(response);
                        }
                    }
                }
                Part::Refund(place, command) => {
                    let found = run.refund(refunds, place, &command).await?;
                    // When it comes again, no events are left, so that it waits once.
                    if !found && parts.iter().any(|part| matches!(part, Part::Events(_))) {
                        parts.push_back(Part::Refund(place, command));
                    }
                }
            }
        }
        self.closed(run).await
    }

    /// Records lines that share no key. For the last ones, returns the batch's response if it was stored with them, or
    /// by another request meanwhile.
    async fn round(&self, run: &mut Run<'_>, mut lines: Vec<Line>, last: bool) -> Result<Option<Response>, AppError> {
        while !lines.is_empty() {
            let later = lines.split_off(lines.len().min(MOST_LOADED));
            let closing = last && later.is_empty();
            let lookups = || lines.iter().map(|line| self.lookup(&line.command)).collect();
            let load = || self.reads.event_facts(run.who.merchant_id, lookups());
            let (event_context, found) = match run.steps.load(load).await? {
                ControlFlow::Break(stored) => return Ok(Some(stored)),
                ControlFlow::Continue(facts) => EventContext::of(facts),
            };
            let mut packs = Packs::default();
            for (line, found) in lines.into_iter().zip(found) {
                match self.decided(run.who, line.command.clone(), &event_context, found) {
                    Ok((Some(set), response)) => {
                        packs.add(line, set, LineOutcome::Done(response.status, response.body))
                    }
                    Ok((None, response)) => run.tell(line.place, LineOutcome::Done(response.status, response.body)),
                    Err(AppError::Refused(refusal)) => run.tell(line.place, LineOutcome::Refused(refusal)),
                    Err(failure) => return Err(failure),
                }
            }
            run.merchant = Some(event_context.merchant);
            let Packs { mut packs, mut again, .. } = packs;
            while let Some(pack) = packs.pop_front() {
                let ends = closing && packs.is_empty() && again.is_empty();
                match self.written_pack(run, pack, ends).await? {
                    Written::All(Some(response)) => return Ok(Some(response)),
                    Written::All(None) => {}
                    Written::Nothing(lines) => again.extend(lines),
                }
            }
            again.extend(later);
            lines = again;
        }
        Ok(None)
    }

    /// Writes one set, with the batch's answer if it is the last.
    async fn written_pack(&self, run: &mut Run<'_>, pack: Pack, ends: bool) -> Result<Written, AppError> {
        let Pack { set, lines } = pack;
        let (lines, outcomes): (Vec<Line>, Vec<LineOutcome>) = lines.into_iter().unzip();
        for (line, outcome) in lines.iter().zip(outcomes) {
            run.tell(line.place, outcome);
        }
        let written = if ends {
            let response = self.response(&run.outcomes);
            run.steps.commit(set, response).await?.map(Some)
        } else {
            run.steps.commits.write(set).await?.then_some(None)
        };
        run.wrote |= written.is_some();
        Ok(written.map_or(Written::Nothing(lines), Written::All))
    }

    /// The answer of a batch that did not end with a set of its own.
    async fn closed(&self, run: Run<'_>) -> Result<Response, AppError> {
        let response = self.response(&run.outcomes);
        let Some(merchant) = run.merchant.filter(|_| run.wrote) else { return Ok(response) };
        match run.steps.commit(self.context.set_for(&merchant)?, response.clone()).await? {
            Some(response) => Ok(response),
            // Another request stored the response for the same key first.
            None => Ok(run.steps.stored().await?.unwrap_or(response)),
        }
    }

    fn response(&self, outcomes: &Outcomes) -> Response {
        Response::first(ResponseStatus::Ok, self.context.renderer.object(Resource::Outcomes(outcomes)))
    }
}

/// What became of a set.
enum Written {
    /// It is written; with the batch's answer, if that went with it.
    All(Option<Response>),
    /// The facts of its lines moved: they are to be decided again.
    Nothing(Vec<Line>),
}

impl Run<'_> {
    /// Whether its sale is there.
    async fn refund(&mut self, refunds: &Refunds, place: usize, command: &NewRefund) -> Result<bool, AppError> {
        match refunds.record_in_batch(self.who, command, &mut self.steps.commits).await {
            Ok((response, merchant)) => {
                self.wrote |= response.status == ResponseStatus::Created;
                self.merchant = Some(merchant);
                self.tell(place, LineOutcome::Done(response.status, response.body));
            }
            Err(AppError::Refused(refusal)) => {
                let found = !matches!(refusal, Refusal::NotYet(_));
                self.tell(place, LineOutcome::Refused(refusal));
                return Ok(found);
            }
            Err(failure) => return Err(failure),
        }
        Ok(true)
    }

    fn tell(&mut self, place: usize, outcome: LineOutcome) {
        if let Some(line) = self.outcomes.lines.get_mut(place) {
            *line = outcome;
        }
    }
}

/// Decided lines, in sets that are written one after the other.
#[derive(Default)]
struct Packs {
    packs: VecDeque<Pack>,
    /// What the sets so far take, give back and change.
    keys: HashSet<(Space, String)>,
    rows: HashSet<RowRef>,
    /// Lines that meet one of these sets after all: they are decided again when it is written.
    again: Vec<Line>,
}

impl Packs {
    /// Adds a decided line to the last set, or to a new one when that is full.
    fn add(&mut self, line: Line, set: ChangeSet, outcome: LineOutcome) {
        let keys: HashSet<(Space, String)> =
            set.claims.iter().chain(&set.frees).map(|claim| (claim.space, claim.key.clone())).collect();
        let rows: HashSet<RowRef> = set.rows.expected().map(|(row, _)| row).collect();
        if !self.keys.is_disjoint(&keys) || !self.rows.is_disjoint(&rows) {
            self.again.push(line);
            return;
        }
        self.keys.extend(keys);
        self.rows.extend(rows);
        match self.packs.back_mut() {
            Some(Pack { set: begun, lines })
                if begun.row_count() + set.row_count() <= MOST_ROWS
                    && begun.byte_count() + set.byte_count() <= MOST_BYTES =>
            {
                begun.absorb(set);
                lines.push((line, outcome));
            }
            _ => self.packs.push_back(Pack { set, lines: vec![(line, outcome)] }),
        }
    }
}

fn event_of(line: &mut Result<BatchLine, Refusal>) -> Option<&mut RecordEventCommand> {
    match line {
        Ok(BatchLine::Event(command)) => Some(command),
        Ok(BatchLine::Refund(_)) | Err(_) => None,
    }
}

/// The lines in parts, in order, and an outcome for each: what is wrong with it, or a place for what will be known.
fn parts(lines: Vec<Result<BatchLine, Refusal>>) -> (VecDeque<Part>, Vec<LineOutcome>) {
    let (mut parts, mut outcomes) = (VecDeque::new(), Vec::with_capacity(lines.len()));
    for (place, line) in lines.into_iter().enumerate() {
        let known = match line {
            Ok(BatchLine::Event(command)) => {
                let line = Line { place, command };
                match parts.back_mut() {
                    Some(Part::Events(lines)) => lines.push(line),
                    Some(Part::Refund(..)) | None => parts.push_back(Part::Events(vec![line])),
                }
                Refusal::NotFound
            }
            Ok(BatchLine::Refund(command)) => {
                parts.push_back(Part::Refund(place, Box::new(command)));
                Refusal::NotFound
            }
            Err(refusal) => refusal,
        };
        outcomes.push(LineOutcome::Refused(known));
    }
    (parts, outcomes)
}

/// The lines in rounds: within one no two have a key in common, and those that have keep their order.
fn rounds(lines: Vec<Line>) -> VecDeque<Vec<Line>> {
    let mut rounds: VecDeque<Vec<Line>> = VecDeque::new();
    let mut next: HashMap<Key, usize> = HashMap::new();
    for line in lines {
        let keys = keys(&line.command);
        let round = keys.iter().filter_map(|key| next.get(key)).max().copied().unwrap_or_default();
        next.extend(keys.into_iter().map(|key| (key, round + 1)));
        match rounds.get_mut(round) {
            Some(begun) => begun.push(line),
            // The first round that is not there yet: the one after some line's.
            None => rounds.push_back(vec![line]),
        }
    }
    rounds
}

fn keys(command: &RecordEventCommand) -> Vec<Key> {
    let mut keys = vec![Key::Event(command.kind.space(), command.external_id.as_str().to_owned())];
    keys.extend(command.customer_external_id.as_ref().map(|id| Key::Customer(id.as_str().to_owned())));
    keys.extend(command.customer_email.as_ref().map(|email| Key::Email(email.folded())));
    keys
}
