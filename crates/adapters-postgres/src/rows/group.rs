//! Referral groups and what the next ones promise.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, millionths, optional_instant, rate},
};
use diesel::data_types::PgTimestamp;
use domain::{
    Actor, Currency, CustomerId, DiscountType, Email, Group, GroupId, GroupSettings, GroupStatus, GroupTerms, Levels,
    MerchantId, Metadata, Reminder, Schedule, ShareId,
};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A referral group.
    GroupRow of "referral_groups" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        share_id: String,
        customer_id: Uuid,
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
        expires_at: PgTimestamp,
        mid_expire_at: Option<PgTimestamp>,
        j_plus3_start_at: Option<PgTimestamp>,
        j_minus2_expire_at: Option<PgTimestamp>,
        reminder: String,
        alone_since: PgTimestamp,
        level: Option<i16>,
        due_at: Option<PgTimestamp>,
        search_text: String,
        created_at: PgTimestamp,
        created_by: String,
        updated_at: PgTimestamp,
        updated_by: String,
        canceled_at: Option<PgTimestamp>,
        completed_at: Option<PgTimestamp>,
        version: i64,
    }
}

rows! {
    /// A merchant's settings of referral groups.
    GroupSettingsRow of "group_settings" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        discount_type: String,
        levels: String,
        max_participants: i32,
        minutes_duration: i32,
        min_purchase_minor: i64,
        hold_minutes: i32,
        fee_rate: i32,
        updated_at: PgTimestamp,
        updated_by: String,
        version: i64,
    }
}

/// A count of minutes, at most a year's, for storage.
fn minutes(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl Image for GroupRow {
    type Of = Group;

    fn image(merchant: MerchantId, group: &Group, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            share_id: share_id.to_string(),
            customer_id: customer_id.uuid(),
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
            expires_at: time(expires_at),
            mid_expire_at: mid_expire_at.map(time),
            j_plus3_start_at: j_plus3_start_at.map(time),
            j_minus2_expire_at: j_minus2_expire_at.map(time),
            reminder: reminder.as_str().to_owned(),
            alone_since: time(*alone_since),
            level: level.map(i16::from),
            due_at: group.due_at().map(time),
            search_text: group.search_text(),
            created_at: time(*created_at),
            created_by: created_by.to_string(),
            updated_at: time(*updated_at),
            updated_by: updated_by.to_string(),
            canceled_at: canceled_at.map(time),
            completed_at: completed_at.map(time),
            version: version.number(),
        }
    }
}

impl Readable for GroupRow {
    fn versioned(self) -> Mapped<Versioned<Group>> {
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
        let row = Group {
            id: GroupId::from_uuid(id),
            share_id: parsed(ShareId::stored(&share_id))?,
            customer_id: CustomerId::from_uuid(customer_id),
            creator_email: parsed(Email::parse(&creator_email))?,
            status: parsed(status.parse::<GroupStatus>())?,
            metadata: Metadata::stored(metadata),
            currency: parsed(currency.parse::<Currency>())?,
            terms: GroupTerms {
                discount: parsed(discount_type.parse::<DiscountType>())?,
                levels: parsed(Levels::stored(&levels))?,
                max_participants: parsed(u16::try_from(max_participants))?,
                minutes_duration: parsed(u32::try_from(minutes_duration))?,
                min_purchase: min_purchase_minor,
                cashback_hold_minutes: parsed(u32::try_from(hold_minutes))?,
                application_fee_rate: rate(fee_rate)?,
            },
            participants: parsed(u16::try_from(participants))?,
            schedule: Schedule {
                expires_at: instant(expires_at)?,
                mid_expire_at: optional_instant(mid_expire_at)?,
                j_plus3_start_at: optional_instant(j_plus3_start_at)?,
                j_minus2_expire_at: optional_instant(j_minus2_expire_at)?,
            },
            reminder: parsed(reminder.parse::<Reminder>())?,
            alone_since: instant(alone_since)?,
            level: level.map(|level| parsed(u8::try_from(level))).transpose()?,
            created_at: instant(created_at)?,
            created_by: parsed(created_by.parse::<Actor>())?,
            updated_at: instant(updated_at)?,
            updated_by: parsed(updated_by.parse::<Actor>())?,
            canceled_at: optional_instant(canceled_at)?,
            completed_at: optional_instant(completed_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl Image for GroupSettingsRow {
    type Of = GroupSettings;

    fn image(merchant: MerchantId, settings: &GroupSettings, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: merchant_id.uuid(),
            discount_type: discount.as_str().to_owned(),
            levels: levels.to_string(),
            max_participants: i32::from(*max_participants),
            minutes_duration: minutes(*minutes_duration),
            min_purchase_minor: *min_purchase,
            hold_minutes: minutes(*cashback_hold_minutes),
            fee_rate: millionths(*application_fee_rate),
            updated_at: time(*updated_at),
            updated_by: updated_by.to_string(),
            version: version.number(),
        }
    }
}

impl Readable for GroupSettingsRow {
    fn versioned(self) -> Mapped<Versioned<GroupSettings>> {
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
        let row = GroupSettings {
            merchant_id: MerchantId::from_uuid(id),
            terms: GroupTerms {
                discount: parsed(discount_type.parse::<DiscountType>())?,
                levels: parsed(Levels::stored(&levels))?,
                max_participants: parsed(u16::try_from(max_participants))?,
                minutes_duration: parsed(u32::try_from(minutes_duration))?,
                min_purchase: min_purchase_minor,
                cashback_hold_minutes: parsed(u32::try_from(hold_minutes))?,
                application_fee_rate: rate(fee_rate)?,
            },
            updated_at: instant(updated_at)?,
            updated_by: parsed(updated_by.parse::<Actor>())?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
