//! Placing an order: it opens a group, or joins one.

use super::{Orders, command::PlaceOrderCommand, convert::Conversion};
use crate::{
    AppError, IdempotentRequest, Principal, Response, customers,
    group_settings::terms,
    lanes,
    order_representation::{OrderRepresentation, WrittenOrder, announce},
};
use domain::{
    Actor, Customer, Group, GroupId, GroupRefusal, GroupTerms, Joiner, Metadata, Money, NewCustomer, NewGroup,
    NewOrder, Order, OrderId, OrderPlacement, Refusal, RiskContext, ScheduleWish, ShareId, Timestamp,
};
use ports::{
    ChangeSet, IdSourceExt, OrderLookup, PlaceFacts, Resource, ResponseStatus, Space, Tenant, Topic, Versioned,
};

/// The buyer: an existing or a new customer.
struct Buyer {
    customer: Customer,
    known: Option<Versioned<Customer>>,
}

impl Orders {
    /// Places one: without a share id it opens a group, with one it joins that.
    pub async fn place(
        &self,
        who: &Principal,
        command: PlaceOrderCommand,
        representation: OrderRepresentation,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let command = self.settled(who, command).await?;
        let group_id = self.wanted_group(who, &command).await?;
        let lanes: Vec<_> = group_id.iter().map(|id| lanes::group(who.merchant_id, *id)).collect();
        let lookup = OrderLookup {
            customer_id: command.customer_id,
            email: command.email.clone(),
            reference: command.reference.clone(),
            group_id,
        };
        let load = || self.place_facts(who, &command, &lookup);
        let decide = |(id, facts, conversion)| {
            let (set, written) = self.placed(who, id, &command, facts, conversion)?;
            Ok((
                set,
                Response::first(ResponseStatus::Created, written.rendered(representation, &*self.context.renderer)),
            ))
        };
        self.context.run(who.merchant_id, request, &lanes, load, decide).await
    }

    /// The order under the reference that it goes by: the one that was sent, where an earlier version kept an order so.
    async fn settled(&self, who: &Principal, mut command: PlaceOrderCommand) -> Result<PlaceOrderCommand, AppError> {
        let Some(sent) = command.reference_as_sent.take() else { return Ok(command) };
        let lookup = OrderLookup { reference: Some(sent.clone()), ..OrderLookup::default() };
        let facts = self.reads.place_facts(who.merchant_id, &lookup).await?;
        if facts.is_some_and(|facts| facts.reference_owner.is_some()) {
            command.reference = Some(sent);
        }
        Ok(command)
    }

