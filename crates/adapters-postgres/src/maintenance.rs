//! Deleting what has served its time, and what a reset wipes.

use crate::{
    PostgresStorage,
    error::read_error,
    reads::window_end,
    rows::{Mapped, parsed, time},
    sql::{Sql, execute},
};
use async_trait::async_trait;
use domain::{AffiliateId, AnnouncementId, ClickId, MerchantId, Timestamp};
use ports::{Answered, IdempotencyKey, Maintenance, ReadError, ReplyPlace, ResponseStatus, StoredPayload};
use tables::wiped_tables;
use uuid::Uuid;

/// Which rows of a table a reset wipes; its values are the merchant and the route whose answers are kept.
fn wiped(table: &str) -> String {
    // The route is looked at in one table only, and bound for all of them: NULL would be a condition, this is none.
    let route = if table == "replies" { "route <> ?" } else { "?::text IS NOT NULL" };
    format!("FROM {table} WHERE merchant_id = ? AND {route}")
}

#[async_trait]
impl Maintenance for PostgresStorage {
    /// On a connection of its own. Rows that another node is just deleting are passed over.
    async fn forget_replies(&self, now: Timestamp, most: u32) -> Result<u32, ReadError> {
        let link = self.inspector.open().await?;
        let sql = Sql::new(
            "DELETE FROM replies t USING (SELECT merchant_id, route, key FROM replies WHERE expires_at <= ? \
             ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED) n \
             WHERE t.merchant_id = n.merchant_id AND t.route = n.route AND t.key = n.key",
        );
        let gone = execute(&link.conn, sql.bind(time(now)).bind(i64::from(most))).await.map_err(read_error)?;
        Ok(u32::try_from(gone).unwrap_or(most))
    }

    /// Rows that another node is just deleting, or sending, are passed over.
    async fn forget_mails(&self, before: Timestamp, most: u32) -> Result<u32, ReadError> {
        let sql = Sql::new(
            "DELETE FROM mails WHERE ctid = ANY (ARRAY (SELECT ctid FROM mails WHERE created_at < ? \
             ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED))",
        );
        let gone = self.upkeep.execute(sql.bind(time(before)).bind(i64::from(most))).await?;
        Ok(u32::try_from(gone).unwrap_or(most))
    }

    async fn announcements_after(
        &self,
        merchant: MerchantId,
        after: Option<AnnouncementId>,
        most: u32,
    ) -> Result<Vec<StoredPayload>, ReadError> {
        let sql = Sql::<(Uuid, Vec<u8>)>::new("SELECT t.id, t.payload FROM announcements t WHERE t.merchant_id = ?");
        let sql = sql.bind(merchant.uuid()).and(" AND t.id > ?", after.map(AnnouncementId::uuid));
        let sql = sql.text(&format!(" ORDER BY t.id LIMIT {most}"));
        let found = self.readers.reader()?.all(sql).await?;
        Ok(found.into_iter().map(|(id, payload)| (AnnouncementId::from_uuid(id), payload)).collect())
    }

    async fn rewrite_announcements(&self, merchant: MerchantId, payloads: Vec<StoredPayload>) -> Result<(), ReadError> {
        let (ids, payloads): (Vec<Uuid>, Vec<Vec<u8>>) =
            payloads.into_iter().map(|(id, payload)| (id.uuid(), payload)).unzip();
        let sql = Sql::new(
            "UPDATE announcements t SET payload = n.payload FROM unnest(?, ?) AS n (id, payload) \
             WHERE t.merchant_id = ? AND t.id = n.id",
        );
        self.upkeep.execute(sql.bind_each(ids).bind_each(payloads).bind(merchant.uuid())).await?;
        Ok(())
    }

