//! Sending a payout, and settling it: all of it at once, or line by line as the bank reports.

use super::{CHUNK, Payouts, build::not_frozen, lane};
use crate::{
    Answer, AppError, Once, Principal,
    accounts::Accounts,
    desk::{Attempts, Desk},
};
use domain::{
    AffiliateId, Commission, CommissionId, Merchant, Payout, PayoutId, PayoutItem, PayoutOutcome, PayoutStatus,
    Refusal, ResultLine, ResultOf, Settlement, Timestamp, reconcile_results,
};
use ports::{ChangeSet, FrozenAsk, FrozenFacts, FrozenItem, ReplyStatus, Shown, Topic, Version, Versioned};
use std::collections::BTreeMap;

/// What a person does with a payout.
#[derive(Debug, Clone, Copy)]
pub struct PayoutChange {
    /// Where it shall stand.
    pub status: PayoutStatus,
}

/// What the bank says became of a payout.
#[derive(Debug, Clone)]
pub struct PayoutResults {
    /// Its lines.
    pub lines: Vec<ResultLine>,
}

/// How the open items end.
enum Plan {
    /// All in the same way.
    All(PayoutOutcome),
    /// Only these, each in its own way.
    Named(BTreeMap<AffiliateId, Settlement>),
    /// None: only the commissions follow of items that ended before.
    Rest,
}

impl Plan {
    fn of(&self, item: &PayoutItem) -> Option<Settlement> {
        match self {
            Self::All(outcome) => Some((*outcome).into()),
            Self::Named(settled) => settled.get(&item.affiliate_id).cloned(),
            Self::Rest => None,
        }
    }

    /// Whose rows are asked for, in parts that fit a question; everybody's where the plan is for all.
    fn parts(&self) -> Vec<Vec<AffiliateId>> {
        match self {
            Self::All(_) | Self::Rest => vec![Vec::new()],
            Self::Named(settled) => {
                let ids: Vec<AffiliateId> = settled.keys().copied().collect();
                ids.chunks(usize::try_from(CHUNK).unwrap_or(1)).map(<[_]>::to_vec).collect()
            }
        }
    }
}

/// A step of settling: what it writes, and the payout after it.
struct Settled {
    set: ChangeSet,
    merchant: Merchant,
    loaded: Version,
    payout: Payout,
    now: Timestamp,
    /// The last row it moves.
    last: Option<(AffiliateId, CommissionId)>,
    more: bool,
}

impl Payouts {
    /// Sends it, or settles everything that is open in it.
    pub async fn change(
        &self,
        who: &Principal,
        id: PayoutId,
        ask: PayoutChange,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let mut attempts = self.desk.attempts(who.merchant_id, once, &[lane(who.merchant_id, id.uuid())]).await?;
        let outcome = match ask.status {
            PayoutStatus::Paid => PayoutOutcome::Paid,
            PayoutStatus::Failed => PayoutOutcome::Failed,
            PayoutStatus::Open | PayoutStatus::Processing => return self.send(who, id, ask.status, &attempts).await,
        };
        let (payout, _) = match self.facts(who, id, &[], &attempts).await? {
            Ok(found) => found,
            Err(kept) => return Ok(kept),
        };
        payout.may_end(outcome)?;
        self.settle(who, id, &Plan::All(outcome), &mut attempts).await
    }

    /// Takes in what the bank reports. Every line must be about an item of the payout and agree with it to the cent, or
    /// nothing is changed.
    pub async fn results(
        &self,
        who: &Principal,
        id: PayoutId,
        ask: PayoutResults,
        once: Option<Once>,
    ) -> Result<Answer, AppError> {
        let mut attempts = self.desk.attempts(who.merchant_id, once, &[lane(who.merchant_id, id.uuid())]).await?;
        let (payout, items) = match self.facts(who, id, &ask.lines, &attempts).await? {
            Ok(found) => found,
            Err(kept) => return Ok(kept),
        };
        payout.may_settle()?;
        let settled = reconcile_results(&payout, &items, &ask.lines)?;
        let plan = Plan::Named(settled);
        let mut open = payout.open_count();
        for part in plan.parts() {
            open = self.steps(who, id, &plan, &part, &mut attempts).await?.open_count();
        }
        if open == 0 {
            return self.settle(who, id, &Plan::Rest, &mut attempts).await;
        }
        self.shown(who, id, &attempts).await
    }

