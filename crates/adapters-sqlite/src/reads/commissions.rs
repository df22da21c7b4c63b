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
use domain::{Account, AffiliateId, Commission, CommissionId, Currency, Event, MerchantId};
use ports::{CommissionFilter, CommissionMoveFacts, CommissionReads, Page, PageAsk, ReadError, Versioned};

/// What an event earned, by level.
pub(super) fn of_event(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    event: &Event,
) -> Result<Vec<Commission>, Fault> {
    let of_order =
        commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(event.order_id.as_str()));
    let rows: Vec<CommissionRow> = commissions::table
        .filter(of_order.and(commissions::event_id.eq(Uid::from(event.id))))
        .order((commissions::level, commissions::id))
        .select(CommissionRow::as_select())
        .load(connection)?;
    let read: Result<_, Damaged> = rows.into_iter().map(|row| row.read().map(|read| read.row)).collect();
    Ok(read?)
}

/// The overrides that name a commission as their leaf.
fn overrides_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    leaf: &Commission,
) -> Result<Vec<Versioned<Commission>>, Fault> {
    let of_order =
        commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(leaf.order_id.as_str()));
    let rows: Vec<CommissionRow> = commissions::table
        .filter(of_order.and(commissions::leaf_id.eq(Uid::from(leaf.id))))
        .order((commissions::level, commissions::id))
        .select(CommissionRow::as_select())
        .load(connection)?;
    let read: Result<_, Damaged> = rows.into_iter().map(CommissionRow::read).collect();
    Ok(read?)
}

pub(super) fn account(
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
    let found = find::<CommissionRow>(connection, id.uuid(), commission_id.uuid())?;
    let Some(commission) = found else { return Ok(None) };
    let overrides = overrides_of(connection, id, &commission.row)?;
    let rows = std::iter::once(&commission).chain(&overrides);
    let mut ids: Vec<AffiliateId> = rows.map(|row| row.row.affiliate_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (mut affiliates, mut accounts) = (Vec::new(), Vec::new());
    for affiliate_id in ids {
        affiliates.extend(affiliate(connection, id, affiliate_id)?);
        accounts.extend(account(connection, id, affiliate_id, commission.row.amount.currency())?);
    }
    Ok(Some(CommissionMoveFacts { merchant, commission, overrides, affiliates, accounts }))
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
