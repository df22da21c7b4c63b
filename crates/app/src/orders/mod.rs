//! Orders: place, list, get, move, refund.

mod convert;
mod place;
mod refund;
mod time;

pub use convert::OrderReferral;
pub use place::PlaceOrder;
pub(crate) use refund::refunded;

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use domain::{Actor, Merchant, Order, OrderId, OrderStatus, Refusal, ShareIdFormat};
use ports::{
    ChangeSet, Counted, EventReads, GroupReads, Lane, LaneKind, ListAsk, OrderFacts, OrderReads, RefundReads,
    ReplyStatus, Shown, Storage, Tenant, Topic,
};
use std::sync::Arc;

/// The use cases of orders.
pub struct Orders {
    desk: Arc<Desk>,
    reads: Arc<dyn OrderReads>,
    groups: Arc<dyn GroupReads>,
    events: Arc<dyn EventReads>,
    refunds: Arc<dyn RefundReads>,
    pub(crate) share_ids: ShareIdFormat,
}

/// What is done to an order.
enum Step {
    Move(OrderStatus),
    /// By so many minor units, or by all that is left.
    Refund(Option<i64>),
}

impl Orders {
    pub(crate) fn new(desk: Arc<Desk>, storage: &Arc<dyn Storage>) -> Self {
        let (reads, groups) = (storage.clone(), storage.clone());
        let (events, refunds) = (storage.clone(), storage.clone());
        Self { desk, reads, groups, events, refunds, share_ids: ShareIdFormat::default() }
    }

    /// One order.
    pub async fn get(&self, who: &Principal, id: OrderId) -> Result<Order, AppError> {
        Ok(self.reads.order(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A part of them.
    pub async fn list(&self, who: &Principal, ask: &ListAsk) -> Result<Counted<Order>, AppError> {
        Ok(self.reads.orders(who.merchant_id, ask).await?)
    }

    /// Moves one's cashback on: from available to processing, from processing to sent.
    pub async fn change(
        &self,
        who: &Principal,
        id: OrderId,
        status: OrderStatus,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let order = self.reads.order(who.merchant_id, id).await?;
        self.step(who, id, order, Step::Move(status), once).await
    }

    async fn step(
        &self,
        who: &Principal,
        id: OrderId,
        order: Option<Order>,
        step: Step,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        // Which group it is in does not change while that is open, and then the lane matters.
        let lanes: Vec<Lane> = order.iter().map(|order| lane(who, order.group_id.uuid())).collect();
        let attempts = self.desk.attempts(who.merchant_id, once, &lanes).await?;
        loop {
            let facts = self.reads.order_facts(who.merchant_id, id).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let (set, answer) = self.stepped(who, &step, facts.ok_or(Refusal::NotFound)?)?;
            if let Some(answer) = attempts.commit(set, answer).await? {
                return Ok(answer);
            }
        }
    }

    fn stepped(&self, who: &Principal, step: &Step, facts: OrderFacts) -> Result<(ChangeSet, Answer), AppError> {
        let OrderFacts { merchant, order, group } = facts;
        let now = merchant.row.clock.at(self.desk.now());
        let by = Actor::Key(who.key_id);
        let mut set = self.desk.set_for(&merchant)?;
        let body = match step {
            Step::Move(status) => {
                let after = order.row.moved(*status, by, now)?;
                let body = self.desk.wire.object(Shown::Order(Tenant::from(&merchant.row), &after));
                self.desk.announce(&mut set, &merchant.row, topic_of(*status), after.updated_at, &body);
                set.rows.orders.change(order.version, after);
                body
            }
            Step::Refund(minor) => refunded(&self.desk, &mut set, &merchant.row, &(order, group), *minor, by, now)?,
        };
        Ok((set, Answer::first(ReplyStatus::Ok, body)))
    }
}

/// A group's lane.
pub(crate) fn lane(who: &Principal, group: uuid::Uuid) -> Lane {
    Lane { merchant: who.merchant_id, kind: LaneKind::Group, id: group }
}

fn topic_of(status: OrderStatus) -> Topic {
    match status {
        OrderStatus::Created => Topic::OrderCreated,
        OrderStatus::CashbackAvailable => Topic::OrderCashbackAvailable,
        OrderStatus::CashbackProcessing => Topic::OrderCashbackProcessing,
        OrderStatus::CashbackSent => Topic::OrderCashbackSent,
    }
}

/// Shows an order and announces it.
pub(crate) fn announce(desk: &Desk, set: &mut ChangeSet, merchant: &Merchant, topic: Topic, order: &Order) {
    desk.announce_shown(set, merchant, topic, order.updated_at, Shown::Order(Tenant::from(merchant), order));
}
