//! Commissions.

use super::{Read, affiliates::affiliates_with, page, paged};
use crate::{
    PostgresStorage,
    rows::{AccountRow, CommissionRow, Mapped, MerchantRow, Readable, Stored, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{AffiliateId, Commission, CommissionId, CommissionStatus, MerchantId, OrderReference};
use ports::{CommissionFilter, CommissionMoveFacts, CommissionReads, Page, PageAsk};
use tokio::try_join;
use uuid::Uuid;

/// The commissions of a merchant, so far all of them.
pub(super) fn commissions<'a>(merchant: MerchantId) -> Sql<'a, CommissionRow> {
    let columns = CommissionRow::select("c");
    Sql::new(format!("SELECT {columns} FROM commissions c WHERE c.merchant_id = ?")).bind(merchant.uuid())
}

/// The order in which an event's rows are told.
pub(super) const BY_LEVEL: &str = " ORDER BY c.level, c.id";

/// Who earns these rows, each once.
pub(super) fn earners(rows: &[CommissionRow]) -> Vec<Uuid> {
    let mut earners: Vec<Uuid> = rows.iter().map(|row| row.affiliate_id).collect();
    earners.sort_unstable();
    earners.dedup();
    earners
}

/// The accounts of these affiliates in a currency.
pub(super) fn accounts<'a>(merchant: MerchantId, affiliates: Vec<Uuid>, currency: String) -> Sql<'a, AccountRow> {
    let sql = Sql::new(format!(
        "SELECT {} FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ANY (?) AND x.currency = ?",
        AccountRow::select("x"),
    ));
    sql.bind(merchant.uuid()).bind_each(affiliates).bind(currency)
}

#[async_trait]
impl CommissionReads for PostgresStorage {
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<Commission>> {
        let sql = commissions(merchant).text(" AND c.id = ?").bind(id.uuid());
        let row = self.readers.reader()?.first(sql).await?;
        Ok(row.map(Readable::entity).transpose()?)
    }

    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        ask: &PageAsk,
    ) -> Read<Page<Commission>> {
        let CommissionFilter { affiliate_id, status, order_id, from, to } = filter;
        let sql = commissions(merchant)
            .and(" AND c.affiliate_id = ?", affiliate_id.map(AffiliateId::uuid))
            .and(" AND c.status = ?", status.map(CommissionStatus::as_str))
            .and(" AND c.order_id = ?", order_id.as_ref().map(OrderReference::as_str))
            .and(" AND c.created_at >= ?", from.map(time))
            .and(" AND c.created_at < ?", to.map(time));
        let rows = self.readers.reader()?.all(paged(sql, "c", ask)).await?;
        page(rows, ask, Readable::entity)
    }

    async fn commission_move_facts(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>> {
        let shop =
            Sql::<MerchantRow>::new(format!("SELECT {} FROM merchants m WHERE m.id = ?", MerchantRow::select("m"),));
        // All of one event are of its order, which has an index.
        let of_asked = |column| {
            format!(" AND c.{column} = (SELECT l.{column} FROM commissions l WHERE l.merchant_id = ? AND l.id = ?)")
        };
        let rows = commissions(merchant)
            .text(&of_asked("order_id"))
            .bind(merchant.uuid())
            .bind(id.uuid())
            .text(&of_asked("event_id"))
            .bind(merchant.uuid())
            .bind(id.uuid())
            .text(BY_LEVEL);
        let reader = self.readers.reader()?;
        let (shop, rows) = try_join!(biased; reader.first(shop.bind(merchant.uuid())), reader.all(rows))?;
        let (Some(shop), Some(first)) = (shop, rows.first()) else { return Ok(None) };
        let earners = earners(&rows);
        let accounts = accounts(merchant, earners.clone(), first.currency.clone());
        let (affiliates, accounts) =
            try_join!(biased; reader.all(affiliates_with(merchant, earners)), reader.all(accounts))?;
        Ok(Some(CommissionMoveFacts {
            merchant: shop.versioned()?,
            rows: rows.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
            affiliates: affiliates.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
            accounts: accounts.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
        }))
    }
}