    /// What placing an order needs, and what its conversion does, which may be known by the order's id.
    async fn place_facts<'a>(
        &self,
        who: &Principal,
        command: &'a PlaceOrderCommand,
        lookup: &OrderLookup,
    ) -> Result<Option<(OrderId, PlaceFacts, Option<Conversion<'a>>)>, AppError> {
        let id = self.context.ids.id();
        let Some(facts) = self.reads.place_facts(who.merchant_id, lookup).await? else { return Ok(None) };
        let conversion = self.conversion(who, id, command, &facts).await?;
        Ok(Some((id, facts, conversion)))
    }

    async fn wanted_group(&self, who: &Principal, command: &PlaceOrderCommand) -> Result<Option<GroupId>, AppError> {
        match command.share_id.as_deref().and_then(|text| self.share_ids.read(text)) {
            Some(code) => Ok(self.groups.group_of_code(who.merchant_id, &code).await?),
            None => Ok(None),
        }
    }

    fn placed(
        &self,
        who: &Principal,
        id: OrderId,
        command: &PlaceOrderCommand,
        facts: PlaceFacts,
        conversion: Option<Conversion<'_>>,
    ) -> Result<(ChangeSet, WrittenOrder), AppError> {
        let PlaceFacts { merchant: loaded, settings, customer, reference_owner, group, creator, email_owner, velocity } =
            facts;
        let merchant = &loaded.row;
        let now = merchant.clock.at(self.context.now());
        let by = Actor::Key(who.key_id);
        let mut set = self.context.set_for(&loaded)?;
        let Buyer { customer, known } = self.buyer(command, customer, by, now)?;
        if customer.is_blocked() {
            return Err(Refusal::Group(GroupRefusal::Blocked).into());
        }
        if command.share_id.is_some() && group.is_none() {
            return Err(Refusal::NotFound.into());
        }
        if reference_owner.is_some() || conversion.as_ref().is_some_and(Conversion::is_known) {
            return Err(Refusal::Exists { field: "clientReferenceId" }.into());
        }
        let currency = command.currency.or(group.as_ref().map(|group| group.row.currency));
        let amount = Money::from_minor(command.amount, currency.unwrap_or(merchant.settings.currency));
        let (group, creator, topic) = match group {
            Some(group) => {
                let joined = joined(&mut set, &group, email_owner.is_some(), amount, by, now)?;
                // A group that was opened by hand waits for its creator's own order.
                let creator = creator.filter(|creator| creator.id != customer.id);
                (joined, creator, Topic::PaymentGroupJoined)
            }
            None => {
                let opened = self.opened(&mut set, &customer, amount, terms(merchant, settings.as_ref()), by, now)?;
                (opened, None, Topic::PaymentGroupCreated)
            }
        };
        let new = NewOrder {
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            phone: command.phone.clone(),
            locale: command.locale.clone(),
            amount,
            reference: command.reference.clone(),
            metadata: command.metadata.clone(),
            checkout: command.checkout.clone(),
        };
        let around = RiskContext { creator: creator.as_ref(), velocity: &velocity };
        let mut order = Order::place(new, OrderPlacement { id, customer: &customer, group: &group, around, by, now });
        if let Some(conversion) = conversion {
            order = self.convert(&mut set, who, loaded.clone(), conversion, order, &group.terms)?;
        }
        set.claim(Space::GroupEmail, group.email_key(&order.email), order.id.uuid());
        if let Some(reference) = &order.reference {
            set.claim(Space::OrderReference, reference.as_str(), order.id.uuid());
        }
        let tenant = Tenant::from(merchant);
        match known {
            Some(known) => set.expect_unchanged(&known),
            None => {
                let resource = Resource::Customer(tenant, &customer);
                self.context.announce_resource(&mut set, merchant, Topic::CustomerCreated, now, resource);
                customers::insert(&mut set, customer);
            }
        }
        let body = announce(&self.context, &mut set, merchant, Topic::OrderCreated, &order);
        self.context.announce_resource(&mut set, merchant, topic, now, Resource::Group(tenant, &group));
        set.rows.orders.insert(order.clone());
        Ok((set, WrittenOrder { merchant: merchant.clone(), order, group: group.status, body }))
    }

    /// The group that an order opens, which is added to `set`.
    fn opened(
        &self,
        set: &mut ChangeSet,
        customer: &Customer,
        amount: Money,
        terms: GroupTerms,
        by: Actor,
        now: Timestamp,
    ) -> Result<Group, Refusal> {
        if amount.minor() < terms.min_purchase {
            return Err(Refusal::Group(GroupRefusal::AmountTooLow));
        }
        let new = NewGroup {
            share_id: self.new_share_id(),
            customer_id: customer.id,
            creator_email: customer.email.clone(),
            metadata: Metadata::default(),
            currency: amount.currency(),
            terms,
            participants: 1,
            schedule: ScheduleWish::default(),
        };
        let group = Group::open(self.context.ids.id(), new, by, now)?;
        set.claim(Space::GroupShareId, group.share_id.code(), group.id.uuid());
        set.rows.groups.insert(group.clone());
        Ok(group)
    }

    /// The customer that the order names, or a new one with the address that it gives. What is known of a customer is
    /// not overwritten by an order.
    fn buyer(
        &self,
        command: &PlaceOrderCommand,
        found: Option<Versioned<Customer>>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Buyer, Refusal> {
        let found = found.filter(|customer| customer.row.deleted_at.is_none());
        match (found, command.customer_id, &command.email) {
            (Some(known), Some(_), Some(email)) if known.row.email.folded() != email.folded() => {
                Err(Refusal::invalid("customerEmail", "must be the customer's"))
            }
            (Some(known), ..) => Ok(Buyer { customer: known.row.clone(), known: Some(known) }),
            (None, None, Some(email)) => {
                let new = NewCustomer {
                    email: email.clone(),
                    first_name: command.first_name.clone(),
                    last_name: command.last_name.clone(),
                    phone: command.phone.clone(),
                    metadata: Metadata::default(),
                };
                Ok(Buyer { customer: Customer::create(self.context.ids.id(), new, by, now), known: None })
            }
            (None, ..) => Err(Refusal::invalid("customerId", "must be the id of an existing customer")),
        }
    }

    fn new_share_id(&self) -> ShareId {
        self.share_ids.make(&self.context.ids.letters(ShareId::LETTERS, ShareId::LENGTH))
    }
}

/// The group with one more participant, if it takes that one; it is added to `set`.
fn joined(
    set: &mut ChangeSet,
    group: &Versioned<Group>,
    email_is_used: bool,
    amount: Money,
    by: Actor,
    now: Timestamp,
) -> Result<Group, Refusal> {
    let joiner = Joiner { email_is_used, currency: Some(amount.currency()), amount: Some(amount.minor()) };
    group.row.admits(joiner, now)?;
    let joined = group.row.joined(by, now);
    set.rows.groups.change(group.version, joined.clone());
    Ok(joined)
}
