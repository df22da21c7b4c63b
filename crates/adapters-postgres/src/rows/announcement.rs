//! Announcements, and the outbox that says which are still to be told.

use super::{rows, time};
use diesel::data_types::PgTimestamp;
use domain::MerchantId;
use ports::Announcement;
use uuid::Uuid;

rows! {
    /// An announcement.
    AnnouncementRow of "announcements" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        topic: String,
        created_at: PgTimestamp,
        payload: Vec<u8>,
    }
}

rows! {
    /// Its place in the outbox.
    OutboxRow of "outbox" by (merchant_id, announcement_id) {
        merchant_id: Uuid,
        announcement_id: Uuid,
    }
}

impl AnnouncementRow {
    /// The row of an announcement.
    pub(crate) fn of(merchant: MerchantId, announcement: &Announcement) -> Self {
        let Announcement { id, topic, created_at, payload } = announcement;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            topic: topic.as_str().to_owned(),
            created_at: time(*created_at),
            payload: payload.clone(),
        }
    }
}

impl OutboxRow {
    /// The place of an announcement.
    pub(crate) fn of(merchant: MerchantId, announcement: &Announcement) -> Self {
        Self { merchant_id: merchant.uuid(), announcement_id: announcement.id.uuid() }
    }
}
