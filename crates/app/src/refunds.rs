//! Refunds: taking sales back.

use crate::{
    Answer, AppError, Once, Principal,
    accounts::Accounts,
    commit_loop::{CommitLoop, Decision},
    desk::Desk,
    orders::{self, WrittenOrder},
};
use domain::{
    Actor, Commission, CommissionStatus, EventId, EventSpace, Merchant, Money, NewRefund, Refund, Refusal, refund,
};
use ports::{
    ChangeSet, EventRecord, IdSourceExt, Lane, LaneKind, ReadError, RefundFacts, RefundLookup, RefundReads,
    RefundedSale, ReplyStatus, Shown, Space, Topic, Version, Versioned,
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

/// What is decided on: the facts, or what is wrong with how the sale is named.
type Facts = Result<RefundFacts, Refusal>;

impl Refunds {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn RefundReads>) -> Self {
        Self { desk, reads }
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with another body it is
    /// refused (product 6).
    pub async fn record(&self, who: &Principal, ask: NewRefund, once: Option<Once>) -> Result<Answer, AppError> {
        let lookup = lookup(&ask);
        let lanes: Vec<Lane> = lookup.iter().map(|lookup| sale_lane(who, &lookup.sale)).collect();
        let mut waited = false;
        let load = || self.facts(who, &lookup);
        let decide = |facts: Facts| match group_lane(who, &facts, &mut waited) {
            Some(lane) => Ok(Decision::Reload(vec![lane])),
            None => self.decided(who, &ask, facts?).map(Decision::from),
        };
        self.desk.run(who.merchant_id, once, &lanes, load, decide).await
    }

    /// Records one in the place that a batch has in the write path; with the merchant as it was last seen.
    pub(crate) async fn record_in_batch(
        &self,
        who: &Principal,
        ask: NewRefund,
        commits: &mut CommitLoop<'_>,
    ) -> Result<(Answer, Versioned<Merchant>), AppError> {
        let lookup = lookup(&ask);
        let mut waited = false;
        let load = || self.facts(who, &lookup);
        let decide = |facts: Option<Facts>| {
            let facts = facts.ok_or(Refusal::NotFound)?;
            if let Some(lane) = group_lane(who, &facts, &mut waited) {
                return Ok(Decision::Reload(vec![lane]));
            }
            let facts = facts?;
            let merchant = facts.merchant.clone();
            let (set, answer) = self.decided(who, &ask, facts)?;
            Ok(Decision::from((set, (answer, merchant))))
        };
        commits.step(load, decide).await
    }

    /// What is wrong with the name of the sale is a fact too: no refusal comes before the stored response was looked for.
    async fn facts(&self, who: &Principal, lookup: &Result<RefundLookup, Refusal>) -> Result<Option<Facts>, ReadError> {
        match lookup {
            Ok(lookup) => Ok(self.reads.refund_facts(who.merchant_id, lookup).await?.map(Ok)),
            Err(refusal) => Ok(Some(Err(refusal.clone()))),
        }
    }

    /// The answer that recording it now would give. Nothing is kept.
    pub async fn preview(&self, who: &Principal, ask: NewRefund) -> Result<Answer, AppError> {
        let facts = self.reads.refund_facts(who.merchant_id, &lookup(&ask)?).await?;
        let (_, answer) = self.decided(who, &ask, facts.ok_or(Refusal::NotFound)?)?;
        Ok(Answer { status: ReplyStatus::Ok, ..answer })
    }

    /// What is to be written, if anything, and what is to be answered.
    fn decided(
        &self,
        who: &Principal,
        ask: &NewRefund,
        mut facts: RefundFacts,
    ) -> Result<(Option<ChangeSet>, Answer), AppError> {
        let earlier = facts.earlier.take();
        if let Some(same) = earlier.as_ref().filter(|earlier| earlier.event.fingerprint == ask.fingerprint) {
            let body = self.desk.wire.object(Shown::Event(&as_first_answered(same)));
            return Ok((None, Answer::first(ReplyStatus::Ok, body)));
        }
        // What is wrong with the body is told before the external id is looked at: shape comes before state.
        let sale = ask.sale(facts.sales.iter().map(|sale| &sale.row))?;
        ask.amount(sale)?;
        if earlier.is_some() {
            return Err(Refusal::Exists { field: "external_id" }.into());
        }
        let TakenBack { set, event, order: _ } = taken_back(&self.desk, who, self.desk.ids.id(), ask.clone(), facts)?;
        Ok((Some(set), Answer::first(ReplyStatus::Created, event)))
    }
}

/// The lane of the group that the sale is an order in: taken after the sale's, as all do who take both, and once.
fn group_lane(who: &Principal, facts: &Facts, waited: &mut bool) -> Option<Lane> {
    let (_, group) = facts.as_ref().ok()?.order.as_ref()?;
    (!std::mem::replace(waited, true)).then(|| orders::lane(who, group.row.id.uuid()))
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
