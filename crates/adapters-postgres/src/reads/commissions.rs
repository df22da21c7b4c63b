//! Commissions.

use super::{Read, affiliates::affiliates_with, one::merchant_of, page, paged};
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, select, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{
    Account, AffiliateId, Commission, CommissionId, CommissionStatus, Currency, MerchantId, OrderReference, Timestamp,
};
use ports::{
    CommissionFilter, CommissionMoveFacts, CommissionReads, DueCommission, MaturingFacts, Page, PageRequest, Versioned,
};
use tokio::try_join;
use uuid::Uuid;

/// The commissions of a merchant, so far all of them.
pub(super) fn commissions<'a>(merchant: MerchantId) -> Sql<'a, Found<Commission>> {
    let columns = select::<Commission>("c");
    Sql::new(format!("SELECT {columns} FROM commissions c WHERE c.merchant_id = ?")).bind(merchant.uuid())
}

/// The order in which an event's rows are told.
pub(super) const BY_LEVEL: &str = " ORDER BY c.level, c.id";

/// Who earns these rows, each once.
pub(super) fn earners(rows: &[Versioned<Commission>]) -> Vec<Uuid> {
    let mut earners: Vec<Uuid> = rows.iter().map(|row| row.row.affiliate_id.uuid()).collect();
    earners.sort_unstable();
    earners.dedup();
    earners
}

/// The accounts of these affiliates in a currency.
pub(super) fn accounts<'a>(merchant: MerchantId, affiliates: Vec<Uuid>, currency: Currency) -> Sql<'a, Found<Account>> {
    let sql = Sql::new(format!(
        "SELECT {} FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ANY (?) AND x.currency = ?",
        select::<Account>("x"),
    ));
    sql.bind(merchant.uuid()).bind_each(affiliates).bind(currency.code().to_owned())
}

/// Those of `due` that are still pending, and what else of the affiliate is pending in the same orders. The orders come
/// as an array, so that each is looked up in its index.
fn maturing<'a>(merchant: MerchantId, affiliate: AffiliateId, due: &[CommissionId]) -> Sql<'a, Found<Commission>> {
    commissions(merchant)
        .text(
            " AND c.order_id = ANY (ARRAY (SELECT DISTINCT d.order_id FROM commissions d WHERE d.merchant_id = ? \
             AND d.id = ANY (?))) AND c.affiliate_id = ? AND c.status = 'pending' ORDER BY c.matures_at, c.id",
        )
        .bind(merchant.uuid())
        .bind_each(due.iter().map(|id| id.uuid()))
        .bind(affiliate.uuid())
}

/// What is due where the clock shows real time; the index has what is pending in the order in which it comes due. OFFSET
/// makes PostgreSQL begin there: while it has no statistics it would rather begin with the affiliates, and read all that
/// is pending of each.
fn due_by_real_time<'a>(now: Timestamp, limit: u32) -> Sql<'a, (Uuid, Uuid, Uuid)> {
    Sql::new(
        "SELECT c.merchant_id, c.affiliate_id, c.id FROM (\
         SELECT merchant_id, affiliate_id, id, matures_at FROM commissions \
         WHERE status = 'pending' AND matures_at <= ? ORDER BY matures_at, merchant_id, id OFFSET 0) c \
         JOIN merchants m ON m.id = c.merchant_id AND m.clock_offset_micros = 0 AND NOT m.resetting \
         JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id AND a.status = 'approved' \
         ORDER BY c.matures_at, c.merchant_id, c.id LIMIT ?",
    )
    .bind(time(now))
    .bind(i64::from(limit))
}

/// What is due where the clock is ahead: the few such merchants, and what is pending with each of them.
fn due_by_clocks_ahead<'a>(now: Timestamp, limit: u32) -> Sql<'a, (Uuid, Uuid, Uuid)> {
    Sql::new(
        "SELECT d.merchant_id, d.affiliate_id, d.id FROM merchants m CROSS JOIN LATERAL (\
         SELECT c.merchant_id, c.affiliate_id, c.id FROM commissions c \
         JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id AND a.status = 'approved' \
         WHERE c.merchant_id = m.id AND c.status = 'pending' \
         AND c.matures_at <= ? + m.clock_offset_micros * interval '1 microsecond' \
         ORDER BY c.matures_at + interval '0', c.id LIMIT ?) d \
         WHERE m.clock_offset_micros <> 0 AND NOT m.resetting LIMIT ?",
    )
    .bind(time(now))
    .bind(i64::from(limit))
    .bind(i64::from(limit))
}

