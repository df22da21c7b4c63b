//! API keys and when they were last used.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, optional_instant},
};
use diesel::data_types::PgTimestamp;
use domain::{ApiKey, ApiKeyId, KeyHash, KeyName, MerchantId, Scopes};
use ports::{KeyUse, Version, Versioned};
use uuid::Uuid;

rows! {
    /// An API key.
    ApiKeyRow of "api_keys" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        name: String,
        hash: Vec<u8>,
        start: String,
        last_four: String,
        scopes: String,
        rate_limit_per_min: i32,
        created_at: PgTimestamp,
        expires_at: Option<PgTimestamp>,
        revoked_at: Option<PgTimestamp>,
        rolled_to: Option<Uuid>,
        version: i64,
    }
}

rows! {
    /// When a key was last used.
    KeyUseRow of "key_uses" by (merchant_id, key_id) {
        merchant_id: Uuid,
        key_id: Uuid,
        last_used_at: PgTimestamp,
    }
}

impl Image for ApiKeyRow {
    type Of = ApiKey;

    fn image(merchant: MerchantId, key: &ApiKey, version: Version) -> Self {
        let ApiKey {
            id,
            name,
            hash,
            start,
            last_four,
            scopes,
            rate_limit_per_min,
            created_at,
            expires_at,
            revoked_at,
            rolled_to,
        } = key;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            name: name.as_str().to_owned(),
            hash: hash.bytes().to_vec(),
            start: start.clone(),
            last_four: last_four.clone(),
            scopes: scopes.text(),
            // At most ten million.
            rate_limit_per_min: i32::try_from(*rate_limit_per_min).unwrap_or(i32::MAX),
            created_at: time(*created_at),
            expires_at: expires_at.map(time),
            revoked_at: revoked_at.map(time),
            rolled_to: rolled_to.map(ApiKeyId::uuid),
            version: version.number(),
        }
    }
}

impl Readable for ApiKeyRow {
    fn versioned(self) -> Mapped<Versioned<ApiKey>> {
        let Self {
            merchant_id: _,
            id,
            name,
            hash,
            start,
            last_four,
            scopes,
            rate_limit_per_min,
            created_at,
            expires_at,
            revoked_at,
            rolled_to,
            version,
        } = self;
        let row = ApiKey {
            id: ApiKeyId::from_uuid(id),
            name: parsed(KeyName::parse(&name))?,
            hash: KeyHash::from_bytes(parsed(hash.try_into())?),
            start,
            last_four,
            scopes: parsed(Scopes::parse(&scopes))?,
            rate_limit_per_min: parsed(u32::try_from(rate_limit_per_min))?,
            created_at: instant(created_at)?,
            expires_at: optional_instant(expires_at)?,
            revoked_at: optional_instant(revoked_at)?,
            rolled_to: rolled_to.map(ApiKeyId::from_uuid),
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl KeyUseRow {
    /// The row of one use.
    pub(crate) fn of(merchant: MerchantId, key_use: &KeyUse) -> Self {
        let KeyUse { key_id, at } = key_use;
        Self { merchant_id: merchant.uuid(), key_id: key_id.uuid(), last_used_at: time(*at) }
    }
}
