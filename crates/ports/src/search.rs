//! What the lists of customers, orders and groups are searched for.

use domain::{
    Currency, CustomerId, Email, GroupId, GroupStatus, OrderId, OrderReference, OrderStatus, PersonName, PhoneNumber,
    RiskLevel, ShareId, Timestamp,
};

/// What the rows of a list must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search<T> {
    /// This in their searchable text; lower case.
    Text(String),
    /// All of these.
    Terms(Vec<T>),
}

/// How a text is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wording<T> {
    /// Just this one, compared as texts of its kind are compared.
    Is(T),
    /// Any that has this in it, compared without case; lower case.
    Has(String),
}

/// The values from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between<T> {
    /// The least of them; no limit if absent.
    pub least: Option<T>,
    /// The most; no limit if absent.
    pub most: Option<T>,
}

/// What a customer must be to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Customer, documented there")]
pub enum CustomerTerm {
    Id(CustomerId),
    Email(Wording<Email>),
    FirstName(Wording<PersonName>),
    LastName(Wording<PersonName>),
    Phone(Wording<PhoneNumber>),
    Blocked(bool),
    Time(CustomerTime, Between<Timestamp>),
}

/// A time of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Customer, documented there")]
pub enum CustomerTime {
    Created,
    Updated,
    Blocked,
}

/// What an order must be to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Order, documented there")]
pub enum OrderTerm {
    Id(OrderId),
    CustomerId(CustomerId),
    AmbassadorId(CustomerId),
    GroupId(GroupId),
    /// By the part that is unique per merchant, under any prefix.
    ShareId(Wording<ShareId>),
    Email(Wording<Email>),
    FirstName(Wording<PersonName>),
    LastName(Wording<PersonName>),
    Phone(Wording<PhoneNumber>),
    Reference(Wording<OrderReference>),
    Currency(Currency),
    Status(OrderStatus),
    Risk(RiskLevel),
    /// In minor units.
    Amount(OrderAmount, Between<i64>),
    Time(OrderTime, Between<Timestamp>),
}

/// An amount of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Order, documented there")]
pub enum OrderAmount {
    Paid,
    Refunded,
    Cashback,
    InReview,
    Fee,
}

/// A time of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Order, documented there")]
pub enum OrderTime {
    Created,
    Updated,
}

/// What a group must be to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Group, documented there")]
pub enum GroupTerm {
    Id(GroupId),
    /// By the part that is unique per merchant, under any prefix.
    ShareId(Wording<ShareId>),
    CustomerId(CustomerId),
    CreatorEmail(Wording<Email>),
    Status(GroupStatus),
    Time(GroupTime, Between<Timestamp>),
}

/// A time of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of Group, documented there")]
pub enum GroupTime {
    Created,
    Updated,
    Expires,
    Canceled,
    Completed,
}
