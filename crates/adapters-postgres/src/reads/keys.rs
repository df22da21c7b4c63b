//! API keys.

use super::Read;
use crate::{
    PostgresStorage,
    rows::{Found, Mapped, optional_instant, parsed, select},
    sql::Sql,
};
use async_trait::async_trait;
use diesel::data_types::PgTimestamp;
use domain::{ApiKey, ApiKeyId, KeyHash, MerchantId, Mode, OrganizationId, Plan};
use ports::{KeyFacts, KeyReads, MOST_KEYS, Space};
use uuid::Uuid;

/// A key, its merchant's mode, its organization and that one's plan, and its last use.
type KeyRow = (Found<ApiKey>, String, Uuid, String, Option<PgTimestamp>);

/// Reads keys `k` and what belongs to them; the caller says which.
fn keys<'a>(from: &str) -> Sql<'a, KeyRow> {
    Sql::new(format!(
        "SELECT {}, m.mode, o.id, o.plan, u.last_used_at FROM {from} \
         JOIN merchants m ON m.id = k.merchant_id JOIN organizations o ON o.id = m.organization_id \
         LEFT JOIN key_uses u ON u.merchant_id = k.merchant_id AND u.key_id = k.id",
        select::<ApiKey>("k"),
    ))
}

fn facts((key, mode, organization_id, plan, last_used_at): KeyRow) -> Mapped<KeyFacts> {
    Ok(KeyFacts {
        merchant_id: MerchantId::from_uuid(key.merchant),
        key: key.versioned()?,
        mode: parsed(mode.parse::<Mode>())?,
        organization_id: OrganizationId::from_uuid(organization_id),
        plan: parsed(plan.parse::<Plan>())?,
        last_used_at: optional_instant(last_used_at)?,
    })
}

#[async_trait]
impl KeyReads for PostgresStorage {
    async fn key_by_hash(&self, hashes: &[KeyHash]) -> Read<Option<KeyFacts>> {
        let space = Space::KeyHash.number();
        let sql = keys("directory d JOIN api_keys k ON k.id = d.owner")
            .text(&format!(" WHERE d.space = {space} AND d.key = ANY (?) LIMIT 1"))
            .bind_each(hashes.iter().map(KeyHash::hex));
        let row = self.readers.reader()?.first(sql).await?;
        Ok(row.map(facts).transpose()?)
    }

    async fn key(&self, id: ApiKeyId) -> Read<Option<KeyFacts>> {
        let row = self.readers.reader()?.first(keys("api_keys k").text(" WHERE k.id = ?").bind(id.uuid())).await?;
        Ok(row.map(facts).transpose()?)
    }

    async fn keys_of(&self, organization: OrganizationId) -> Read<Vec<KeyFacts>> {
        let sql = keys("api_keys k")
            .text(" WHERE k.merchant_id IN (")
            .text("SELECT unnest(ARRAY[w.test_merchant_id, w.live_merchant_id]) FROM organizations w WHERE w.id = ?")
            .bind(organization.uuid())
            .text(&format!(") ORDER BY k.created_at DESC, k.id DESC LIMIT {MOST_KEYS}"));
        let rows = self.readers.reader()?.all(sql).await?;
        rows.into_iter().map(|row| Ok(facts(row)?)).collect()
    }
}