    async fn replies_after(
        &self,
        merchant: MerchantId,
        after: Option<&ReplyPlace>,
        most: u32,
    ) -> Result<Vec<Answered>, ReadError> {
        let sql = Sql::<(String, String, Vec<u8>)>::new(
            "SELECT t.route, t.key, t.body FROM replies t WHERE t.merchant_id = ?",
        );
        let sql = sql.bind(merchant.uuid());
        let sql = match after {
            Some(ReplyPlace { route, key }) => {
                sql.text(" AND (t.route, t.key) > (?, ?)").bind(route.clone()).bind(key.as_str().to_owned())
            }
            None => sql,
        };
        let found = self.readers.reader()?.all(sql.text(&format!(" ORDER BY t.route, t.key LIMIT {most}"))).await?;
        let answered = |(route, key, body): (String, String, Vec<u8>)| {
            Ok((ReplyPlace { route, key: parsed(IdempotencyKey::parse(&key))? }, body))
        };
        Ok(found.into_iter().map(answered).collect::<Mapped<_>>()?)
    }

    async fn blank_replies(&self, merchant: MerchantId, places: Vec<ReplyPlace>) -> Result<(), ReadError> {
        let (routes, keys): (Vec<String>, Vec<String>) =
            places.into_iter().map(|ReplyPlace { route, key }| (route, key.as_str().to_owned())).unzip();
        let gone = ResponseStatus::Gone.code();
        let sql = Sql::new(format!(
            "UPDATE replies t SET status = {gone}, body = '' FROM unnest(?, ?) AS n (route, key) \
             WHERE t.merchant_id = ? AND t.route = n.route AND t.key = n.key",
        ));
        self.upkeep.execute(sql.bind_each(routes).bind_each(keys).bind(merchant.uuid())).await?;
        Ok(())
    }

    async fn forget_clicks(
        &self,
        merchant: MerchantId,
        affiliate: AffiliateId,
        after: Option<ClickId>,
        window: u32,
    ) -> Result<Option<ClickId>, ReadError> {
        let after = after.map(ClickId::uuid);
        let end = self.readers.reader()?.first(window_end("clicks", merchant, after, window)).await?;
        let sql = Sql::new("DELETE FROM clicks WHERE merchant_id = ?").bind(merchant.uuid());
        let sql = sql.and(" AND id > ?", after).and(" AND id <= ?", end).text(" AND affiliate_id = ?");
        self.upkeep.execute(sql.bind(affiliate.uuid())).await?;
        Ok(end.map(ClickId::from_uuid))
    }

    /// Rows that another node is just deleting are passed over. So it does not mean that nothing is left if nothing was
    /// found to delete: that is asked for itself, of all tables at one moment. Every statement holds the merchant still
    /// while it deletes: nobody can open it again in between, and write what would then be deleted.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError> {
        let mut budget = i64::from(most);
        let tables = wiped_tables();
        for (table, _) in &tables {
            let sql = Sql::new(format!(
                "WITH held AS (SELECT FROM merchants WHERE id = ? AND resetting FOR SHARE) DELETE FROM {table} \
                 WHERE EXISTS (SELECT FROM held) \
                 AND ctid = ANY (ARRAY (SELECT ctid {} LIMIT ? FOR UPDATE SKIP LOCKED))",
                wiped(table),
            ));
            let sql = sql.bind(merchant.uuid()).bind(merchant.uuid()).bind(kept_route).bind(budget);
            let gone = self.upkeep.execute(sql).await?;
            budget = budget.saturating_sub(i64::try_from(gone).unwrap_or(i64::MAX)).max(0);
            if budget == 0 {
                return Ok(false);
            }
        }
        let left: Vec<String> = tables.iter().map(|(table, _)| format!("EXISTS (SELECT {})", wiped(table))).collect();
        let resetting = "EXISTS (SELECT FROM merchants WHERE id = ? AND resetting)";
        let asked = Sql::<bool>::new(format!("SELECT {resetting} AND ({})", left.join(" OR "))).bind(merchant.uuid());
        let sql = tables.iter().fold(asked, |sql, _| sql.bind(merchant.uuid()).bind(kept_route));
        Ok(self.readers.reader()?.first(sql).await? == Some(false))
    }
}
