//! What is left of a customer.

use super::{CHUNK, Erasing, ErasurePlan, Next, is_cut};
use crate::{AppError, Principal, Response};
use domain::{Actor, Binding, Customer, Email, Group, Order};
use ports::{
    ChangeSet, Claim, CustomerTraces, EventTraces, Resource, ResponseStatus, Space, SubjectIdentifiers, Tenant, Topic,
    Versioned,
};
use std::collections::HashSet;

impl Erasing {
    pub(super) fn customer(&self, who: &Principal, traces: CustomerTraces) -> Result<Next, AppError> {
        let CustomerTraces { merchant, customer, orders, groups, mails, claims } = traces;
        let Versioned { row: before, version } = customer;
        let (by, now) = (Actor::Key(who.key_id), merchant.row.clock.at(self.context.now()));
        let after = before.erased(by, now);
        // The announcement contains no personal data any more.
        let body = self.context.renderer.object(Resource::Customer(Tenant::from(&merchant.row), &after));
        let mut last = self.context.set_for(&merchant)?;
        let fresh = last.clone();
        if before.deleted_at.is_none() {
            self.context.announce(&mut last, &merchant.row, Topic::CustomerDeleted, after.updated_at, &body);
            last.free(Space::CustomerEmail, before.email.folded(), before.id.uuid());
            last.rows.customers.change(version, before.deleted(by, now));
            return Ok(Next::Close(last));
        }
        let response = Response::first(ResponseStatus::Ok, body);
        if before.is_erased() {
            return Ok(Next::Response(last, response));
        }
        self.context.announce(&mut last, &merchant.row, Topic::CustomerUpdated, after.updated_at, &response.body);
        last.rows.customers.change(version, after);

        let addresses = Addresses::of(&before, &claims);
        let more = [orders.len(), groups.len(), mails.len()].into_iter().any(is_cut);
        let mut rows = Vec::new();
        for chunk in orders.chunks(CHUNK) {
            let mut set = fresh.clone();
            chunk.iter().for_each(|order| empty_order(&mut set, order, by, now));
            rows.push(set);
        }
        for chunk in groups.chunks(CHUNK) {
            let mut set = fresh.clone();
            for Versioned { row, version } in chunk {
                set.rows.groups.change(*version, row.erased(before.id, by, now));
            }
            rows.push(set);
        }
        for chunk in mails.chunks(CHUNK) {
            let mut set = fresh.clone();
            for Versioned { row, version } in chunk {
                set.rows.mails.change(*version, row.given_up());
            }
            rows.push(set);
        }
        if !addresses.bindings.is_empty() {
            let mut set = fresh;
            addresses.bindings.iter().for_each(|binding| rename_binding(&mut set, binding));
            rows.push(set);
        }
        let by = SubjectIdentifiers {
            texts: addresses.alone.into_iter().chain([before.id.to_string()]).collect(),
            erased: Email::erased(before.id.uuid()).as_str().to_owned(),
            ..SubjectIdentifiers::default()
        };
        let events = EventTraces::Addresses(addresses.own);
        Ok(Next::Empty(Box::new(ErasurePlan { merchant, by, events, clicks_of: None, rows, more, last, response })))
    }
}

/// The present and earlier addresses of a customer, without those that belong to another customer by now: what is
/// stored under them is about that one.
struct Addresses<'a> {
    /// That no other customer has.
    own: Vec<String>,
    /// That no affiliate has either.
    alone: Vec<String>,
    /// The bindings of its own.
    bindings: Vec<&'a Claim>,
}

impl<'a> Addresses<'a> {
    fn of(customer: &Customer, claims: &'a [Claim]) -> Self {
        let others = |space| -> HashSet<&str> {
            let others = claims.iter().filter(|claim| claim.space == space && claim.owner != customer.id.uuid());
            others.map(|claim| claim.key.as_str()).collect()
        };
        let (customers, affiliates) = (others(Space::CustomerEmail), others(Space::AffiliateEmail));
        let all = [&customer.email].into_iter().chain(&customer.earlier_emails);
        let keys: HashSet<String> = all
            .filter(|email| !customers.contains(email.folded().as_str()))
            .flat_map(|email| Binding::keys(None, Some(email)))
            .collect();
        let is_own = |claim: &&Claim| claim.space == Space::Binding && keys.contains(&claim.key);
        let mut own = customer.addresses();
        own.retain(|address| !customers.contains(address.as_str()));
        let alone = own.iter().filter(|address| !affiliates.contains(address.as_str())).cloned().collect();
        Self { bindings: claims.iter().filter(is_own).collect(), own, alone }
    }
}

fn empty_order(set: &mut ChangeSet, Versioned { row, version }: &Versioned<Order>, by: Actor, now: domain::Timestamp) {
    let erased = row.erased(by, now);
    if row.participates {
        let key = |email: &Email| Group::email_key_of(row.group_id, &email.folded());
        set.free(Space::GroupEmail, key(&row.email), row.id.uuid());
        set.claim(Space::GroupEmail, key(&erased.email), row.id.uuid());
    }
    set.rows.orders.change(*version, erased);
}

/// A binding owns at least one key.
fn rename_binding(set: &mut ChangeSet, Claim { space: _, key, owner }: &Claim) {
    set.free(Space::Binding, key.clone(), *owner);
    for erased in Binding::keys(None, Some(&Email::erased(*owner))) {
        set.claim(Space::Binding, erased, *owner);
    }
}
