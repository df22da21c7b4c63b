//! Commissions.

use super::{
    affiliates::affiliate,
    merchants::merchant,
    page::{page, paged},
};
use crate::{
    SqliteStorage,
    error::{Damaged, Fault},
    rows::{AccountRow, CommissionRow, TableRow as _, find},
    schema::{accounts, commissions},
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{Account, AffiliateId, Commission, CommissionId, Currency, Event, EventId, MerchantId, OrderReference};
use ports::{CommissionFilter, CommissionMoveFacts, CommissionReads, Page, PageAsk, ReadError, Versioned};

/// What an event earned, by level; a refund's rows are those that it made or ended, of the order it shares with its sale.
pub(super) fn of_event(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    event: &Event,
) -> Result<Vec<Commission>, Fault> {
    let id = Uid::from(event.id);
    let of_order =
        commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(event.order_id.as_str()));
    let rows: Vec<CommissionRow> = commissions::table
        .filter(of_order.and(commissions::event_id.eq(id).or(commissions::refund_id.eq(id))))
        .order((commissions::level, commissions::id))
        .select(CommissionRow::as_select())
        .load(connection)?;
    let read: Result<_, Damaged> = rows.into_iter().map(|row| row.read().map(|read| read.row)).collect();
    Ok(read?)
}

/// All that an event of an order earned, siblings included, by level.
pub(crate) fn lineage(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    order: &OrderReference,
    event: EventId,
) -> Result<Vec<Versioned<Commission>>, Fault> {
    let of_order = commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(order.as_str()));
    let rows: Vec<CommissionRow> = commissions::table
        .filter(of_order.and(commissions::event_id.eq(Uid::from(event))))
        .order((commissions::level, commissions::id))
        .select(CommissionRow::as_select())
        .load(connection)?;
    let read: Result<_, Damaged> = rows.into_iter().map(CommissionRow::read).collect();
    Ok(read?)
}

/// Who earns these rows, each once.
fn earners(rows: &[Versioned<Commission>]) -> Vec<AffiliateId> {
    let mut ids: Vec<AffiliateId> = rows.iter().map(|row| row.row.affiliate_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The accounts of those who earn these rows, all of one currency.
pub(super) fn accounts_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    rows: &[Versioned<Commission>],
) -> Result<Vec<Versioned<Account>>, Fault> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for id in earners(rows) {
        found.extend(account(connection, merchant, id, first.row.amount.currency())?);
    }
    Ok(found)
}

fn account(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    affiliate: AffiliateId,
    currency: Currency,
) -> Result<Option<Versioned<Account>>, Fault> {
    let of_affiliate =
        accounts::merchant_id.eq(Uid::from(merchant)).and(accounts::affiliate_id.eq(Uid::from(affiliate)));
    let row: Option<AccountRow> = accounts::table
        .filter(of_affiliate.and(accounts::currency.eq(currency.code())))
        .select(AccountRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(AccountRow::read).transpose()?)
}

fn move_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    commission_id: CommissionId,
) -> Result<Option<CommissionMoveFacts>, Fault> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(asked) = find::<CommissionRow>(connection, id.uuid(), commission_id.uuid())? else { return Ok(None) };
    let rows = lineage(connection, id, &asked.row.order_id, asked.row.event_id)?;
    let mut affiliates = Vec::new();
    for affiliate_id in earners(&rows) {
        affiliates.extend(affiliate(connection, id, affiliate_id)?);
    }
    let accounts = accounts_of(connection, id, &rows)?;
    Ok(Some(CommissionMoveFacts { merchant, rows, affiliates, accounts }))
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &CommissionFilter,
    ask: &PageAsk,
) -> Result<Page<Commission>, Fault> {
    let CommissionFilter { affiliate_id, status, order_id, from, to } = filter;
    let of_merchant = commissions::table.filter(commissions::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(CommissionRow::as_select()).into_boxed();
    if let Some(affiliate) = affiliate_id {
        query = query.filter(commissions::affiliate_id.eq(Uid::from(*affiliate)));
    }
    if let Some(status) = status {
        query = query.filter(commissions::status.eq(status.as_str()));
    }
    if let Some(order) = order_id {
        query = query.filter(commissions::order_id.eq(order.as_str()));
    }
    if let Some(from) = from {
        query = query.filter(commissions::created_at.ge(from.micros()));
    }
    if let Some(to) = to {
        query = query.filter(commissions::created_at.lt(to.micros()));
    }
    page(paged!(query, commissions, ask).load(connection)?, ask)
}

#[async_trait]
impl CommissionReads for SqliteStorage {
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Result<Option<Commission>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let found = find::<CommissionRow>(connection, merchant.uuid(), id.uuid())?;
            Ok(found.map(|found| found.row))
        };
        self.readers.read(work).await
    }

    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        ask: &PageAsk,
    ) -> Result<Page<Commission>, ReadError> {
        let (filter, ask) = (filter.clone(), *ask);
        self.readers.read(move |connection| list(connection, merchant, &filter, &ask)).await
    }

    async fn commission_move_facts(
        &self,
        merchant: MerchantId,
        id: CommissionId,
    ) -> Result<Option<CommissionMoveFacts>, ReadError> {
        self.readers.read(move |connection| move_facts(connection, merchant, id)).await
    }
}
