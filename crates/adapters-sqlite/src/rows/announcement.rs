//! `announcements` and `outbox`

use crate::{
    schema::{announcements, outbox},
    values::Uid,
};
use diesel::prelude::*;
use domain::MerchantId;
use ports::Announcement;

#[derive(Debug, Insertable)]
#[diesel(table_name = announcements)]
pub(crate) struct AnnouncementRow<'a> {
    merchant_id: Uid,
    id: Uid,
    topic: &'static str,
    created_at: i64,
    payload: &'a [u8],
}

impl<'a> AnnouncementRow<'a> {
    pub(crate) fn of(merchant: MerchantId, announcement: &'a Announcement) -> Self {
        let Announcement { id, topic, created_at, payload } = announcement;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            topic: topic.as_str(),
            created_at: created_at.micros(),
            payload,
        }
    }

    pub(crate) fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        diesel::insert_into(announcements::table).values(self).execute(connection)
    }
}

/// An announcement that is still to be numbered and delivered.
#[derive(Debug, Insertable)]
#[diesel(table_name = outbox)]
pub(crate) struct OutboxRow {
    merchant_id: Uid,
    announcement_id: Uid,
}

impl OutboxRow {
    pub(crate) fn of(merchant: MerchantId, announcement: &Announcement) -> Self {
        Self { merchant_id: Uid::from(merchant), announcement_id: Uid::from(announcement.id) }
    }

    pub(crate) fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        diesel::insert_into(outbox::table).values(self).execute(connection)
    }
}
