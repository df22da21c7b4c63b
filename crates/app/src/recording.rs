//! What becomes of one event: who is credited, what it earns, what is written. Events and orders both come to this.

use crate::{AppError, Principal, context::UseCaseContext};
use domain::{
    Affiliate, AffiliateId, Attributed, Binding, BoundAffiliate, Candidates, CashbackReserve, ClickedAffiliate,
    Commission, CommissionPlanSet, CommissionRule, Decision, Earner, Event, EventId, GroupTerms, LeafPlan, Merchant,
    Money, NewCommission, NewEvent, Program, Refusal, Sale, Settings, Tier, Timestamp, Via, attribute, calculate,
};
use ports::{ChangeSet, EventFacts, EventFound, EventRecord, IdSourceExt, Resource, Space, Topic, Versioned};
use std::collections::HashMap;

/// What all events of one request are decided by.
pub(crate) struct EventContext {
    pub(crate) merchant: Versioned<Merchant>,
    affiliates: HashMap<AffiliateId, Affiliate>,
    tiers: Vec<Tier>,
    rules: Vec<CommissionRule>,
}

impl EventContext {
    /// The facts, those of each event apart.
    pub(crate) fn of(facts: EventFacts) -> (Self, Vec<EventFound>) {
        let EventFacts { merchant, affiliates, tiers, rules, found } = facts;
        let affiliates = affiliates.into_iter().map(|row| (row.id, row)).collect();
        (Self { merchant, affiliates, tiers, rules }, found)
    }

    fn program(&self, has_parents: bool) -> Program<'_> {
        let Self { merchant, affiliates: _, tiers, rules } = self;
        Program { settings: &merchant.row.settings, has_parents, tiers, rules }
    }

    /// The parents of `leaf`, nearest first, as far as they were loaded.
    fn upline(&self, leaf: &Affiliate) -> Vec<Affiliate> {
        let next = |child: &Affiliate| child.parent_id.and_then(|id| self.affiliates.get(&id)).cloned();
        std::iter::successors(next(leaf), next).take(Settings::MOST_LEVELS).collect()
    }
}

/// What happened, and what of it is promised to the buyer.
pub(crate) struct EventInput<'a> {
    command: NewEvent,
    /// The terms of the group that it is an order in, if it is one.
    group: Option<&'a GroupTerms>,
}

impl<'a> EventInput<'a> {
    /// An event that is nothing else.
    pub(crate) const fn new(command: NewEvent) -> Self {
        Self { command, group: None }
    }

    /// An event that is an order in a group of such terms too.
    pub(crate) const fn in_group(command: NewEvent, terms: &'a GroupTerms) -> Self {
        Self { command, group: Some(terms) }
    }

    fn reserve(&self, merchant: &Merchant) -> Option<CashbackReserve> {
        let (terms, amount) = self.group.zip(self.command.amount)?;
        Some(terms.reserve(amount, merchant.settings.max_payout_rate))
    }

    /// The most that all of its commissions together may be.
    fn cap(&self, merchant: &Merchant) -> Option<Money> {
        let amount = self.command.amount.filter(|_| self.command.kind.pays())?;
        let whole = || amount.at_down(merchant.settings.max_payout_rate);
        Some(self.reserve(merchant).map_or_else(whole, |reserve| reserve.room(amount)))
    }
}

/// Records events for all use cases: the one place that knows what is written and announced for an event.
pub(crate) struct Recorder<'a> {
    pub(crate) context: &'a UseCaseContext,
    pub(crate) who: &'a Principal,
    pub(crate) event_context: &'a EventContext,
    pub(crate) now: Timestamp,
}

