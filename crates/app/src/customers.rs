//! Customers: list, get, create, change, block, delete.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use domain::{Actor, Customer, CustomerChange, CustomerId, NewCustomer, Refusal, Timestamp};
use ports::{
    ChangeSet, Counted, CustomerFacts, CustomerReads, CustomerTerm, IdSourceExt, ListRequest, Resource, ResponseStatus,
    Space, Tenant, Topic, Versioned,
};
use std::sync::Arc;

/// The use cases of customers.
pub struct Customers {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn CustomerReads>,
}

/// What is done to a customer.
enum Step {
    Change(CustomerChange),
    Block,
    Unblock,
    Delete,
}

impl Customers {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn CustomerReads>) -> Self {
        Self { context, reads }
    }

    /// One customer, deleted or not.
    pub async fn get(&self, who: &Principal, id: CustomerId) -> Result<Customer, AppError> {
        Ok(self.reads.customer(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A part of those that are not deleted.
    pub async fn list(&self, who: &Principal, page: &ListRequest<CustomerTerm>) -> Result<Counted<Customer>, AppError> {
        Ok(self.reads.customers(who.merchant_id, page).await?)
    }

    /// Makes one.
    pub async fn create(
        &self,
        who: &Principal,
        command: NewCustomer,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.customer_facts(who.merchant_id, None, Some(&command.email));
        match self.context.run(who.merchant_id, request, &[], load, |facts| self.created(who, &command, facts)).await {
            Err(AppError::Refused(Refusal::Exists { field: "emailAddress" })) => {
                Err(self.taken_address(who, &command).await?.into())
            }
            made => made,
        }
    }

    /// Names the customer that has the address already, if it is as was asked: the answer to that may have been lost.
    async fn taken_address(&self, who: &Principal, command: &NewCustomer) -> Result<Refusal, AppError> {
        let field = "emailAddress";
        let facts = self.reads.customer_facts(who.merchant_id, None, Some(&command.email)).await?;
        let Some(owner) = facts.and_then(|facts| facts.email_owner) else { return Ok(Refusal::Exists { field }) };
        let owner = CustomerId::from_uuid(owner);
        let customer = self.reads.customer(who.merchant_id, owner).await?;
        Ok(match customer.filter(|customer| customer.is_as_asked(command)) {
            Some(_) => Refusal::Repeated { field, id: owner.to_string(), differs: Vec::new() },
            None => Refusal::Exists { field },
        })
    }

    fn created(
        &self,
        who: &Principal,
        command: &NewCustomer,
        facts: CustomerFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let CustomerFacts { merchant, customer: _, email_owner } = facts;
        if email_owner.is_some() {
            return Err(Refusal::Exists { field: "emailAddress" }.into());
        }
        let mut set = self.context.set_for(&merchant)?;
        let now = merchant.row.clock.at(self.context.now());
        let customer = Customer::create(self.context.ids.id(), command.clone(), Actor::Key(who.key_id), now);
        let body = self.context.renderer.object(Resource::Customer(Tenant::from(&merchant.row), &customer));
        self.context.announce(&mut set, &merchant.row, Topic::CustomerCreated, now, &body);
        insert(&mut set, customer);
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    /// Changes one.
    pub async fn change(
        &self,
        who: &Principal,
        id: CustomerId,
        command: CustomerChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Change(command), request).await
    }

    /// Blocks one: its orders are refused.
    pub async fn block(
        &self,
        who: &Principal,
        id: CustomerId,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Block, request).await
    }

    /// Unblocks one.
    pub async fn unblock(
        &self,
        who: &Principal,
        id: CustomerId,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        self.step(who, id, Step::Unblock, request).await
    }

    /// Deletes one: it is no longer listed and its address is free. What it ordered stays.
    pub async fn delete(&self, who: &Principal, id: CustomerId) -> Result<Response, AppError> {
        self.step(who, id, Step::Delete, None).await
    }

    async fn step(
        &self,
        who: &Principal,
        id: CustomerId,
        step: Step,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let email = match &step {
            Step::Change(change) => change.email.clone(),
            Step::Block | Step::Unblock | Step::Delete => None,
        };
        let load = || self.reads.customer_facts(who.merchant_id, Some(id), email.as_ref());
        self.context.run(who.merchant_id, request, &[], load, |facts| self.stepped(who, &step, facts)).await
    }

    fn stepped(&self, who: &Principal, step: &Step, facts: CustomerFacts) -> Result<(ChangeSet, Response), AppError> {
        let CustomerFacts { merchant, customer, email_owner } = facts;
        let Versioned { row: before, version } = customer.ok_or(Refusal::NotFound)?;
        if email_owner.is_some_and(|owner| owner != before.id.uuid()) {
            return Err(Refusal::Exists { field: "emailAddress" }.into());
        }
        let now = merchant.row.clock.at(self.context.now());
        let (after, topic) = stepped(&before, step, Actor::Key(who.key_id), now)?;
        let mut set = self.context.set_for(&merchant)?;
        let body = self.context.renderer.object(Resource::Customer(Tenant::from(&merchant.row), &after));
        if after != before {
            let id = after.id.uuid();
            let key = |customer: &Customer| customer.deleted_at.is_none().then(|| customer.email.folded());
            let (old, new) = (key(&before), key(&after));
            if old != new {
                if let Some(new) = new {
                    set.claim(Space::CustomerEmail, new, id);
                }
                if let Some(old) = old {
                    set.free(Space::CustomerEmail, old, id);
                }
            }
            self.context.announce(&mut set, &merchant.row, topic, after.updated_at, &body);
            set.rows.customers.change(version, after);
        }
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }
}

fn stepped(before: &Customer, step: &Step, by: Actor, now: Timestamp) -> Result<(Customer, Topic), Refusal> {
    Ok(match step {
        Step::Change(change) => (before.changed(change.clone(), by, now)?, Topic::CustomerUpdated),
        Step::Block => (before.blocked(true, by, now)?, Topic::CustomerBlocked),
        Step::Unblock => (before.blocked(false, by, now)?, Topic::CustomerUnblocked),
        Step::Delete => (before.deleted(by, now), Topic::CustomerDeleted),
    })
}

/// Adds a new customer with the claim of its address.
pub(crate) fn insert(set: &mut ChangeSet, customer: Customer) {
    set.claim(Space::CustomerEmail, customer.email.folded(), customer.id.uuid());
    set.rows.customers.insert(customer);
}
