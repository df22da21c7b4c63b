//! Kept answers.

use super::Read;
use crate::{
    PostgresStorage,
    rows::{Mapped, time},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{MerchantId, Timestamp};
use ports::{IdempotencyKey, ResponseReads, ResponseStatus, StoredResponse};
use tables::Reading;

#[async_trait]
impl ResponseReads for PostgresStorage {
    async fn response(
        &self,
        merchant: MerchantId,
        route: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Read<Option<StoredResponse>> {
        let sql = Sql::<(Vec<u8>, i16, Vec<u8>)>::new(
            "SELECT r.fingerprint, r.status, r.body FROM replies r \
             WHERE r.merchant_id = ? AND r.route = ? AND r.key = ? AND r.expires_at > ?",
        );
        let sql = sql.bind(merchant.uuid()).bind(route).bind(key.as_str()).bind(time(now));
        let row = self.readers.reader()?.first(sql).await?;
        Ok(row.map(|row| kept(merchant, row)).transpose()?)
    }
}

fn kept(merchant: MerchantId, (fingerprint, status, body): (Vec<u8>, i16, Vec<u8>)) -> Mapped<StoredResponse> {
    let reading = Reading::of("replies", merchant.uuid());
    let fingerprint = fingerprint.try_into().map_err(|_| "must be 32 bytes");
    let status = u16::try_from(status).ok().and_then(ResponseStatus::from_code);
    Ok(StoredResponse {
        fingerprint: reading.made("fingerprint", fingerprint)?,
        status: reading.made("status", status.ok_or("must be 200, 201 or 204"))?,
        body,
    })
}
