//! Payouts.

use super::{
    commissions::account,
    one::{affiliate, merchant},
    page::{page, paged},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{find, whole},
    schema::{accounts, affiliates, commissions, payout_items, payouts},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{expression::SqlLiteral, prelude::*, sql_types::Bool};
use domain::{
    AffiliateId, AffiliateStatus, Commission, CommissionId, Currency, MerchantId, Payout, PayoutId, PayoutItem,
    PayoutItemId, Timestamp,
};
use ports::{
    DueAccount, DueFacts, DuePart, DueRequest, FrozenFacts, FrozenItem, FrozenRequest, Page, PageRequest, PayoutFacts,
    PayoutFilter, PayoutItemFilter, PayoutLine, PayoutReads, ReadError, Versioned,
};

/// How many accounts are looked at in one go.
const ACCOUNTS: i64 = 100;

/// Said in words that SQLite recognizes: a partial index serves a condition only if it stands there literally.
fn said(condition: &'static str) -> SqlLiteral<Bool> {
    diesel::dsl::sql(condition)
}

fn most(rows: u32) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &PayoutFilter,
    request: &PageRequest,
) -> Result<Page<Payout>, SqliteError> {
    let PayoutFilter { status, currency, from, to } = filter;
    let of_merchant = payouts::table.filter(payouts::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.filter(payouts::sealed_at.is_not_null()).select(whole::<Payout>()).into_boxed();
    if let Some(status) = status {
        query = query.filter(payouts::status.eq(status.as_str()));
    }
    if let Some(currency) = currency {
        query = query.filter(payouts::currency.eq(currency.code().to_owned()));
    }
    if let Some(from) = from {
        query = query.filter(payouts::created_at.ge(from.micros()));
    }
    if let Some(to) = to {
        query = query.filter(payouts::created_at.lt(to.micros()));
    }
    Ok(page(paged!(query, payouts, request).load(connection)?, request))
}

fn list_items(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    payout: PayoutId,
    filter: &PayoutItemFilter,
    request: &PageRequest,
) -> Result<Page<PayoutItem>, SqliteError> {
    let PayoutItemFilter { status, affiliate_id } = filter;
    let of_merchant = payout_items::table.filter(payout_items::merchant_id.eq(Uid::from(merchant)));
    let of_payout = of_merchant.filter(payout_items::payout_id.eq(Uid::from(payout)));
    let mut query = of_payout.select(whole::<PayoutItem>()).into_boxed();
    if let Some(status) = status {
        query = query.filter(payout_items::status.eq(status.as_str()));
    }
    if let Some(affiliate) = affiliate_id {
        query = query.filter(payout_items::affiliate_id.eq(Uid::from(*affiliate)));
    }
    Ok(page(paged!(query, payout_items, request).load(connection)?, request))
}

/// The open items of a payout, by affiliate.
fn lines(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    payout: PayoutId,
    after: Option<AffiliateId>,
    most: u32,
) -> Result<Vec<PayoutLine>, SqliteError> {
    let of_merchant = payout_items::table.filter(payout_items::merchant_id.eq(Uid::from(merchant)));
    let of_payout = of_merchant.filter(payout_items::payout_id.eq(Uid::from(payout)));
    let rows: Vec<Versioned<PayoutItem>> = of_payout
        .filter(said("status = 'open'"))
        .filter(payout_items::affiliate_id.gt(after.map_or(Uid(uuid::Uuid::nil()), Uid::from)))
        .order(payout_items::affiliate_id)
        .limit(i64::from(most))
        .select(whole::<PayoutItem>())
        .load(connection)?;
    let mut lines = Vec::with_capacity(rows.len());
    for item in rows {
        if let Some(earner) = affiliate(connection, merchant, item.row.affiliate_id)? {
            let (email, display_name) = (earner.row.email, earner.row.display_name);
            lines.push(PayoutLine { item: item.row, email, display_name });
        }
    }
    Ok(lines)
}

/// The item of an affiliate in a payout.
fn item_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    payout: PayoutId,
    affiliate: AffiliateId,
) -> Result<Option<Versioned<PayoutItem>>, SqliteError> {
    let of_payout =
        payout_items::merchant_id.eq(Uid::from(merchant)).and(payout_items::payout_id.eq(Uid::from(payout)));
    Ok(payout_items::table
        .filter(of_payout.and(payout_items::affiliate_id.eq(Uid::from(affiliate))))
        .select(whole::<PayoutItem>())
        .get_result(connection)
        .optional()?)
}

