//! `replies`: responses stored for idempotency keys.

use super::statement::replace;
use crate::{error::SqliteError, schema::replies, values::Uid};
use diesel::prelude::*;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, ResponseRecord, ResponseStatus, StoredResponse};
use tables::{Reading, Row as _};

/// Keeps the response unless one that has not expired stands in its place; whether it is kept.
pub(crate) fn keep(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    response: &ResponseRecord,
) -> QueryResult<bool> {
    let place = replies::table.find((Uid::from(merchant), &response.route, response.key.as_str()));
    let standing: Option<i64> = place.select(replies::expires_at).get_result(connection).optional()?;
    if standing.is_some_and(|expires_at| expires_at > response.created_at.micros()) {
        return Ok(false);
    }
    Ok(replace::<ResponseRecord>(connection, response.unversioned(merchant))? == 1)
}

/// The response kept in a place, if it has not expired by `now`.
pub(crate) fn kept(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    route: &str,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<StoredResponse>, SqliteError> {
    let place = replies::table.find((Uid::from(merchant), route, key.as_str()));
    let live = place.filter(replies::expires_at.gt(now.micros()));
    let found: Option<(Vec<u8>, i16, Vec<u8>)> =
        live.select((replies::fingerprint, replies::status, replies::body)).get_result(connection).optional()?;
    let Some((fingerprint, status, body)) = found else { return Ok(None) };
    let reading = Reading::of("replies", merchant.uuid());
    let fingerprint = fingerprint.try_into().map_err(|_| "must be 32 bytes");
    let status = u16::try_from(status).ok().and_then(ResponseStatus::from_code);
    Ok(Some(StoredResponse {
        fingerprint: reading.made("fingerprint", fingerprint)?,
        status: reading.made("status", status.ok_or("must be 200, 201 or 204"))?,
        body,
    }))
}

/// Takes a response back whose change set lost.
pub(crate) fn take_back(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    response: &ResponseRecord,
) -> QueryResult<usize> {
    let place = (Uid::from(merchant), &response.route, response.key.as_str());
    diesel::delete(replies::table.find(place)).execute(connection)
}