    async fn send(
        &self,
        who: &Principal,
        id: PayoutId,
        to: PayoutStatus,
        attempts: &Attempts<'_>,
    ) -> Result<Answer, AppError> {
        loop {
            let facts = self.reads.payout_facts(who.merchant_id, id, &[], &[]).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let facts = facts.filter(|facts| facts.payout.row.sealed_at.is_some()).ok_or(Refusal::NotFound)?;
            let payout = facts.payout;
            if to != PayoutStatus::Processing {
                let from = payout.row.status.as_str();
                let text = format!("A payout that is {from} cannot become {}.", to.as_str());
                return Err(Refusal::State(text).into());
            }
            let sent = payout.row.sent(facts.merchant.row.clock.at(self.desk.now()))?;
            let mut set = self.desk.set_for(&facts.merchant)?;
            let body = self.desk.wire.object(Shown::Payout(&sent));
            self.desk.announce(&mut set, &facts.merchant.row, Topic::PayoutSent, sent.updated_at, &body);
            set.rows.payouts.change(payout.version, sent);
            if let Some(answer) = attempts.commit(set, Answer::first(ReplyStatus::Ok, body)).await? {
                return Ok(answer);
            }
        }
    }

    /// The payout and those of its items that the lines name, or the answer that was kept for the request.
    #[allow(clippy::type_complexity, reason = "the answer, or what to go on with")]
    async fn facts(
        &self,
        who: &Principal,
        id: PayoutId,
        lines: &[ResultLine],
        attempts: &Attempts<'_>,
    ) -> Result<Result<(Payout, Vec<PayoutItem>), Answer>, AppError> {
        let (mut items, mut affiliates) = (Vec::new(), Vec::new());
        for line in lines {
            match line.of {
                ResultOf::Item(id) => items.push(id),
                ResultOf::Affiliate(id) => affiliates.push(id),
            }
        }
        let facts = self.reads.payout_facts(who.merchant_id, id, &items, &affiliates).await?;
        if let Some(kept) = attempts.kept_answer().await? {
            return Ok(Err(kept));
        }
        let facts = facts.filter(|facts| facts.payout.row.sealed_at.is_some()).ok_or(Refusal::NotFound)?;
        Ok(Ok((facts.payout.row, facts.items)))
    }

    /// Settles everything that the plan says, and ends the payout in the same set as its last commission.
    async fn settle(
        &self,
        who: &Principal,
        id: PayoutId,
        plan: &Plan,
        attempts: &mut Attempts<'_>,
    ) -> Result<Answer, AppError> {
        let mut after = None;
        loop {
            let Settled { mut set, merchant, loaded, payout, now, last, more } =
                self.step(who, id, plan, &[], after).await?;
            if more {
                if attempts.write(set).await? {
                    attempts.progressed();
                    after = last;
                }
                continue;
            }
            let Some(ended) = payout.ended(now) else {
                // It was ended on another node meanwhile; the state says so to whoever asks again.
                return self.shown(who, id, attempts).await;
            };
            let body = self.desk.wire.object(Shown::Payout(&ended));
            let topic = if ended.status == PayoutStatus::Paid { Topic::PayoutPaid } else { Topic::PayoutFailed };
            self.desk.announce(&mut set, &merchant, topic, ended.updated_at, &body);
            set.rows.payouts.changed.clear();
            set.rows.payouts.change(loaded, ended);
            if let Some(answer) = attempts.commit(set, Answer::first(ReplyStatus::Ok, body)).await? {
                return Ok(answer);
            }
        }
    }

