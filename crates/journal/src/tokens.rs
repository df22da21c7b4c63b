//! The keys by which sets meet: two sets that share an exclusive one do not travel together.

use domain::MerchantId;
use ports::{ChangeSet, Claim, Hold, RowRef, Space, Table};
use uuid::Uuid;

/// Something that at most one set in flight may write (or, for rows held still, that several may read).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Token {
    /// A row. The scope is its merchant, or nil for the server's own tables.
    Row(Uuid, RowRef),
    /// A unique key; scope as for rows.
    Claim(Uuid, Space, String),
    /// A kept answer.
    Reply(MerchantId, String, String),
}

/// The scope of a row in `table` that a set of `merchant` names.
pub(crate) fn row_scope(merchant: MerchantId, table: Table) -> Uuid {
    if table.is_global() { Uuid::nil() } else { merchant.uuid() }
}

/// The scope of a key in `space` that a set of `merchant` names.
pub(crate) fn claim_scope(merchant: MerchantId, space: Space) -> Uuid {
    if space.is_global() { Uuid::nil() } else { merchant.uuid() }
}

/// Every token of a set, with how firmly it holds it.
pub(crate) fn tokens(set: &ChangeSet) -> Vec<(Token, Hold)> {
    let claim = |claim: &Claim| {
        (Token::Claim(claim_scope(set.merchant, claim.space), claim.space, claim.key.clone()), Hold::Change)
    };
    let rows = set
        .expectations()
        .into_iter()
        .map(|expected| (Token::Row(row_scope(set.merchant, expected.row.table), expected.row), expected.hold));
    let reply = set
        .reply
        .iter()
        .map(|reply| (Token::Reply(set.merchant, reply.route.clone(), reply.key.as_str().to_owned()), Hold::Change));
    rows.chain(set.claims.iter().map(claim)).chain(set.frees.iter().map(claim)).chain(reply).collect()
}
