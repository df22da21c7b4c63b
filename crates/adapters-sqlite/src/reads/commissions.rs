//! Commissions.

use super::{
    one::{affiliate, merchant},
    page::{page, paged},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{find, whole},
    schema::{accounts, commissions},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Binary},
};
use domain::{
    Account, AffiliateId, Commission, CommissionId, CommissionStatus, Currency, Event, EventId, MerchantId,
    OrderReference, Timestamp,
};
use ports::{
    CommissionFilter, CommissionMoveFacts, CommissionReads, DueCommission, MaturingFacts, Page, PageRequest, ReadError,
    Versioned,
};

/// What an event earned, by level; a refund's rows are those that it made or ended, of the order it shares with its sale.
pub(super) fn of_event(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    event: &Event,
) -> Result<Vec<Commission>, SqliteError> {
    let id = Uid::from(event.id);
    let of_order =
        commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(event.order_id.as_str()));
    let rows: Vec<Versioned<Commission>> = commissions::table
        .filter(of_order.and(commissions::event_id.eq(id).or(commissions::refund_id.eq(id))))
        .order((commissions::level, commissions::id))
        .select(whole::<Commission>())
        .load(connection)?;
    Ok(rows.into_iter().map(|found| found.row).collect())
}

/// All that an event of an order earned, reversals included, by level.
pub(crate) fn sale_commissions(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    order: &OrderReference,
    event: EventId,
) -> Result<Vec<Versioned<Commission>>, SqliteError> {
    let of_order = commissions::merchant_id.eq(Uid::from(merchant)).and(commissions::order_id.eq(order.as_str()));
    Ok(commissions::table
        .filter(of_order.and(commissions::event_id.eq(Uid::from(event))))
        .order((commissions::level, commissions::id))
        .select(whole::<Commission>())
        .load(connection)?)
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
) -> Result<Vec<Versioned<Account>>, SqliteError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for id in earners(rows) {
        found.extend(account(connection, merchant, id, first.row.amount.currency())?);
    }
    Ok(found)
}

pub(super) fn account(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    affiliate: AffiliateId,
    currency: Currency,
) -> Result<Option<Versioned<Account>>, SqliteError> {
    let of_affiliate =
        accounts::merchant_id.eq(Uid::from(merchant)).and(accounts::affiliate_id.eq(Uid::from(affiliate)));
    Ok(accounts::table
        .filter(of_affiliate.and(accounts::currency.eq(currency.code())))
        .select(whole::<Account>())
        .get_result(connection)
        .optional()?)
}

fn move_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    commission_id: CommissionId,
) -> Result<Option<CommissionMoveFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(asked) = find::<Commission>(connection, id.uuid(), commission_id.uuid())? else { return Ok(None) };
    let rows = sale_commissions(connection, id, &asked.row.order_id, asked.row.event_id)?;
    let mut affiliates = Vec::new();
    for affiliate_id in earners(&rows) {
        affiliates.extend(affiliate(connection, id, affiliate_id)?);
    }
    let accounts = accounts_of(connection, id, &rows)?;
    Ok(Some(CommissionMoveFacts { merchant, rows, affiliates, accounts }))
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Binary)]
    merchant_id: Uid,
    #[diesel(sql_type = Binary)]
    affiliate_id: Uid,
    #[diesel(sql_type = Binary)]
    id: Uid,
}

/// What is due where the clock shows real time; the index has what is pending in the order in which it comes due.
const DUE_BY_REAL_TIME: &str = "SELECT c.merchant_id, c.affiliate_id, c.id FROM commissions c INDEXED BY commissions_due \
    CROSS JOIN merchants m ON m.id = c.merchant_id AND m.clock_offset_micros = 0 AND m.resetting = 0 \
    CROSS JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id AND a.status = 'approved' \
    WHERE c.status = 'pending' AND c.matures_at <= ? ORDER BY c.matures_at, c.merchant_id, c.id LIMIT ?";

