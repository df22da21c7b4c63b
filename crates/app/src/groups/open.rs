//! Opening a group by hand: for a customer who will order later, or with an order whose first group closed without
//! cashback.

use super::Groups;
use crate::{AppError, IdempotentRequest, Principal, Response, group_settings::terms};
use domain::{
    Actor, CustomerId, Group, GroupRefusal, GroupStatus, Metadata, NewGroup, OrderId, Refusal, ScheduleWish, ShareId,
};
use ports::{ChangeSet, IdSourceExt, NewGroupFacts, Resource, ResponseStatus, Space, Tenant, Topic};

/// What a shop posts.
#[derive(Debug, Clone)]
pub struct OpenGroupCommand {
    /// The customer who opens it.
    pub customer_id: CustomerId,
    /// That customer's order, from a group that expired or was canceled.
    pub order_id: Option<OrderId>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// Other dates than those of the settings.
    pub schedule: ScheduleWish,
}

impl Groups {
    /// Opens one.
    pub async fn open(
        &self,
        who: &Principal,
        command: OpenGroupCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.new_group_facts(who.merchant_id, command.customer_id, command.order_id);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.opened(who, &command, facts)).await
    }

    fn opened(
        &self,
        who: &Principal,
        command: &OpenGroupCommand,
        facts: NewGroupFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let NewGroupFacts { merchant: loaded, settings, customer, order } = facts;
        let merchant = &loaded.row;
        let now = merchant.clock.at(self.context.now());
        let by = Actor::Key(who.key_id);
        let mut set = self.context.set_for(&loaded)?;
        let customer = customer
            .filter(|customer| customer.row.deleted_at.is_none())
            .ok_or_else(|| Refusal::invalid("customerId", "must be the id of an existing customer"))?;
        let order = order.filter(|(order, _)| order.row.customer_id == customer.row.id);
        if command.order_id.is_some() && order.is_none() {
            return Err(Refusal::invalid("orderId", "must be the id of an existing order of the customer").into());
        }
        if customer.row.is_blocked() {
            return Err(Refusal::Group(GroupRefusal::Blocked).into());
        }
        let terms = terms(merchant, settings.as_ref());
        let currency = order.as_ref().map_or(merchant.settings.currency, |(order, _)| order.row.amount.currency());
        let group = Group::open(
            self.context.ids.id(),
            NewGroup {
                share_id: self.share_ids.make(&self.context.ids.letters(ShareId::LETTERS, ShareId::LENGTH)),
                customer_id: customer.row.id,
                creator_email: customer.row.email.clone(),
                metadata: command.metadata.clone(),
                currency,
                terms,
                participants: u16::from(order.is_some()),
                schedule: command.schedule,
            },
            by,
            now,
        )?;
        if let Some((order, was_in)) = order {
            check_free(&was_in.row, order.row.left()?.minor())?;
            // What an order's commissions leave is what its first group promised.
            let (reserved, promised) = (was_in.row.terms.promise(currency), group.terms.promise(currency));
            if order.row.event_id.is_some() && !reserved.covers(promised) {
                let text = "A group of today would promise more cashback than is reserved for the order.";
                return Err(Refusal::State(text.to_owned()).into());
            }
            let left = order.row.left()?.minor();
            if left < group.terms.min_purchase {
                return Err(Refusal::Group(GroupRefusal::AmountTooLow).into());
            }
            set.free(Space::GroupEmail, was_in.row.email_key(&order.row.email), order.row.id.uuid());
            set.claim(Space::GroupEmail, group.email_key(&order.row.email), order.row.id.uuid());
            set.rows.orders.change(order.version, order.row.opens(&group, by, now));
        }
        set.expect_unchanged(&customer);
        set.claim(Space::GroupShareId, group.share_id.code(), group.id.uuid());
        let body = self.context.renderer.object(Resource::Group(Tenant::from(merchant), &group));
        self.context.announce(&mut set, merchant, Topic::PaymentGroupCreated, now, &body);
        set.rows.groups.insert(group);
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }
}

/// Whether an order of which so much is left may leave a group for a new one.
fn check_free(was_in: &Group, left: i64) -> Result<(), Refusal> {
    match was_in.status {
        _ if left == 0 => Err(Refusal::State("The order is wholly refunded.".to_owned())),
        GroupStatus::Expired | GroupStatus::Canceled => Ok(()),
        GroupStatus::Open | GroupStatus::Completed => {
            Err(Refusal::State("The order takes part in a group already.".to_owned()))
        }
    }
}
