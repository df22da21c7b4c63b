//! Taking back a payout that was never sealed.

use super::{CHUNK, Payouts, not_where_it_was};
use crate::{AppError, accounts::Accounts, commit_loop::Decision, lanes, workers::Turn};
use domain::{AffiliateId, MerchantId, PayoutId};
use ports::{FrozenFacts, FrozenItem, FrozenRequest, PayoutFacts, Space};
use std::time::Duration;

/// A payout that is not sealed after this long is no longer being built.
const STALE: Duration = Duration::from_secs(60);
/// How many stale ones one run dissolves at the most.
const MOST_STALE: u32 = 100;

impl Payouts {
    /// Gives the rows of payouts back that were left unsealed.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let done = u64::from(self.dissolve_stale().await?);
        Ok(Turn { done, ..Turn::default() })
    }

    /// Gives the rows of payouts back that were left unsealed; how many such payouts there were.
    pub async fn dissolve_stale(&self) -> Result<u32, AppError> {
        let before = self.context.now().minus(STALE);
        let mut dissolved = 0;
        for (merchant, id) in self.reads.unsealed_payouts(before, MOST_STALE).await? {
            match self.dissolve(merchant, id).await {
                Ok(()) => dissolved += 1,
                // Its merchant is being wiped, or another node is at it.
                Err(AppError::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(dissolved)
    }

    /// Dissolves an unsealed payout: no more rows can be added, its rows are released, and it is deleted.
    pub(super) async fn dissolve(&self, merchant: MerchantId, id: PayoutId) -> Result<(), AppError> {
        let load = || self.reads.payout_facts(merchant, id, &[], &[]);
        let close = |facts: Option<PayoutFacts>| {
            let Some(facts) = facts else { return Ok(Decision::Return(false)) };
            let Some(dissolving) = facts.payout.row.dissolving() else { return Ok(Decision::Return(false)) };
            let mut set = self.context.set_for(&facts.merchant)?;
            set.rows.payouts.change(facts.payout.version, dissolving);
            Ok(Decision::commit(set, true))
        };
        let delete = |facts: Option<PayoutFacts>| {
            let Some(facts) = facts else { return Ok(Decision::Return(())) };
            let mut set = self.context.set_for(&facts.merchant)?;
            set.rows.payouts.delete(&facts.payout);
            Ok(Decision::commit(set, ()))
        };
        let mut commits = self.context.enter(&[lanes::payout(merchant, id)]).await?;
        if commits.step(load, close).await? {
            self.give_back(merchant, id, &[]).await?;
            commits.step(load, delete).await?;
        }
        Ok(())
    }

    /// Releases rows of an unsealed payout, and drops the items that have none left. They were never visible, so
    /// nothing is announced.
    pub(super) async fn give_back(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        only: &[AffiliateId],
    ) -> Result<(), AppError> {
        let command = FrozenRequest { payout, only: only.to_vec(), after: None, rows: CHUNK };
        let mut commits = self.context.enter(&[]).await?;
        while commits.step(|| self.reads.payout_frozen(merchant, &command), |facts| self.given_back(facts)).await? {}
        Ok(())
    }

    /// The set that gives these rows back, and that there may be more; that there are none.
    fn given_back(&self, facts: Option<FrozenFacts>) -> Result<Decision<bool>, AppError> {
        let Some(facts) = facts.filter(|facts| !facts.items.is_empty()) else { return Ok(Decision::Return(false)) };
        let FrozenFacts { merchant, payout, items, more: _ } = facts;
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        set.expect_unchanged(&payout);
        let mut accounts =
            Accounts::new(&*self.context.ids, items.iter().map(|frozen| frozen.account.clone()).collect());
        for FrozenItem { item, account: _, rows } in items {
            let mut left = item.row.clone();
            for row in rows {
                let after = row.row.given_back(now).ok_or_else(not_where_it_was)?;
                left = left.without(&row.row)?;
                accounts.follow(&row.row, &after)?;
                set.rows.commissions.change(row.version, after);
            }
            if left.commissions_count > 0 {
                set.rows.payout_items.change(item.version, left);
            } else {
                set.free(Space::PayoutAccount, item.row.key(), item.row.id.uuid());
                set.rows.payout_items.delete(&item);
            }
        }
        accounts.write(&mut set);
        Ok(Decision::commit(set, true))
    }
}
