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
fn commissions<'a>(merchant: MerchantId) -> Sql<'a, CommissionRow> {
    let columns = CommissionRow::select("c");
    Sql::new(format!("SELECT {columns} FROM commissions c WHERE c.merchant_id = ?")).bind(merchant.uuid())
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
        let leaf = Sql::<(MerchantRow, CommissionRow)>::new(format!(
            "SELECT {}, {} FROM commissions c JOIN merchants m ON m.id = c.merchant_id \
             WHERE c.merchant_id = ? AND c.id = ?",
            MerchantRow::select("m"),
            CommissionRow::select("c"),
        ));
        let leaf = leaf.bind(merchant.uuid()).bind(id.uuid());
        // Made with their leaf and of its order, which has an index.
        let overrides = commissions(merchant)
            .text(" AND c.order_id = (SELECT l.order_id FROM commissions l WHERE l.merchant_id = ? AND l.id = ?)")
            .bind(merchant.uuid())
            .bind(id.uuid())
            .text(" AND c.leaf_id = ? ORDER BY c.level, c.id")
            .bind(id.uuid());
        let reader = self.readers.reader()?;
        let (leaf, overrides) = try_join!(biased; reader.first(leaf), reader.all(overrides))?;
        let Some((merchant_row, commission)) = leaf else { return Ok(None) };
        let earners: Vec<Uuid> =
            std::iter::once(&commission).chain(&overrides).map(|commission| commission.affiliate_id).collect();
        let accounts = Sql::<AccountRow>::new(format!(
            "SELECT {} FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ANY (?) AND x.currency = ?",
            AccountRow::select("x"),
        ));
        let accounts = accounts.bind(merchant.uuid()).bind_each(earners.clone()).bind(commission.currency.clone());
        let (affiliates, accounts) =
            try_join!(biased; reader.all(affiliates_with(merchant, earners)), reader.all(accounts))?;
        Ok(Some(CommissionMoveFacts {
            merchant: merchant_row.versioned()?,
            commission: commission.versioned()?,
            overrides: overrides.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
            affiliates: affiliates.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
            accounts: accounts.into_iter().map(Readable::versioned).collect::<Mapped<_>>()?,
        }))
    }
}
