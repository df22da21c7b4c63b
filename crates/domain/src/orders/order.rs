//! Orders, which open and join referral groups and earn cashback (docs/rules/groups.md).

use crate::groups::{Group, GroupStatus, GroupTerms, Level, ShareId};
use crate::orders::{Checkout, Customer, OrderVelocity, RiskContext, RiskLevel};
use crate::tenancy::Actor;
use crate::values::{
    CustomerId, Email, EventId, ExternalId, GroupId, Locale, Metadata, Money, MoneyError, OrderId, OrderReference,
    PersonName, PhoneNumber, Refusal, Timestamp, string_enum::string_enum,
};

/// The status of an order's cashback: `CREATED → CASHBACK_AVAILABLE → CASHBACK_PROCESSING → CASHBACK_SENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// There is none yet.
    Created,
    /// The merchant may send it.
    CashbackAvailable,
    /// The merchant is sending it.
    CashbackProcessing,
    /// The customer has it.
    CashbackSent,
}
string_enum!(OrderStatus {
    Created = "CREATED",
    CashbackAvailable = "CASHBACK_AVAILABLE",
    CashbackProcessing = "CASHBACK_PROCESSING",
    CashbackSent = "CASHBACK_SENT",
});

/// A customer's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The group that it opened or joined.
    pub group_id: GroupId,
    /// That group's share id.
    pub share_id: ShareId,
    /// Whose.
    pub customer_id: CustomerId,
    /// The customer's address at that time.
    pub email: Email,
    /// The customer's first name, as the order or else the customer has it.
    pub first_name: Option<PersonName>,
    /// The customer's last name.
    pub last_name: Option<PersonName>,
    /// The customer's telephone number.
    pub phone: Option<PhoneNumber>,
    /// The customer's language.
    pub locale: Option<Locale>,
    /// What was paid.
    pub amount: Money,
    /// How much of it was refunded.
    pub refunded: Money,
    /// What the customer gets.
    pub cashback: Money,
    /// How much of that a refund would have taken back if it had not been sent already. A person decides.
    pub cashback_in_review: Money,
    /// What the merchant charges for the program; nothing where the order opened its group.
    pub application_fee: Money,
    /// The status of its cashback.
    pub status: OrderStatus,
    /// When its cashback becomes available, while it is held.
    pub available_at: Option<Timestamp>,
    /// Whether it takes part in its group.
    pub participates: bool,
    /// The customer who opened the group that it joined.
    pub ambassador_id: Option<CustomerId>,
    /// The shop's own id of it; unique per merchant.
    pub reference: Option<OrderReference>,
    /// The conversion that it is too, where it named a session or a coupon.
    pub event_id: Option<EventId>,
    /// The risk level at the time of placement.
    pub risk: RiskLevel,
    /// The caller's own data.
    pub metadata: Metadata,
    /// What it is known by as a checkout session.
    pub checkout: Checkout,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// The actor that created it.
    pub created_by: Actor,
    /// Business time of the last change.
    pub updated_at: Timestamp,
    /// The actor of the last change.
    pub updated_by: Actor,
}

/// The input for a new order.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of Order, documented there")]
pub struct NewOrder {
    pub first_name: Option<PersonName>,
    pub last_name: Option<PersonName>,
    pub phone: Option<PhoneNumber>,
    pub locale: Option<Locale>,
    pub amount: Money,
    pub reference: Option<OrderReference>,
    pub metadata: Metadata,
    pub checkout: Checkout,
}

/// Whose a new order is, and where it is placed.
#[derive(Debug, Clone, Copy)]
pub struct OrderPlacement<'a> {
    /// Its id.
    pub id: OrderId,
    /// Whose.
    pub customer: &'a Customer,
    /// The group that it opens or joins.
    pub group: &'a Group,
    /// What is known around it.
    pub around: RiskContext<'a>,
    /// Who places it.
    pub by: Actor,
    /// Business time.
    pub now: Timestamp,
}

impl Order {
    /// A new order.
    pub fn place(request: NewOrder, at: OrderPlacement<'_>) -> Self {
        let OrderPlacement { id, customer, group, around, by, now } = at;
        let NewOrder { first_name, last_name, phone, locale, amount, reference, metadata, checkout } = request;
        let phone = phone.or_else(|| customer.phone.clone());
        let zero = Money::zero(amount.currency());
        Self {
            id,
            group_id: group.id,
            share_id: group.share_id.clone(),
            customer_id: customer.id,
            email: customer.email.clone(),
            first_name: first_name.or_else(|| customer.first_name.clone()),
            last_name: last_name.or_else(|| customer.last_name.clone()),
            locale,
            amount,
            refunded: zero,
            cashback: zero,
            cashback_in_review: zero,
            application_fee: if group.customer_id == customer.id { zero } else { group.terms.fee(amount) },
            status: OrderStatus::Created,
            available_at: None,
            participates: true,
            ambassador_id: around.creator.map(|creator| creator.id),
            reference,
            event_id: None,
            risk: RiskLevel::of(&customer.email, phone.as_ref(), around, now),
            phone,
            metadata,
            checkout,
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
        }
    }

    /// What is left of it after its refunds.
    pub fn left(&self) -> Result<Money, MoneyError> {
        self.amount.minus(self.refunded)
    }

