//! Conversion events: record, get, list.

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use domain::{
    Affiliate, AffiliateId, Candidates, ClickedAffiliate, Commission, CouponCode, Currency, Decimal, Email, Event,
    EventId, EventKind, ExternalId, Fault, Items, Merchant, Metadata, Money, NewEvent, OrderReference, Refusal,
    SessionId, ShortText, Timestamp, attribute, plan_commissions,
};
use ports::{
    ChangeSet, EventFacts, EventFilter, EventFound, EventLookup, EventReads, EventRecord, IdSourceExt, Page, PageAsk,
    ReplyStatus, Shown, Space, Topic, Versioned,
};
use std::{collections::HashMap, sync::Arc};

/// The use cases of conversion events.
pub struct Events {
    desk: Arc<Desk>,
    reads: Arc<dyn EventReads>,
}

/// What a shop posts: a [`NewEvent`] whose amount waits for the merchant's currency.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of NewEvent, documented there")]
pub struct RecordEvent {
    pub kind: EventKind,
    pub external_id: ExternalId,
    pub order_id: Option<OrderReference>,
    /// In whole units of `currency`.
    pub amount: Option<Decimal>,
    /// The settings' where absent.
    pub currency: Option<Currency>,
    pub session: Option<SessionId>,
    pub coupon: Option<CouponCode>,
    pub affiliate_id: Option<AffiliateId>,
    pub customer_email: Option<Email>,
    pub customer_external_id: Option<ShortText>,
    pub occurred_at: Option<Timestamp>,
    pub metadata: Metadata,
    pub fingerprint: [u8; 32],
}

impl Events {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn EventReads>) -> Self {
        Self { desk, reads }
    }

    /// One event with what it earned.
    pub async fn get(&self, who: &Principal, id: EventId) -> Result<EventRecord, AppError> {
        Ok(self.reads.event(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &EventFilter,
        ask: &PageAsk,
    ) -> Result<Page<EventRecord>, AppError> {
        Ok(self.reads.events(who.merchant_id, filter, ask).await?)
    }

    /// Records one, once: the same external id with the same body gets the first answer again, with another body it is
    /// refused (product 6).
    pub async fn record(&self, who: &Principal, ask: RecordEvent, once: Option<Once>) -> Result<Answer, AppError> {
        let attempts = self.desk.attempts(who.merchant_id, once, &[]).await?;
        let lookup = EventLookup {
            space: ask.kind.space(),
            external_id: ask.external_id.clone(),
            session: ask.session.clone(),
            coupon: ask.coupon.clone(),
            affiliate_id: ask.affiliate_id,
            now: self.desk.now(),
        };
        loop {
            let facts = self.reads.event_facts(who.merchant_id, vec![lookup.clone()]).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let EventFacts { merchant, affiliates, mut found } = facts.ok_or(Refusal::NotFound)?;
            let known: HashMap<AffiliateId, Affiliate> = affiliates.into_iter().map(|row| (row.id, row)).collect();
            let mut found = found.pop().unwrap_or_default();
            // A bad amount is told before the external id is looked at: shape comes before state.
            let new = in_currency(ask.clone(), &merchant.row)?;
            if let Some(earlier) = found.earlier.take() {
                return self.repeated(&new, earlier);
            }
            let (set, answer) = self.recorded(who, new, &merchant, &known, found)?;
            if let Some(answer) = attempts.commit(set, answer).await? {
                return Ok(answer);
            }
        }
    }

    fn repeated(&self, ask: &NewEvent, earlier: EventRecord) -> Result<Answer, AppError> {
        if earlier.event.fingerprint != ask.fingerprint {
            return Err(Refusal::Exists { field: "external_id" }.into());
        }
        let first = as_first_answered(earlier);
        Ok(Answer::first(ReplyStatus::Ok, self.desk.wire.object(Shown::Event(&first))))
    }

    fn recorded(
        &self,
        who: &Principal,
        ask: NewEvent,
        merchant: &Versioned<Merchant>,
        known: &HashMap<AffiliateId, Affiliate>,
        found: EventFound,
    ) -> Result<(ChangeSet, Answer), AppError> {
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

/// The event with its amount in its currency, or the merchant's.
fn in_currency(ask: RecordEvent, merchant: &Merchant) -> Result<NewEvent, Refusal> {
    let RecordEvent {
        kind,
        external_id,
        order_id,
        amount,
        currency,
        session,
        coupon,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    } = ask;
    let currency = currency.unwrap_or(merchant.settings.currency);
    let wrong = |expected: String| Refusal::Invalid(vec![Fault::new("amount", expected)]);
    let amount = match amount {
        Some(amount) => {
            let money = Money::from_decimal(amount, currency).ok().filter(|money| money.minor() >= 0);
            let digits = currency.exponent();
            Some(money.ok_or_else(|| {
                wrong(format!(
                    "must be 0 to 10^15 minor units of {currency}, with at most {digits} digits after the point"
                ))
            })?)
        }
        None if kind.pays() => return Err(wrong(format!("is required for the type {}", kind.as_str()))),
        None => None,
    };
    Ok(NewEvent {
        kind,
        external_id,
        order_id,
        amount,
        items: Items::default(),
        session,
        coupon,
        affiliate_id,
        customer_email,
        customer_external_id,
        occurred_at,
        metadata,
        fingerprint,
    })
}

/// The parents of `leaf`, nearest first, as far as they were loaded.
fn parents(leaf: &Affiliate, known: &HashMap<AffiliateId, Affiliate>) -> Vec<Affiliate> {
    let next = |child: &Affiliate| child.parent_id.and_then(|id| known.get(&id)).cloned();
    std::iter::successors(next(leaf), next).take(domain::Settings::MOST_LEVELS).collect()
}

/// The record as its first answer showed it: what changed since are only the statuses of its commissions.
fn as_first_answered(mut record: EventRecord) -> EventRecord {
    record.event.refunded_minor = 0;
    record.commissions = record.commissions.iter().map(Commission::as_made).collect();
    record
}