/// What is due where the clock is ahead: the few such merchants, and what is pending with each of them.
const DUE_BY_CLOCKS_AHEAD: &str = "SELECT c.merchant_id, c.affiliate_id, c.id FROM merchants m INDEXED BY merchants_ahead \
    CROSS JOIN commissions c INDEXED BY commissions_by_status ON c.merchant_id = m.id AND c.status = 'pending' \
    AND c.matures_at <= ? + m.clock_offset_micros \
    CROSS JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id AND a.status = 'approved' \
    WHERE m.clock_offset_micros <> 0 AND m.id >= zeroblob(16) AND m.resetting = 0 \
    ORDER BY c.merchant_id, c.matures_at, c.id LIMIT ?";

fn due(connection: &mut SqliteConnection, now: Timestamp, limit: u32) -> Result<Vec<DueCommission>, SqliteError> {
    let mut rows: Vec<DueRow> = Vec::new();
    for scan in [DUE_BY_REAL_TIME, DUE_BY_CLOCKS_AHEAD] {
        let scan = diesel::sql_query(scan).bind::<BigInt, _>(now.micros()).bind::<BigInt, _>(i64::from(limit));
        rows.extend(scan.load::<DueRow>(connection)?);
    }
    let due = rows.into_iter().map(|DueRow { merchant_id, affiliate_id, id }| DueCommission {
        merchant_id: merchant_id.id(),
        affiliate_id: affiliate_id.id(),
        id: id.id(),
    });
    Ok(due.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

fn maturing_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    affiliate_id: AffiliateId,
    due: &[Uid],
) -> Result<Option<MaturingFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(affiliate) = affiliate(connection, id, affiliate_id)? else { return Ok(None) };
    let of_merchant = commissions::merchant_id.eq(Uid::from(id));
    let mut orders: Vec<String> = commissions::table
        .filter(of_merchant.and(commissions::id.eq_any(due)))
        .select(commissions::order_id)
        .load(connection)?;
    orders.sort_unstable();
    orders.dedup();
    let mut rows = Vec::new();
    for order in orders {
        let pending = commissions::affiliate_id
            .eq(Uid::from(affiliate_id))
            .and(commissions::status.eq(CommissionStatus::Pending.as_str()));
        let found: Vec<Versioned<Commission>> = commissions::table
            .filter(of_merchant.and(commissions::order_id.eq(order)).and(pending))
            .select(whole::<Commission>())
            .load(connection)?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| (row.row.matures_at, row.row.id));
    let accounts: Vec<Versioned<Account>> = accounts::table
        .filter(accounts::merchant_id.eq(Uid::from(id)).and(accounts::affiliate_id.eq(Uid::from(affiliate_id))))
        .select(whole::<Account>())
        .load(connection)?;
    Ok(Some(MaturingFacts { merchant, affiliate, rows, accounts }))
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &CommissionFilter,
    request: &PageRequest,
) -> Result<Page<Commission>, SqliteError> {
    let CommissionFilter { affiliate_id, status, order_id, from, to } = filter;
    let of_merchant = commissions::table.filter(commissions::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(whole::<Commission>()).into_boxed();
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
    Ok(page(paged!(query, commissions, request).load(connection)?, request))
}

#[async_trait]
impl CommissionReads for SqliteStorage {
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Result<Option<Commission>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let found = find::<Commission>(connection, merchant.uuid(), id.uuid())?;
            Ok(found.map(|found| found.row))
        };
        self.readers.read(work).await
    }

    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        request: &PageRequest,
    ) -> Result<Page<Commission>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list(connection, merchant, &filter, &request)).await
    }

    async fn commission_move_facts(
        &self,
        merchant: MerchantId,
        id: CommissionId,
    ) -> Result<Option<CommissionMoveFacts>, ReadError> {
        self.readers.read(move |connection| move_facts(connection, merchant, id)).await
    }

    async fn due_commissions(&self, now: Timestamp, limit: u32) -> Result<Vec<DueCommission>, ReadError> {
        self.readers.read(move |connection| due(connection, now, limit)).await
    }

    async fn maturing_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        due: &[CommissionId],
    ) -> Result<Option<MaturingFacts>, ReadError> {
        let due: Vec<Uid> = due.iter().copied().map(Uid::from).collect();
        self.readers.read(move |connection| maturing_facts(connection, merchant, affiliate, &due)).await
    }
}
