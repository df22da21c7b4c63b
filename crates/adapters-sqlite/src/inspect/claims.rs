//! Unique keys against the rows that hold them, both ways.

use super::Rule;
use crate::values::Uid;
use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    sql_types::{Binary, Text},
};
use domain::{Account, EventKind, Group};
use ports::Space;
use tables::{Key, UNIQUE_KEYS, UniqueKey};

// The domain's own rules, so that a query compares with what was claimed and not with a copy of how it was made.
#[declare_sql_function]
extern "SQL" {
    /// The space in which an event of this kind is unique; NULL for a kind that does not exist.
    fn event_space(kind: Text) -> Nullable<SmallInt>;
    /// The key of an affiliate's account in a currency; NULL for a currency that does not exist.
    fn account_key(affiliate_id: Binary, currency: Text) -> Nullable<Text>;
    /// The key under which a folded address takes part in a group.
    fn group_email_key(group_id: Binary, email_folded: Text) -> Text;
}

/// Makes the functions known to a connection. Doing so again changes nothing.
pub(super) fn register(connection: &mut SqliteConnection) -> QueryResult<()> {
    event_space_utils::register_impl(connection, |kind: String| {
        EventKind::parse(&kind).ok().map(|kind| Space::Event(kind.space()).number())
    })?;
    account_key_utils::register_impl(connection, |affiliate: Uid, currency: String| {
        currency.parse().ok().map(|currency| Account::key_of(affiliate.id(), currency))
    })?;
    group_email_key_utils::register_impl(connection, |group: Uid, folded: String| {
        Group::email_key_of(group.id(), &folded)
    })
}

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    UNIQUE_KEYS.iter().flat_map(|unique| [missing(unique), stray(unique)])
}

/// The key of a row `t`, as an expression; NULL if it has none.
fn key(key: Key) -> String {
    match key {
        Key::Column(column) => format!("t.{column}"),
        Key::Hex(column) => format!("lower(hex(t.{column}))"),
        Key::LiveEmail => "iif(t.deleted_at IS NULL, t.email_folded, NULL)".to_owned(),
        Key::Event => "t.external_id".to_owned(),
        Key::Account => "account_key(t.affiliate_id, t.currency)".to_owned(),
        Key::PayoutItem => "lower(hex(t.payout_id)) || ':' || lower(hex(t.affiliate_id))".to_owned(),
        Key::ShareCode => "substr(t.share_id, -8)".to_owned(),
        Key::GroupEmail => "iif(t.participates, group_email_key(t.group_id, t.email_folded), NULL)".to_owned(),
    }
}

/// The space of the row's key, as an expression.
fn space(unique: &UniqueKey) -> String {
    if unique.key == Key::Event { "event_space(t.kind)".to_owned() } else { unique.numbers() }
}

/// The claims table, and the condition that a claim `c` is of the merchant of the row `t`.
fn claims(unique: &UniqueKey) -> (&'static str, &'static str) {
    if unique.is_global() { ("directory", "TRUE") } else { ("claims", "c.merchant_id = t.merchant_id") }
}

/// Rows whose key somebody else has, or nobody.
fn missing(unique: &UniqueKey) -> Rule {
    let ((claims, same), space, key) = (claims(unique), space(unique), key(unique.key));
    let (merchant, table) = (unique.merchant(), unique.table);
    let sql = format!(
        "SELECT t.{merchant} AS merchant_id, t.id AS id, 'does not own its key in {claims}' AS why \
         FROM {table} t LEFT JOIN {claims} c ON {same} AND c.space = {space} AND c.key = {key} \
         WHERE c.owner IS NOT t.id AND {key} IS NOT NULL"
    );
    Rule { name: unique.missing, sql, show: unique.show }
}

/// Claims whose owner is gone, or has another key.
fn stray(unique: &UniqueKey) -> Rule {
    let ((claims, same), space, key) = (claims(unique), space(unique), key(unique.key));
    let merchant = if unique.is_global() { "NULL" } else { "c.merchant_id" };
    let (spaces, table) = (unique.numbers(), unique.table);
    let sql = format!(
        "SELECT {merchant} AS merchant_id, c.owner AS id, 'owns a key in {claims} that is not of any row of it' AS why \
         FROM {claims} c LEFT JOIN {table} t ON {same} AND t.id = c.owner \
         WHERE c.space IN ({spaces}) AND (t.id IS NULL OR {key} IS NOT c.key OR {space} IS NOT c.space)"
    );
    Rule { name: unique.stray, sql, show: unique.show }
}
