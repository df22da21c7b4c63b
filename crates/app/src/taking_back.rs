//! Taking a sale back: what it earned, and the order that it may be too. Refunds and orders both come to this.

use crate::{
    AppError, Principal,
    accounts::Accounts,
    context::UseCaseContext,
    order_representation::{WrittenOrder, announce},
};
use domain::{
    Actor, Commission, CommissionStatus, EventId, EventSpace, Merchant, Money, NewRefund, Refund, Refusal, Timestamp,
    refund,
};
use ports::{ChangeSet, EventRecord, IdSourceExt, OrderInGroup, RefundFacts, Resource, Space, Topic, Version};
use std::collections::HashMap;

/// What taking a sale back writes, and how what it made is shown.
pub(crate) struct TakenBack {
    pub(crate) set: ChangeSet,
    /// The refund.
    pub(crate) event: Vec<u8>,
    /// The order that the sale is too.
    pub(crate) order: Option<WrittenOrder>,
}

/// Takes a sale back as `id`: its commissions, and the order if the sale is one. Both are always refunded together.
pub(crate) fn taken_back(
    context: &UseCaseContext,
    who: &Principal,
    id: EventId,
    command: NewRefund,
    facts: RefundFacts,
) -> Result<TakenBack, AppError> {
    let RefundFacts { merchant, earlier: _, sales, rows, accounts, order } = facts;
    let mut set = context.set_for(&merchant)?;
    let merchant = merchant.row;
    let now = merchant.clock.at(context.now());
    let sale = sales.into_iter().find(|sale| sale.row.kind.pays()).ok_or(Refusal::NotFound)?;
    let versions: HashMap<_, Version> = rows.iter().map(|row| (row.row.id, row.version)).collect();
    let rows: Vec<Commission> = rows.into_iter().map(|row| row.row).collect();
    let made = refund(id, command, &sale.row, &rows, || context.ids.id(), now)?;

    let mut kept = Accounts::new(&*context.ids, accounts);
    for row in &made.reversals {
        kept.insert(row)?;
    }
    kept.write(&mut set);
    // A row that gets a reversal is written unchanged, so that a simultaneous move by a person, by time or by a payout
    // conflicts and finds the reversal. Paid rows are never moved.
    let gets_one = |row: &&Commission| made.reversals.iter().any(|reversal| reversal.reverses == Some(row.id));
    let reversed = rows.iter().filter(|row| row.status != CommissionStatus::Paid).filter(gets_one);
    for row in reversed.chain(&made.voided) {
        let version = *versions.get(&row.id).ok_or(Refusal::NotFound)?;
        set.rows.commissions.change(version, row.clone());
    }
    let Refund { event, sale: after, reversals, voided } = made;
    let minor = event.amount.map(Money::minor);
    let by = Actor::Key(who.key_id);
    let order = order.map(|order| refunded(context, &mut set, &merchant, &order, minor, by, now)).transpose()?;
    set.claim(Space::Event(EventSpace::Refund), event.external_id.as_str(), event.id.uuid());
    set.rows.events.change(sale.version, after);
    set.rows.events.insert(event.clone());
    set.rows.commissions.new.extend(reversals.iter().cloned());
    let commissions = by_level(reversals.iter().chain(&voided).cloned());
    let event = announced(context, &mut set, &merchant, &EventRecord { event, commissions });
    Ok(TakenBack { set, event, order })
}

fn announced(context: &UseCaseContext, set: &mut ChangeSet, merchant: &Merchant, record: &EventRecord) -> Vec<u8> {
    let at = record.event.created_at;
    let body = context.renderer.object(Resource::Event(record));
    context.announce(set, merchant, Topic::ConversionRecorded, at, &body);
    for row in &record.commissions {
        let data = context.renderer.object(Resource::Commission(row));
        let topic = if row.reverses.is_some() { Topic::CommissionRefunded } else { Topic::CommissionVoided };
        context.announce(set, merchant, topic, at, &data);
        if row.status == CommissionStatus::Review {
            context.announce(set, merchant, Topic::CommissionReview, at, &data);
        }
    }
    body
}

/// Adds to `set` that an order is refunded, by so many minor units or by all that is left.
pub(crate) fn refunded(
    context: &UseCaseContext,
    set: &mut ChangeSet,
    merchant: &Merchant,
    (order, group): &OrderInGroup,
    minor: Option<i64>,
    by: Actor,
    now: Timestamp,
) -> Result<WrittenOrder, AppError> {
    let after = order.row.refund(minor, &group.row, by, now)?;
    if order.row.participates && !after.participates {
        set.free(Space::GroupEmail, group.row.email_key(&after.email), after.id.uuid());
        set.rows.groups.change(group.version, group.row.left(by, now));
    } else {
        set.expect_unchanged(group);
    }
    let body = announce(context, set, merchant, Topic::OrderRefunded, &after);
    set.rows.orders.change(order.version, after.clone());
    Ok(WrittenOrder { merchant: merchant.clone(), order: after, group: group.row.status, body })
}

/// In the order in which they are always shown.
pub(crate) fn by_level(rows: impl Iterator<Item = Commission>) -> Vec<Commission> {
    let mut rows: Vec<Commission> = rows.collect();
    rows.sort_by_key(|row| (row.level, row.id));
    rows
}
