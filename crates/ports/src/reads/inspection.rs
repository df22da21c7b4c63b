//! The storage as a whole.

use super::Read;
use async_trait::async_trait;
use domain::MerchantId;

/// Two things in the storage that must agree and do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which rule is broken, as `account_sums`.
    pub rule: &'static str,
    /// The merchant of the rows.
    pub merchant: Option<MerchantId>,
    /// A description of the difference, without personal data.
    pub found: String,
}

/// Looking at the storage as a whole. Global; for operators.
#[async_trait]
pub trait Inspection: Send + Sync {
    /// Whether the storage answers and its schema is the one this program was built for.
    async fn ready(&self) -> Read<()>;

    /// Recomputes every balance from its rows and compares claims with the rows that hold them. At most `limit`
    /// differences; none means that all is well.
    async fn differences(&self, limit: u32) -> Read<Vec<Difference>>;
}
