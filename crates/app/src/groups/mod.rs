//! Referral groups: open, list, get, change, cancel, expire, validate; and what time does to them.

mod open;
mod time;

pub use open::OpenGroupCommand;

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext, lanes};
use domain::{
    Actor, Email, Group, GroupChange, GroupId, GroupRefusal, Joiner, Order, Refusal, ShareIdFormat, Timestamp,
};
use ports::{
    ChangeSet, Counted, GroupFacts, GroupReads, GroupTerm, ListRequest, OrderLookup, OrderReads, OrderTerm, Resource,
    ResponseStatus, Tenant, Topic,
};
use std::sync::Arc;

/// The use cases of referral groups.
pub struct Groups {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn GroupReads>,
    orders: Arc<dyn OrderReads>,
    pub(crate) share_ids: ShareIdFormat,
    /// Whether reminders are e-mails too.
    pub(crate) writes_mails: bool,
}

/// The customer and the amount of an order to validate.
#[derive(Debug, Clone, Default)]
pub struct ValidateGroupCommand {
    /// The address of the customer who would place it.
    pub email: Option<Email>,
    /// In minor units.
    pub amount: Option<i64>,
}

/// What a person does with a group.
enum Step {
    Change(GroupChange),
    Cancel,
    Expire,
}

impl Groups {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn GroupReads>, orders: Arc<dyn OrderReads>) -> Self {
        Self { context, reads, orders, share_ids: ShareIdFormat::default(), writes_mails: false }
    }

    /// The id of the group that a text names: its id, or its share id in any of its forms.
    pub async fn named(&self, who: &Principal, text: &str) -> Result<GroupId, AppError> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let code = self.share_ids.read(text).ok_or(Refusal::NotFound)?;
        Ok(self.reads.group_of_code(who.merchant_id, &code).await?.ok_or(Refusal::NotFound)?)
    }

    /// One group.
    pub async fn get(&self, who: &Principal, id: GroupId) -> Result<Group, AppError> {
        Ok(self.reads.group(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A part of them.
    pub async fn list(&self, who: &Principal, page: &ListRequest<GroupTerm>) -> Result<Counted<Group>, AppError> {
        Ok(self.reads.groups(who.merchant_id, page).await?)
    }

    /// A part of the orders that take part in one.
    pub async fn participants(
        &self,
        who: &Principal,
        id: GroupId,
        page: &ListRequest<OrderTerm>,
    ) -> Result<Counted<Order>, AppError> {
        self.get(who, id).await?;
        Ok(self.reads.participants(who.merchant_id, id, page).await?)
    }

    /// Whether an order would be taken; the group if it would.
    pub async fn validate(
        &self,
        who: &Principal,
        id: GroupId,
        command: ValidateGroupCommand,
    ) -> Result<Group, AppError> {
        let lookup = OrderLookup { email: command.email, group_id: Some(id), ..OrderLookup::default() };
        let facts = self.orders.place_facts(who.merchant_id, &lookup).await?.ok_or(Refusal::NotFound)?;
        if facts.customer.is_some_and(|customer| customer.row.is_blocked()) {
            return Err(Refusal::Group(GroupRefusal::Blocked).into());
        }
        let group = facts.group.ok_or(Refusal::NotFound)?.row;
        let now = facts.merchant.row.clock.at(self.context.now());
        let joiner = Joiner { email_is_used: facts.email_owner.is_some(), currency: None, amount: command.amount };
        group.admits(joiner, now)?;
        Ok(group)
    }

    /// Changes one, in every status.
    pub async fn change(
        &self,
        who: &Principal,
        id: GroupId,
        command: GroupChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Change(command), request).await
    }

    /// Takes one back: open, before its expiry, the creator alone.
    pub async fn cancel(
        &self,
        who: &Principal,
        id: GroupId,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Cancel, request).await
    }

    /// Closes one by hand: open, past its expiry, the creator alone.
    pub async fn expire(
        &self,
        who: &Principal,
        id: GroupId,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Expire, request).await
    }

    async fn step(
        &self,
        who: &Principal,
        id: GroupId,
        step: Step,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.group_facts(who.merchant_id, id);
        let lanes = [lanes::group(who.merchant_id, id)];
        self.context.run(who.merchant_id, request, &lanes, load, |facts| self.stepped(who, &step, facts)).await
    }

    fn stepped(&self, who: &Principal, step: &Step, facts: GroupFacts) -> Result<(ChangeSet, Response), AppError> {
        let GroupFacts { merchant, group } = facts;
        let now = merchant.row.clock.at(self.context.now());
        let (after, topic) = stepped(&group.row, step, Actor::Key(who.key_id), now)?;
        let mut set = self.context.set_for(&merchant)?;
        let body = self.context.renderer.object(Resource::Group(Tenant::from(&merchant.row), &after));
        if after != group.row {
            self.context.announce(&mut set, &merchant.row, topic, after.updated_at, &body);
            set.rows.groups.change(group.version, after);
        }
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }
}

fn stepped(before: &Group, step: &Step, by: Actor, now: Timestamp) -> Result<(Group, Topic), Refusal> {
    Ok(match step {
        Step::Change(change) => (before.changed(change.clone(), by, now), Topic::PaymentGroupUpdated),
        Step::Cancel => (before.canceled(by, now)?, Topic::PaymentGroupCanceled),
        Step::Expire => (before.expired(by, now)?, Topic::PaymentGroupExpired),
    })
}
