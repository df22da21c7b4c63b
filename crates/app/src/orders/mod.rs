//! Orders: place, list, get, move, refund.

mod checkout;
mod command;
mod convert;
mod place;
mod refund;
mod time;

pub use command::{OrderReferral, PlaceOrderCommand};

use crate::{
    AppError, IdempotentRequest, Principal, Response,
    context::UseCaseContext,
    lanes,
    order_representation::{OrderRepresentation, WrittenOrder, announce},
    taking_back::refunded,
};
use domain::{Actor, Group, Order, OrderId, OrderStatus, Refusal, ShareIdFormat, Timestamp};
use ports::{
    ChangeSet, Counted, EventReads, GroupReads, Lane, ListRequest, OrderFacts, OrderReads, OrderTerm, RefundReads,
    ResponseStatus, Storage, Topic,
};
use std::sync::Arc;

/// The use cases of orders.
pub struct Orders {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn OrderReads>,
    groups: Arc<dyn GroupReads>,
    events: Arc<dyn EventReads>,
    refunds: Arc<dyn RefundReads>,
    pub(crate) share_ids: ShareIdFormat,
}

/// What is done to an order.
enum Step {
    Move(OrderStatus),
    Refund(OrderRefund),
}

/// How much of an order is taken back, and when.
#[derive(Debug, Clone, Copy)]
struct OrderRefund {
    /// So many minor units, or all that is left.
    minor: Option<i64>,
    /// Not any more once its group is closed.
    while_open: bool,
}

impl OrderRefund {
    fn may(self, group: &Group, now: Timestamp) -> Result<(), Refusal> {
        if self.while_open && !group.is_open_at(now) {
            return Err(Refusal::State("The order's group is not open any more.".to_owned()));
        }
        Ok(())
    }
}

impl Orders {
    pub(crate) fn new(context: Arc<UseCaseContext>, storage: &Arc<dyn Storage>) -> Self {
        let (reads, groups) = (storage.clone(), storage.clone());
        let (events, refunds) = (storage.clone(), storage.clone());
        Self { context, reads, groups, events, refunds, share_ids: ShareIdFormat::default() }
    }

    /// One order.
    pub async fn get(&self, who: &Principal, id: OrderId) -> Result<Order, AppError> {
        Ok(self.reads.order(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A part of them.
    pub async fn list(&self, who: &Principal, page: &ListRequest<OrderTerm>) -> Result<Counted<Order>, AppError> {
        Ok(self.reads.orders(who.merchant_id, page).await?)
    }

    /// Moves one's cashback on: from available to processing, from processing to sent.
    pub async fn change(
        &self,
        who: &Principal,
        id: OrderId,
        status: OrderStatus,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let order = self.reads.order(who.merchant_id, id).await?;
        self.step(OrderRepresentation::Order, who, (id, order), Step::Move(status), request).await
    }

    async fn step(
        &self,
        representation: OrderRepresentation,
        who: &Principal,
        (id, order): (OrderId, Option<Order>),
        step: Step,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        // Which group it is in does not change while that is open, and then the lane matters.
        let lanes: Vec<Lane> = order.iter().map(|order| lanes::group(who.merchant_id, order.group_id)).collect();
        let load = || self.reads.order_facts(who.merchant_id, id);
        let decide = |facts| self.stepped(representation, who, &step, facts);
        self.context.run(who.merchant_id, request, &lanes, load, decide).await
    }

    fn stepped(
        &self,
        representation: OrderRepresentation,
        who: &Principal,
        step: &Step,
        facts: OrderFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let OrderFacts { merchant, order, group } = facts;
        let now = merchant.row.clock.at(self.context.now());
        let by = Actor::Key(who.key_id);
        let mut set = self.context.set_for(&merchant)?;
        let merchant = merchant.row;
        let written = match step {
            Step::Move(status) => {
                let after = order.row.moved(*status, by, now)?;
                let body = announce(&self.context, &mut set, &merchant, topic_of(*status), &after);
                set.rows.orders.change(order.version, after.clone());
                WrittenOrder { merchant, order: after, group: group.row.status, body }
            }
            Step::Refund(command) => {
                command.may(&group.row, now)?;
                refunded(&self.context, &mut set, &merchant, &(order, group), command.minor, by, now)?
            }
        };
        Ok((set, Response::first(ResponseStatus::Ok, written.rendered(representation, &*self.context.renderer))))
    }
}

fn topic_of(status: OrderStatus) -> Topic {
    match status {
        OrderStatus::Created => Topic::OrderCreated,
        OrderStatus::CashbackAvailable => Topic::OrderCashbackAvailable,
        OrderStatus::CashbackProcessing => Topic::OrderCashbackProcessing,
        OrderStatus::CashbackSent => Topic::OrderCashbackSent,
    }
}
