//! Building a payout: what is due is frozen step by step, unseen, and the last step seals it.

use super::{CHUNK, CreatePayoutCommand, Payouts, not_where_it_was};
use crate::{
    AppError, IdempotentRequest, Principal, Response,
    accounts::Accounts,
    commit_loop::{Decision, RequestLoop},
    lanes,
};
use domain::{Affiliate, AffiliateId, Currency, Merchant, MerchantId, Money, Payout, PayoutItem, Refusal};
use ports::{
    ChangeSet, DueAccount, DueFacts, DuePart, DueRequest, Entity, IdSourceExt, Lane, Resource, ResponseStatus, RowRef,
    Space, Topic, Version, Versioned,
};
use std::{collections::BTreeMap, ops::ControlFlow};

type Items = BTreeMap<AffiliateId, Versioned<PayoutItem>>;

/// Where the building of a payout stands.
enum State {
    /// Accounts are frozen, from this part of what is due on.
    Freezing(DuePart),
    /// All are frozen, but these are worth less than is paid out: rows were taken back while a large account was frozen.
    DroppingShort(Vec<AffiliateId>),
    /// It is done.
    Sealed(Response),
}

/// The building of a payout.
struct Building<'a> {
    payouts: &'a Payouts,
    merchant: MerchantId,
    command: &'a CreatePayoutCommand,
    steps: RequestLoop<'a>,
    /// What of it is stored and not sealed.
    draft: Option<Draft>,
    /// What an account must be owed, as it was last known.
    least: Money,
}

/// A payout that is not sealed.
struct Draft {
    payout: Payout,
    /// Absent until its first step is stored.
    stored: Option<Version>,
    items: Items,
}

/// What a step of freezing is decided on.
struct Due {
    facts: DueFacts,
    least: Money,
    has_unknown_affiliates: bool,
}

/// What a step takes of what is due.
struct Step {
    accounts: Vec<DueAccount>,
    /// Where the next step begins; absent after the last.
    next: Option<DuePart>,
}

/// What a step that did not seal the payout left.
struct Frozen {
    payout: Payout,
    items: Items,
    next: Option<DuePart>,
    least: Money,
}

impl Payouts {
    /// Builds a payout of everything that is due, and seals it. Affiliates that are owed less than the minimum wait for
    /// a later payout.
    pub async fn create(
        &self,
        who: &Principal,
        command: CreatePayoutCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let merchant = who.merchant_id;
        let steps = self.context.request(merchant, request, &[lanes::payouts(merchant)]).await?;
        let least = Money::from_minor(1, command.currency);
        let mut building = Building { payouts: self, merchant, command: &command, steps, draft: None, least };
        let built = building.build().await;
        if let Some(draft) = &building.draft {
            // What cannot be done now, the worker does a minute later.
            if let Err(error) = self.dissolve(merchant, draft.payout.id).await {
                tracing::warn!(%error, "a payout that could not be built was not dissolved at once");
            }
        }
        built
    }

    /// A part of what is due by the minimum that the settings have by now; before the payout is begun, with whether all
    /// affiliates exist that it is for.
    async fn due_facts(
        &self,
        merchant: MerchantId,
        command: &CreatePayoutCommand,
        begun: bool,
        part: DuePart,
        mut least: Money,
    ) -> Result<Option<Due>, AppError> {
        let has_unknown_affiliates = !begun && self.has_unknown_affiliates(merchant, &command.affiliate_ids).await?;
        loop {
            let asked = DueRequest {
                currency: command.currency,
                least,
                only: command.affiliate_ids.clone(),
                part,
                rows: CHUNK,
            };
            let Some(facts) = self.reads.payout_due(merchant, &asked).await? else { return Ok(None) };
            let minimum = Payout::least(command.currency, facts.merchant.row.settings.min_payout);
            if minimum == least || matches!(part, DuePart::Rest { .. }) {
                return Ok(Some(Due { facts, least, has_unknown_affiliates }));
            }
            least = minimum;
        }
    }

    async fn has_unknown_affiliates(&self, merchant: MerchantId, ids: &[AffiliateId]) -> Result<bool, AppError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let known = self.reads.known_affiliates(merchant, ids).await?;
        Ok(ids.iter().any(|id| !known.contains(id)))
    }
}

