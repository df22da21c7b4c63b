//! Referral groups and their settings, as callers see them.

use super::{
    scalars::{Fraction, Instant, LevelNumber, OwnData},
    words::{DiscountTypeWord, GroupStatusWord, ReminderWord},
};
use domain::{Group, GroupSettings, GroupTerms, Level, Mode, Schedule};
use ports::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// A referral group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Group, example = json!({
    "id": "pg_01hzy3v7k2e9m8q4t6w0x5b1ca", "shareId": "KHT-7K2M9QXA", "livemode": false,
    "organizationId": "org_01hzy3v7k2e9m8q4t6w0x5b1ca", "customerId": "cus_01hzy3v7k2e9m8q4t6w0x5b1ca",
    "creatorEmail": "ada@example.com", "status": "OPEN", "metadata": {}, "expiresAt": "2024-01-01T12:10:00.000Z",
    "midExpireAt": "2024-01-01T12:05:00.000Z", "jMinus2ExpireAt": null, "jPlus3StartAt": null,
    "reminderEmailSent": "NOT_SENT", "createdAt": "2024-01-01T12:00:00.000Z",
    "createdBy": "key_01hzy3v7k2e9m8q4t6w0x5b1ca", "updatedAt": "2024-01-01T12:00:00.000Z",
    "updatedBy": "key_01hzy3v7k2e9m8q4t6w0x5b1ca", "canceledAt": null, "completedAt": null
}))]
pub(crate) struct GroupObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// The id by which other customers join the group.
    share_id: String,
    /// `false` in test mode.
    livemode: bool,
    /// The organization that the object belongs to.
    organization_id: String,
    /// The customer who opened the group.
    customer_id: String,
    /// The e-mail address for reminders.
    creator_email: &'a str,
    /// The status.
    status: GroupStatusWord,
    /// Your own data.
    metadata: OwnData,
    /// When the group closes.
    expires_at: Instant,
    /// When the creator of a group of up to seven days is reminded.
    mid_expire_at: Option<Instant>,
    /// When the creator of a longer group is reminded for the second time: two days before the group closes.
    j_minus2_expire_at: Option<Instant>,
    /// When the creator of a longer group is reminded for the first time: three days after the group opened.
    j_plus3_start_at: Option<Instant>,
    /// Which reminders have been sent.
    reminder_email_sent: ReminderWord,
    /// When the object was created.
    created_at: Instant,
    /// The id of the API key that created the object.
    created_by: String,
    /// When the object was last changed.
    updated_at: Instant,
    /// The id of the API key that last changed the object, or `system` for a change by time.
    updated_by: String,
    /// When the group was canceled.
    canceled_at: Option<Instant>,
    /// When the group was completed.
    completed_at: Option<Instant>,
}

impl<'a> From<(Tenant, &'a Group)> for GroupObject<'a> {
    fn from((tenant, group): (Tenant, &'a Group)) -> Self {
        let Group {
            id,
            share_id,
            customer_id,
            creator_email,
            status,
            metadata,
            currency: _,
            terms: _,
            participants: _,
            schedule,
            reminder,
            alone_since: _,
            level: _,
            created_at,
            created_by,
            updated_at,
            updated_by,
            canceled_at,
            completed_at,
        } = group;
        let Schedule { expires_at, mid_expire_at, j_plus3_start_at, j_minus2_expire_at } = *schedule;
        Self {
            id: id.to_string(),
            share_id: share_id.to_string(),
            livemode: tenant.mode == Mode::Live,
            organization_id: tenant.organization_id.to_string(),
            customer_id: customer_id.to_string(),
            creator_email: creator_email.as_str(),
            status: (*status).into(),
            metadata: metadata.into(),
            expires_at: expires_at.into(),
            mid_expire_at: mid_expire_at.map(Instant::from),
            j_minus2_expire_at: j_minus2_expire_at.map(Instant::from),
            j_plus3_start_at: j_plus3_start_at.map(Instant::from),
            reminder_email_sent: (*reminder).into(),
            created_at: (*created_at).into(),
            created_by: created_by.to_string(),
            updated_at: (*updated_at).into(),
            updated_by: updated_by.to_string(),
            canceled_at: canceled_at.map(Instant::from),
            completed_at: completed_at.map(Instant::from),
        }
    }
}

