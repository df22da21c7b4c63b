//! Payouts: building one from what is owed, sending it, and settling it by the bank's results.
//!
//! Each works in steps of at most [`CHUNK`] commissions, so that other work does not wait long; finished steps stay
//! done. A payout is sealed with the last step of building, and not visible before. Its items are settled one by one,
//! their commissions follow, and its own status comes last: a request that is repeated after a crash continues where it
//! stopped.

mod build;
mod dissolve;
mod settle;

pub use settle::{ChangePayoutCommand, RecordPayoutResultsCommand};

use crate::{AppError, Principal, context::UseCaseContext};
use domain::{Currency, Payout, PayoutId, PayoutItem, Refusal};
use ports::{Page, PageRequest, PayoutFilter, PayoutItemFilter, PayoutLine, PayoutReads};
use std::sync::Arc;

/// The most commissions that one set moves.
const CHUNK: u32 = 500;
/// How many lines of a payment file are read in one go.
const LINES: u32 = 1_000;

/// The use cases of payouts.
pub struct Payouts {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn PayoutReads>,
}

/// A new payout.
#[derive(Debug, Clone)]
pub struct CreatePayoutCommand {
    /// In which currency.
    pub currency: Currency,
    /// Only for these affiliates; for all of them if empty.
    pub affiliate_ids: Vec<domain::AffiliateId>,
}

impl Payouts {
    /// The most affiliates that a new payout may name.
    pub const MOST_AFFILIATES: usize = 1_000;

    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn PayoutReads>) -> Self {
        Self { context, reads }
    }

    /// One payout.
    pub async fn get(&self, who: &Principal, id: PayoutId) -> Result<Payout, AppError> {
        Ok(self.reads.payout(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &PayoutFilter,
        page: &PageRequest,
    ) -> Result<Page<Payout>, AppError> {
        Ok(self.reads.payouts(who.merchant_id, filter, page).await?)
    }

    /// A page of one's items.
    pub async fn items(
        &self,
        who: &Principal,
        id: PayoutId,
        filter: &PayoutItemFilter,
        page: &PageRequest,
    ) -> Result<Page<PayoutItem>, AppError> {
        self.get(who, id).await?;
        Ok(self.reads.payout_items(who.merchant_id, id, filter, page).await?)
    }

    /// Returns the items that are still to be paid, with their affiliates, so that exporting again pays no item twice.
    pub async fn export(&self, who: &Principal, id: PayoutId) -> Result<Vec<PayoutLine>, AppError> {
        self.get(who, id).await?;
        let mut lines: Vec<PayoutLine> = Vec::new();
        loop {
            let after = lines.last().map(|line| line.item.affiliate_id);
            let some = self.reads.payout_lines(who.merchant_id, id, after, LINES).await?;
            let last = some.len() < usize::try_from(LINES).unwrap_or_default();
            lines.extend(some);
            if last {
                return Ok(lines);
            }
        }
    }
}

/// A row that the storage gave as one to be moved is not: the storage is at fault.
fn not_where_it_was() -> AppError {
    AppError::Internal("a commission was not where the storage said it was".into())
}
