//! `/group-settings`

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    representations::{DiscountTypeWord, Fraction, GroupSettingsObject, LevelNumber},
    values::{exact_amount, rate, text, whole},
};
use actix_web::{get, patch};
use domain::{FieldError, GroupSettingsChange, GroupTerms, Level, LevelValue, Levels, Money};
use ports::Resource;
use utoipa::ToSchema;

/// Get the settings of referral groups.
#[utoipa::path(
    tag = "Referral groups", operation_id = "getGroupSettings",
    responses((status = 200, description = "The settings.", body = GroupSettingsObject)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/group-settings")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let settings = call.app().group_settings.get(&call.who).await?;
    Ok(call.show(Resource::GroupSettings(call.tenant(), &settings)))
}

/// A level of the discount.
#[derive(ToSchema)]
#[schema(as = NewDiscountLevel, rename_all = "camelCase")]
#[allow(dead_code, reason = "describes the entries that level reads")]
struct LevelBody {
    /// The level's position in the list, counted from 1; optional.
    #[schema(minimum = 1, maximum = 5)]
    level: Option<u8>,
    /// Percent of the order with at most 4 digits after the point, or whole units of its currency.
    value: LevelNumber,
    /// How many participants unlock the level; 2 for the first level.
    #[schema(minimum = 2, maximum = 1000)]
    participants_to_unlock: u16,
}

/// The changes. Fields that are left out stay as they are. Groups that are open keep their terms.
#[derive(ToSchema)]
#[schema(as = GroupSettingsChange, rename_all = "camelCase", example = json!({"maxParticipants": 20}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct GroupSettingsChangeBody {
    /// The unit of the levels' values: percent of the order, or whole units of its currency.
    #[schema(nullable = false)]
    discount_type: Option<DiscountTypeWord>,
    /// 1 to 5 levels, ascending in value and in participants.
    #[schema(max_items = 5, nullable = false)]
    discount_levels: Option<Vec<LevelBody>>,
    /// The maximum number of participants.
    #[schema(minimum = 2, maximum = 1000, nullable = false)]
    max_participants: Option<u16>,
    /// How long a group is open, in minutes.
    #[schema(minimum = 1, maximum = 525_600, nullable = false)]
    minutes_duration: Option<u32>,
    /// The minimum amount of an order, in minor units.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64, nullable = false)]
    min_purchase_value: Option<i64>,
    /// How many minutes after completion cashback becomes available.
    #[schema(minimum = 0, maximum = 525_600, nullable = false)]
    cashback_hold_minutes: Option<u32>,
    /// The application fee, as a part of each order that joins a group.
    #[schema(nullable = false)]
    application_fee_rate: Option<Fraction>,
}

/// One level with its number, if it has one.
fn level(fields: &mut Fields<'_>) -> Option<(Option<u8>, Level)> {
    let number = fields.optional("level", whole(1..=5_u8));
    let value = fields.required("value", |node| {
        let value = exact_amount(node).ok().and_then(LevelValue::from_decimal);
        value.ok_or_else(|| "must be a number above 0 with at most 4 digits after the point".to_owned())
    });
    let participants = fields.required("participantsToUnlock", whole(2..=GroupTerms::MOST_PARTICIPANTS));
    Some((number, Level { value: value?, participants: participants? }))
}

fn levels(fields: &mut Fields<'_>) -> Option<Levels> {
    let entries = fields.kept_objects("discountLevels", Levels::MOST, level)?;
    let in_place = (1..).zip(&entries).all(|(place, (number, _))| number.is_none_or(|number| number == place));
    let levels = if in_place {
        Levels::new(entries.into_iter().map(|(_, level)| level).collect())
    } else {
        Err("must have its levels numbered from 1 on".to_owned())
    };
    levels.map_err(|expected| fields.fault("discountLevels", expected)).ok()
}

fn change(body: &Node<'_>) -> Result<GroupSettingsChange, Vec<FieldError>> {
    let mut fields = Fields::lenient(body)?;
    let change = GroupSettingsChange {
        discount: fields.kept("discountType", text(str::parse)),
        levels: levels(&mut fields),
        max_participants: fields.kept("maxParticipants", whole(2..=GroupTerms::MOST_PARTICIPANTS)),
        minutes_duration: fields.kept("minutesDuration", whole(1..=GroupTerms::MOST_MINUTES)),
        min_purchase: fields.kept("minPurchaseValue", whole(0..=Money::MAX_MINOR)),
        cashback_hold_minutes: fields.kept("cashbackHoldMinutes", whole(0..=GroupTerms::MOST_HOLD_MINUTES)),
        application_fee_rate: fields.kept("applicationFeeRate", rate),
    };
    fields.finish(|| Some(change))
}

/// Change the settings of referral groups.
#[utoipa::path(
    tag = "Referral groups", operation_id = "updateGroupSettings", request_body = GroupSettingsChangeBody,
    responses((status = 200, description = "The settings.", body = GroupSettingsObject)),
    extensions(("x-scope" = json!("admin")), ("x-unknown-fields" = json!("ignored")))
)]
#[patch("/group-settings")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (request, once) = call.read("PATCH /group-settings", change).await?;
    let answer = call.app().group_settings.change(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(show).service(update);
}