#[async_trait]
impl CommissionReads for PostgresStorage {
    async fn commission(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<Commission>> {
        let sql = commissions(merchant).text(" AND c.id = ?").bind(id.uuid());
        let row = self.readers.reader()?.first(sql).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn commissions(
        &self,
        merchant: MerchantId,
        filter: &CommissionFilter,
        request: &PageRequest,
    ) -> Read<Page<Commission>> {
        let CommissionFilter { affiliate_id, status, order_id, from, to } = filter;
        let sql = commissions(merchant)
            .and(" AND c.affiliate_id = ?", affiliate_id.map(AffiliateId::uuid))
            .and(" AND c.status = ?", status.map(CommissionStatus::as_str))
            .and(" AND c.order_id = ?", order_id.as_ref().map(OrderReference::as_str))
            .and(" AND c.created_at >= ?", from.map(time))
            .and(" AND c.created_at < ?", to.map(time));
        let rows = self.readers.reader()?.all(paged(sql, "c", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn commission_move_facts(&self, merchant: MerchantId, id: CommissionId) -> Read<Option<CommissionMoveFacts>> {
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
        let (shop, rows) = try_join!(biased; reader.first(merchant_of(merchant)), reader.all(rows))?;
        let rows = rows.into_iter().map(Found::versioned).collect::<Mapped<Vec<_>>>()?;
        let (Some(shop), Some(first)) = (shop, rows.first()) else { return Ok(None) };
        let earners = earners(&rows);
        let accounts = accounts(merchant, earners.clone(), first.row.amount.currency());
        let (affiliates, accounts) =
            try_join!(biased; reader.all(affiliates_with(merchant, earners)), reader.all(accounts))?;
        Ok(Some(CommissionMoveFacts {
            merchant: shop.versioned()?,
            rows,
            affiliates: affiliates.into_iter().map(Found::versioned).collect::<Mapped<_>>()?,
            accounts: accounts.into_iter().map(Found::versioned).collect::<Mapped<_>>()?,
        }))
    }

    async fn due_commissions(&self, now: Timestamp, limit: u32) -> Read<Vec<DueCommission>> {
        let reader = self.readers.reader()?;
        let (live, ahead) = try_join!(
            biased;
            reader.all(due_by_real_time(now, limit)),
            reader.all(due_by_clocks_ahead(now, limit))
        )?;
        let due = live.into_iter().chain(ahead).map(|(merchant, affiliate, id)| DueCommission {
            merchant_id: MerchantId::from_uuid(merchant),
            affiliate_id: AffiliateId::from_uuid(affiliate),
            id: CommissionId::from_uuid(id),
        });
        Ok(due.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn maturing_facts(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        due: &[CommissionId],
    ) -> Read<Option<MaturingFacts>> {
        let accounts = Sql::<Found<Account>>::new(format!(
            "SELECT {} FROM accounts x WHERE x.merchant_id = ? AND x.affiliate_id = ?",
            select::<Account>("x"),
        ));
        let reader = self.readers.reader()?;
        let (owner, earner, rows, accounts) = try_join!(
            biased;
            reader.first(merchant_of(merchant)),
            reader.first(affiliates_with(merchant, vec![affiliate.uuid()])),
            reader.all(maturing(merchant, affiliate, due)),
            reader.all(accounts.bind(merchant.uuid()).bind(affiliate.uuid()))
        )?;
        let (Some(owner), Some(earner)) = (owner, earner) else { return Ok(None) };
        Ok(Some(MaturingFacts {
            merchant: owner.versioned()?,
            affiliate: earner.versioned()?,
            rows: rows.into_iter().map(Found::versioned).collect::<Mapped<Vec<Versioned<Commission>>>>()?,
            accounts: accounts.into_iter().map(Found::versioned).collect::<Mapped<_>>()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PostgresOptions, connect::Connector, connect::Purpose, migrate::migrate, sql::load};
    use testkit::postgres::shared;

    /// How PostgreSQL goes about a statement while it knows nothing of the tables' contents.
    async fn plan(sql: Sql<'static, (Uuid, Uuid, Uuid)>) -> String {
        let migrated = async |url: String| migrate(&url.into()).await.map(drop);
        let database = shared().unwrap().database("coterie", migrated).await.unwrap();
        let connector = Connector::new(&database.url().into(), &PostgresOptions::default(), Purpose::Read).unwrap();
        let link = connector.open().await.unwrap();
        let lines: Vec<(String,)> = load(&link.conn, sql.within("EXPLAIN ", "")).await.unwrap();
        lines.into_iter().map(|(line,)| line + "\n").collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_what_is_due_is_read() {
        let plan = plan(due_by_real_time(Timestamp::MIN, 500)).await;
        let reads: Vec<&str> = plan.lines().filter(|line| line.contains(" on commissions")).collect();
        assert!(!reads.is_empty() && plan.contains("commissions_due"), "{plan}");
        assert!(!plan.contains("commissions_newest"), "{plan}");
    }
}
