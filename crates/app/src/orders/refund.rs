//! Refunding an order, and with it the conversion that it may be too.

use super::{Clothes, OrderRefund, Orders, Step, WrittenOrder, announce, lane};
use crate::{
    Answer, AppError, Once, Principal,
    desk::Desk,
    refunds::{TakenBack, sale_lane, taken_back},
};
use domain::{Actor, Decimal, EventId, ExternalId, Merchant, Metadata, NewRefund, Order, OrderId, Refusal, Timestamp};
use ports::{ChangeSet, IdSourceExt, OrderInGroup, RefundFacts, RefundLookup, RefundedSale, ReplyStatus, Space, Topic};

impl Orders {
    /// Refunds one, by so many minor units or by all that is left. What it earned as a conversion goes back with it.
    pub async fn refund(
        &self,
        who: &Principal,
        id: OrderId,
        minor: Option<i64>,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        self.take_back(Clothes::Order, who, id, OrderRefund { minor, while_open: false }, once).await
    }

    /// The same, under conditions and answered in these clothes.
    pub(super) async fn take_back(
        &self,
        clothes: Clothes,
        who: &Principal,
        id: OrderId,
        ask: OrderRefund,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let order = self.reads.order(who.merchant_id, id).await?;
        // Whether it is a conversion never changes.
        match order.as_ref().and_then(|order| Some((order, order.event_id?))) {
            Some((order, event)) => self.take_conversion_back(clothes, who, (order, event), ask, once).await,
            None => self.step(clothes, who, (id, order), Step::Refund(ask), once).await,
        }
    }

    async fn take_conversion_back(
        &self,
        clothes: Clothes,
        who: &Principal,
        (order, event_id): (&Order, EventId),
        wish: OrderRefund,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let sale = RefundedSale::Event(event_id);
        let lanes = [sale_lane(who, &sale), lane(who, order.group_id.uuid())];
        let id = self.desk.ids.id();
        let ask =
            refund_of(id, event_id, wish.minor.map(|minor| Decimal::new(minor, order.amount.currency().exponent())));
        let lookup = RefundLookup { external_id: ask.external_id.clone(), sale };
        let load = || self.refunds.refund_facts(who.merchant_id, &lookup);
        let decide = |facts: RefundFacts| {
            if let Some((_, group)) = &facts.order {
                wish.may(&group.row, facts.merchant.row.clock.at(self.desk.now()))?;
            }
            let TakenBack { set, event: _, order } = taken_back(&self.desk, who, id, ask.clone(), facts)?;
            let body = self.dressed(clothes, order.ok_or(Refusal::NotFound)?);
            Ok((set, Answer::first(ReplyStatus::Ok, body)))
        };
        self.desk.run(who.merchant_id, once, &lanes, load, decide).await
    }
}

/// The refund of an order's conversion. The shop gave it no id: its own stands for that.
fn refund_of(id: EventId, sale: EventId, amount: Option<Decimal>) -> NewRefund {
    NewRefund {
        external_id: ExternalId::of(id),
        refunds: Some(sale),
        order_id: None,
        amount,
        currency: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        // Of no body that anybody could post.
        fingerprint: [0; 32],
    }
}

/// Adds to `set` that an order is refunded, by so many minor units or by all that is left.
pub(crate) fn refunded(
    desk: &Desk,
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
        set.hold_still(group);
    }
    let body = announce(desk, set, merchant, Topic::OrderRefunded, &after);
    set.rows.orders.change(order.version, after.clone());
    Ok(WrittenOrder { shop: merchant.clone(), order: after, group: group.row.status, body })
}
