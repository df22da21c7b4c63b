//! Maturing: approves commissions whose hold is over (docs/rules/commissions.md).

use crate::{AppError, accounts::Accounts, commit_loop::Decision, context::UseCaseContext, lanes, workers::Turn};
use domain::{AffiliateId, Commission, CommissionId, Merchant, MerchantId, Mode};
use ports::{ChangeSet, CommissionReads, DueCommission, ErrorChain, MaturingFacts, Resource, Topic, Versioned};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How many due rows one scan takes up.
const SCANNED: u32 = 2_000;
/// The rows of one set, rows that must move together not counted: each is written and announced.
const CHUNK: usize = 500;
/// The most rows of one set, even if more should move together.
const MOST_TOGETHER: usize = 1_200;

/// After so many failures in one turn it is the storage that is in trouble, and the turn ends.
const MOST_FAILURES: usize = 10;

/// The use case of time passing over commissions. Any number of nodes may run it at once.
pub struct Maturing {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn CommissionReads>,
}

/// What one set does.
#[derive(Default)]
struct Matured {
    rows: u64,
    /// How long after its time the latest row comes.
    lag: Duration,
}

impl Maturing {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn CommissionReads>) -> Self {
        Self { context, reads }
    }

    /// Approves what is due, about two thousand rows at the most.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let due = self.reads.due_commissions(self.context.now(), SCANNED).await?;
        let is_full = due.len() >= usize::try_from(SCANNED).unwrap_or(usize::MAX);
        let (mut turn, mut failures) = (Turn::default(), 0);
        for ((merchant, affiliate), rows) in by_earner(due) {
            let Err(error) = self.earner(merchant, affiliate, &rows, &mut turn).await else { continue };
            // A failure for one affiliate does not hold up the others: it is logged, and retried in the next turn.
            tracing::error!(error = %ErrorChain(&error), %merchant, %affiliate, "could not approve what is due");
            failures += 1;
            if failures >= MOST_FAILURES {
                return Err(error);
            }
        }
        // A scan that got nothing done would get nothing done again at once.
        turn.more = is_full && turn.done > 0;
        Ok(turn)
    }

    /// Approves due rows of one affiliate, a chunk after the other.
    async fn earner(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        due: &[CommissionId],
        turn: &mut Turn,
    ) -> Result<(), AppError> {
        let lane = lanes::affiliate(merchant, affiliate);
        for chunk in due.chunks(CHUNK) {
            let load = || self.reads.maturing_facts(merchant, affiliate, chunk);
            let decide = |facts: Option<MaturingFacts>| {
                let matured = facts.map(|facts| self.matured(facts)).transpose()?.flatten();
                Ok(matured
                    .map_or(Decision::Return(Matured::default()), |(set, matured)| Decision::commit(set, matured)))
            };
            let Matured { rows, lag } = self.context.work(&[lane], load, decide).await?;
            turn.done += rows;
            turn.lag = turn.lag.max(lag);
        }
        Ok(())
    }

    /// The set that approves what is due; `None` if there is nothing, or the affiliate is not approved any more.
    fn matured(&self, facts: MaturingFacts) -> Result<Option<(ChangeSet, Matured)>, AppError> {
        let MaturingFacts { merchant, affiliate, mut rows, accounts } = facts;
        let now = merchant.row.clock.at(self.context.now());
        if !affiliate.row.is_approved() || merchant.row.resetting {
            return Ok(None);
        }
        let mut set = self.context.set_for(&merchant)?;
        set.expect_unchanged(&affiliate);
        rows.sort_by_key(|row| (row.row.matures_at, row.row.original(), row.row.id));
        let mut accounts = Accounts::new(&*self.context.ids, accounts);
        let (mut count, mut lag, mut last) = (0, Duration::ZERO, None);
        for before in rows {
            let original = before.row.original();
            let is_together = last == Some(original);
            if count >= MOST_TOGETHER || (count >= CHUNK && !is_together) {
                break;
            }
            let Some(after) = before.row.matured(now) else { continue };
            if merchant.row.mode == Mode::Live {
                lag = lag.max(now.since(after.matures_at));
            }
            self.write(&mut set, &merchant.row, &mut accounts, before, after)?;
            (count, last) = (count + 1, Some(original));
        }
        accounts.write(&mut set);
        let rows = u64::try_from(count).unwrap_or(u64::MAX);
        Ok((count > 0).then_some((set, Matured { rows, lag })))
    }

    fn write(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        accounts: &mut Accounts<'_>,
        before: Versioned<Commission>,
        after: Commission,
    ) -> Result<(), AppError> {
        accounts.follow(&before.row, &after)?;
        self.context.announce_resource(
            set,
            merchant,
            Topic::CommissionApproved,
            after.updated_at,
            Resource::Commission(&after),
        );
        set.rows.commissions.change(before.version, after);
        Ok(())
    }
}

/// The due rows of each earner.
fn by_earner(due: Vec<DueCommission>) -> BTreeMap<(MerchantId, AffiliateId), Vec<CommissionId>> {
    let mut earners: BTreeMap<_, Vec<CommissionId>> = BTreeMap::new();
    for DueCommission { merchant_id, affiliate_id, id } in due {
        earners.entry((merchant_id, affiliate_id)).or_default().push(id);
    }
    earners
}
