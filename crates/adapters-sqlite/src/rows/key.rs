//! `api_keys` and `key_uses`

use super::{Reading, TableRow};
use crate::{
    error::Damaged,
    schema::{api_keys, key_uses},
    values::Uid,
};
use diesel::{prelude::*, query_dsl::methods::FilterDsl, upsert::excluded};
use domain::{ApiKey, KeyHash, KeyName, MerchantId, Scopes};
use ports::{KeyUse, Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = api_keys, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct KeyRow {
    merchant_id: Uid,
    id: Uid,
    name: String,
    hash: Vec<u8>,
    start: String,
    last_four: String,
    scopes: String,
    rate_limit_per_min: i32,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    rolled_to: Option<Uid>,
    version: i64,
}

impl KeyRow {
    /// Whose key it is: the one question that a key answers about itself.
    pub(crate) fn merchant(&self) -> MerchantId {
        self.merchant_id.id()
    }

    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for KeyRow {
    type Entity = ApiKey;

    fn of(merchant: MerchantId, key: &ApiKey, version: Version) -> Self {
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
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            name: name.as_str().to_owned(),
            hash: hash.bytes().to_vec(),
            start: start.clone(),
            last_four: last_four.clone(),
            scopes: scopes.text(),
            rate_limit_per_min: i32::try_from(*rate_limit_per_min).unwrap_or(i32::MAX),
            created_at: created_at.micros(),
            expires_at: expires_at.map(domain::Timestamp::micros),
            revoked_at: revoked_at.map(domain::Timestamp::micros),
            rolled_to: rolled_to.map(Uid::from),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<ApiKey>, Damaged> {
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
        let reading = Reading::of("api_keys", id.0);
        let row = ApiKey {
            id: id.id(),
            name: reading.get("name", KeyName::parse(&name))?,
            hash: KeyHash::from_bytes(reading.bytes("hash", hash)?),
            start,
            last_four,
            scopes: reading.get("scopes", Scopes::parse(&scopes))?,
            rate_limit_per_min: reading.number("rate_limit_per_min", rate_limit_per_min)?,
            created_at: reading.time("created_at", created_at)?,
            expires_at: reading.maybe_time("expires_at", expires_at)?,
            revoked_at: reading.maybe_time("revoked_at", revoked_at)?,
            rolled_to: rolled_to.map(Uid::id),
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = key_uses)]
pub(crate) struct KeyUseRow {
    merchant_id: Uid,
    key_id: Uid,
    last_used_at: i64,
}

impl KeyUseRow {
    pub(crate) fn of(merchant: MerchantId, key_use: &KeyUse) -> Self {
        let KeyUse { key_id, at } = key_use;
        Self { merchant_id: Uid::from(merchant), key_id: Uid::from(*key_id), last_used_at: at.micros() }
    }

    /// Keeps the latest use: two nodes may tell of theirs in any order.
    pub(crate) fn keep_latest(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        let upsert = diesel::insert_into(key_uses::table)
            .values(self)
            .on_conflict((key_uses::merchant_id, key_uses::key_id))
            .do_update()
            .set(key_uses::last_used_at.eq(excluded(key_uses::last_used_at)));
        let later = key_uses::last_used_at.lt(excluded(key_uses::last_used_at));
        FilterDsl::filter(upsert, later).execute(connection)
    }
}
