//! Sending a payout, and settling it: all of it at once, or line by line as the bank reports.

use super::{CHUNK, Payouts, not_where_it_was};
use crate::{
    AppError, IdempotentRequest, Principal, Response,
    accounts::Accounts,
    commit_loop::{CommitLoop, Decision, RequestLoop},
    context::UseCaseContext,
    lanes,
};
use domain::{
    AffiliateId, Commission, CommissionId, Merchant, Payout, PayoutId, PayoutItem, PayoutOutcome, PayoutStatus,
    Refusal, ResultLine, ResultOf, Settlement, Timestamp, reconcile_results,
};
use ports::{
    ChangeSet, FrozenFacts, FrozenItem, FrozenRequest, PayoutFacts, ReadError, Resource, ResponseStatus, Topic,
    Version, Versioned,
};
use std::{collections::BTreeMap, ops::ControlFlow};

/// What a person does with a payout.
#[derive(Debug, Clone, Copy)]
pub struct ChangePayoutCommand {
    /// The new status.
    pub status: PayoutStatus,
}

/// What the bank says became of a payout.
#[derive(Debug, Clone)]
pub struct RecordPayoutResultsCommand {
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

    /// The affiliates whose rows are read, in chunks that fit a query; all if the plan is for all.
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

/// What a step of settling writes, and the payout after it.
struct Settled {
    set: ChangeSet,
    merchant: Merchant,
    loaded: Version,
    payout: Payout,
    now: Timestamp,
    /// The last row it moves.
    last: Option<Cursor>,
    more: bool,
}

/// Where a step of settling ended: behind this row.
type Cursor = (AffiliateId, CommissionId);

/// What comes after a step of settling a payout whole.
enum Next {
    /// The rows behind this one.
    Rows(Option<Cursor>),
    /// Nothing: it was ended on another node meanwhile. The state says so to whoever asks again.
    Resource,
}

impl Payouts {
    /// Sends it, or settles everything that is open in it.
    pub async fn change(
        &self,
        who: &Principal,
        id: PayoutId,
        command: ChangePayoutCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let outcome = match command.status {
            PayoutStatus::Paid => PayoutOutcome::Paid,
            PayoutStatus::Failed => PayoutOutcome::Failed,
            PayoutStatus::Open | PayoutStatus::Processing => return self.send(who, id, command.status, request).await,
        };
        let mut steps = self.context.request(who.merchant_id, request, &[lanes::payout(who.merchant_id, id)]).await?;
        let facts = match steps.load(|| self.sealed(who, id, &[])).await? {
            ControlFlow::Break(stored) => return Ok(stored),
            ControlFlow::Continue(facts) => facts,
        };
        facts.payout.row.may_end(outcome)?;
        self.settle(who, id, &Plan::All(outcome), &mut steps).await
    }

    /// Takes in what the bank reports. Every line must be about an item of the payout and agree with it to the cent, or
    /// nothing is changed.
    pub async fn results(
        &self,
        who: &Principal,
        id: PayoutId,
        command: RecordPayoutResultsCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let mut steps = self.context.request(who.merchant_id, request, &[lanes::payout(who.merchant_id, id)]).await?;
        let facts = match steps.load(|| self.sealed(who, id, &command.lines)).await? {
            ControlFlow::Break(stored) => return Ok(stored),
            ControlFlow::Continue(facts) => facts,
        };
        let payout = facts.payout.row;
        payout.may_settle()?;
        let plan = Plan::Named(reconcile_results(&payout, &facts.items, &command.lines)?);
        let mut open = payout.open_count();
        for part in plan.parts() {
            open = self.steps(who, id, &plan, &part, &mut steps.commits).await?.open_count();
        }
        if open == 0 {
            return self.settle(who, id, &Plan::Rest, &mut steps).await;
        }
        self.resource(who, id, &mut steps).await
    }

    async fn send(
        &self,
        who: &Principal,
        id: PayoutId,
        to: PayoutStatus,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let lanes = [lanes::payout(who.merchant_id, id)];
        self.context
            .run(who.merchant_id, request, &lanes, || self.sealed(who, id, &[]), |facts| self.sent(to, facts))
            .await
    }

    fn sent(&self, to: PayoutStatus, facts: PayoutFacts) -> Result<(ChangeSet, Response), AppError> {
        let Versioned { row: before, version } = facts.payout;
        if to != PayoutStatus::Processing {
            let text = format!("A payout that is {} cannot become {}.", before.status.as_str(), to.as_str());
            return Err(Refusal::State(text).into());
        }
        let sent = before.sent(facts.merchant.row.clock.at(self.context.now()))?;
        let mut set = self.context.set_for(&facts.merchant)?;
        let body = self.context.renderer.object(Resource::Payout(&sent));
        self.context.announce(&mut set, &facts.merchant.row, Topic::PayoutSent, sent.updated_at, &body);
        set.rows.payouts.change(version, sent);
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }

