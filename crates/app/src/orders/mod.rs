//! Orders: place, list, get, move, refund.

mod checkout;
mod place;
mod time;

pub use place::PlaceOrder;

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use domain::{Actor, GroupStatus, Merchant, Order, OrderId, OrderStatus, Refusal, ShareIdFormat};
use ports::{
    ChangeSet, CheckoutSession, Counted, GroupReads, Lane, LaneKind, ListAsk, OrderFacts, OrderReads, ReplyStatus,
    Shown, Space, Tenant, Topic,
};
use std::sync::Arc;

/// The use cases of orders.
pub struct Orders {
    desk: Arc<Desk>,
    reads: Arc<dyn OrderReads>,
    groups: Arc<dyn GroupReads>,
    pub(crate) share_ids: ShareIdFormat,
}

/// What an order is answered as. It is announced as an order in any case.
#[derive(Debug, Clone, Copy)]
enum Clothes {
    Order,
    CheckoutSession,
}

/// What is done to an order.
enum Step {
    Move(OrderStatus),
    /// By so many minor units, or by all that is left; perhaps only while its group is open.
    Refund {
        minor: Option<i64>,
        while_open: bool,
    },
}

impl Orders {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn OrderReads>, groups: Arc<dyn GroupReads>) -> Self {
        Self { desk, reads, groups, share_ids: ShareIdFormat::default() }
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
        self.step(Clothes::Order, who, id, Step::Move(status), once).await
    }

    /// Refunds one, by so many minor units or by all that is left.
    pub async fn refund(
        &self,
        who: &Principal,
        id: OrderId,
        minor: Option<i64>,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        self.step(Clothes::Order, who, id, Step::Refund { minor, while_open: false }, once).await
    }

    async fn step(
        &self,
        clothes: Clothes,
        who: &Principal,
        id: OrderId,
        step: Step,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        // Which group it is in does not change while that is open, and then the lane matters.
        let order = self.reads.order(who.merchant_id, id).await?;
        let lanes: Vec<Lane> = order.iter().map(|order| lane(who, order.group_id.uuid())).collect();
        let attempts = self.desk.attempts(who.merchant_id, once, &lanes).await?;
        loop {
            let facts = self.reads.order_facts(who.merchant_id, id).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let (set, answer) = self.stepped(clothes, who, &step, facts.ok_or(Refusal::NotFound)?)?;
            if let Some(answer) = attempts.commit(set, answer).await? {
                return Ok(answer);
            }
        }
    }

    fn stepped(
        &self,
        clothes: Clothes,
        who: &Principal,
        step: &Step,
        facts: OrderFacts,
    ) -> Result<(ChangeSet, Answer), AppError> {
        let OrderFacts { merchant, order, group } = facts;
        let now = merchant.row.clock.at(self.desk.now());
        let by = Actor::Key(who.key_id);
        let mut set = self.desk.set_for(&merchant)?;
        let (after, topic) = match step {
            Step::Move(status) => (order.row.moved(*status, by, now)?, topic_of(*status)),
            Step::Refund { while_open: true, .. } if !group.row.is_open_at(now) => {
                return Err(Refusal::State("The order's group is not open any more.".to_owned()).into());
            }
            Step::Refund { minor, while_open: _ } => {
                let after = order.row.refund(*minor, &group.row, by, now)?;
                if order.row.participates && !after.participates {
                    let key = group.row.email_key(&after.email);
                    set.free(Space::GroupEmail, key, after.id.uuid());
                    set.rows.groups.change(group.version, group.row.left(by, now));
                } else {
                    set.hold_still(&group);
                }
                (after, Topic::OrderRefunded)
            }
        };
        let body = self.announced(&mut set, &merchant.row, topic, (&after, group.row.status), clothes);
        set.rows.orders.change(order.version, after);
        Ok((set, Answer::first(ReplyStatus::Ok, body)))
    }

    /// Announces an order and shows it in these clothes.
    fn announced(
        &self,
        set: &mut ChangeSet,
        shop: &Merchant,
        topic: Topic,
        (order, group): (&Order, GroupStatus),
        clothes: Clothes,
    ) -> Vec<u8> {
        let tenant = Tenant::from(shop);
        let body = self.desk.wire.object(Shown::Order(tenant, order));
        self.desk.announce(set, shop, topic, order.updated_at, &body);
        match clothes {
            Clothes::Order => body,
            Clothes::CheckoutSession => {
                let session = CheckoutSession { order: order.clone(), group, url: shop.settings.landing_url.clone() };
                self.desk.wire.object(Shown::CheckoutSession(tenant, &session))
            }
        }
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
