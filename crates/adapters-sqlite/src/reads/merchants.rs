//! Organizations and merchants.

use super::one::{merchant, organization, settings_of};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{owner_of, whole},
    schema::{commissions, organizations},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{BigInt, Binary},
};
use domain::{Merchant, MerchantId, Organization, OrganizationId, Slug};
use ports::{MerchantReads, ReadError, SettingsFacts, Space, Versioned};
use uuid::Uuid;

/// Who on the server has a merchant's slug.
pub(super) fn slug_owner(connection: &mut SqliteConnection, slug: &Slug) -> QueryResult<Option<Uuid>> {
    // A global space looks at no merchant.
    owner_of(connection, MerchantId::from_uuid(Uuid::nil()), Space::MerchantSlug, slug.as_str())
}

fn settings_facts(
    connection: &mut SqliteConnection,
    id: MerchantId,
    slug: Option<&Slug>,
) -> Result<Option<SettingsFacts>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let any = commissions::table.filter(commissions::merchant_id.eq(Uid::from(id)));
    let has_commissions = diesel::select(exists(any)).get_result(connection)?;
    let slug_owner = slug.map(|slug| slug_owner(connection, slug)).transpose()?.flatten();
    let group_settings = settings_of(connection, id)?;
    Ok(Some(SettingsFacts { merchant, has_commissions, slug_owner, group_settings }))
}

#[derive(QueryableByName)]
struct Resetting {
    #[diesel(sql_type = Binary)]
    id: Uid,
}

#[async_trait]
impl MerchantReads for SqliteStorage {
    async fn merchant(&self, id: MerchantId) -> Result<Option<Versioned<Merchant>>, ReadError> {
        self.readers.read(move |connection| merchant(connection, id)).await
    }

    async fn settings_facts(&self, id: MerchantId, slug: Option<&Slug>) -> Result<Option<SettingsFacts>, ReadError> {
        let slug = slug.cloned();
        self.readers.read(move |connection| settings_facts(connection, id, slug.as_ref())).await
    }

    async fn resetting_merchants(&self, limit: u32) -> Result<Vec<MerchantId>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            // Of the partial index, from its start.
            let sql = "SELECT id FROM merchants INDEXED BY merchants_resetting \
                WHERE resetting <> 0 AND id >= zeroblob(16) ORDER BY id LIMIT ?";
            let found: Vec<Resetting> = diesel::sql_query(sql).bind::<BigInt, _>(i64::from(limit)).load(connection)?;
            Ok(found.into_iter().map(|merchant| merchant.id.id()).collect())
        };
        self.readers.read(work).await
    }

    async fn slug_owner(&self, slug: &Slug) -> Result<Option<Uuid>, ReadError> {
        let slug = slug.clone();
        self.readers.read(move |connection| Ok(slug_owner(connection, &slug)?)).await
    }

    async fn organization(&self, id: OrganizationId) -> Result<Option<Versioned<Organization>>, ReadError> {
        self.readers.read(move |connection| organization(connection, id)).await
    }

    async fn organizations(&self, after: Option<OrganizationId>, limit: u32) -> Result<Vec<Organization>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let mut query = organizations::table.select(whole::<Organization>()).into_boxed();
            if let Some(after) = after {
                query = query.filter(organizations::id.gt(Uid::from(after)));
            }
            let rows: Vec<Versioned<Organization>> =
                query.order(organizations::id).limit(i64::from(limit)).load(connection)?;
            Ok(rows.into_iter().map(|found| found.row).collect())
        };
        self.readers.read(work).await
    }
}
