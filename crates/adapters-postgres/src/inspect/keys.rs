//! Unique keys against the rows that have them, both ways.

use super::Rule;
use domain::{EventKind, EventSpace};
use ports::Space;
use tables::{Key, UNIQUE_KEYS, UniqueKey};

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    UNIQUE_KEYS.iter().flat_map(|unique| [missing(unique), stray(unique)])
}

/// The condition that a row `t` has a key, and that a claim `c` is on it.
fn key(key: Key) -> (String, String) {
    let always = |same: &str| ("TRUE".to_owned(), same.to_owned());
    match key {
        Key::Column(column) => (format!("t.{column} IS NOT NULL"), format!("c.key = t.{column}")),
        Key::Hex(column) => always(&format!("c.key = encode(t.{column}, 'hex')")),
        Key::LiveEmail => ("t.deleted_at IS NULL".to_owned(), "c.key = t.email_folded".to_owned()),
        Key::Event => always("c.key = t.external_id"),
        // The affiliate's id in the key is spelled as clients see it, which SQL cannot do: the currency is compared here,
        // and that an affiliate has no second account in it by the rule `account_once`.
        Key::Account => always("split_part(c.key, ':', 2) = t.currency"),
        Key::PayoutItem => always("c.key = replace(t.payout_id || ':' || t.affiliate_id, '-', '')"),
        Key::ShareCode => always("c.key = right(t.share_id, 8)"),
        Key::GroupEmail => {
            ("t.participates".to_owned(), "c.key = t.group_id::text || ':' || t.email_folded".to_owned())
        }
    }
}

/// SQL for the space of a row's key.
fn space(unique: &UniqueKey) -> String {
    if unique.key != Key::Event {
        return unique.numbers();
    }
    let number = |space| Space::Event(space).number();
    let unpaid = EventKind::UNPAID.map(|kind| format!("WHEN '{}' THEN {}", kind.as_str(), number(kind.space())));
    format!("CASE t.kind {} ELSE {} END", unpaid.join(" "), number(EventSpace::Paying))
}

/// Where the claims are, and the SQL for their merchant.
fn claims(unique: &UniqueKey) -> (&'static str, &'static str) {
    if unique.is_global() { ("directory", "NULL::uuid") } else { ("claims", "c.merchant_id") }
}

/// That the claim is of the row, with its very key.
fn same(unique: &UniqueKey) -> String {
    let (_, merchant) = claims(unique);
    let same_merchant =
        if unique.is_global() { String::new() } else { format!("{merchant} = t.{} AND ", unique.merchant()) };
    format!("{same_merchant}c.owner = t.id AND c.space = {} AND {}", space(unique), key(unique.key).1)
}

/// Rows whose key somebody else has, or nobody.
fn missing(unique: &UniqueKey) -> Rule {
    let ((claims, _), (only, _), same) = (claims(unique), key(unique.key), same(unique));
    let (merchant, table) = (unique.merchant(), unique.table);
    let query = format!(
        "SELECT t.{merchant}, t.id, 'does not own its key in {claims}' \
         FROM {table} t LEFT JOIN {claims} c ON {same} WHERE c.owner IS NULL AND {only}"
    );
    Rule { name: unique.missing, id: unique.show, query }
}

/// Claims whose owner is gone, or has another key.
fn stray(unique: &UniqueKey) -> Rule {
    let ((claims, merchant), (only, _), same) = (claims(unique), key(unique.key), same(unique));
    let (spaces, table) = (unique.numbers(), unique.table);
    let query = format!(
        "SELECT {merchant}, c.owner, 'owns a key in {claims} that is not of any row of it' \
         FROM {claims} c LEFT JOIN {table} t ON {same} AND {only} WHERE c.space IN ({spaces}) AND t.id IS NULL"
    );
    Rule { name: unique.stray, id: unique.show, query }
}
