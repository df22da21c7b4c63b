//! What lists are searched for, as conditions on rows of a table under the name `t`.

use super::owner;
use crate::{
    rows::time,
    sql::{Sql, Typed},
};
use diesel::{pg::Pg, serialize::ToSql, sql_types::HasSqlType};
use domain::{CustomerId, Email, MerchantId, PersonName, PhoneNumber, ShareId, Timestamp};
use ports::{
    Between, CustomerTerm, CustomerTime, GroupTerm, GroupTime, OrderAmount, OrderTerm, OrderTime, Search, Space,
    Wording,
};

/// A term of a search.
pub(super) trait Term {
    /// The statement with one more condition: that the term holds.
    fn narrow<'a, R>(&'a self, merchant: MerchantId, sql: Sql<'a, R>) -> Sql<'a, R>;
}

/// The statement with whatever is searched for. There are more sorts of searches than statements that a connection
/// should remember.
pub(super) fn narrowed<'a, R, T: Term>(
    merchant: MerchantId,
    found: Sql<'a, R>,
    search: Option<&'a Search<T>>,
) -> Sql<'a, R> {
    match search {
        None => found,
        Some(Search::Text(text)) => has(found, "t.search_text", text),
        Some(Search::Terms(terms)) => terms.iter().fold(found, |sql, term| term.narrow(merchant, sql)).once(),
    }
}

/// How long a text is in lower case. Only one letter grows.
macro_rules! folded_length {
    ($column:literal) => {
        concat!("length(replace(coalesce(", $column, ", ''), 'İ', 'ii'))")
    };
}

/// The part of the searchable text that is a name or the reference in lower case. It was folded before it was stored:
/// which letters the database itself would fold depends on its locale.
const FIRST_NAME: &str =
    concat!("substr(t.search_text, length(t.email_folded) + 2, ", folded_length!("t.first_name"), ")");
const LAST_NAME: &str = concat!(
    "substr(t.search_text, length(t.email_folded) + 3 + ",
    folded_length!("t.first_name"),
    ", ",
    folded_length!("t.last_name"),
    ")"
);
const REFERENCE: &str = concat!(
    "substr(t.search_text, length(t.email_folded) + 4 + ",
    folded_length!("t.first_name"),
    " + ",
    folded_length!("t.last_name"),
    ", ",
    folded_length!("t.reference"),
    ")"
);
/// Likewise the address of a group's creator, behind the share id.
const CREATOR_EMAIL: &str = "substr(t.search_text, length(t.share_id) + 2)";

/// Has just this value.
fn is<'a, R, V>(sql: Sql<'a, R>, expression: &str, value: V) -> Sql<'a, R>
where
    V: Typed + ToSql<V::Sql, Pg> + Send + 'a,
    Pg: HasSqlType<V::Sql>,
{
    sql.text(&format!(" AND {expression} = ?")).bind(value)
}

/// Has a text in it.
fn has<'a, R>(sql: Sql<'a, R>, expression: &str, text: &'a str) -> Sql<'a, R> {
    sql.text(&format!(" AND position(? IN {expression}) > 0")).bind(text)
}

/// Is what owns a key.
fn owns<'a, R>(sql: Sql<'a, R>, column: &str, merchant: MerchantId, space: Space, key: String) -> Sql<'a, R> {
    sql.text(&format!(" AND {column} = {}", owner(space))).bind(merchant.uuid()).bind(key)
}

/// Lies between two values.
fn between<'a, R, V>(sql: Sql<'a, R>, column: &str, Between { least, most }: Between<V>) -> Sql<'a, R>
where
    V: Typed + ToSql<V::Sql, Pg> + Send + 'a,
    Pg: HasSqlType<V::Sql>,
{
    sql.and(&format!(" AND {column} >= ?"), least).and(&format!(" AND {column} <= ?"), most)
}

fn in_time<'a, R>(sql: Sql<'a, R>, column: &str, Between { least, most }: Between<Timestamp>) -> Sql<'a, R> {
    between(sql, column, Between { least: least.map(time), most: most.map(time) })
}

/// A text that is compared as it stands, and where it stands in lower case.
fn worded<'a, R, V>(
    sql: Sql<'a, R>,
    (column, folded): (&str, &str),
    wording: &'a Wording<V>,
    text: impl FnOnce(&'a V) -> &'a str,
) -> Sql<'a, R> {
    match wording {
        Wording::Is(value) => is(sql, column, text(value)),
        Wording::Has(part) => has(sql, folded, part),
    }
}

/// An address, which is compared in lower case.
fn addressed<'a, R>(sql: Sql<'a, R>, folded: &str, email: &'a Wording<Email>) -> Sql<'a, R> {
    match email {
        Wording::Is(email) => is(sql, folded, email.folded()),
        Wording::Has(part) => has(sql, folded, part),
    }
}

/// A share id, which is looked up as that of the group whose id is in `group`.
fn shared<'a, R>(sql: Sql<'a, R>, group: &str, merchant: MerchantId, share_id: &'a Wording<ShareId>) -> Sql<'a, R> {
    match share_id {
        Wording::Is(share_id) => owns(sql, group, merchant, Space::GroupShareId, share_id.code().to_owned()),
        Wording::Has(part) => has(sql, "lower(t.share_id)", part),
    }
}