impl Recorder<'_> {
    /// Adds to `set` all that recording an event writes and announces; returns the event as it is shown.
    pub(crate) fn record(
        &self,
        set: &mut ChangeSet,
        id: EventId,
        happened: EventInput<'_>,
        found: EventFound,
    ) -> Result<Vec<u8>, AppError> {
        let Self { context: _, who, event_context, now } = *self;
        let merchant = &event_context.merchant.row;
        let binding = found.binding.clone();
        let (cap, reserve) = (happened.cap(merchant), happened.reserve(merchant));
        let command = happened.command;
        let Attributed { mut decision, winners } = credited(event_context, &command, found, now)?;
        let uplines: Vec<Vec<Affiliate>> = winners.iter().map(|winner| event_context.upline(winner)).collect();
        let earners: Vec<Earner<'_>> =
            winners.iter().zip(&uplines).map(|(affiliate, upline)| Earner { affiliate, upline }).collect();
        let sale = Sale { kind: &command.kind, amount: command.amount, items: &command.items, cap };
        let CommissionPlanSet { leaves, ratings, passed_parents, cut } =
            calculate(&event_context.program(who.plan.allows_parents()), &sale, &earners, now)?;
        decision = Decision { ratings, passed_parents, reserve, cut, ..decision };
        let event = Event::record(id, command, decision, cap, now);
        let commissions = self.rows(&event, leaves);
        self.bind(set, &event, binding);
        Ok(self.written(set, EventRecord { event, commissions }))
    }

    /// Counts a renewal that was credited by the customer's binding, or binds a customer without a binding to the
    /// credited affiliate. If two first orders race, the loser's claim conflicts and its retry finds the winner's
    /// binding.
    fn bind(&self, set: &mut ChangeSet, event: &Event, binding: Option<Versioned<Binding>>) {
        match (binding, event.affiliate_id) {
            (Some(Versioned { row, version }), _) if event.decision.via() == Via::Customer => {
                set.rows.bindings.change(version, row.renewed());
            }
            (None, Some(affiliate_id)) if event.kind.pays() => {
                let keys = Binding::keys(event.customer_external_id.as_ref(), event.customer_email.as_ref());
                if keys.is_empty() {
                    return;
                }
                let binding = Binding::new(self.context.ids.id(), affiliate_id, event.id, event.created_at);
                for key in keys {
                    set.claim(Space::Binding, key, binding.id.uuid());
                }
                set.rows.bindings.insert(binding);
            }
            (Some(_) | None, _) => {}
        }
    }

    /// The rows of an event that is about to be recorded, in the order in which they are always shown.
    fn rows(&self, event: &Event, leaves: Vec<LeafPlan>) -> Vec<Commission> {
        let settings = &self.event_context.merchant.row.settings;
        let (in_review, now) = (event.decision.needs_review(), event.created_at);
        let mut rows = Vec::new();
        for LeafPlan { leaf, overrides } in leaves {
            let mut leaf_id = None;
            for plan in std::iter::once(leaf).chain(overrides) {
                let (id, event_id, order_id) = (self.context.ids.id(), event.id, event.order_id.clone());
                let new = NewCommission { id, plan, event_id, order_id, leaf_id, in_review, settings, now };
                rows.push(Commission::from_plan(new));
                leaf_id = leaf_id.or(Some(id));
            }
        }
        rows.sort_by_key(|row| (row.level, row.id));
        rows
    }

    fn written(&self, set: &mut ChangeSet, record: EventRecord) -> Vec<u8> {
        let (context, merchant) = (self.context, &self.event_context.merchant.row);
        let event = &record.event;
        let (space, at) = (Space::Event(event.kind.space()), event.created_at);
        set.claim(space, event.external_id.as_str(), event.id.uuid());
        let body = context.renderer.object(Resource::Event(&record));
        context.announce(set, merchant, Topic::ConversionRecorded, at, &body);
        if event.decision.is_suspicious() {
            context.announce(set, merchant, Topic::FraudFlagged, at, &body);
        }
        for commission in &record.commissions {
            let data = context.renderer.object(Resource::Commission(commission));
            context.announce(set, merchant, Topic::CommissionCreated, at, &data);
            if event.decision.needs_review() {
                context.announce(set, merchant, Topic::CommissionReview, at, &data);
            }
        }
        let EventRecord { event, commissions } = record;
        set.rows.events.insert(event);
        set.rows.commissions.new.extend(commissions);
        body
    }
}

fn unknown_affiliate() -> Refusal {
    Refusal::invalid("affiliate_id", "must be the id of an existing affiliate")
}

/// Attributes the event, given what its references lead to.
fn credited(
    event_context: &EventContext,
    command: &NewEvent,
    found: EventFound,
    now: Timestamp,
) -> Result<Attributed, Refusal> {
    let EventFound { earlier: _, coupon_owner, binding, clicks } = found;
    let known = |id: AffiliateId| event_context.affiliates.get(&id).cloned();
    let named = command.affiliate_id.map(|id| known(id).ok_or_else(unknown_affiliate)).transpose()?;
    let coupon = command.coupon.clone().map(|code| (code, coupon_owner.and_then(known)));
    let clicked = clicks.iter().filter_map(|click| {
        let affiliate = known(click.affiliate_id)?;
        Some(ClickedAffiliate { click_id: click.id, at: click.at, affiliate })
    });
    let session = command.session.is_some().then(|| clicked.collect());
    let customer = binding.and_then(|Versioned { row: Binding { id, affiliate_id, renewals, .. }, version: _ }| {
        Some(BoundAffiliate { binding_id: id, renewals, affiliate: known(affiliate_id)? })
    });
    let candidates = Candidates { named, coupon, customer, session, unreadable: command.unreadable };
    Ok(attribute(&event_context.merchant.row.settings, &command.kind, command.customer_email.as_ref(), candidates, now))
}