    /// A sealed payout, and those of its items that the lines name.
    async fn sealed(
        &self,
        who: &Principal,
        id: PayoutId,
        lines: &[ResultLine],
    ) -> Result<Option<PayoutFacts>, ReadError> {
        let (mut items, mut affiliates) = (Vec::new(), Vec::new());
        for line in lines {
            match line.of {
                ResultOf::Item(id) => items.push(id),
                ResultOf::Affiliate(id) => affiliates.push(id),
            }
        }
        let facts = self.reads.payout_facts(who.merchant_id, id, &items, &affiliates).await?;
        Ok(facts.filter(|facts| facts.payout.row.sealed_at.is_some()))
    }

    /// Settles everything that the plan says, and ends the payout in the same set as its last commission.
    async fn settle(
        &self,
        who: &Principal,
        id: PayoutId,
        plan: &Plan,
        steps: &mut RequestLoop<'_>,
    ) -> Result<Response, AppError> {
        let mut after = None;
        loop {
            let load = || self.frozen_rows(who, id, &[], after);
            match steps.respond(load, |facts| self.settled_on(facts, plan)).await? {
                ControlFlow::Break(response) => return Ok(response),
                ControlFlow::Continue(Next::Rows(last)) => after = last,
                ControlFlow::Continue(Next::Resource) => return self.resource(who, id, steps).await,
            }
        }
    }

    fn settled_on(&self, facts: FrozenFacts, plan: &Plan) -> Result<Decision<ControlFlow<Response, Next>>, AppError> {
        let Settled { mut set, merchant, loaded, payout, now, last, more } = settled(&self.context, facts, plan)?;
        if more {
            return Ok(Decision::commit(set, ControlFlow::Continue(Next::Rows(last))));
        }
        let Some(ended) = payout.ended(now) else { return Ok(Decision::Return(ControlFlow::Continue(Next::Resource))) };
        let body = self.context.renderer.object(Resource::Payout(&ended));
        let topic = if ended.status == PayoutStatus::Paid { Topic::PayoutPaid } else { Topic::PayoutFailed };
        self.context.announce(&mut set, &merchant, topic, ended.updated_at, &body);
        set.rows.payouts.changed.clear();
        set.rows.payouts.change(loaded, ended);
        Ok(Decision::commit(set, ControlFlow::Break(Response::first(ResponseStatus::Ok, body))))
    }

    /// Settles the items of these affiliates; the payout after them.
    async fn steps(
        &self,
        who: &Principal,
        id: PayoutId,
        plan: &Plan,
        only: &[AffiliateId],
        commits: &mut CommitLoop<'_>,
    ) -> Result<Payout, AppError> {
        let mut after = None;
        loop {
            let decide = |facts: Option<FrozenFacts>| {
                let Settled { set, payout, last, more, .. } =
                    settled(&self.context, facts.ok_or(Refusal::NotFound)?, plan)?;
                Ok(Decision::commit(set, (payout, more.then_some(last))))
            };
            match commits.step(|| self.frozen_rows(who, id, only, after), decide).await? {
                (payout, None) => return Ok(payout),
                (_, Some(last)) => after = last,
            }
        }
    }

    /// Stores the current payout as the response to the request.
    async fn resource(&self, who: &Principal, id: PayoutId, steps: &mut RequestLoop<'_>) -> Result<Response, AppError> {
        let decide = |facts: PayoutFacts| {
            let set = self.context.set_for(&facts.merchant)?;
            let body = self.context.renderer.object(Resource::Payout(&facts.payout.row));
            Ok(Decision::commit(set, Response::first(ResponseStatus::Ok, body)))
        };
        steps.respond(|| self.reads.payout_facts(who.merchant_id, id, &[], &[]), decide).await
    }

    async fn frozen_rows(
        &self,
        who: &Principal,
        id: PayoutId,
        only: &[AffiliateId],
        after: Option<Cursor>,
    ) -> Result<Option<FrozenFacts>, ReadError> {
        let command = FrozenRequest { payout: id, only: only.to_vec(), after, rows: CHUNK };
        self.reads.payout_frozen(who.merchant_id, &command).await
    }
}

/// Settles the items of these rows as planned, and moves the rows. An item that was settled before keeps its result.
fn settled(context: &UseCaseContext, facts: FrozenFacts, plan: &Plan) -> Result<Settled, AppError> {
    let FrozenFacts { merchant, payout: Versioned { row: before, version: loaded }, items, more } = facts;
    let now = merchant.row.clock.at(context.now());
    let mut set = context.set_for(&merchant)?;
    let merchant = merchant.row;
    let mut accounts = Accounts::new(&*context.ids, items.iter().map(|frozen| frozen.account.clone()).collect());
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
                context.announce_resource(
                    &mut set,
                    &merchant,
                    Topic::CommissionPaid,
                    now,
                    Resource::Commission(&after),
                );
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
    after.ok_or_else(not_where_it_was)
}
