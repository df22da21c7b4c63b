//! Claims: per merchant, and in the server's directory.

use super::rows;
use journal::ClaimRow;
use uuid::Uuid;

rows! {
    /// A key that is unique per merchant.
    ClaimedRow of "claims" by (merchant_id, space, key) {
        merchant_id: Uuid,
        space: i16,
        key: String,
        owner: Uuid,
    }
}

rows! {
    /// A key that is unique on the server.
    DirectoryRow of "directory" by (space, key) {
        space: i16,
        key: String,
        owner: Uuid,
    }
}

impl ClaimedRow {
    /// The row of a claim.
    pub(crate) fn of(claim: &ClaimRow<'_>) -> Self {
        let &ClaimRow { merchant, space, key, owner } = claim;
        Self { merchant_id: merchant, space: space.number(), key: key.to_owned(), owner }
    }
}

impl DirectoryRow {
    /// The row of a claim.
    pub(crate) fn of(claim: &ClaimRow<'_>) -> Self {
        let &ClaimRow { merchant: _, space, key, owner } = claim;
        Self { space: space.number(), key: key.to_owned(), owner }
    }
}
