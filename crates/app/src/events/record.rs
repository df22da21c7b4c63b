//! What becomes of one event: who is credited, what it earns, what is written.

use super::{Events, Shop};
use crate::{Answer, AppError, Principal};
use domain::{
    Affiliate, AffiliateId, Attributed, Binding, BoundAffiliate, Candidates, ClickedAffiliate, Commission, Decision,
    Earner, Event, LeafPlan, Merchant, NewEvent, Reckoned, Refusal, Sale, Timestamp, Via, attribute, reckon,
};
use ports::{ChangeSet, EventFound, EventRecord, IdSourceExt, ReplyStatus, Shown, Space, Topic, Versioned};

impl Events {
    pub(super) fn recorded(
        &self,
        who: &Principal,
        ask: NewEvent,
        shop: &Shop,
        found: EventFound,
    ) -> Result<(ChangeSet, Answer), AppError> {
        let mut set = self.desk.set_for(&shop.merchant)?;
        let merchant = &shop.merchant.row;
        let now = merchant.clock.at(self.desk.now());
        let binding = found.binding.clone();
        let Attributed { mut decision, winners } = credited(shop, &ask, found, now)?;
        let uplines: Vec<Vec<Affiliate>> = winners.iter().map(|winner| shop.upline(winner)).collect();
        let earners: Vec<Earner<'_>> =
            winners.iter().zip(&uplines).map(|(affiliate, upline)| Earner { affiliate, upline }).collect();
        let cap = ask.amount.filter(|_| ask.kind.pays()).map(|sale| sale.at_down(merchant.settings.max_payout_rate));
        let sale = Sale { kind: &ask.kind, amount: ask.amount, items: &ask.items, cap };
        let Reckoned { leaves, ratings, passed_parents, cut } =
            reckon(&shop.program(who.plan.allows_parents()), &sale, &earners, now)?;
        decision = Decision { ratings, passed_parents, cut, ..decision };
        let event = Event::record(self.desk.ids.id(), ask, decision, cap, now);
        let commissions = self.rows(merchant, &event, leaves);
        self.bind(&mut set, &event, binding);
        let answer = self.written(&mut set, merchant, EventRecord { event, commissions });
        Ok((set, answer))
    }

    /// Counts a renewal that its customer's bond was credited with; binds a customer who is not bound yet to whom the first
    /// order came by. Of two first orders at once one loses its claim, and finds the other's bond.
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
                let binding = Binding::tie(self.desk.ids.id(), affiliate_id, event.id, event.created_at);
                for key in keys {
                    set.claim(Space::Binding, key, binding.id.uuid());
                }
                set.rows.bindings.insert(binding);
            }
            (Some(_) | None, _) => {}
        }
    }

    /// The rows of an event that is about to be recorded, in the order in which they are always shown.
    fn rows(&self, merchant: &Merchant, event: &Event, leaves: Vec<LeafPlan>) -> Vec<Commission> {
        let (settings, in_review, now) = (&merchant.settings, event.decision.needs_review(), event.created_at);
        let mut rows = Vec::new();
        for LeafPlan { leaf, overrides } in leaves {
            let mut leaf_id = None;
            for plan in std::iter::once(leaf).chain(overrides) {
                let (id, order_id) = (self.desk.ids.id(), event.order_id.clone());
                rows.push(Commission::from_plan(id, plan, event.id, order_id, leaf_id, in_review, settings, now));
                leaf_id = leaf_id.or(Some(id));
            }
        }
        rows.sort_by_key(|row| (row.level, row.id));
        rows
    }

    fn written(&self, set: &mut ChangeSet, merchant: &Merchant, record: EventRecord) -> Answer {
        let event = &record.event;
        let (space, at) = (Space::Event(event.kind.space()), event.created_at);
        set.claim(space, event.external_id.as_str(), event.id.uuid());
        let body = self.desk.wire.object(Shown::Event(&record));
        self.desk.announce(set, merchant, Topic::ConversionRecorded, at, &body);
        if event.decision.is_suspicious() {
            self.desk.announce(set, merchant, Topic::FraudFlagged, at, &body);
        }
        for commission in &record.commissions {
            let data = self.desk.wire.object(Shown::Commission(commission));
            self.desk.announce(set, merchant, Topic::CommissionCreated, at, &data);
            if event.decision.needs_review() {
                self.desk.announce(set, merchant, Topic::CommissionReview, at, &data);
            }
        }
        let EventRecord { event, commissions } = record;
        set.rows.events.insert(event);
        set.rows.commissions.new = commissions;
        Answer::first(ReplyStatus::Created, body)
    }
}

fn unknown_affiliate() -> Refusal {
    Refusal::invalid("affiliate_id", "must be the id of an existing affiliate")
}

/// Who is credited, by what the event's names lead to.
fn credited(shop: &Shop, ask: &NewEvent, found: EventFound, now: Timestamp) -> Result<Attributed, Refusal> {
    let EventFound { earlier: _, coupon_owner, binding, clicks } = found;
    let known = |id: AffiliateId| shop.affiliates.get(&id).cloned();
    let named = ask.affiliate_id.map(|id| known(id).ok_or_else(unknown_affiliate)).transpose()?;
    let coupon = ask.coupon.clone().map(|code| (code, coupon_owner.and_then(known)));
    let clicked = clicks.iter().filter_map(|click| {
        let affiliate = known(click.affiliate_id)?;
        Some(ClickedAffiliate { click_id: click.id, at: click.at, affiliate })
    });
    let session = ask.session.is_some().then(|| clicked.collect());
    let customer = binding.and_then(|Versioned { row: Binding { id, affiliate_id, renewals, .. }, version: _ }| {
        Some(BoundAffiliate { binding_id: id, renewals, affiliate: known(affiliate_id)? })
    });
    let candidates = Candidates { named, coupon, customer, session, unreadable: ask.unreadable };
    Ok(attribute(&shop.merchant.row.settings, &ask.kind, ask.customer_email.as_ref(), candidates, now))
}
