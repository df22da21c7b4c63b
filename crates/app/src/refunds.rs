//! Refunds: taking sales back.

use crate::{
    Answer, AppError, Once, Principal,
    accounts::Accounts,
    desk::{Attempts, Desk},
    orders::{self, WrittenOrder},
};
use domain::{
    Actor, Commission, CommissionStatus, EventId, EventSpace, Merchant, Money, NewRefund, Refund, Refusal, refund,
};
use ports::{
    ChangeSet, Entry, EventRecord, IdSourceExt, Lane, LaneKind, RefundFacts, RefundLookup, RefundReads, RefundedSale,
    ReplyStatus, Shown, Space, Topic, Version, Versioned,
};
use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
};
use uuid::Uuid;

/// The use cases of refunds. Reading them is reading events.
pub struct Refunds {
    desk: Arc<Desk>,
    reads: Arc<dyn RefundReads>,
}

impl Refunds {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn RefundReads>) -> Self {
        Self { desk, reads }
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with another body it is
    /// refused (product 6).
    pub async fn record(&self, who: &Principal, ask: NewRefund, once: Option<Once>) -> Result<Answer, AppError> {
        let lookup = lookup(&ask)?;
        let attempts = self.desk.attempts(who.merchant_id, once, &[sale_lane(who, &lookup.sale)]).await?;
        let mut lane = None;
        loop {
            let facts = self.reads.refund_facts(who.merchant_id, &lookup).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let facts = facts.ok_or(Refusal::NotFound)?;
            if self.waited_for(who, &facts, &mut lane).await? {
                continue;
            }
            match self.decided(who, &ask, facts)? {
                Decided::Before(answer) => return Ok(answer),
                Decided::Now(set, answer) => {
                    if let Some(answer) = attempts.commit(*set, answer).await? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    /// Records one in the place that a batch has in the write path; with the merchant as it was last seen.
    pub(crate) async fn record_in_batch(
        &self,
        who: &Principal,
        ask: NewRefund,
        attempts: &Attempts<'_>,
    ) -> Result<(Answer, Versioned<Merchant>), AppError> {
        let lookup = lookup(&ask)?;
        let mut lane = None;
        loop {
            let facts = self.reads.refund_facts(who.merchant_id, &lookup).await?.ok_or(Refusal::NotFound)?;
            if self.waited_for(who, &facts, &mut lane).await? {
                continue;
            }
            let merchant = facts.merchant.clone();
            match self.decided(who, &ask, facts)? {
                Decided::Before(answer) => return Ok((answer, merchant)),
                Decided::Now(set, answer) => {
                    if attempts.write(*set).await? {
                        return Ok((answer, merchant));
                    }
                }
            }
        }
    }

    /// Takes the lane of the group that the sale is an order in, once that is known: after the sale's, as all do who take
    /// both. Whoever had to wait loads again.
    async fn waited_for(
        &self,
        who: &Principal,
        facts: &RefundFacts,
        lane: &mut Option<Entry>,
    ) -> Result<bool, AppError> {
        let Some((_, group)) = facts.order.as_ref().filter(|_| lane.is_none()) else { return Ok(false) };
        *lane = Some(self.desk.lanes(&[orders::lane(who, group.row.id.uuid())]).await?);
        Ok(true)
    }

    /// The answer that recording it now would give. Nothing is kept.
    pub async fn preview(&self, who: &Principal, ask: NewRefund) -> Result<Answer, AppError> {
        let facts = self.reads.refund_facts(who.merchant_id, &lookup(&ask)?).await?;
        match self.decided(who, &ask, facts.ok_or(Refusal::NotFound)?)? {
            Decided::Before(answer) | Decided::Now(_, answer) => Ok(Answer::first(ReplyStatus::Ok, answer.body)),
        }
    }

    fn decided(&self, who: &Principal, ask: &NewRefund, mut facts: RefundFacts) -> Result<Decided, AppError> {
        let earlier = facts.earlier.take();
        if let Some(same) = earlier.as_ref().filter(|earlier| earlier.event.fingerprint == ask.fingerprint) {
            let body = self.desk.wire.object(Shown::Event(&as_first_answered(same)));
            return Ok(Decided::Before(Answer::first(ReplyStatus::Ok, body)));
        }
        // What is wrong with the body is told before the external id is looked at: shape comes before state.
        let sale = ask.sale(facts.sales.iter().map(|sale| &sale.row))?;
        ask.amount(sale)?;
        if earlier.is_some() {
            return Err(Refusal::Exists { field: "external_id" }.into());
        }
        let TakenBack { set, event, order: _ } = taken_back(&self.desk, who, self.desk.ids.id(), ask.clone(), facts)?;
        Ok(Decided::Now(Box::new(set), Answer::first(ReplyStatus::Created, event)))
    }
}

/// What taking a sale back writes, and how what it made is shown.
pub(crate) struct TakenBack {
    pub(crate) set: ChangeSet,
    /// The refund.
    pub(crate) event: Vec<u8>,
    /// The order that the sale is too.
    pub(crate) order: Option<WrittenOrder>,
}

/// Takes a sale back as `id`: what it earned, and the order that it may be too. Nobody takes back one of the two alone.
pub(crate) fn taken_back(
    desk: &Desk,
    who: &Principal,
    id: EventId,
    ask: NewRefund,
    facts: RefundFacts,
) -> Result<TakenBack, AppError> {
    let RefundFacts { merchant, earlier: _, sales, rows, accounts, order } = facts;
    let mut set = desk.set_for(&merchant)?;
    let merchant = merchant.row;
    let now = merchant.clock.at(desk.now());
    let sale = sales.into_iter().find(|sale| sale.row.kind.pays()).ok_or(Refusal::NotFound)?;
    let versions: HashMap<_, Version> = rows.iter().map(|row| (row.row.id, row.version)).collect();
    let rows: Vec<Commission> = rows.into_iter().map(|row| row.row).collect();
    let made = refund(id, ask, &sale.row, &rows, || desk.ids.id(), now)?;

    let mut kept = Accounts::new(&*desk.ids, accounts);
    for row in &made.siblings {
        kept.insert(row)?;
    }
    kept.write(&mut set);
    // A row that gets a sibling is written as it was: whoever moves it at the same time, a person, time or a payout,
    // then meets a conflict and finds the sibling. What is paid nobody moves.
    let gets_one = |row: &&Commission| made.siblings.iter().any(|sibling| sibling.reverses == Some(row.id));
    let reversed = rows.iter().filter(|row| row.status != CommissionStatus::Paid).filter(gets_one);
    for row in reversed.chain(&made.voided) {
        let version = *versions.get(&row.id).ok_or(Refusal::NotFound)?;
        set.rows.commissions.change(version, row.clone());
    }
    let Refund { event, sale: after, siblings, voided } = made;
    let minor = event.amount.map(Money::minor);
    let by = Actor::Key(who.key_id);
    let order = order.map(|order| orders::refunded(desk, &mut set, &merchant, &order, minor, by, now)).transpose()?;
    set.claim(Space::Event(EventSpace::Refund), event.external_id.as_str(), event.id.uuid());
    set.rows.events.change(sale.version, after);
    set.rows.events.insert(event.clone());
    set.rows.commissions.new.extend(siblings.iter().cloned());
    let commissions = by_level(siblings.iter().chain(&voided).cloned());
    let event = announced(desk, &mut set, &merchant, &EventRecord { event, commissions });
    Ok(TakenBack { set, event, order })
}

fn announced(desk: &Desk, set: &mut ChangeSet, merchant: &Merchant, record: &EventRecord) -> Vec<u8> {
    let at = record.event.created_at;
    let body = desk.wire.object(Shown::Event(record));
    desk.announce(set, merchant, Topic::ConversionRecorded, at, &body);
    for row in &record.commissions {
        let data = desk.wire.object(Shown::Commission(row));
        let topic = if row.reverses.is_some() { Topic::CommissionRefunded } else { Topic::CommissionVoided };
        desk.announce(set, merchant, topic, at, &data);
        if row.status == CommissionStatus::Review {
            desk.announce(set, merchant, Topic::CommissionReview, at, &data);
        }
    }
    body
}

/// What comes of a refund.
enum Decided {
    /// It was recorded before.
    Before(Answer),
    /// It is to be written.
    Now(Box<ChangeSet>, Answer),
}

fn lookup(ask: &NewRefund) -> Result<RefundLookup, Refusal> {
    let sale = match (ask.refunds, &ask.order_id) {
        (Some(id), _) => RefundedSale::Event(id),
        (None, Some(order)) => RefundedSale::Order(order.clone()),
        (None, None) => return Err(Refusal::invalid("refunds", "is required where there is no order_id")),
    };
    Ok(RefundLookup { external_id: ask.external_id.clone(), sale })
}

/// The queue of those who take back the same sale, by the name they give it.
pub(crate) fn sale_lane(who: &Principal, sale: &RefundedSale) -> Lane {
    let id = match sale {
        RefundedSale::Event(id) => id.uuid(),
        RefundedSale::Order(order) => {
            let mut hasher = DefaultHasher::new();
            order.as_str().hash(&mut hasher);
            Uuid::from_u128(u128::from(hasher.finish()))
        }
    };
    Lane { merchant: who.merchant_id, kind: LaneKind::Sale, id }
}

fn by_level(rows: impl Iterator<Item = Commission>) -> Vec<Commission> {
    let mut rows: Vec<Commission> = rows.collect();
    rows.sort_by_key(|row| (row.level, row.id));
    rows
}

/// The refund as its first answer showed it: what may have changed since are the states of its siblings. What it made
/// void is final.
fn as_first_answered(record: &EventRecord) -> EventRecord {
    let row = |row: &Commission| if row.reverses.is_some() { row.as_made() } else { row.clone() };
    EventRecord { event: record.event.clone(), commissions: by_level(record.commissions.iter().map(row)) }
}