impl Building<'_> {
    async fn build(&mut self) -> Result<Response, AppError> {
        let mut state = State::Freezing(DuePart::Accounts { after: None });
        loop {
            state = match state {
                State::Freezing(part) => self.freeze(part).await?,
                State::DroppingShort(short) => self.drop_short(&short).await?,
                State::Sealed(response) => return Ok(response),
            };
        }
    }

    /// Freezes the next accounts, and seals the payout with them if they are the last.
    async fn freeze(&mut self, part: DuePart) -> Result<State, AppError> {
        let (payouts, merchant, command, least) = (self.payouts, self.merchant, self.command, self.least);
        let Self { steps, draft, .. } = self;
        let (begun, known) = (draft.is_some(), draft.as_ref());
        let load = || payouts.due_facts(merchant, command, begun, part, least);
        let decide = |due| payouts.freeze(command.currency, known, part, due);
        let Frozen { payout, items, next, least: minimum } = match steps.respond(load, decide).await? {
            ControlFlow::Break(response) => {
                // A stored response is about another payout: then this one is left to be dissolved.
                if !response.replayed {
                    *draft = None;
                }
                return Ok(State::Sealed(response));
            }
            ControlFlow::Continue(frozen) => frozen,
        };
        self.least = minimum;
        let stored = || Draft { payout, stored: Some(Version::FIRST), items: Items::new() };
        let draft = self.draft.get_or_insert_with(stored);
        draft.items.extend(items);
        Ok(next.map_or_else(|| State::DroppingShort(draft.short(&Items::new(), minimum)), State::Freezing))
    }

    /// Gives the rows of those items back that are worth too little after all, and drops the items.
    async fn drop_short(&mut self, short: &[AffiliateId]) -> Result<State, AppError> {
        let mut last = short.iter().copied().max();
        if let Some(draft) = &mut self.draft {
            self.payouts.give_back(self.merchant, draft.payout.id, short).await?;
            draft.items.retain(|of, _| !short.contains(of));
            last = last.max(draft.items.keys().copied().max());
        }
        // Nothing is left to be frozen: the next step finds nothing after the last account, and seals.
        Ok(State::Freezing(DuePart::Accounts { after: last }))
    }
}

impl Draft {
    fn begin(payouts: &Payouts, merchant: &Merchant, currency: Currency) -> Self {
        let real = payouts.context.now();
        let payout = Payout::begin(payouts.context.ids.id(), currency, real, merchant.clock.at(real));
        Self { payout, stored: None, items: Items::new() }
    }

    /// What of the facts a step takes. An account is taken whole wherever it fits into a step.
    fn step(&self, part: DuePart, mut accounts: Vec<DueAccount>, more: bool) -> Step {
        if more && accounts.len() > 1 {
            accounts.pop();
        }
        let end =
            accounts.last().and_then(|last| Some((last.account.row.affiliate_id, last.rows.last()?.row.id, last)));
        let next = match (end, part) {
            (Some((of, row, _)), _) if more && accounts.len() == 1 => Some(DuePart::Rest { of, after: row }),
            (Some((of, ..)), _) if more => Some(DuePart::Accounts { after: Some(of) }),
            (_, DuePart::Rest { of, .. }) => Some(DuePart::Accounts { after: Some(of) }),
            (_, DuePart::Accounts { .. }) => None,
        };
        let taken = self.items.values().map(|item| item.row.commissions_count).sum::<u32>();
        let rows = accounts.iter().map(|account| account.rows.len()).sum::<usize>();
        let full = taken.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX)) >= Payout::MOST_COMMISSIONS;
        let next = next.filter(|next| !full || matches!(next, DuePart::Rest { .. }));
        Step { accounts, next }
    }

    /// The items as they are with those that the present step leaves.
    fn with<'a>(&'a self, left: &'a Items) -> impl Iterator<Item = &'a PayoutItem> {
        let untouched = self.items.iter().filter(|(of, _)| !left.contains_key(of));
        untouched.chain(left).map(|(_, item)| &item.row)
    }

    /// Whose items are worth less than is paid out.
    fn short(&self, left: &Items, least: Money) -> Vec<AffiliateId> {
        let short = self.with(left).filter(|item| item.amount.minor() < least.minor());
        short.map(|item| item.affiliate_id).collect()
    }
}

