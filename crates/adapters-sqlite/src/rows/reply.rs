//! `replies`

use super::statement::replace;
use crate::{error::Fault, schema::replies, values::Uid};
use diesel::prelude::*;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, KeptReply, Reply, ReplyStatus};
use tables::{Reading, Row as _};

/// Keeps the reply unless one that has not expired stands in its place; whether it is kept.
pub(crate) fn keep(connection: &mut SqliteConnection, merchant: MerchantId, reply: &Reply) -> QueryResult<bool> {
    let place = replies::table.find((Uid::from(merchant), &reply.route, reply.key.as_str()));
    let standing: Option<i64> = place.select(replies::expires_at).get_result(connection).optional()?;
    if standing.is_some_and(|expires_at| expires_at > reply.created_at.micros()) {
        return Ok(false);
    }
    Ok(replace::<Reply>(connection, reply.unversioned(merchant))? == 1)
}

/// The reply kept in a place, if it has not expired by `now`.
pub(crate) fn kept(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    route: &str,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<KeptReply>, Fault> {
    let place = replies::table.find((Uid::from(merchant), route, key.as_str()));
    let live = place.filter(replies::expires_at.gt(now.micros()));
    let found: Option<(Vec<u8>, i16, Vec<u8>)> =
        live.select((replies::fingerprint, replies::status, replies::body)).get_result(connection).optional()?;
    let Some((fingerprint, status, body)) = found else { return Ok(None) };
    let reading = Reading::of("replies", merchant.uuid());
    let fingerprint = fingerprint.try_into().map_err(|_| "must be 32 bytes");
    let status = u16::try_from(status).ok().and_then(ReplyStatus::from_code);
    Ok(Some(KeptReply {
        fingerprint: reading.made("fingerprint", fingerprint)?,
        status: reading.made("status", status.ok_or("must be 200, 201 or 204"))?,
        body,
    }))
}

/// Takes a reply back whose change set lost.
pub(crate) fn take_back(connection: &mut SqliteConnection, merchant: MerchantId, reply: &Reply) -> QueryResult<usize> {
    let place = (Uid::from(merchant), &reply.route, reply.key.as_str());
    diesel::delete(replies::table.find(place)).execute(connection)
}