    /// Settles the items of these affiliates; the payout after them.
    async fn steps(
        &self,
        who: &Principal,
        id: PayoutId,
        plan: &Plan,
        only: &[AffiliateId],
        attempts: &mut Attempts<'_>,
    ) -> Result<Payout, AppError> {
        let mut after = None;
        loop {
            let Settled { set, payout, last, more, .. } = self.step(who, id, plan, only, after).await?;
            if attempts.write(set).await? {
                attempts.progressed();
                if !more {
                    return Ok(payout);
                }
                after = last;
            }
        }
    }

    /// The payout as it is now, kept as the answer to the request.
    async fn shown(&self, who: &Principal, id: PayoutId, attempts: &Attempts<'_>) -> Result<Answer, AppError> {
        loop {
            let facts = self.reads.payout_facts(who.merchant_id, id, &[], &[]).await?.ok_or(Refusal::NotFound)?;
            let set = self.desk.set_for(&facts.merchant)?;
            let body = self.desk.wire.object(Shown::Payout(&facts.payout.row));
            if let Some(answer) = attempts.commit(set, Answer::first(ReplyStatus::Ok, body)).await? {
                return Ok(answer);
            }
        }
    }

    async fn step(
        &self,
        who: &Principal,
        id: PayoutId,
        plan: &Plan,
        only: &[AffiliateId],
        after: Option<(AffiliateId, CommissionId)>,
    ) -> Result<Settled, AppError> {
        let ask = FrozenAsk { payout: id, only: only.to_vec(), after, rows: CHUNK };
        let facts = self.reads.payout_frozen(who.merchant_id, &ask).await?.ok_or(Refusal::NotFound)?;
        settled(&self.desk, facts, plan)
    }
}

/// Settles the items of these rows as the plan says, and lets the rows follow. An item that ended before keeps its end.
fn settled(desk: &Desk, facts: FrozenFacts, plan: &Plan) -> Result<Settled, AppError> {
    let FrozenFacts { merchant, payout: Versioned { row: before, version: loaded }, items, more } = facts;
    let now = merchant.row.clock.at(desk.now());
    let mut set = desk.set_for(&merchant)?;
    let merchant = merchant.row;
    let mut accounts = Accounts::new(&*desk.ids, items.iter().map(|frozen| frozen.account.clone()).collect());
    let (mut payout, mut last) = (before.clone(), None);
    for FrozenItem { item, account: _, rows } in items {
        last = rows.last().map(|row| (row.row.affiliate_id, row.row.id)).or(last);
        let outcome = match (item.row.outcome(), plan.of(&item.row)) {
            (Some(known), _) => known,
            (None, None) => continue,
            (None, Some(settlement)) => {
                let outcome = settlement.outcome;
                payout = payout.with_settled(&item.row, outcome, now)?;
                if let Some(ended) = item.row.settled(settlement, now) {
                    set.rows.payout_items.change(item.version, ended);
                }
                outcome
            }
        };
        for row in rows {
            let after = follow(&row.row, outcome, now)?;
            accounts.follow(&row.row, &after)?;
            if outcome == PayoutOutcome::Paid {
                desk.announce_shown(&mut set, &merchant, Topic::CommissionPaid, now, Shown::Commission(&after));
            }
            set.rows.commissions.change(row.version, after);
        }
    }
    accounts.write(&mut set);
    if payout != before {
        set.rows.payouts.change(loaded, payout.clone());
    }
    Ok(Settled { set, merchant, loaded, payout, now, last, more })
}

fn follow(row: &Commission, outcome: PayoutOutcome, now: Timestamp) -> Result<Commission, AppError> {
    let after = match outcome {
        PayoutOutcome::Paid => row.paid_out(now),
        PayoutOutcome::Failed => row.given_back(now),
    };
    after.ok_or_else(not_frozen)
}
