//! Building a payout, and taking back one that was never sealed.

use super::{CHUNK, CreatePayout, Payouts, lane};
use crate::{
    Answer, AppError, Once, Principal,
    accounts::Accounts,
    desk::{Attempts, Desk},
    workers::Turn,
};
use domain::{Affiliate, AffiliateId, Currency, Merchant, MerchantId, Money, Payout, PayoutId, PayoutItem, Refusal};
use ports::{
    ChangeSet, DueAccount, DueAsk, DueFacts, DuePart, Entity, FrozenAsk, FrozenFacts, FrozenItem, IdSourceExt, Lane,
    LaneKind, ReplyStatus, RowRef, Shown, Space, Topic, Version, Versioned,
};
use std::{collections::BTreeMap, time::Duration};

/// A payout that is not sealed after this long has nobody who builds it any more.
const STALE: Duration = Duration::from_secs(60);
/// How many stale ones one run dissolves at the most.
const MOST_STALE: u32 = 100;

type Items = BTreeMap<AffiliateId, Versioned<PayoutItem>>;

/// A payout in the making.
struct Build {
    payout: Payout,
    /// Absent until its first step is stored.
    stored: Option<Version>,
    sealed: bool,
    items: Items,
    part: DuePart,
}

/// What one step adds to it.
struct Step {
    accounts: Vec<DueAccount>,
    /// Where the next step begins; absent after the last.
    next: Option<DuePart>,
}

