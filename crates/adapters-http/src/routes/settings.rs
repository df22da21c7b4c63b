//! `/settings`

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    representations::{Amount, AttributionModelWord, Fraction, RecurringWord, SelfReferralWord, SettingsObject},
    values::{currency, exact_amount, flag, list, rate, text, whole},
};
use actix_web::{get, patch};
use domain::{FieldError, RedirectHost, Settings, SettingsChange, Slug, WebUrl};
use ports::Resource;
use utoipa::ToSchema;

/// Get the settings.
#[utoipa::path(
    tag = "Settings", operation_id = "getSettings",
    responses((status = 200, description = "The settings.", body = SettingsObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/settings")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let merchant = call.app().settings.get(&call.who).await?;
    Ok(call.show(Resource::Settings(&merchant)))
}

/// Changes of the settings. Fields that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = SettingsChange, example = json!({
    "commission_rate": 0.15, "landing_url": "https://shop.example.com/", "redirect_hosts": ["blog.example.com"]
}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct SettingsChangeBody {
    /// The merchant's name in referral links; unique on the server.
    #[schema(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$", nullable = false)]
    slug: Option<String>,
    /// An ISO 4217 code. It cannot change once a commission exists.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$", nullable = false)]
    currency: Option<String>,
    /// The default commission rate.
    #[schema(nullable = false)]
    commission_rate: Option<Fraction>,
    /// The rates that the levels of parents earn of the credited affiliate's commission, nearest first: each level of that
    /// commission, not of the level below it.
    #[schema(max_items = 5, nullable = false)]
    mlm_rates: Option<Vec<Fraction>>,
    /// The number of days until a pending commission is approved by time.
    #[schema(minimum = 0, maximum = 365, nullable = false)]
    hold_days: Option<u16>,
    /// The number of days for which a click counts.
    #[schema(minimum = 1, maximum = 365, nullable = false)]
    cookie_window_days: Option<u16>,
    /// Which click is credited.
    #[schema(nullable = false)]
    attribution_model: Option<AttributionModelWord>,
    /// What happens if the buyer is the affiliate.
    #[schema(nullable = false)]
    self_referral: Option<SelfReferralWord>,
    /// Whether approval of an affiliate creates a personal coupon.
    #[schema(nullable = false)]
    auto_coupon_on_approval: Option<bool>,
    /// Where referral links lead: an http or https address. Null removes it.
    #[schema(max_length = 2000)]
    landing_url: Option<String>,
    /// Hosts that the parameter `to` of a link may lead to, besides that of `landing_url`; `*.example.com` stands for all
    /// below that one.
    #[schema(max_items = 50, nullable = false)]
    redirect_hosts: Option<Vec<String>>,
    /// Which renewals of a bound customer earn a commission.
    #[schema(nullable = false)]
    recurring: Option<RecurringWord>,
    /// How many renewals earn, if `recurring` is `first_n_renewals`.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    recurring_max_renewals: Option<u16>,
    /// The minimum payout; an affiliate that is owed less waits for a later payout. In the currency that the settings
    /// have after the change.
    #[schema(minimum = 0, nullable = false)]
    min_payout: Option<Amount>,
    /// The maximum sum of a sale's commissions and cashback, as a part of the sale.
    #[schema(nullable = false)]
    max_payout_rate: Option<Fraction>,
}

fn change(body: &Node<'_>) -> Result<SettingsChange, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let change = SettingsChange {
        slug: fields.kept("slug", text(Slug::parse)),
        currency: fields.kept("currency", text(currency)),
        commission_rate: fields.kept("commission_rate", rate),
        mlm_rates: fields.kept("mlm_rates", list(Settings::MOST_LEVELS, rate)),
        hold_days: fields.kept("hold_days", whole(0..=Settings::MOST_HOLD_DAYS)),
        cookie_window_days: fields.kept("cookie_window_days", whole(1..=Settings::MOST_WINDOW_DAYS)),
        attribution_model: fields.kept("attribution_model", text(str::parse)),
        self_referral: fields.kept("self_referral", text(str::parse)),
        auto_coupon_on_approval: fields.kept("auto_coupon_on_approval", flag),
        landing_url: fields.clearable("landing_url", text(WebUrl::parse)),
        redirect_hosts: fields.kept("redirect_hosts", list(Settings::MOST_HOSTS, text(RedirectHost::parse))),
        recurring: fields.kept("recurring", text(str::parse)),
        recurring_max_renewals: fields.kept("recurring_max_renewals", whole(1..=Settings::MOST_RENEWALS)),
        min_payout: fields.kept("min_payout", exact_amount),
        max_payout_rate: fields.kept("max_payout_rate", rate),
    };
    fields.finish(|| Some(change))
}

/// Change the settings.
#[utoipa::path(
    tag = "Settings", operation_id = "updateSettings", request_body = SettingsChangeBody,
    responses((status = 200, description = "The settings.", body = SettingsObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[patch("/settings")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (request, once) = call.read("PATCH /settings", change).await?;
    let answer = call.app().settings.change(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(show).service(update);
}
