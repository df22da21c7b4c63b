//! Organizations and merchants.

use super::{
    Read, global_owner,
    one::{merchant_of, settings_of},
};
use crate::{
    PostgresStorage,
    rows::{Found, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{Merchant, MerchantId, Organization, OrganizationId, Slug};
use ports::{MerchantReads, SettingsFacts, Space, Versioned};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl MerchantReads for PostgresStorage {
    async fn merchant(&self, id: MerchantId) -> Read<Option<Versioned<Merchant>>> {
        let row = self.readers.reader()?.first(merchant_of(id)).await?;
        Ok(row.map(Found::versioned).transpose()?)
    }

    async fn settings_facts(&self, id: MerchantId, slug: Option<&Slug>) -> Read<Option<SettingsFacts>> {
        let sql = Sql::<(Found<Merchant>, bool, Option<Uuid>)>::new(format!(
            "SELECT {}, EXISTS (SELECT FROM commissions c WHERE c.merchant_id = m.id), {} FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            global_owner(Space::MerchantSlug),
        ));
        let reader = self.readers.reader()?;
        let sql = sql.bind(slug.map(Slug::as_str)).bind(id.uuid());
        let (found, group_settings) = try_join!(biased; reader.first(sql), reader.first(settings_of(id)))?;
        let Some((merchant, has_commissions, slug_owner)) = found else { return Ok(None) };
        Ok(Some(SettingsFacts {
            merchant: merchant.versioned()?,
            has_commissions,
            slug_owner,
            group_settings: group_settings.map(Found::versioned).transpose()?,
        }))
    }

    async fn resetting_merchants(&self, limit: u32) -> Read<Vec<MerchantId>> {
        let sql = Sql::<Uuid>::new("SELECT m.id FROM merchants m WHERE m.resetting ORDER BY m.id LIMIT ?");
        let ids = self.readers.reader()?.all(sql.bind(i64::from(limit))).await?;
        Ok(ids.into_iter().map(MerchantId::from_uuid).collect())
    }

    async fn slug_owner(&self, slug: &Slug) -> Read<Option<Uuid>> {
        let sql = Sql::<Option<Uuid>>::new(format!("SELECT {}", global_owner(Space::MerchantSlug)));
        Ok(self.readers.reader()?.first(sql.bind(slug.as_str())).await?.flatten())
    }

    async fn organization(&self, id: OrganizationId) -> Read<Option<Versioned<Organization>>> {
        let columns = select::<Organization>("o");
        let sql = Sql::<Found<Organization>>::new(format!("SELECT {columns} FROM organizations o WHERE o.id = ?"));
        let row = self.readers.reader()?.first(sql.bind(id.uuid())).await?;
        Ok(row.map(Found::versioned).transpose()?)
    }

    async fn organizations(&self, after: Option<OrganizationId>, limit: u32) -> Read<Vec<Organization>> {
        let columns = select::<Organization>("o");
        let sql = Sql::<Found<Organization>>::new(format!("SELECT {columns} FROM organizations o"))
            .and(" WHERE o.id > ?", after.map(OrganizationId::uuid))
            .text(" ORDER BY o.id LIMIT ?")
            .bind(i64::from(limit));
        let rows = self.readers.reader()?.all(sql).await?;
        rows.into_iter().map(|row| Ok(row.entity()?)).collect()
    }
}