fn facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    payout_id: PayoutId,
    wanted: &[PayoutItemId],
    affiliates: &[AffiliateId],
) -> Result<Option<PayoutFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(payout) = find::<Payout>(connection, id.uuid(), payout_id.uuid())? else { return Ok(None) };
    let mut items: Vec<PayoutItem> = Vec::new();
    for item in wanted {
        let found = find::<PayoutItem>(connection, id.uuid(), item.uuid())?;
        items.extend(found.map(|found| found.row).filter(|item| item.payout_id == payout_id));
    }
    for affiliate in affiliates {
        items.extend(item_of(connection, id, payout_id, *affiliate)?.map(|found| found.row));
    }
    items.sort_by_key(|item| item.id);
    items.dedup_by_key(|item| item.id);
    Ok(Some(PayoutFacts { merchant, payout, items }))
}

fn known(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    ids: &[AffiliateId],
) -> Result<Vec<AffiliateId>, SqliteError> {
    let mut known = Vec::with_capacity(ids.len());
    for id in ids {
        let row = affiliates::table.find((Uid::from(merchant), Uid::from(*id)));
        let found: Option<Uid> = row.select(affiliates::id).get_result(connection).optional()?;
        known.extend(found.map(Uid::id));
    }
    Ok(known)
}

/// At most `rows` rows of an account that the next payout takes, by id.
fn payable(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    currency: Currency,
    affiliate: AffiliateId,
    after: Option<CommissionId>,
    rows: usize,
) -> Result<Vec<Versioned<Commission>>, SqliteError> {
    let of_account = commissions::merchant_id
        .eq(Uid::from(merchant))
        .and(commissions::currency.eq(currency.code()))
        .and(commissions::affiliate_id.eq(Uid::from(affiliate)));
    Ok(commissions::table
        .filter(of_account.and(commissions::id.gt(after.map_or(Uid(uuid::Uuid::nil()), Uid::from))))
        .filter(said("status = 'approved' AND payout_id IS NULL"))
        .order(commissions::id)
        .limit(i64::try_from(rows).unwrap_or(i64::MAX))
        .select(whole::<Commission>())
        .load(connection)?)
}

/// The next accounts that are owed enough, by affiliate.
fn due_accounts(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    request: &DueRequest,
    after: Option<AffiliateId>,
) -> Result<Vec<AffiliateId>, SqliteError> {
    let of_currency = accounts::merchant_id.eq(Uid::from(merchant)).and(accounts::currency.eq(request.currency.code()));
    let ids: Vec<Uid> = accounts::table
        .filter(of_currency.and(accounts::affiliate_id.gt(after.map_or(Uid(uuid::Uuid::nil()), Uid::from))))
        .filter(said("approved_minor > 0"))
        .filter(accounts::approved_minor.ge(request.least.minor()))
        .order(accounts::affiliate_id)
        .limit(ACCOUNTS)
        .select(accounts::affiliate_id)
        .load(connection)?;
    Ok(ids.into_iter().map(Uid::id).collect())
}

/// Takes rows of an account into the facts, if its affiliate is approved.
fn take_due(
    connection: &mut SqliteConnection,
    id: MerchantId,
    request: &DueRequest,
    (of, after): (AffiliateId, Option<CommissionId>),
    facts: &mut DueFacts,
) -> Result<(), SqliteError> {
    let taken: usize = facts.accounts.iter().map(|account| account.rows.len()).sum();
    let room = most(request.rows).saturating_sub(taken);
    let Some(earner) = affiliate(connection, id, of)? else { return Ok(()) };
    let Some(account) = account(connection, id, of, request.currency)? else { return Ok(()) };
    if earner.row.status != AffiliateStatus::Approved {
        return Ok(());
    }
    let mut rows = payable(connection, id, request.currency, of, after, room.saturating_add(1))?;
    facts.more = rows.len() > room;
    rows.truncate(room);
    if !rows.is_empty() {
        facts.accounts.push(DueAccount { account, affiliate: earner.version, rows });
    }
    Ok(())
}

fn due(
    connection: &mut SqliteConnection,
    id: MerchantId,
    request: &DueRequest,
) -> Result<Option<DueFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let mut facts = DueFacts { merchant, accounts: Vec::new(), more: false };
    let mut after = match request.part {
        DuePart::Accounts { after } => after,
        DuePart::Rest { of, after } => {
            take_due(connection, id, request, (of, Some(after)), &mut facts)?;
            return Ok(Some(facts));
        }
    };
    loop {
        let next = due_accounts(connection, id, request, after)?;
        for of in next.iter().filter(|of| request.only.is_empty() || request.only.contains(of)) {
            take_due(connection, id, request, (*of, None), &mut facts)?;
            if facts.more {
                return Ok(Some(facts));
            }
        }
        if next.len() < usize::try_from(ACCOUNTS).unwrap_or_default() {
            return Ok(Some(facts));
        }
        after = next.last().copied();
    }
}

