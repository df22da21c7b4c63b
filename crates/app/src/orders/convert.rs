//! Orders that are conversions too: attribution and commissions (docs/rules/groups.md).

use super::{
    Orders,
    command::{OrderReferral, PlaceOrderCommand},
};
use crate::{
    AppError, Principal,
    recording::{EventContext, EventInput, Recorder},
};
use domain::{
    Binding, Email, EventKind, ExternalId, GroupTerms, Items, Merchant, Metadata, NewEvent, Order, OrderId,
    OrderReference, Timestamp,
};
use ports::{ChangeSet, EventFacts, EventLookup, IdSourceExt, PlaceFacts, Versioned};

/// What an order's conversion is decided by.
pub(super) struct Conversion<'a> {
    pub(super) referral: &'a OrderReferral,
    pub(super) facts: EventFacts,
}

impl OrderReferral {
    pub(super) fn lookup(
        &self,
        id: OrderId,
        reference: Option<&OrderReference>,
        buyer: Option<&Email>,
        now: Timestamp,
    ) -> EventLookup {
        EventLookup {
            space: EventKind::Purchase.space(),
            external_id: Order::conversion_id(id, reference),
            session: self.session.clone(),
            coupon: self.coupon.clone(),
            affiliate_id: None,
            customer: Binding::keys(None, buyer),
            now,
        }
    }

    fn event(&self, order: &Order, external_id: ExternalId) -> NewEvent {
        NewEvent {
            kind: EventKind::Purchase,
            external_id,
            order_id: None,
            amount: Some(order.amount),
            items: Items::default(),
            session: self.session.clone(),
            coupon: self.coupon.clone(),
            unreadable: self.unreadable,
            affiliate_id: None,
            customer_email: Some(order.email.clone()),
            customer_external_id: None,
            occurred_at: None,
            metadata: Metadata::default(),
            fingerprint: self.fingerprint,
        }
    }
}

impl Conversion<'_> {
    /// Whether an earlier event has the id that the order's would have.
    pub(super) fn is_known(&self) -> bool {
        self.facts.found.iter().any(|found| found.earlier.is_some())
    }
}

impl Orders {
    /// Loads the facts for an order's conversion, besides those for the order; `None` for an order that is not a
    /// conversion. Loaded after the order's facts, because the customer's address decides which binding applies.
    pub(super) async fn conversion<'a>(
        &self,
        who: &Principal,
        id: OrderId,
        command: &'a PlaceOrderCommand,
        facts: &PlaceFacts,
    ) -> Result<Option<Conversion<'a>>, AppError> {
        let Some(referral) = &command.referral else { return Ok(None) };
        let known = facts.customer.as_ref().filter(|customer| customer.row.deleted_at.is_none());
        let buyer = known.map(|customer| &customer.row.email).or(command.email.as_ref());
        let lookup = referral.lookup(id, command.reference.as_ref(), buyer, self.context.now());
        let facts = self.events.event_facts(who.merchant_id, vec![lookup]).await?;
        Ok(facts.map(|facts| Conversion { referral, facts }))
    }

    /// Adds to `set` the conversion that the order is too; commissions share what its group's promise leaves of the cap.
    pub(super) fn convert(
        &self,
        set: &mut ChangeSet,
        who: &Principal,
        merchant: Versioned<Merchant>,
        conversion: Conversion<'_>,
        order: Order,
        terms: &GroupTerms,
    ) -> Result<Order, AppError> {
        let Conversion { referral, facts } = conversion;
        // All of one order is decided by the merchant as it was when the order was looked at.
        let (event_context, mut found) = EventContext::of(EventFacts { merchant, ..facts });
        let id = self.context.ids.id();
        let command = referral.event(&order, Order::conversion_id(order.id, order.reference.as_ref()));
        let recorder = Recorder { context: &self.context, who, event_context: &event_context, now: order.created_at };
        recorder.record(set, id, EventInput::in_group(command, terms), found.pop().unwrap_or_default())?;
        Ok(order.converted(id))
    }
}
