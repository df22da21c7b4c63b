//! What lists are searched for, as conditions on the rows of a list's one table.

use crate::values::Uid;
use domain::{Email, MerchantId, PersonName, PhoneNumber, ShareId, Timestamp};
use ports::{
    Between, CustomerTerm, CustomerTime, GroupTerm, GroupTime, OrderAmount, OrderTerm, OrderTime, Search, Space,
    Wording,
};

/// A condition: SQL around one value.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    /// What stands before the value.
    pub(super) before: String,
    /// The value.
    pub(super) value: Value,
    /// What stands after it.
    pub(super) after: &'static str,
}

/// A value of a condition.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// An id.
    Id(Uid),
    /// A text.
    Text(String),
    /// A number, or a time.
    Number(i64),
    /// A merchant and a key, with SQL between them.
    Key(Uid, String, String),
}

/// What a list is searched by.
pub(super) trait Term {
    /// What must hold for the term to hold: all of it.
    fn conditions(&self, merchant: MerchantId) -> Vec<Condition>;
}

/// All that must hold.
pub(super) fn conditions<T: Term>(merchant: MerchantId, search: Option<&Search<T>>) -> Vec<Condition> {
    match search {
        None => Vec::new(),
        Some(Search::Text(text)) => vec![has("search_text", text)],
        Some(Search::Terms(terms)) => terms.iter().flat_map(|term| term.conditions(merchant)).collect(),
    }
}

/// How long a text is in lower case. Only one letter grows.
macro_rules! folded_length {
    ($column:literal) => {
        concat!("length(replace(coalesce(", $column, ", ''), 'İ', 'ii'))")
    };
}

/// The part of the searchable text that is a name or the reference in lower case. It was folded before it was stored:
/// SQLite itself folds ASCII only.
const FIRST_NAME: &str = concat!("substr(search_text, length(email_folded) + 2, ", folded_length!("first_name"), ")");
const LAST_NAME: &str = concat!(
    "substr(search_text, length(email_folded) + 3 + ",
    folded_length!("first_name"),
    ", ",
    folded_length!("last_name"),
    ")"
);
const REFERENCE: &str = concat!(
    "substr(search_text, length(email_folded) + 4 + ",
    folded_length!("first_name"),
    " + ",
    folded_length!("last_name"),
    ", ",
    folded_length!("reference"),
    ")"
);
/// Likewise the address of a group's creator, behind the share id.
const CREATOR_EMAIL: &str = "substr(search_text, length(share_id) + 2)";

/// Has just this value.
fn is(expression: &str, value: Value) -> Condition {
    Condition { before: format!("{expression} = "), value, after: "" }
}

/// Has just this text.
fn is_text(expression: &str, text: &str) -> Condition {
    is(expression, Value::Text(text.to_owned()))
}

/// Has a text in it.
fn has(expression: &str, text: &str) -> Condition {
    Condition { before: format!("instr({expression}, "), value: Value::Text(text.to_owned()), after: ") > 0" }
}

/// Is what owns a key.
fn owns(column: &str, merchant: MerchantId, space: Space, key: &str) -> Condition {
    let between = format!(" AND k.space = {} AND k.key = ", space.number());
    Condition {
        before: format!("{column} = (SELECT k.owner FROM claims k WHERE k.merchant_id = "),
        value: Value::Key(merchant.into(), between, key.to_owned()),
        after: ")",
    }
}

/// Lies between two values.
fn between(column: &str, Between { least, most }: Between<i64>) -> Vec<Condition> {
    let compared = |operator: &str, value| Condition {
        before: format!("{column} {operator} "),
        value: Value::Number(value),
        after: "",
    };
    let least = least.map(|least| compared(">=", least));
    least.into_iter().chain(most.map(|most| compared("<=", most))).collect()
}

fn in_time(column: &str, Between { least, most }: Between<Timestamp>) -> Vec<Condition> {
    between(column, Between { least: least.map(Timestamp::micros), most: most.map(Timestamp::micros) })
}

/// A text that is compared as it stands, and where it stands in lower case.
fn worded<V>((column, folded): (&str, &str), wording: &Wording<V>, text: impl FnOnce(&V) -> &str) -> Condition {
    match wording {
        Wording::Is(value) => is_text(column, text(value)),
        Wording::Has(part) => has(folded, part),
    }
}

/// An address, which is compared in lower case.
fn addressed(folded: &str, email: &Wording<Email>) -> Condition {
    match email {
        Wording::Is(email) => is_text(folded, &email.folded()),
        Wording::Has(part) => has(folded, part),
    }
}

