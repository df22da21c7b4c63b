//! Kept answers.

use super::{Mapped, parsed, rows, time, values::present};
use diesel::data_types::PgTimestamp;
use domain::MerchantId;
use ports::{KeptReply, Reply, ReplyStatus};
use uuid::Uuid;

rows! {
    /// A kept answer.
    ReplyRow of "replies" by (merchant_id, route, key) {
        merchant_id: Uuid,
        route: String,
        key: String,
        fingerprint: Vec<u8>,
        status: i16,
        body: Vec<u8>,
        created_at: PgTimestamp,
        expires_at: PgTimestamp,
    }
}

impl ReplyRow {
    /// The row of an answer.
    pub(crate) fn of(merchant: MerchantId, reply: &Reply) -> Self {
        let Reply { route, key, fingerprint, status, body, created_at, expires_at } = reply;
        Self {
            merchant_id: merchant.uuid(),
            route: route.clone(),
            key: key.as_str().to_owned(),
            fingerprint: fingerprint.to_vec(),
            // Three digits.
            status: i16::try_from(status.code()).unwrap_or(i16::MAX),
            body: body.clone(),
            created_at: time(*created_at),
            expires_at: time(*expires_at),
        }
    }

    /// What is read back of it.
    pub(crate) fn kept(self) -> Mapped<KeptReply> {
        let Self { merchant_id: _, route: _, key: _, fingerprint, status, body, created_at: _, expires_at: _ } = self;
        Ok(KeptReply {
            fingerprint: parsed(fingerprint.try_into())?,
            status: present(u16::try_from(status).ok().and_then(ReplyStatus::from_code))?,
            body,
        })
    }
}
