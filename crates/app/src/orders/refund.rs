//! Refunding an order, and with it the conversion that it may be too.

use super::{OrderRefund, Orders, Step};
use crate::{
    AppError, IdempotentRequest, Principal, Response, lanes,
    order_representation::OrderRepresentation,
    taking_back::{TakenBack, taken_back},
};
use domain::{Decimal, EventId, ExternalId, Metadata, NewRefund, Order, OrderId, Refusal};
use ports::{IdSourceExt, ReadError, RefundFacts, RefundLookup, RefundedSale, ResponseStatus};

impl Orders {
    /// Refunds one, by so many minor units or by all that is left. What it earned as a conversion goes back with it.
    pub async fn refund(
        &self,
        who: &Principal,
        id: OrderId,
        minor: Option<i64>,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.take_back(OrderRepresentation::Order, who, id, OrderRefund { minor, while_open: false }, request).await
    }

    /// The same, under conditions, and represented as the caller chooses.
    pub(super) async fn take_back(
        &self,
        representation: OrderRepresentation,
        who: &Principal,
        id: OrderId,
        command: OrderRefund,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let order = self.reads.order(who.merchant_id, id).await?;
        // Whether it is a conversion never changes.
        match order.as_ref().and_then(|order| Some((order, order.event_id?))) {
            Some((order, event)) => {
                self.take_conversion_back(representation, who, (order, event), command, request).await
            }
            None => self.step(representation, who, (id, order), Step::Refund(command), request).await,
        }
    }

    async fn take_conversion_back(
        &self,
        representation: OrderRepresentation,
        who: &Principal,
        (order, event_id): (&Order, EventId),
        wish: OrderRefund,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let sale = RefundedSale::Event(event_id);
        let lanes = [lanes::sale(who.merchant_id, &sale), lanes::group(who.merchant_id, order.group_id)];
        let amount = wish.minor.map(|minor| Decimal::new(minor, order.amount.currency().exponent()));
        let load = || self.refund_facts(who, event_id);
        let decide = |(id, facts): (EventId, RefundFacts)| {
            if let Some((_, group)) = &facts.order {
                wish.may(&group.row, facts.merchant.row.clock.at(self.context.now()))?;
            }
            let TakenBack { set, event: _, order } =
                taken_back(&self.context, who, id, refund_of(id, event_id, amount), facts)?;
            let body = order.ok_or(Refusal::NotFound)?.rendered(representation, &*self.context.renderer);
            Ok((set, Response::first(ResponseStatus::Ok, body)))
        };
        self.context.run(who.merchant_id, request, &lanes, load, decide).await
    }

    /// What taking a conversion back needs, and the id of the refund, by which that is known.
    async fn refund_facts(&self, who: &Principal, sale: EventId) -> Result<Option<(EventId, RefundFacts)>, ReadError> {
        let id = self.context.ids.id();
        let lookup = RefundLookup { external_id: ExternalId::of(id), sale: RefundedSale::Event(sale) };
        Ok(self.refunds.refund_facts(who.merchant_id, &lookup).await?.map(|facts| (id, facts)))
    }
}

/// Builds the refund of an order's conversion. The shop gave it no id, so its own id is the external id.
fn refund_of(id: EventId, sale: EventId, amount: Option<Decimal>) -> NewRefund {
    NewRefund {
        external_id: ExternalId::of(id),
        as_sent: domain::AsSent::default(),
        refunds: Some(sale),
        order_id: None,
        amount,
        currency: None,
        customer_email: None,
        customer_external_id: None,
        occurred_at: None,
        metadata: Metadata::default(),
        // A fingerprint that no posted body has.
        fingerprint: [0; 32],
    }
}
