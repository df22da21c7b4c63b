//! Deleting what has served its time, and what a reset wipes.

use crate::{
    PostgresStorage,
    error::read_error,
    rows::time,
    sql::{Sql, execute},
};
use async_trait::async_trait;
use domain::{AnnouncementId, MerchantId, Timestamp};
use ports::{Maintenance, ReadError};
use uuid::Uuid;

/// The tables that a reset wipes for a merchant, what depends on other rows first. Those of `replies` that it keeps are
/// left out of `replies` by a condition.
pub const WIPED_TABLES: &[&str] = &[
    "outbox",
    "announcements",
    "replies",
    "payout_items",
    "payouts",
    "commissions",
    "events",
    "clicks",
    "coupons",
    "accounts",
    "bindings",
    "commission_rules",
    "affiliates",
    "tiers",
    "mails",
    "orders",
    "referral_groups",
    "customers",
    "group_settings",
    "claims",
];

/// Which rows of a table a reset wipes; its values are the merchant and the route whose answers are kept.
fn wiped(table: &str) -> String {
    // The route is looked at in one table only, and bound for all of them: NULL would be a condition, this is none.
    let route = if table == "replies" { "route <> ?" } else { "?::text IS NOT NULL" };
    format!("FROM {table} WHERE merchant_id = ? AND {route}")
}

/// A condition on the bytes of `column`: one of several texts is in them, and another text is not; its values.
fn tells(column: &str) -> String {
    format!(
        "EXISTS (SELECT FROM unnest(?) AS n (needle) WHERE position(convert_to(n.needle, 'UTF8') IN {column}) > 0) \
         AND position(convert_to(?, 'UTF8') IN {column}) = 0"
    )
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

    async fn announcements_with(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        most: u32,
    ) -> Result<Vec<(AnnouncementId, Vec<u8>)>, ReadError> {
        let sql = Sql::<(Uuid, Vec<u8>)>::new(format!(
            "SELECT t.id, t.payload FROM announcements t WHERE t.merchant_id = ? AND {} ORDER BY t.id LIMIT ?",
            tells("t.payload"),
        ));
        let sql = sql.bind(merchant.uuid()).bind_each(needles.iter().cloned()).bind(without.to_owned());
        let found = self.readers.reader()?.all(sql.bind(i64::from(most))).await?;
        Ok(found.into_iter().map(|(id, payload)| (AnnouncementId::from_uuid(id), payload)).collect())
    }

    async fn rewrite_announcements(
        &self,
        merchant: MerchantId,
        payloads: Vec<(AnnouncementId, Vec<u8>)>,
    ) -> Result<(), ReadError> {
        let (ids, payloads): (Vec<Uuid>, Vec<Vec<u8>>) =
            payloads.into_iter().map(|(id, payload)| (id.uuid(), payload)).unzip();
        let sql = Sql::new(
            "UPDATE announcements t SET payload = n.payload FROM unnest(?, ?) AS n (id, payload) \
             WHERE t.merchant_id = ? AND t.id = n.id",
        );
        self.upkeep.execute(sql.bind_each(ids).bind_each(payloads).bind(merchant.uuid())).await?;
        Ok(())
    }

    async fn blank_replies(
        &self,
        merchant: MerchantId,
        needles: &[String],
        without: &str,
        blank: &[u8],
        most: u32,
    ) -> Result<u32, ReadError> {
        let sql = Sql::new(format!(
            "UPDATE replies SET body = ? WHERE ctid = ANY (ARRAY (SELECT t.ctid FROM replies t \
             WHERE t.merchant_id = ? AND {} LIMIT ? FOR UPDATE))",
            tells("t.body"),
        ));
        let sql = sql.bind(blank.to_vec()).bind(merchant.uuid()).bind_each(needles.iter().cloned());
        let touched = self.upkeep.execute(sql.bind(without.to_owned()).bind(i64::from(most))).await?;
        Ok(u32::try_from(touched).unwrap_or(most))
    }

    /// Rows that another node is just deleting are passed over. So it does not mean that nothing is left if nothing was
    /// found to delete: that is asked for itself, of all tables at one moment. Every statement holds the merchant still
    /// while it deletes: nobody can open it again in between, and write what would then be deleted.
    async fn wipe(&self, merchant: MerchantId, kept_route: &str, most: u32) -> Result<bool, ReadError> {
        let mut budget = i64::from(most);
        for table in WIPED_TABLES {
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
        let left: Vec<String> = WIPED_TABLES.iter().map(|table| format!("EXISTS (SELECT {})", wiped(table))).collect();
        let resetting = "EXISTS (SELECT FROM merchants WHERE id = ? AND resetting)";
        let asked = Sql::<bool>::new(format!("SELECT {resetting} AND ({})", left.join(" OR "))).bind(merchant.uuid());
        let sql = WIPED_TABLES.iter().fold(asked, |sql, _| sql.bind(merchant.uuid()).bind(kept_route));
        Ok(self.readers.reader()?.first(sql).await? == Some(false))
    }
}
