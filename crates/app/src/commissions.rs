//! Commissions: list, get, approve, void.

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use domain::{
    Account, Commission, CommissionId, CommissionMove, CommissionStatus, Merchant, Reason, Refusal, Timestamp,
};
use ports::{
    ChangeSet, CommissionFilter, CommissionMoveFacts, CommissionReads, IdSourceExt, Lane, LaneKind, Page, PageAsk,
    ReplyStatus, Shown, Space, Topic, Version, Versioned,
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
        let mut ledger = Ledger::new(accounts);
        let after = commission.row.moved(ask.step, ask.reason.clone(), now)?;
        self.write_move(&mut set, &merchant, &mut ledger, commission, after.clone())?;
        if ask.step == CommissionMove::Void {
            for row in overrides {
                // One that is paid or void already stays as it is: those are final.
                if let Ok(after) = row.row.moved(ask.step, ask.reason.clone(), now) {
                    self.write_move(&mut set, &merchant, &mut ledger, row, after)?;
                }
            }
        }
        ledger.write(&mut set);
        let body = self.desk.wire.object(Shown::Commission(&after));
        Ok((set, Answer::first(ReplyStatus::Ok, body)))
    }

    fn write_move(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        ledger: &mut Ledger,
        before: Versioned<Commission>,
        after: Commission,
    ) -> Result<(), AppError> {
        ledger.follow(&before.row, &after, || self.desk.ids.id())?;
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

/// The accounts that a change touches, each written once.
struct Ledger {
    accounts: Vec<(Account, Option<Version>, bool)>,
}

impl Ledger {
    fn new(accounts: Vec<Versioned<Account>>) -> Self {
        Self { accounts: accounts.into_iter().map(|account| (account.row, Some(account.version), false)).collect() }
    }

    /// Moves the earner's account along with a row; opens it where it is the first. A move that leaves every sum as it
    /// was touches no account.
    fn follow(
        &mut self,
        before: &Commission,
        after: &Commission,
        id: impl FnOnce() -> domain::AccountId,
    ) -> Result<(), AppError> {
        let (affiliate, currency) = (after.affiliate_id, after.amount.currency());
        let known = self
            .accounts
            .iter_mut()
            .find(|(account, ..)| account.affiliate_id == affiliate && account.currency() == currency);
        match known {
            Some((account, _, touched)) => {
                let moved = account.moved(before, after)?;
                *touched |= moved != *account;
                *account = moved;
            }
            None => {
                let opened = Account::open(id(), affiliate, currency);
                let moved = opened.moved(before, after)?;
                if moved != opened {
                    self.accounts.push((moved, None, true));
                }
            }
        }
        Ok(())
    }

    fn write(self, set: &mut ChangeSet) {
        for (account, version, touched) in self.accounts {
            match version {
                _ if !touched => {}
                Some(version) => set.rows.accounts.change(version, account),
                None => {
                    set.claim(Space::Account, account.key(), account.id.uuid());
                    set.rows.accounts.insert(account);
                }
            }
        }
    }
}
