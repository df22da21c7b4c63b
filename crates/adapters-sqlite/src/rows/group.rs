//! `referral_groups` and `group_settings`

use super::{Reading, TableRow, reading::millionths};
use crate::{
    error::Damaged,
    schema::{group_settings, referral_groups},
    values::Uid,
};
use diesel::prelude::*;
use domain::{
    Actor, Currency, DiscountType, Email, Group, GroupSettings, GroupStatus, GroupTerms, Levels, MerchantId, Metadata,
    Reminder, Schedule, ShareId, Timestamp,
};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = referral_groups, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct GroupRow {
    merchant_id: Uid,
    id: Uid,
    share_id: String,
    customer_id: Uid,
    creator_email: String,
    status: String,
    metadata: String,
    currency: String,
    discount_type: String,
    levels: String,
    max_participants: i32,
    minutes_duration: i32,
    min_purchase_minor: i64,
    hold_minutes: i32,
    fee_rate: i32,
    participants: i32,
    expires_at: i64,
    mid_expire_at: Option<i64>,
    j_plus3_start_at: Option<i64>,
    j_minus2_expire_at: Option<i64>,
    reminder: String,
    alone_since: i64,
    level: Option<i16>,
    due_at: Option<i64>,
    search_text: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
    canceled_at: Option<i64>,
    completed_at: Option<i64>,
    version: i64,
}

impl GroupRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = group_settings, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct GroupSettingsRow {
    merchant_id: Uid,
    id: Uid,
    discount_type: String,
    levels: String,
    max_participants: i32,
    minutes_duration: i32,
    min_purchase_minor: i64,
    hold_minutes: i32,
    fee_rate: i32,
    updated_at: i64,
    updated_by: String,
    version: i64,
}

impl GroupSettingsRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