/// At most `rows` rows that a payout has not paid yet, by affiliate and id.
fn frozen_rows(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    request: &FrozenRequest,
) -> Result<Vec<Versioned<Commission>>, SqliteError> {
    let FrozenRequest { payout, only, after, rows } = request;
    let of_merchant = commissions::table.filter(commissions::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant
        .filter(commissions::payout_id.eq(Uid::from(*payout)))
        .filter(said("status = 'approved'"))
        .select(whole::<Commission>())
        .into_boxed();
    if let Some((affiliate, id)) = after {
        let later = commissions::affiliate_id.gt(Uid::from(*affiliate)).or(commissions::id.gt(Uid::from(*id)));
        query = query.filter(commissions::affiliate_id.ge(Uid::from(*affiliate))).filter(later);
    }
    if !only.is_empty() {
        query = query.filter(commissions::affiliate_id.eq_any(only.iter().map(|id| Uid::from(*id))));
    }
    let query = query.order((commissions::affiliate_id, commissions::id)).limit(i64::from(*rows) + 1);
    Ok(query.load(connection)?)
}

fn frozen(
    connection: &mut SqliteConnection,
    id: MerchantId,
    request: &FrozenRequest,
) -> Result<Option<FrozenFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(payout) = find::<Payout>(connection, id.uuid(), request.payout.uuid())? else { return Ok(None) };
    let mut rows = frozen_rows(connection, id, request)?;
    let more = rows.len() > most(request.rows);
    rows.truncate(most(request.rows));
    let mut items: Vec<FrozenItem> = Vec::new();
    for row in rows {
        let of = row.row.affiliate_id;
        if items.last().is_none_or(|last| last.item.row.affiliate_id != of) {
            let item = item_of(connection, id, request.payout, of)?;
            let account = account(connection, id, of, row.row.amount.currency())?;
            // A row without them is `reconcile`'s to tell; it is no part of any item.
            let (Some(item), Some(account)) = (item, account) else { continue };
            items.push(FrozenItem { item, account, rows: Vec::new() });
        }
        if let Some(last) = items.last_mut() {
            last.rows.push(row);
        }
    }
    Ok(Some(FrozenFacts { merchant, payout, items, more }))
}

#[async_trait]
impl PayoutReads for SqliteStorage {
    async fn payout(&self, merchant: MerchantId, id: PayoutId) -> Result<Option<Payout>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let found = find::<Payout>(connection, merchant.uuid(), id.uuid())?;
            Ok(found.map(|found| found.row).filter(|payout| payout.sealed_at.is_some()))
        };
        self.readers.read(work).await
    }

    async fn payouts(
        &self,
        merchant: MerchantId,
        filter: &PayoutFilter,
        request: &PageRequest,
    ) -> Result<Page<Payout>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list(connection, merchant, &filter, &request)).await
    }

    async fn payout_items(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        filter: &PayoutItemFilter,
        request: &PageRequest,
    ) -> Result<Page<PayoutItem>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list_items(connection, merchant, payout, &filter, &request)).await
    }

    async fn payout_lines(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        after: Option<AffiliateId>,
        most: u32,
    ) -> Result<Vec<PayoutLine>, ReadError> {
        self.readers.read(move |connection| lines(connection, merchant, payout, after, most)).await
    }

    async fn payout_facts(
        &self,
        merchant: MerchantId,
        id: PayoutId,
        items: &[PayoutItemId],
        affiliates: &[AffiliateId],
    ) -> Result<Option<PayoutFacts>, ReadError> {
        let (items, affiliates) = (items.to_vec(), affiliates.to_vec());
        self.readers.read(move |connection| facts(connection, merchant, id, &items, &affiliates)).await
    }

    async fn known_affiliates(&self, merchant: MerchantId, ids: &[AffiliateId]) -> Result<Vec<AffiliateId>, ReadError> {
        let ids = ids.to_vec();
        self.readers.read(move |connection| known(connection, merchant, &ids)).await
    }

    async fn payout_due(&self, merchant: MerchantId, request: &DueRequest) -> Result<Option<DueFacts>, ReadError> {
        let request = request.clone();
        self.readers.read(move |connection| due(connection, merchant, &request)).await
    }

    async fn payout_frozen(
        &self,
        merchant: MerchantId,
        request: &FrozenRequest,
    ) -> Result<Option<FrozenFacts>, ReadError> {
        let request = request.clone();
        self.readers.read(move |connection| frozen(connection, merchant, &request)).await
    }

    async fn unsealed_payouts(&self, before: Timestamp, most: u32) -> Result<Vec<(MerchantId, PayoutId)>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let found: Vec<(Uid, Uid)> = payouts::table
                .filter(payouts::sealed_at.is_null().and(payouts::begun_at.lt(before.micros())))
                .order((payouts::begun_at, payouts::merchant_id, payouts::id))
                .limit(i64::from(most))
                .select((payouts::merchant_id, payouts::id))
                .load(connection)?;
            Ok(found.into_iter().map(|(merchant, id)| (merchant.id(), id.id())).collect())
        };
        self.readers.read(work).await
    }
}
