//! Commissions.

use super::Read;
use crate::{Page, PageRequest, Versioned};
use async_trait::async_trait;
use domain::{
    Account, Affiliate, AffiliateId, Commission, CommissionId, CommissionStatus, Merchant, MerchantId, OrderReference,
    Timestamp,
};

/// Which commissions a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct CommissionFilter {
    pub affiliate_id: Option<AffiliateId>,
    pub status: Option<CommissionStatus>,
    pub order_id: Option<OrderReference>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// The facts for changing a commission's status.
#[derive(Debug, Clone)]
pub struct CommissionMoveFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// Every row of its event, itself and all siblings included, by level.
    pub rows: Vec<Versioned<Commission>>,
    /// The affiliates of all these rows.
    pub affiliates: Vec<Versioned<Affiliate>>,
    /// Their accounts in the currency of the rows, those that exist.
    pub accounts: Vec<Versioned<Account>>,
}

/// A commission that is due for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueCommission {
    /// Whose.
    pub merchant_id: MerchantId,
    /// The affiliate that earns it.
    pub affiliate_id: AffiliateId,
    /// Which.
    pub id: CommissionId,
}

/// The facts for maturing commissions of one affiliate.
#[derive(Debug, Clone)]
pub struct MaturingFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate.
    pub affiliate: Versioned<Affiliate>,
    /// The commissions that were asked about, as far as they are still pending, and every other pending one of the
    /// affiliate in the same orders: their siblings are among them.
    pub rows: Vec<Versioned<Commission>>,
    /// The affiliate's accounts in all currencies.
    pub accounts: Vec<Versioned<Account>>,
}

/// Commissions.
#[async_trait]
pub trait CommissionReads: Send + Sync {
    /// One commission.
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<Commission>>;

    /// A page of them.
    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        request: &PageRequest,
    ) -> Read<Page<Commission>>;

    /// For moving one; `None` if there is no such commission.
    async fn commission_move_facts(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>>;

    /// Global: returns at most `limit` pending commissions of approved affiliates that are due at the real instant
    /// `now` by their merchant's clock. Merchants that are being reset are skipped. Within a merchant the earliest come
    /// first.
    async fn due_commissions(&self, now: Timestamp, limit: u32) -> Read<Vec<DueCommission>>;

    /// For maturing `due` ones of an affiliate; `None` if there is no such affiliate.
    async fn maturing_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        due: &[CommissionId],
    ) -> Read<Option<MaturingFacts>>;
}
