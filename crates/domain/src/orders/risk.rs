//! Risk signals of an order, and the risk level that they make together (docs/rules/groups.md).
//!
//! The level is information for people. It refuses nothing, and no money depends on it: so orders that are placed at
//! the same moment may each be calculated without the other.

use crate::orders::Customer;
use crate::values::{Email, PhoneNumber, Timestamp, string_enum::string_enum};
use std::time::Duration;

/// The risk level of an order.
///
/// `HIGH`: [`Signal::CreatorsAddress`], or two others together. `MEDIUM`: one other. `LOW`: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskLevel {
    /// No signal.
    Low,
    /// A signal that may well be chance.
    Medium,
    /// Signals that are hardly chance.
    High,
}
string_enum!(RiskLevel { Low = "LOW", Medium = "MEDIUM", High = "HIGH" });

/// A risk signal of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// The address is the group creator's in another spelling: plus-tags and dots, where the provider ignores them.
    CreatorsAddress,
    /// The telephone number is the group creator's.
    CreatorsPhone,
    /// The address is at a provider of disposable addresses.
    ThrowawayAddress,
    /// It is one of [`OrderVelocity::MANY`] orders of its customer within [`OrderVelocity::OF_CUSTOMER`].
    HurriedCustomer,
    /// It is one of [`OrderVelocity::MANY`] orders in its group within [`OrderVelocity::OF_GROUP`].
    HurriedGroup,
}

/// When the latest orders before a new one were placed, newest first, each list with [`OrderVelocity::LOOKED_AT`] at the most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderVelocity {
    /// Those of the same customer.
    pub of_customer: Vec<Timestamp>,
    /// Those in the same group.
    pub of_group: Vec<Timestamp>,
}

/// The context of a new order.
#[derive(Debug, Clone, Copy)]
pub struct RiskContext<'a> {
    /// The customer who opened its group, unless the order opens it.
    pub creator: Option<&'a Customer>,
    /// What came before it.
    pub velocity: &'a OrderVelocity,
}

/// Fewer digits do not identify a person.
const PHONE_DIGITS: usize = 4;

impl OrderVelocity {
    /// So many orders are many, this one included.
    pub const MANY: usize = 5;
    /// How many earlier ones say whether there are many.
    pub const LOOKED_AT: u32 = 4;
    /// Many of one customer within this time are a hurry.
    pub const OF_CUSTOMER: Duration = Duration::from_secs(3_600);
    /// Many in one group within this time are a hurry.
    pub const OF_GROUP: Duration = Duration::from_secs(600);

    /// Whether a new order makes many within `span`.
    fn is_hurried(earlier: &[Timestamp], span: Duration, now: Timestamp) -> bool {
        let first_of_many = earlier.get(Self::MANY.saturating_sub(2));
        first_of_many.is_some_and(|&at| now.since(at) <= span)
    }
}

impl RiskLevel {
    /// The level that an order with this address and number has.
    pub fn of(email: &Email, phone: Option<&PhoneNumber>, around: RiskContext<'_>, now: Timestamp) -> Self {
        Self::by(&signals(email, phone, around, now))
    }

    /// The level that signals make together, each there once.
    pub fn by(signals: &[Signal]) -> Self {
        match signals {
            [] => Self::Low,
            [one] if *one != Signal::CreatorsAddress => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Returns the risk signals of an order with this address and number.
pub fn signals(
    email: &Email,
    phone: Option<&PhoneNumber>,
    RiskContext { creator, velocity }: RiskContext<'_>,
    now: Timestamp,
) -> Vec<Signal> {
    let OrderVelocity { of_customer, of_group } = velocity;
    let same_address = |creator: &Customer| email.person() == creator.email.person();
    let same_phone = |creator: &Customer| {
        let digits = |phone: &PhoneNumber| phone.as_str().chars().filter(char::is_ascii_digit).collect::<String>();
        let (own, theirs) = (phone.map(digits), creator.phone.as_ref().map(digits));
        own.is_some_and(|own| own.len() >= PHONE_DIGITS && Some(own) == theirs)
    };
    let weighed = [
        (Signal::CreatorsAddress, creator.is_some_and(same_address)),
        (Signal::CreatorsPhone, creator.is_some_and(same_phone)),
        (Signal::ThrowawayAddress, email.is_throwaway()),
        (Signal::HurriedCustomer, OrderVelocity::is_hurried(of_customer, OrderVelocity::OF_CUSTOMER, now)),
        (Signal::HurriedGroup, OrderVelocity::is_hurried(of_group, OrderVelocity::OF_GROUP, now)),
    ];
    weighed.into_iter().filter_map(|(signal, holds)| holds.then_some(signal)).collect()
}

#[cfg(test)]
#[path = "risk/tests.rs"]
mod tests;