/// A level of the discount.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DiscountLevel, example = json!({"level": 1, "value": 5, "participantsToUnlock": 2}))]
pub(crate) struct LevelObject {
    /// The level's number, counted from 1.
    level: u8,
    /// The discount on every order: a percentage, or whole units of the currency.
    value: LevelNumber,
    /// How many participants unlock the level.
    participants_to_unlock: u16,
}

impl From<(u8, Level)> for LevelObject {
    fn from((number, level): (u8, Level)) -> Self {
        let Level { value, participants } = level;
        Self { level: number, value: value.into(), participants_to_unlock: participants }
    }
}

/// The terms of groups.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GroupTerms, example = json!({
    "discountType": "PERCENTAGE", "discountLevels": [{"level": 1, "value": 5, "participantsToUnlock": 2}],
    "maxParticipants": 200, "minutesDuration": 10, "minPurchaseValue": 0
}))]
pub(crate) struct TermsObject {
    /// The unit of the levels' values: percent of the order, or whole units of its currency.
    discount_type: DiscountTypeWord,
    /// The levels, ascending.
    discount_levels: Vec<LevelObject>,
    /// The maximum number of participants.
    max_participants: u16,
    /// How long a group is open, in minutes.
    minutes_duration: u32,
    /// The minimum amount of an order, in minor units.
    min_purchase_value: i64,
}

impl From<&GroupTerms> for TermsObject {
    fn from(terms: &GroupTerms) -> Self {
        let GroupTerms {
            discount,
            levels,
            max_participants,
            minutes_duration,
            min_purchase,
            cashback_hold_minutes: _,
            application_fee_rate: _,
        } = terms;
        Self {
            discount_type: (*discount).into(),
            discount_levels: levels.numbered().map(LevelObject::from).collect(),
            max_participants: *max_participants,
            minutes_duration: *minutes_duration,
            min_purchase_value: *min_purchase,
        }
    }
}

/// A group that an order may join, with its terms.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValidatedGroup)]
pub(crate) struct ValidatedGroupObject<'a> {
    #[serde(flatten)]
    group: GroupObject<'a>,
    #[serde(flatten)]
    terms: TermsObject,
    /// The level that one more participant would unlock; null if none.
    current_discount_level: Option<LevelObject>,
}

impl<'a> From<(Tenant, &'a Group)> for ValidatedGroupObject<'a> {
    fn from((tenant, group): (Tenant, &'a Group)) -> Self {
        Self {
            group: (tenant, group).into(),
            terms: (&group.terms).into(),
            current_discount_level: group.next_level().map(LevelObject::from),
        }
    }
}

/// The terms of groups that open from now on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GroupSettings, example = json!({
    "livemode": false, "organizationId": "org_01hzy3v7k2e9m8q4t6w0x5b1ca", "discountType": "PERCENTAGE",
    "discountLevels": [
        {"level": 1, "value": 5, "participantsToUnlock": 2}, {"level": 2, "value": 10, "participantsToUnlock": 5},
        {"level": 3, "value": 15, "participantsToUnlock": 10}
    ],
    "maxParticipants": 15, "minutesDuration": 129600, "minPurchaseValue": 0, "cashbackHoldMinutes": 0,
    "applicationFeeRate": 0.00, "updatedAt": "2024-01-01T12:00:00.000Z", "updatedBy": "system"
}))]
pub(crate) struct GroupSettingsObject {
    /// `false` in test mode.
    livemode: bool,
    /// The organization that the object belongs to.
    organization_id: String,
    #[serde(flatten)]
    terms: TermsObject,
    /// How many minutes after completion cashback becomes available.
    cashback_hold_minutes: u32,
    /// The application fee, as a part of each order that joins a group.
    application_fee_rate: Fraction,
    /// When the settings were last changed.
    updated_at: Instant,
    /// The id of the API key that last changed the settings, or `system` if they were never changed.
    updated_by: String,
}

impl From<(Tenant, &GroupSettings)> for GroupSettingsObject {
    fn from((tenant, settings): (Tenant, &GroupSettings)) -> Self {
        let GroupSettings { merchant_id: _, terms, updated_at, updated_by } = settings;
        Self {
            livemode: tenant.mode == Mode::Live,
            organization_id: tenant.organization_id.to_string(),
            terms: terms.into(),
            cashback_hold_minutes: terms.cashback_hold_minutes,
            application_fee_rate: terms.application_fee_rate.into(),
            updated_at: (*updated_at).into(),
            updated_by: updated_by.to_string(),
        }
    }
}