impl Build {
    /// What of the facts this step takes. An account is taken whole wherever it fits into a step.
    fn step(&self, facts: DueFacts) -> Step {
        let DueFacts { merchant: _, mut accounts, more } = facts;
        if more && accounts.len() > 1 {
            accounts.pop();
        }
        let end =
            accounts.last().and_then(|last| Some((last.account.row.affiliate_id, last.rows.last()?.row.id, last)));
        let next = match (end, self.part) {
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

    /// Whose items are worth less than is paid out: rows were taken back while a large account was frozen.
    fn short(&self, left: &Items, least: Money) -> Vec<AffiliateId> {
        let short = self.with(left).filter(|item| item.amount.minor() < least.minor());
        short.map(|item| item.affiliate_id).collect()
    }
}

impl Payouts {
    /// Builds a payout of everything that is due, and seals it. Who is owed less than the minimum is left out and
    /// carried over to a later one.
    pub async fn create(&self, who: &Principal, ask: CreatePayout, once: Option<Once>) -> Result<Answer, AppError> {
        let merchant = who.merchant_id;
        let mut attempts = self.desk.attempts(merchant, once, &[lane(merchant, merchant.uuid())]).await?;
        let strangers = self.strangers(merchant, &ask.affiliate_ids).await?;
        let mut build = None;
        let built = self.build(merchant, &ask, strangers, &mut attempts, &mut build).await;
        if let Some(Build { payout, stored: Some(_), sealed: false, .. }) = &build {
            // What cannot be done now, the worker does a minute later.
            if let Err(error) = self.dissolve(merchant, payout.id).await {
                tracing::warn!(%error, "a payout that could not be built was not dissolved at once");
            }
        }
        built
    }

    /// Gives the rows of payouts back that were left unsealed.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let done = u64::from(self.dissolve_stale().await?);
        Ok(Turn { done, ..Turn::default() })
    }

    /// Gives the rows of payouts back that were left unsealed; how many such payouts there were.
    pub async fn dissolve_stale(&self) -> Result<u32, AppError> {
        let before = self.desk.now().minus(STALE);
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

    async fn strangers(&self, merchant: MerchantId, ids: &[AffiliateId]) -> Result<bool, AppError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let known = self.reads.known_affiliates(merchant, ids).await?;
        Ok(ids.iter().any(|id| !known.contains(id)))
    }

    async fn build(
        &self,
        merchant: MerchantId,
        ask: &CreatePayout,
        strangers: bool,
        attempts: &mut Attempts<'_>,
        place: &mut Option<Build>,
    ) -> Result<Answer, AppError> {
        let mut lanes = None;
        let mut fresh = true;
        let mut least = Money::from_minor(1, ask.currency);
        loop {
            let part = place.as_ref().map_or(DuePart::Accounts { after: None }, |build| build.part);
            let asked = DueAsk { currency: ask.currency, least, only: ask.affiliate_ids.clone(), part, rows: CHUNK };
            let facts = self.reads.payout_due(merchant, &asked).await?.ok_or(Refusal::NotFound)?;
            // At first, and after a conflict: it may be the same request on another node that was faster.
            if fresh && let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            fresh = false;
            if strangers {
                return Err(Refusal::invalid("affiliate_ids", "must be ids of existing affiliates").into());
            }
            let minimum = Payout::least(ask.currency, facts.merchant.row.settings.min_payout);
            if minimum != least && matches!(part, DuePart::Accounts { .. }) {
                least = minimum;
                continue;
            }
            let owner = facts.merchant.clone();
            let build = place.get_or_insert_with(|| self.begin(&owner.row, ask.currency));
            let step = build.step(facts);
            let (mut set, left) = self.frozen(&owner, build, &step)?;
            let written = if step.next.is_none() && build.short(&left, least).is_empty() {
                let answer = self.sealed(&mut set, &owner.row, build, &left)?;
                if let Some(answer) = attempts.commit(set, answer).await? {
                    build.sealed = true;
                    return Ok(answer);
                }
                false
            } else {
                attempts.write(set).await?
            };
            if written {
                attempts.progressed();
                lanes = None;
                build.stored = build.stored.or(Some(Version::FIRST));
                build.items.extend(left);
                match step.next {
                    Some(next) => build.part = next,
                    None => self.drop_short(merchant, build, least).await?,
                }
            } else {
                // Somebody moved a row of these accounts. Where they can, they now wait for each other.
                fresh = true;
                drop(lanes.take());
                lanes = Some(self.desk.lanes(&lanes_of(merchant, &step)).await?);
            }
        }
    }

    fn begin(&self, merchant: &Merchant, currency: Currency) -> Build {
        let real = self.desk.now();
        Build {
            payout: Payout::begin(self.desk.ids.id(), currency, real, merchant.clock.at(real)),
            stored: None,
            sealed: false,
            items: Items::new(),
            part: DuePart::Accounts { after: None },
        }
    }

    /// Freezes what a step takes, and gives the items that it leaves.
    fn frozen(
        &self,
        merchant: &Versioned<Merchant>,
        build: &Build,
        step: &Step,
    ) -> Result<(ChangeSet, Items), AppError> {
        let now = merchant.row.clock.at(self.desk.now());
        let mut set = self.desk.set_for(merchant)?;
        set.hold_still(merchant);
        match build.stored {
            Some(version) => set.hold_still(&Versioned { row: build.payout.clone(), version }),
            None => set.rows.payouts.insert(build.payout.clone()),
        }
        let mut items = Items::new();
        let loaded = step.accounts.iter().map(|due| due.account.clone()).collect();
        let mut accounts = Accounts::new(&*self.desk.ids, loaded);
        for DueAccount { account, affiliate, rows } in &step.accounts {
            let of = account.row.affiliate_id;
            set.still.push((RowRef { table: Affiliate::TABLE, id: of.uuid() }, *affiliate));
            let known = build.items.get(&of);
            let mut item = match known {
                Some(known) => known.row.clone(),
                None => PayoutItem::begin(self.desk.ids.id(), &build.payout, of, now),
            };
            for row in rows {
                let after = row.row.frozen_in(build.payout.id, now).ok_or_else(not_frozen)?;
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

    /// Seals the payout with the step that is its last.
    fn sealed(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        build: &Build,
        left: &Items,
    ) -> Result<Answer, AppError> {
        let now = merchant.clock.at(self.desk.now());
        let sealed = build.payout.sealed(build.with(left), now)?;
        if sealed.items_count == 0 {
            return Err(Refusal::State(format!("Nothing is due in {}.", sealed.currency())).into());
        }
        let body = self.desk.wire.object(Shown::Payout(&sealed));
        self.desk.announce(set, merchant, Topic::PayoutCreated, now, &body);
        match build.stored {
            Some(version) => set.rows.payouts.change(version, sealed),
            None => set.rows.payouts.new = vec![sealed],
        }
        Ok(Answer::first(ReplyStatus::Created, body))
    }

    /// Gives the rows of those items back that are worth too little after all, and drops the items.
    async fn drop_short(&self, merchant: MerchantId, build: &mut Build, least: Money) -> Result<(), AppError> {
        let short = build.short(&Items::new(), least);
        self.give_back(merchant, build.payout.id, &short).await?;
        build.items.retain(|of, _| !short.contains(of));
        // Nothing is left to be frozen: the next step finds nothing after the last account, and seals.
        if let Some(&last) = short.iter().chain(build.items.keys()).max() {
            build.part = DuePart::Accounts { after: Some(last) };
        }
        Ok(())
    }

    /// Takes a payout back that was never seen: nobody can add to it any more, its rows are free again, and it is gone.
    async fn dissolve(&self, merchant: MerchantId, id: PayoutId) -> Result<(), AppError> {
        let attempts = self.desk.attempts(merchant, None, &[lane(merchant, id.uuid())]).await?;
        loop {
            let Some(facts) = self.reads.payout_facts(merchant, id, &[], &[]).await? else { return Ok(()) };
            let Some(dissolving) = facts.payout.row.dissolving() else { return Ok(()) };
            let mut set = self.desk.set_for(&facts.merchant)?;
            set.rows.payouts.change(facts.payout.version, dissolving);
            if attempts.write(set).await? {
                break;
            }
        }
        self.give_back(merchant, id, &[]).await?;
        loop {
            let Some(facts) = self.reads.payout_facts(merchant, id, &[], &[]).await? else { return Ok(()) };
            let mut set = self.desk.set_for(&facts.merchant)?;
            set.rows.payouts.delete(&facts.payout);
            if attempts.write(set).await? {
                return Ok(());
            }
        }
    }

    /// Gives rows of an unsealed payout back, and drops the items that have none left. Nobody ever saw them there, so
    /// there is nothing to announce.
    async fn give_back(&self, merchant: MerchantId, payout: PayoutId, only: &[AffiliateId]) -> Result<(), AppError> {
        let mut attempts = self.desk.attempts(merchant, None, &[]).await?;
        loop {
            let ask = FrozenAsk { payout, only: only.to_vec(), after: None, rows: CHUNK };
            let Some(facts) = self.reads.payout_frozen(merchant, &ask).await? else { return Ok(()) };
            if facts.items.is_empty() {
                return Ok(());
            }
            let set = given_back(&self.desk, facts)?;
            if attempts.write(set).await? {
                attempts.progressed();
            }
        }
    }
}

fn given_back(desk: &Desk, facts: FrozenFacts) -> Result<ChangeSet, AppError> {
    let FrozenFacts { merchant, payout, items, more: _ } = facts;
    let now = merchant.row.clock.at(desk.now());
    let mut set = desk.set_for(&merchant)?;
    set.hold_still(&payout);
    let mut accounts = Accounts::new(&*desk.ids, items.iter().map(|frozen| frozen.account.clone()).collect());
    for FrozenItem { item, account: _, rows } in items {
        let mut left = item.row.clone();
        for row in rows {
            let after = row.row.given_back(now).ok_or_else(not_frozen)?;
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
    Ok(set)
}

fn lanes_of(merchant: MerchantId, step: &Step) -> Vec<Lane> {
    let earners = step.accounts.iter().map(|due| due.account.row.affiliate_id);
    earners.map(|id| Lane { merchant, kind: LaneKind::Affiliate, id: id.uuid() }).collect()
}

/// A row that the storage gave as one to be moved is not: the storage is at fault.
pub(super) fn not_frozen() -> AppError {
    AppError::Internal("a commission was not where the storage said it was".into())
}
