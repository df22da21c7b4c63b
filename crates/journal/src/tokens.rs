//! Tokens of sets: two sets that share an exclusive one are never in one batch.

use domain::MerchantId;
use ports::{ChangeSet, Claim, LockMode, RowRef, Space, Table};
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// A row, a unique key or a stored response that a set in flight writes or expects to be unchanged, as a hash of its
/// name. If two names share a hash, one set waits for a flush without need; no verdict depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Token(u64);

#[derive(Hash)]
enum Name<'a> {
    Row(Uuid, RowRef),
    Claim(Uuid, Space, &'a str),
    ResponseRecord(MerchantId, &'a str, &'a str),
}

impl Name<'_> {
    fn token(&self) -> Token {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Token(hasher.finish())
    }
}

/// The scope of a row in `table` that a set of `merchant` names: the merchant, or nil for the server's own tables.
pub(crate) fn row_scope(merchant: MerchantId, table: Table) -> Uuid {
    if table.is_global() { Uuid::nil() } else { merchant.uuid() }
}

/// The scope of a key in `space` that a set of `merchant` names; nil where it is unique on the whole server.
pub(crate) fn claim_scope(merchant: MerchantId, space: Space) -> Uuid {
    if space.is_global() { Uuid::nil() } else { merchant.uuid() }
}

/// Every token of a set, with how firmly it holds it.
pub(crate) fn tokens(set: &ChangeSet) -> Vec<(Token, LockMode)> {
    let claim = |claim: &Claim| {
        let name = Name::Claim(claim_scope(set.merchant, claim.space), claim.space, &claim.key);
        (name.token(), LockMode::Exclusive)
    };
    let rows = set
        .expectations()
        .into_iter()
        .map(|expected| (Name::Row(row_scope(set.merchant, expected.row.table), expected.row).token(), expected.hold));
    let response = set.response.iter().map(|response| {
        (Name::ResponseRecord(set.merchant, &response.route, response.key.as_str()).token(), LockMode::Exclusive)
    });
    rows.chain(set.claims.iter().map(claim)).chain(set.frees.iter().map(claim)).chain(response).collect()
}

#[cfg(test)]
impl Token {
    pub(crate) const fn of(number: u64) -> Self {
        Self(number)
    }
}
