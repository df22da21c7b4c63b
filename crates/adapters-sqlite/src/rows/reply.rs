//! `replies`

use super::Reading;
use crate::{error::Damaged, schema::replies, values::Uid};
use diesel::prelude::*;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, KeptReply, Reply, ReplyStatus};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = replies)]
pub(crate) struct ReplyRow {
    merchant_id: Uid,
    route: String,
    key: String,
    fingerprint: Vec<u8>,
    status: i16,
    body: Vec<u8>,
    created_at: i64,
    expires_at: i64,
}

impl ReplyRow {
    pub(crate) fn of(merchant: MerchantId, reply: &Reply) -> Self {
        let Reply { route, key, fingerprint, status, body, created_at, expires_at } = reply;
        Self {
            merchant_id: Uid::from(merchant),
            route: route.clone(),
            key: key.as_str().to_owned(),
            fingerprint: fingerprint.to_vec(),
            status: i16::try_from(status.code()).unwrap_or(i16::MAX),
            body: body.clone(),
            created_at: created_at.micros(),
            expires_at: expires_at.micros(),
        }
    }

    /// Keeps the reply unless one that has not expired stands in its place; whether it is kept.
    pub(crate) fn keep(&self, connection: &mut SqliteConnection) -> QueryResult<bool> {
        let place = replies::table.find((self.merchant_id, &self.route, &self.key));
        let standing: Option<i64> = place.select(replies::expires_at).get_result(connection).optional()?;
        if standing.is_some_and(|expires_at| expires_at > self.created_at) {
            return Ok(false);
        }
        Ok(diesel::replace_into(replies::table).values(self).execute(connection)? == 1)
    }

    /// The reply kept in a place, if it has not expired by `now`.
    pub(crate) fn kept(
        connection: &mut SqliteConnection,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> QueryResult<Option<Self>> {
        let place = replies::table.find((Uid::from(merchant), route, key.as_str()));
        let live = place.filter(replies::expires_at.gt(now.micros()));
        live.select(Self::as_select()).get_result(connection).optional()
    }

    pub(crate) fn read(self) -> Result<KeptReply, Damaged> {
        let Self { merchant_id, route: _, key: _, fingerprint, status, body, created_at: _, expires_at: _ } = self;
        let reading = Reading::of("replies", merchant_id.0);
        let status = u16::try_from(status).ok().and_then(ReplyStatus::from_code);
        Ok(KeptReply {
            fingerprint: reading.bytes("fingerprint", fingerprint)?,
            status: reading.get("status", status.ok_or("must be 200, 201 or 204"))?,
            body,
        })
    }
}

/// Takes a reply back whose change set lost.
pub(crate) fn take_back(connection: &mut SqliteConnection, merchant: MerchantId, reply: &Reply) -> QueryResult<usize> {
    let place = (Uid::from(merchant), &reply.route, reply.key.as_str());
    diesel::delete(replies::table.find(place)).execute(connection)
}