fn of_customer<'a, R>(sql: Sql<'a, R>, column: &str, id: CustomerId) -> Sql<'a, R> {
    is(sql, column, id.uuid())
}

impl Term for CustomerTerm {
    fn narrow<'a, R>(&'a self, merchant: MerchantId, sql: Sql<'a, R>) -> Sql<'a, R> {
        match self {
            Self::Id(id) => of_customer(sql, "t.id", *id),
            // Those that are listed own their addresses.
            Self::Email(Wording::Is(email)) => owns(sql, "t.id", merchant, Space::CustomerEmail, email.folded()),
            Self::Email(email) => addressed(sql, "t.email_folded", email),
            Self::FirstName(name) => worded(sql, ("t.first_name", FIRST_NAME), name, PersonName::as_str),
            Self::LastName(name) => worded(sql, ("t.last_name", LAST_NAME), name, PersonName::as_str),
            Self::Phone(phone) => worded(sql, ("t.phone", "lower(t.phone)"), phone, PhoneNumber::as_str),
            Self::Blocked(true) => sql.text(" AND t.blocked_at IS NOT NULL"),
            Self::Blocked(false) => sql.text(" AND t.blocked_at IS NULL"),
            Self::Time(CustomerTime::Created, between) => in_time(sql, "t.created_at", *between),
            Self::Time(CustomerTime::Updated, between) => in_time(sql, "t.updated_at", *between),
            Self::Time(CustomerTime::Blocked, between) => in_time(sql, "t.blocked_at", *between),
        }
    }
}

impl Term for OrderTerm {
    fn narrow<'a, R>(&'a self, merchant: MerchantId, sql: Sql<'a, R>) -> Sql<'a, R> {
        match self {
            Self::Id(id) => is(sql, "t.id", id.uuid()),
            Self::CustomerId(id) => of_customer(sql, "t.customer_id", *id),
            Self::AmbassadorId(id) => of_customer(sql, "t.ambassador_id", *id),
            Self::GroupId(id) => is(sql, "t.group_id", id.uuid()),
            Self::ShareId(share_id) => shared(sql, "t.group_id", merchant, share_id),
            Self::Email(email) => addressed(sql, "t.email_folded", email),
            Self::FirstName(name) => worded(sql, ("t.first_name", FIRST_NAME), name, PersonName::as_str),
            Self::LastName(name) => worded(sql, ("t.last_name", LAST_NAME), name, PersonName::as_str),
            Self::Phone(phone) => worded(sql, ("t.phone", "lower(t.phone)"), phone, PhoneNumber::as_str),
            Self::Reference(Wording::Is(reference)) => {
                owns(sql, "t.id", merchant, Space::OrderReference, reference.as_str().to_owned())
            }
            Self::Reference(Wording::Has(part)) => has(sql, REFERENCE, part),
            Self::Currency(currency) => is(sql, "t.currency", currency.code().to_owned()),
            Self::Status(status) => is(sql, "t.status", status.as_str()),
            Self::Risk(risk) => is(sql, "t.risk", risk.as_str()),
            Self::Amount(OrderAmount::Paid, amount) => between(sql, "t.amount_minor", *amount),
            Self::Amount(OrderAmount::Refunded, amount) => between(sql, "t.refunded_minor", *amount),
            Self::Amount(OrderAmount::Cashback, amount) => between(sql, "t.cashback_minor", *amount),
            Self::Amount(OrderAmount::InReview, amount) => between(sql, "t.review_minor", *amount),
            Self::Amount(OrderAmount::Fee, amount) => between(sql, "t.fee_minor", *amount),
            Self::Time(OrderTime::Created, between) => in_time(sql, "t.created_at", *between),
            Self::Time(OrderTime::Updated, between) => in_time(sql, "t.updated_at", *between),
        }
    }
}

impl Term for GroupTerm {
    fn narrow<'a, R>(&'a self, merchant: MerchantId, sql: Sql<'a, R>) -> Sql<'a, R> {
        match self {
            Self::Id(id) => is(sql, "t.id", id.uuid()),
            Self::ShareId(share_id) => shared(sql, "t.id", merchant, share_id),
            Self::CustomerId(id) => of_customer(sql, "t.customer_id", *id),
            Self::CreatorEmail(email) => addressed(sql, CREATOR_EMAIL, email),
            Self::Status(status) => is(sql, "t.status", status.as_str()),
            Self::Time(GroupTime::Created, between) => in_time(sql, "t.created_at", *between),
            Self::Time(GroupTime::Updated, between) => in_time(sql, "t.updated_at", *between),
            Self::Time(GroupTime::Expires, between) => in_time(sql, "t.expires_at", *between),
            Self::Time(GroupTime::Canceled, between) => in_time(sql, "t.canceled_at", *between),
            Self::Time(GroupTime::Completed, between) => in_time(sql, "t.completed_at", *between),
        }
    }
}
