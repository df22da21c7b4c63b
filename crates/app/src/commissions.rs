//! Commissions: list, get, approve, void.

use crate::{Answer, AppError, Once, Principal, accounts::Accounts, desk::Desk};
use domain::{Commission, CommissionId, CommissionMove, CommissionStatus, Merchant, Reason, Refusal, Timestamp};
use ports::{
    ChangeSet, CommissionFilter, CommissionMoveFacts, CommissionReads, Lane, LaneKind, Page, PageAsk, ReplyStatus,
    Shown, Topic, Versioned,
};
use std::sync::Arc;

/// The use cases of commissions.
pub struct Commissions {
    desk: Arc<Desk>,
    reads: Arc<dyn CommissionReads>,
}

/// What a person does with a commission.
#[derive(Debug, Clone)]
pub struct MoveCommission {
    /// The move.
    pub step: CommissionMove,
    /// Why.
    pub reason: Option<Reason>,
}

impl Commissions {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn CommissionReads>) -> Self {
        Self { desk, reads }
    }

    /// One commission.
    pub async fn get(&self, who: &Principal, id: CommissionId) -> Result<Commission, AppError> {
        Ok(self.reads.commission(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &CommissionFilter,
        ask: &PageAsk,
    ) -> Result<Page<Commission>, AppError> {
        Ok(self.reads.commissions(who.merchant_id, filter, ask).await?)
    }

    /// Approves or voids one. Voiding a leaf voids the overrides that were reckoned from it; approving moves one row.
    pub async fn change(
        &self,
        who: &Principal,
        id: CommissionId,
        ask: MoveCommission,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let lane = Lane { merchant: who.merchant_id, kind: LaneKind::Commission, id: id.uuid() };
        let attempts = self.desk.attempts(who.merchant_id, once, &[lane]).await?;
        loop {
            let facts = self.reads.commission_move_facts(who.merchant_id, id).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let (set, answer) = self.moved(&ask, facts.ok_or(Refusal::NotFound)?)?;
            if let Some(answer) = attempts.commit(set, answer).await? {
                return Ok(answer);
            }
        }
    }

    fn moved(&self, ask: &MoveCommission, facts: CommissionMoveFacts) -> Result<(ChangeSet, Answer), AppError> {
        let CommissionMoveFacts { merchant, commission, overrides, affiliates, accounts } = facts;
        let now = merchant.row.clock.at(self.desk.now());
        let mut set = self.desk.set_for(&merchant)?;
        let merchant = merchant.row;
        if ask.step == CommissionMove::Approve {
            let earner = affiliates.iter().find(|affiliate| affiliate.row.id == commission.row.affiliate_id);
            let earner = earner
                .filter(|affiliate| affiliate.row.is_approved())
                .ok_or_else(|| Refusal::State("Only an approved affiliate's commission can be approved.".to_owned()))?;
            set.hold_still(earner);
        }
        let mut kept = Accounts::new(&*self.desk.ids, accounts);
        let after = commission.row.moved(ask.step, ask.reason.clone(), now)?;
        self.write_move(&mut set, &merchant, &mut kept, commission, after.clone())?;
        if ask.step == CommissionMove::Void {
            for row in overrides {
                // One that is paid or void already stays as it is: those are final.
                if let Ok(after) = row.row.moved(ask.step, ask.reason.clone(), now) {
                    self.write_move(&mut set, &merchant, &mut kept, row, after)?;
                }
            }
        }
        kept.write(&mut set);
        let body = self.desk.wire.object(Shown::Commission(&after));
        Ok((set, Answer::first(ReplyStatus::Ok, body)))
    }

    fn write_move(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        kept: &mut Accounts<'_>,
        before: Versioned<Commission>,
        after: Commission,
    ) -> Result<(), AppError> {
        kept.follow(&before.row, &after)?;
        let topic = match after.status {
            CommissionStatus::Approved => Topic::CommissionApproved,
            _ => Topic::CommissionVoided,
        };
        let at: Timestamp = after.updated_at;
        self.desk.announce_shown(set, merchant, topic, at, Shown::Commission(&after));
        set.rows.commissions.change(before.version, after);
        Ok(())
    }
}
