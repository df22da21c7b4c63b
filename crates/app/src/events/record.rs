//! What becomes of one event: who is credited, what it earns, what is written.

use super::{Events, Shop};
use crate::{Answer, AppError, Principal};
use domain::{
    Affiliate, AffiliateId, Candidates, ClickedAffiliate, Commission, Event, Merchant, Money, NewEvent, Refusal,
    attribute, plan_commissions,
};
use ports::{ChangeSet, EventFound, EventRecord, IdSourceExt, ReplyStatus, Shown, Space, Topic};
use std::collections::HashMap;

impl Events {
    pub(super) fn recorded(
        &self,
        who: &Principal,
        ask: NewEvent,
        shop: &Shop,
        found: EventFound,
    ) -> Result<(ChangeSet, Answer), AppError> {
        let Shop { merchant, affiliates: known } = shop;
        let EventFound { earlier: _, coupon_owner, clicks } = found;
        let named = match ask.affiliate_id {
            Some(id) => Some(known.get(&id).cloned().ok_or_else(unknown_affiliate)?),
            None => None,
        };
        let coupon = ask.coupon.clone().map(|code| (code, coupon_owner.and_then(|id| known.get(&id).cloned())));
        let clicked = clicks.iter().filter_map(|click| {
            let affiliate = known.get(&click.affiliate_id)?.clone();
            Some(ClickedAffiliate { click_id: click.id, at: click.at, affiliate })
        });
        let session = ask.session.is_some().then(|| clicked.collect());
        let mut set = self.desk.set_for(merchant)?;
        let merchant = &merchant.row;
        let now = merchant.clock.at(self.desk.now());
        let decided =
            attribute(&merchant.settings, ask.customer_email.as_ref(), Candidates { named, coupon, session }, now);
        let cap = ask.amount.map(|amount| amount.at(merchant.settings.max_payout_rate));
        let event = Event::record(self.desk.ids.id(), ask, decided.decision, cap, now);
        let upline = |leaf: &Affiliate| if who.plan.allows_parents() { parents(leaf, known) } else { Vec::new() };
        let commissions = match (&decided.winner, event.amount) {
            (Some(leaf), Some(sale)) if event.kind.pays() => self.earned(merchant, &event, sale, leaf, &upline(leaf)),
            _ => Vec::new(),
        };
        let answer = self.written(&mut set, merchant, EventRecord { event, commissions });
        Ok((set, answer))
    }

    fn earned(
        &self,
        merchant: &Merchant,
        event: &Event,
        sale: Money,
        leaf: &Affiliate,
        upline: &[Affiliate],
    ) -> Vec<Commission> {
        let mut leaf_id = None;
        let plans = plan_commissions(&merchant.settings, sale, leaf, upline);
        let rows = plans.into_iter().map(|plan| {
            let id = self.desk.ids.id();
            let order_id = event.order_id.clone();
            let in_review = event.decision.needs_review();
            let now = event.created_at;
            let row = Commission::from_plan(id, plan, event.id, order_id, leaf_id, in_review, &merchant.settings, now);
            leaf_id = leaf_id.or(Some(id));
            row
        });
        rows.collect()
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

/// The parents of `leaf`, nearest first, as far as they were loaded.
fn parents(leaf: &Affiliate, known: &HashMap<AffiliateId, Affiliate>) -> Vec<Affiliate> {
    let next = |child: &Affiliate| child.parent_id.and_then(|id| known.get(&id)).cloned();
    std::iter::successors(next(leaf), next).take(domain::Settings::MOST_LEVELS).collect()
}