/// A count of minutes, at most a year's, for storage.
fn minutes(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl TableRow for GroupRow {
    type Entity = Group;

    fn of(merchant: MerchantId, group: &Group, version: Version) -> Self {
        let Group {
            id,
            share_id,
            customer_id,
            creator_email,
            status,
            metadata,
            currency,
            terms,
            participants,
            schedule,
            reminder,
            alone_since,
            level,
            created_at,
            created_by,
            updated_at,
            updated_by,
            canceled_at,
            completed_at,
        } = group;
        let GroupTerms {
            discount,
            levels,
            max_participants,
            minutes_duration,
            min_purchase,
            cashback_hold_minutes,
            application_fee_rate,
        } = terms;
        let Schedule { expires_at, mid_expire_at, j_plus3_start_at, j_minus2_expire_at } = *schedule;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            share_id: share_id.to_string(),
            customer_id: Uid::from(*customer_id),
            creator_email: creator_email.as_str().to_owned(),
            status: status.as_str().to_owned(),
            metadata: metadata.as_str().to_owned(),
            currency: currency.code().to_owned(),
            discount_type: discount.as_str().to_owned(),
            levels: levels.to_string(),
            max_participants: i32::from(*max_participants),
            minutes_duration: minutes(*minutes_duration),
            min_purchase_minor: *min_purchase,
            hold_minutes: minutes(*cashback_hold_minutes),
            fee_rate: millionths(*application_fee_rate),
            participants: i32::from(*participants),
            expires_at: expires_at.micros(),
            mid_expire_at: mid_expire_at.map(Timestamp::micros),
            j_plus3_start_at: j_plus3_start_at.map(Timestamp::micros),
            j_minus2_expire_at: j_minus2_expire_at.map(Timestamp::micros),
            reminder: reminder.as_str().to_owned(),
            alone_since: alone_since.micros(),
            level: level.map(i16::from),
            due_at: group.due_at().map(Timestamp::micros),
            search_text: group.search_text(),
            created_at: created_at.micros(),
            created_by: created_by.to_string(),
            updated_at: updated_at.micros(),
            updated_by: updated_by.to_string(),
            canceled_at: canceled_at.map(Timestamp::micros),
            completed_at: completed_at.map(Timestamp::micros),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Group>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            share_id,
            customer_id,
            creator_email,
            status,
            metadata,
            currency,
            discount_type,
            levels,
            max_participants,
            minutes_duration,
            min_purchase_minor,
            hold_minutes,
            fee_rate,
            participants,
            expires_at,
            mid_expire_at,
            j_plus3_start_at,
            j_minus2_expire_at,
            reminder,
            alone_since,
            level,
            due_at: _,
            search_text: _,
            created_at,
            created_by,
            updated_at,
            updated_by,
            canceled_at,
            completed_at,
            version,
        } = self;
        let reading = Reading::of("referral_groups", id.0);
        let row = Group {
            id: id.id(),
            share_id: reading.get("share_id", ShareId::stored(&share_id))?,
            customer_id: customer_id.id(),
            creator_email: reading.get("creator_email", Email::parse(&creator_email))?,
            status: reading.get("status", status.parse::<GroupStatus>())?,
            metadata: Metadata::stored(metadata),
            currency: reading.get("currency", currency.parse::<Currency>())?,
            terms: GroupTerms {
                discount: reading.get("discount_type", discount_type.parse::<DiscountType>())?,
                levels: reading.get("levels", Levels::stored(&levels))?,
                max_participants: reading.number("max_participants", max_participants)?,
                minutes_duration: reading.number("minutes_duration", minutes_duration)?,
                min_purchase: min_purchase_minor,
                cashback_hold_minutes: reading.number("hold_minutes", hold_minutes)?,
                application_fee_rate: reading.rate("fee_rate", fee_rate)?,
            },
            participants: reading.number("participants", participants)?,
            schedule: Schedule {
                expires_at: reading.time("expires_at", expires_at)?,
                mid_expire_at: reading.maybe_time("mid_expire_at", mid_expire_at)?,
                j_plus3_start_at: reading.maybe_time("j_plus3_start_at", j_plus3_start_at)?,
                j_minus2_expire_at: reading.maybe_time("j_minus2_expire_at", j_minus2_expire_at)?,
            },
            reminder: reading.get("reminder", reminder.parse::<Reminder>())?,
            alone_since: reading.time("alone_since", alone_since)?,
            level: reading.maybe("level", level, u8::try_from)?,
            created_at: reading.time("created_at", created_at)?,
            created_by: reading.get("created_by", created_by.parse::<Actor>())?,
            updated_at: reading.time("updated_at", updated_at)?,
            updated_by: reading.get("updated_by", updated_by.parse::<Actor>())?,
            canceled_at: reading.maybe_time("canceled_at", canceled_at)?,
            completed_at: reading.maybe_time("completed_at", completed_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl TableRow for GroupSettingsRow {
    type Entity = GroupSettings;

    fn of(merchant: MerchantId, settings: &GroupSettings, version: Version) -> Self {
        let GroupSettings { merchant_id, terms, updated_at, updated_by } = settings;
        let GroupTerms {
            discount,
            levels,
            max_participants,
            minutes_duration,
            min_purchase,
            cashback_hold_minutes,
            application_fee_rate,
        } = terms;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*merchant_id),
            discount_type: discount.as_str().to_owned(),
            levels: levels.to_string(),
            max_participants: i32::from(*max_participants),
            minutes_duration: minutes(*minutes_duration),
            min_purchase_minor: *min_purchase,
            hold_minutes: minutes(*cashback_hold_minutes),
            fee_rate: millionths(*application_fee_rate),
            updated_at: updated_at.micros(),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<GroupSettings>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            discount_type,
            levels,
            max_participants,
            minutes_duration,
            min_purchase_minor,
            hold_minutes,
            fee_rate,
            updated_at,
            updated_by,
            version,
        } = self;
        let reading = Reading::of("group_settings", id.0);
        let row = GroupSettings {
            merchant_id: id.id(),
            terms: GroupTerms {
                discount: reading.get("discount_type", discount_type.parse::<DiscountType>())?,
                levels: reading.get("levels", Levels::stored(&levels))?,
                max_participants: reading.number("max_participants", max_participants)?,
                minutes_duration: reading.number("minutes_duration", minutes_duration)?,
                min_purchase: min_purchase_minor,
                cashback_hold_minutes: reading.number("hold_minutes", hold_minutes)?,
                application_fee_rate: reading.rate("fee_rate", fee_rate)?,
            },
            updated_at: reading.time("updated_at", updated_at)?,
            updated_by: reading.get("updated_by", updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