    /// With its cashback, as its group is completed at `level`: available at once, or after the hold.
    pub fn settled(&self, terms: &GroupTerms, level: Option<Level>, now: Timestamp) -> Result<Self, MoneyError> {
        let next = self.touched(Actor::System, now);
        let cashback = terms.cashback(level, self.left()?);
        if terms.cashback_hold_minutes > 0 {
            return Ok(Self { cashback, available_at: Some(next.updated_at.plus(terms.hold())), ..next });
        }
        Ok(Self { cashback, status: OrderStatus::CashbackAvailable, ..next })
    }

    /// With its cashback available, if the hold is over.
    pub fn released(&self, now: Timestamp) -> Option<Self> {
        self.available_at.filter(|at| *at <= now)?;
        let next = self.touched(Actor::System, now);
        Some(Self { status: OrderStatus::CashbackAvailable, available_at: None, ..next })
    }

    /// Moved by a person: from available to processing, from processing to sent.
    pub fn moved(&self, status: OrderStatus, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        use OrderStatus::{CashbackAvailable, CashbackProcessing, CashbackSent};
        match (self.status, status) {
            (CashbackAvailable, CashbackProcessing) | (CashbackProcessing, CashbackSent) => {
                Ok(Self { status, ..self.touched(by, now) })
            }
            (from, to) => {
                let (from, to) = (from.as_str(), to.as_str());
                Err(Refusal::State(format!("An order that is {from} cannot become {to}.")))
            }
        }
    }

    /// Refunds `minor` units, or all that is left. While its group is open, an order that is wholly refunded no longer
    /// takes part; afterwards its cashback is calculated anew at the level that the group reached, or, once it is being
    /// sent, the difference waits for a person.
    pub fn refund(&self, minor: Option<i64>, group: &Group, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        let broken = |_| Refusal::State("The order's amounts do not agree.".to_owned());
        let left = self.left().map_err(broken)?;
        let taken = Money::from_minor(minor.unwrap_or(left.minor()), left.currency());
        if left.minor() == 0 || taken.minor() > left.minor() {
            return Err(Refusal::State(format!("Only {} of the order is left to be refunded.", left.decimal())));
        }
        let refunded = self.refunded.plus(taken).map_err(broken)?;
        let mut next = Self { refunded, ..self.touched(by, now) };
        let left = next.left().map_err(broken)?;
        match group.status {
            GroupStatus::Open => next.participates = self.participates && left.minor() > 0,
            GroupStatus::Completed if self.participates => {
                let due = group.terms.cashback(group.reached(), left);
                match self.status {
                    OrderStatus::Created | OrderStatus::CashbackAvailable => next.cashback = due,
                    OrderStatus::CashbackProcessing | OrderStatus::CashbackSent => {
                        next.cashback_in_review = self.cashback.minus(due).map_err(broken)?;
                    }
                }
            }
            GroupStatus::Completed | GroupStatus::Expired | GroupStatus::Canceled => {}
        }
        Ok(next)
    }

    /// The id by which its conversion is known: the shop's, or else its own.
    pub fn conversion_id(id: OrderId, reference: Option<&OrderReference>) -> ExternalId {
        reference.map_or_else(|| ExternalId::of(id), ExternalId::same_as)
    }

    /// As the conversion `event` too.
    #[must_use]
    pub fn converted(self, event: EventId) -> Self {
        Self { event_id: Some(event), ..self }
    }

    /// Moves the order to another group, which it opens: its first one closed without cashback. The risk level then
    /// uses only signals of the order itself.
    pub fn opens(&self, group: &Group, by: Actor, now: Timestamp) -> Self {
        let alone = RiskContext { creator: None, velocity: &OrderVelocity::default() };
        Self {
            group_id: group.id,
            share_id: group.share_id.clone(),
            ambassador_id: None,
            application_fee: Money::zero(self.amount.currency()),
            risk: RiskLevel::of(&self.email, self.phone.as_ref(), alone, now),
            ..self.touched(by, now)
        }
    }

    /// Returns the order without personal data, except the customer's id.
    #[must_use]
    pub fn erased(&self, by: Actor, now: Timestamp) -> Self {
        let Self {
            id,
            group_id,
            share_id,
            customer_id,
            email: _,
            first_name: _,
            last_name: _,
            phone: _,
            locale,
            amount,
            refunded,
            cashback,
            cashback_in_review,
            application_fee,
            status,
            available_at,
            participates,
            ambassador_id,
            reference,
            event_id,
            risk,
            metadata: _,
            checkout: _,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = self.touched(by, now);
        Self {
            id,
            group_id,
            share_id,
            customer_id,
            email: Email::erased(customer_id.uuid()),
            first_name: None,
            last_name: None,
            phone: None,
            locale,
            amount,
            refunded,
            cashback,
            cashback_in_review,
            application_fee,
            status,
            available_at,
            participates,
            ambassador_id,
            reference,
            event_id,
            risk,
            metadata: Metadata::default(),
            checkout: Checkout::default(),
            created_at,
            created_by,
            updated_at,
            updated_by,
        }
    }

    /// Returns the text that searches scan, in lower case.
    pub fn search_text(&self) -> String {
        let names = [&self.first_name, &self.last_name].map(|name| name.as_ref().map_or("", PersonName::as_str));
        let reference = self.reference.as_ref().map_or("", OrderReference::as_str);
        format!("{} {} {reference} {}", self.email.as_str(), names.join(" "), self.share_id).to_lowercase()
    }

    /// Time never runs backwards within it.
    fn touched(&self, by: Actor, now: Timestamp) -> Self {
        Self { updated_at: now.max(self.updated_at), updated_by: by, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "order/tests.rs"]
pub(crate) mod tests;
