//! API keys.

use super::one::{merchant, organization};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{owner_of, whole},
    schema::{api_keys, key_uses},
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{ApiKey, ApiKeyId, KeyHash, MerchantId, Mode, Organization, OrganizationId};
use ports::{KeyFacts, KeyReads, MOST_KEYS, ReadError, Space, Versioned};
use tables::Reading;
use uuid::Uuid;

/// The owner of a key, as far as it decides what the key opens.
struct Owner {
    merchant_id: MerchantId,
    mode: Mode,
    organization: Organization,
}

fn facts(connection: &mut SqliteConnection, key: Versioned<ApiKey>, owner: &Owner) -> Result<KeyFacts, SqliteError> {
    let used: Option<i64> = key_uses::table
        .find((Uid::from(owner.merchant_id), Uid::from(key.row.id)))
        .select(key_uses::last_used_at)
        .get_result(connection)
        .optional()?;
    let reading = Reading::of("key_uses", key.row.id.uuid());
    let last_used_at = used.map(|at| reading.instant("last_used_at", at)).transpose()?;
    let Organization { id: organization_id, plan, .. } = owner.organization;
    Ok(KeyFacts { key, merchant_id: owner.merchant_id, mode: owner.mode, organization_id, plan, last_used_at })
}

fn key(connection: &mut SqliteConnection, id: Uuid) -> Result<Option<KeyFacts>, SqliteError> {
    let by_id = api_keys::table.filter(api_keys::id.eq(Uid(id)));
    let found = by_id.select((api_keys::merchant_id, whole::<ApiKey>())).get_result(connection).optional()?;
    let Some((merchant_id, found)): Option<(Uid, Versioned<ApiKey>)> = found else { return Ok(None) };
    let merchant_id = merchant_id.id();
    let Some(merchant) = merchant(connection, merchant_id)?.map(|found| found.row) else { return Ok(None) };
    let Some(organization) = organization(connection, merchant.organization_id)? else { return Ok(None) };
    let owner = Owner { merchant_id, mode: merchant.mode, organization: organization.row };
    facts(connection, found, &owner).map(Some)
}

fn key_by_hash(connection: &mut SqliteConnection, hashes: &[KeyHash]) -> Result<Option<KeyFacts>, SqliteError> {
    for hash in hashes {
        // A global space looks at no merchant.
        let nobody = MerchantId::from_uuid(Uuid::nil());
        if let Some(id) = owner_of(connection, nobody, Space::KeyHash, &hash.hex())? {
            return key(connection, id);
        }
    }
    Ok(None)
}

fn keys_of(connection: &mut SqliteConnection, id: OrganizationId) -> Result<Vec<KeyFacts>, SqliteError> {
    let Some(organization) = organization(connection, id)?.map(|found| found.row) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for &mode in Mode::ALL {
        let merchant_id = organization.merchant(mode);
        let rows: Vec<Versioned<ApiKey>> = api_keys::table
            .filter(api_keys::merchant_id.eq(Uid::from(merchant_id)))
            .order((api_keys::created_at.desc(), api_keys::id.desc()))
            .limit(MOST_KEYS.into())
            .select(whole::<ApiKey>())
            .load(connection)?;
        let owner = Owner { merchant_id, mode, organization: organization.clone() };
        for row in rows {
            found.push(facts(connection, row, &owner)?);
        }
    }
    found.sort_by_key(|facts| std::cmp::Reverse((facts.key.row.created_at, facts.key.row.id)));
    found.truncate(MOST_KEYS.into());
    Ok(found)
}

#[async_trait]
impl KeyReads for SqliteStorage {
    async fn key_by_hash(&self, hashes: &[KeyHash]) -> Result<Option<KeyFacts>, ReadError> {
        let hashes = hashes.to_vec();
        self.readers.read(move |connection| key_by_hash(connection, &hashes)).await
    }

    async fn key(&self, id: ApiKeyId) -> Result<Option<KeyFacts>, ReadError> {
        self.readers.read(move |connection| key(connection, id.uuid())).await
    }

    async fn keys_of(&self, organization: OrganizationId) -> Result<Vec<KeyFacts>, ReadError> {
        self.readers.read(move |connection| keys_of(connection, organization)).await
    }
}
