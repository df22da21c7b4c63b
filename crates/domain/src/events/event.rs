//! Conversion events that the shop reports (docs/rules/attribution.md, docs/rules/commissions.md).

use crate::affiliates::CouponCode;
use crate::events::{Decision, EventKind, Items};
use crate::rewards::{CashbackReserve, SaleCap};
use crate::values::{
    AffiliateId, Email, EventId, ExternalId, Metadata, Money, OrderReference, SessionId, ShortText, Timestamp,
};

/// References that the shop sent in an invalid form. They lead to no affiliate, and are distinguished from references
/// that were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unreadable {
    /// The visitor's session.
    pub session: bool,
    /// The coupon code that the buyer gave.
    pub coupon: bool,
}

/// Names in a posted event as they were sent, where they are read as something else ([`crate::values::token`]). Earlier
/// versions kept them as they were sent, and what was kept goes on answering to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsSent {
    /// The shop's id of the event.
    pub external_id: Option<ExternalId>,
    /// The shop's order.
    pub order_id: Option<OrderReference>,
    /// The shop's id of the buyer.
    pub customer_external_id: Option<ShortText>,
}

/// What the shop posted.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The shop's id of it.
    pub external_id: ExternalId,
    /// The shop's order; defaults to the external id.
    pub order_id: Option<OrderReference>,
    /// What was paid; there for every paying kind.
    pub amount: Option<Money>,
    /// The lines it is made of; none, or they sum up to it.
    pub items: Items,
    /// The visitor's session: an unknown one is unmatched, not refused.
    pub session: Option<SessionId>,
    /// A coupon code that the buyer gave: an unknown one is unmatched, not refused.
    pub coupon: Option<CouponCode>,
    /// Which of the two were sent and could not be read.
    pub unreadable: Unreadable,
    /// The affiliate, named outright.
    pub affiliate_id: Option<AffiliateId>,
    /// The buyer's address.
    pub customer_email: Option<Email>,
    /// The shop's id of the buyer.
    pub customer_external_id: Option<ShortText>,
    /// When it happened, as reported. Stored; not used in calculations.
    pub occurred_at: Option<Timestamp>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// Of the body as parsed: the same external id with another one is another event.
    pub fingerprint: [u8; 32],
}

/// A recorded event. Immutable, save for what refunds take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The shop's id of it.
    pub external_id: ExternalId,
    /// The shop's order.
    pub order_id: OrderReference,
    /// What was paid.
    pub amount: Option<Money>,
    /// The lines it is made of; none, or they sum up to it.
    pub items: Items,
    /// The most that all of its commissions together may be; frozen. In the currency of the amount. What is reserved for
    /// its buyer is not part of it.
    pub payout_cap: Option<Money>,
    /// Minor units taken back so far.
    pub refunded_minor: i64,
    /// The event that this refund takes back.
    pub refunds: Option<EventId>,
    /// The visitor's session.
    pub session: Option<SessionId>,
    /// The coupon code that the buyer gave.
    pub coupon: Option<CouponCode>,
    /// The credited affiliate.
    pub affiliate_id: Option<AffiliateId>,
    /// The buyer's address.
    pub customer_email: Option<Email>,
    /// The shop's id of the buyer.
    pub customer_external_id: Option<ShortText>,
    /// When it happened, as the shop says.
    pub occurred_at: Option<Timestamp>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// How the credit was decided.
    pub decision: Decision,
    /// Of the body as parsed.
    pub fingerprint: [u8; 32],
    /// Business time.
    pub created_at: Timestamp,
}

impl Event {
    /// The event that `request` becomes once its credit is decided. All that it earns may be `payout_cap` at the most.
    pub fn record(
        id: EventId,
        request: NewEvent,
        decision: Decision,
        payout_cap: Option<Money>,
        now: Timestamp,
    ) -> Self {
        let NewEvent {
            kind,
            external_id,
            order_id,
            amount,
            items,
            session,
            coupon,
            unreadable: _,
            affiliate_id: _,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            fingerprint,
        } = request;
        let order_id = order_id.unwrap_or_else(|| OrderReference::same_as(&external_id));
        Self {
            id,
            kind,
            order_id,
            external_id,
            amount,
            items,
            payout_cap,
            refunded_minor: 0,
            refunds: None,
            session,
            coupon,
            affiliate_id: decision.winner(),
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            decision,
            fingerprint,
            created_at: now,
        }
    }

    /// The fields, as the shop names them, in which `other` says something else than this event. What is erased is not
    /// compared; `content` where only something that is not kept can differ.
    pub fn differs_from(&self, other: &NewEvent) -> Vec<&'static str> {
        let order = other.order_id.clone().unwrap_or_else(|| OrderReference::same_as(&other.external_id));
        let is_erased = self.customer_email.is_none() && self.metadata == Metadata::default();
        let currencies = self.amount.zip(other.amount);
        let named = [
            ("type", self.kind != other.kind),
            ("order_id", self.order_id != order),
            ("currency", currencies.is_some_and(|(one, two)| one.currency() != two.currency())),
            ("amount", self.amount.map(Money::minor) != other.amount.map(Money::minor)),
            ("items", self.items != other.items),
            ("cookie_id", self.session != other.session),
            ("coupon", self.coupon != other.coupon),
            ("customer.email", !is_erased && self.customer_email != other.customer_email),
            ("customer.external_id", self.customer_external_id != other.customer_external_id),
            ("occurred_at", self.occurred_at != other.occurred_at),
            ("metadata", !is_erased && self.metadata != other.metadata),
        ];
        let differs: Vec<&str> = named.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        if differs.is_empty() { vec!["content"] } else { differs }
    }

    /// The most that all of its commissions may be together while `left` of it is left.
    pub fn cap_at(&self, left: Money) -> Option<SaleCap> {
        let frozen = self.decision.reserve.map(|CashbackReserve { cap, promise }| (cap, Some(promise)));
        let (cap, promise) = frozen.or_else(|| self.payout_cap.map(|cap| (cap, None)))?;
        Some(SaleCap { cap, promise, amount: self.amount?, left })
    }

    /// Without the buyer's address and the caller's data.
    #[must_use]
    pub fn erased(&self) -> Self {
        let Self {
            id,
            kind,
            external_id,
            order_id,
            amount,
            items,
            payout_cap,
            refunded_minor,
            refunds,
            session,
            coupon,
            affiliate_id,
            customer_email: _,
            customer_external_id,
            occurred_at,
            metadata: _,
            decision,
            fingerprint,
            created_at,
        } = self.clone();
        Self {
            id,
            kind,
            external_id,
            order_id,
            amount,
            items,
            payout_cap,
            refunded_minor,
            refunds,
            session,
            coupon,
            affiliate_id,
            customer_email: None,
            customer_external_id,
            occurred_at,
            metadata: Metadata::default(),
            decision,
            fingerprint,
            created_at,
        }
    }

    /// Returns the event with the codes of this affiliate's coupons replaced by one that belongs to no affiliate.
    #[must_use]
    pub fn without_coupons_of(&self, affiliate: AffiliateId) -> Self {
        let code = CouponCode::erased(affiliate);
        let decision = self.decision.recoded(affiliate, &code);
        let coupon = if decision == self.decision { self.coupon.clone() } else { Some(code) };
        Self { coupon, decision, ..self.clone() }
    }

    /// What refunds left of what was paid; `None` where nothing was.
    pub fn left(&self) -> Option<Money> {
        let amount = self.amount?;
        Some(Money::from_minor(amount.minor().saturating_sub(self.refunded_minor), amount.currency()))
    }
}