impl Payouts {
    /// Freezes what is due, and seals the payout if nothing more is and no item is short.
    fn freeze(
        &self,
        currency: Currency,
        draft: Option<&Draft>,
        part: DuePart,
        due: Due,
    ) -> Result<Decision<ControlFlow<Response, Frozen>>, AppError> {
        let Due { facts: DueFacts { merchant, accounts, more }, least, has_unknown_affiliates } = due;
        if has_unknown_affiliates {
            return Err(Refusal::invalid("affiliate_ids", "must be ids of existing affiliates").into());
        }
        let begun;
        let draft = match draft {
            Some(draft) => draft,
            None => {
                begun = Draft::begin(self, &merchant.row, currency);
                &begun
            }
        };
        let step = draft.step(part, accounts, more);
        let (mut set, items) = self.freezing(&merchant, draft, &step)?;
        let outcome = if step.next.is_none() && draft.short(&items, least).is_empty() {
            ControlFlow::Break(self.seal(&mut set, &merchant.row, draft, &items)?)
        } else {
            ControlFlow::Continue(Frozen { payout: draft.payout.clone(), items, next: step.next, least })
        };
        // Whoever moved a row of these accounts, and this, wait for each other from now on, where they can.
        Ok(Decision::Commit { set, outcome, contended: lanes_of(merchant.row.id, &step) })
    }

    /// The set that freezes what a step takes, and the items that it leaves.
    fn freezing(
        &self,
        merchant: &Versioned<Merchant>,
        draft: &Draft,
        step: &Step,
    ) -> Result<(ChangeSet, Items), AppError> {
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(merchant)?;
        set.expect_unchanged(merchant);
        match draft.stored {
            Some(version) => set.expect_unchanged(&Versioned { row: draft.payout.clone(), version }),
            None => set.rows.payouts.insert(draft.payout.clone()),
        }
        let mut items = Items::new();
        let loaded = step.accounts.iter().map(|due| due.account.clone()).collect();
        let mut accounts = Accounts::new(&*self.context.ids, loaded);
        for DueAccount { account, affiliate, rows } in &step.accounts {
            let of = account.row.affiliate_id;
            set.unchanged.push((RowRef { table: Affiliate::TABLE, id: of.uuid() }, *affiliate));
            let known = draft.items.get(&of);
            let mut item = match known {
                Some(known) => known.row.clone(),
                None => PayoutItem::begin(self.context.ids.id(), &draft.payout, of, now),
            };
            for row in rows {
                let after = row.row.frozen_in(draft.payout.id, now).ok_or_else(not_where_it_was)?;
                item = item.with(&after)?;
                accounts.follow(&row.row, &after)?;
                set.rows.commissions.change(row.version, after);
            }
            let version = known.map_or(Version::FIRST, |known| known.version.next());
            items.insert(of, Versioned { row: item.clone(), version });
            match known {
                Some(known) => set.rows.payout_items.change(known.version, item),
                None => {
                    set.claim(Space::PayoutAccount, item.key(), item.id.uuid());
                    set.rows.payout_items.insert(item);
                }
            }
        }
        accounts.write(&mut set);
        Ok((set, items))
    }

    /// Seals the payout with the set of its last step.
    fn seal(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        draft: &Draft,
        items: &Items,
    ) -> Result<Response, AppError> {
        let now = merchant.clock.at(self.context.now());
        let sealed = draft.payout.sealed(draft.with(items), now)?;
        if sealed.items_count == 0 {
            return Err(Refusal::State(format!("Nothing is due in {}.", sealed.currency())).into());
        }
        let body = self.context.renderer.object(Resource::Payout(&sealed));
        self.context.announce(set, merchant, Topic::PayoutCreated, now, &body);
        match draft.stored {
            Some(version) => set.rows.payouts.change(version, sealed),
            None => set.rows.payouts.new = vec![sealed],
        }
        Ok(Response::first(ResponseStatus::Created, body))
    }
}

fn lanes_of(merchant: MerchantId, step: &Step) -> Vec<Lane> {
    let earners = step.accounts.iter().map(|due| due.account.row.affiliate_id);
    earners.map(|id| lanes::affiliate(merchant, id)).collect()
}
