//! What time has come for.

use domain::MerchantId;

/// Something that time has come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<I> {
    /// Whose.
    pub merchant: MerchantId,
    /// What.
    pub id: I,
}