/// A share id, which is looked up as that of the group whose id is in `group`.
fn shared(group: &str, merchant: MerchantId, share_id: &Wording<ShareId>) -> Condition {
    match share_id {
        Wording::Is(share_id) => owns(group, merchant, Space::GroupShareId, share_id.code()),
        Wording::Has(part) => has("lower(share_id)", part),
    }
}

impl Term for CustomerTerm {
    fn conditions(&self, merchant: MerchantId) -> Vec<Condition> {
        let one = match self {
            Self::Id(id) => is("id", Value::Id((*id).into())),
            // Those that are listed own their addresses.
            Self::Email(Wording::Is(email)) => owns("id", merchant, Space::CustomerEmail, &email.folded()),
            Self::Email(email) => addressed("email_folded", email),
            Self::FirstName(name) => worded(("first_name", FIRST_NAME), name, PersonName::as_str),
            Self::LastName(name) => worded(("last_name", LAST_NAME), name, PersonName::as_str),
            Self::Phone(phone) => worded(("phone", "lower(phone)"), phone, PhoneNumber::as_str),
            Self::Blocked(blocked) => is("(blocked_at IS NOT NULL)", Value::Number(i64::from(*blocked))),
            Self::Time(CustomerTime::Created, between) => return in_time("created_at", *between),
            Self::Time(CustomerTime::Updated, between) => return in_time("updated_at", *between),
            Self::Time(CustomerTime::Blocked, between) => return in_time("blocked_at", *between),
        };
        vec![one]
    }
}

impl Term for OrderTerm {
    fn conditions(&self, merchant: MerchantId) -> Vec<Condition> {
        let one = match self {
            Self::Id(id) => is("id", Value::Id((*id).into())),
            Self::CustomerId(id) => is("customer_id", Value::Id((*id).into())),
            Self::AmbassadorId(id) => is("ambassador_id", Value::Id((*id).into())),
            Self::GroupId(id) => is("group_id", Value::Id((*id).into())),
            Self::ShareId(share_id) => shared("group_id", merchant, share_id),
            Self::Email(email) => addressed("email_folded", email),
            Self::FirstName(name) => worded(("first_name", FIRST_NAME), name, PersonName::as_str),
            Self::LastName(name) => worded(("last_name", LAST_NAME), name, PersonName::as_str),
            Self::Phone(phone) => worded(("phone", "lower(phone)"), phone, PhoneNumber::as_str),
            Self::Reference(Wording::Is(reference)) => owns("id", merchant, Space::OrderReference, reference.as_str()),
            Self::Reference(Wording::Has(part)) => has(REFERENCE, part),
            Self::Currency(currency) => is_text("currency", currency.code()),
            Self::Status(status) => is_text("status", status.as_str()),
            Self::Risk(risk) => is_text("risk", risk.as_str()),
            Self::Amount(OrderAmount::Paid, amount) => return between("amount_minor", *amount),
            Self::Amount(OrderAmount::Refunded, amount) => return between("refunded_minor", *amount),
            Self::Amount(OrderAmount::Cashback, amount) => return between("cashback_minor", *amount),
            Self::Amount(OrderAmount::InReview, amount) => return between("review_minor", *amount),
            Self::Amount(OrderAmount::Fee, amount) => return between("fee_minor", *amount),
            Self::Time(OrderTime::Created, between) => return in_time("created_at", *between),
            Self::Time(OrderTime::Updated, between) => return in_time("updated_at", *between),
        };
        vec![one]
    }
}

impl Term for GroupTerm {
    fn conditions(&self, merchant: MerchantId) -> Vec<Condition> {
        let one = match self {
            Self::Id(id) => is("id", Value::Id((*id).into())),
            Self::ShareId(share_id) => shared("id", merchant, share_id),
            Self::CustomerId(id) => is("customer_id", Value::Id((*id).into())),
            Self::CreatorEmail(email) => addressed(CREATOR_EMAIL, email),
            Self::Status(status) => is_text("status", status.as_str()),
            Self::Time(GroupTime::Created, between) => return in_time("created_at", *between),
            Self::Time(GroupTime::Updated, between) => return in_time("updated_at", *between),
            Self::Time(GroupTime::Expires, between) => return in_time("expires_at", *between),
            Self::Time(GroupTime::Canceled, between) => return in_time("canceled_at", *between),
            Self::Time(GroupTime::Completed, between) => return in_time("completed_at", *between),
        };
        vec![one]
    }
}
