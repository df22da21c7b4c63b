//! Commissions.

use super::Read;
use crate::{Page, PageAsk, Versioned};
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

/// What moving a commission needs to know.
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
        ask: &PageAsk,
    ) -> Read<Page<Commission>>;

    /// For moving one; `None` if there is no such commission.
    async fn commission_move_facts(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>>;
}
