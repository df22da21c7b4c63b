//! Commissions: list, get, approve, void.

use crate::{AppError, IdempotentRequest, Principal, Response, accounts::Accounts, context::UseCaseContext, lanes};
use domain::{
    Commission, CommissionId, CommissionMove, CommissionStatus, Merchant, Reason, Refusal, Timestamp, moved_together,
};
use ports::{
    ChangeSet, CommissionFilter, CommissionMoveFacts, CommissionReads, Lane, Page, PageRequest, Resource,
    ResponseStatus, Topic, Versioned,
};
use std::sync::Arc;

/// The use cases of commissions.
pub struct Commissions {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn CommissionReads>,
}

/// What a person does with a commission.
#[derive(Debug, Clone)]
pub struct MoveCommissionCommand {
    /// The move.
    pub step: CommissionMove,
    /// Why.
    pub reason: Option<Reason>,
}

impl Commissions {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn CommissionReads>) -> Self {
        Self { context, reads }
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
        page: &PageRequest,
    ) -> Result<Page<Commission>, AppError> {
        Ok(self.reads.commissions(who.merchant_id, filter, page).await?)
    }

    /// Approves or voids a commission, and the reversals that share its state. Voiding a leaf voids the overrides
    /// calculated from it; approving leaves them as they are.
    pub async fn change(
        &self,
        who: &Principal,
        id: CommissionId,
        command: MoveCommissionCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        // The commission's affiliate never changes. Every use case that moves commissions of one affiliate, payouts
        // too, writes the same account.
        let found = self.reads.commission(who.merchant_id, id).await?;
        let lanes: Vec<Lane> =
            found.iter().map(|found| lanes::affiliate(who.merchant_id, found.affiliate_id)).collect();
        let load = || self.reads.commission_move_facts(who.merchant_id, id);
        self.context.run(who.merchant_id, request, &lanes, load, |facts| self.moved(id, &command, facts)).await
    }

    fn moved(
        &self,
        id: CommissionId,
        command: &MoveCommissionCommand,
        facts: CommissionMoveFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let CommissionMoveFacts { merchant, rows, affiliates, accounts } = facts;
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        let merchant = merchant.row;
        let sale_commissions: Vec<Commission> = rows.iter().map(|row| row.row.clone()).collect();
        let moved = moved_together(id, &sale_commissions, command.step, command.reason.as_ref(), now)?;
        let asked = moved.iter().find(|row| row.id == id).ok_or(Refusal::NotFound)?;
        if command.step == CommissionMove::Approve {
            let earner = affiliates.iter().find(|affiliate| affiliate.row.id == asked.affiliate_id);
            let earner = earner
                .filter(|affiliate| affiliate.row.is_approved())
                .ok_or_else(|| Refusal::State("Only an approved affiliate's commission can be approved.".to_owned()))?;
            set.expect_unchanged(earner);
        }
        // A reversal that moves alone does so because of where its row is.
        if let Some(original) = rows.iter().find(|row| asked.reverses == Some(row.row.id)) {
            set.expect_unchanged(original);
        }
        let body = self.context.renderer.object(Resource::Commission(asked));
        let mut kept = Accounts::new(&*self.context.ids, accounts);
        for after in moved {
            let before = rows.iter().find(|row| row.row.id == after.id).ok_or(Refusal::NotFound)?;
            self.write_move(&mut set, &merchant, &mut kept, before, after)?;
        }
        kept.write(&mut set);
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }

    fn write_move(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        kept: &mut Accounts<'_>,
        before: &Versioned<Commission>,
        after: Commission,
    ) -> Result<(), AppError> {
        kept.follow(&before.row, &after)?;
        let topic = match after.status {
            CommissionStatus::Approved => Topic::CommissionApproved,
            _ => Topic::CommissionVoided,
        };
        let at: Timestamp = after.updated_at;
        self.context.announce_resource(set, merchant, topic, at, Resource::Commission(&after));
        set.rows.commissions.change(before.version, after);
        Ok(())
    }
}
