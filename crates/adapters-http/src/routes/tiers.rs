//! `/tiers`

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{Fraction, Height, ListObject, MetricWord, TierObject},
    values::{exact_amount, rate, text},
};
use actix_web::{delete, get, patch, post};
use domain::{FieldError, NewTier, TierChange, TierName};
use ports::{Resource, TierFilter};
use utoipa::{IntoParams, ToSchema};

/// Which tiers a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct TierParams {
    /// Only those with this metric.
    #[param(inline)]
    metric: Option<MetricWord>,
}

/// List tiers, newest first.
#[utoipa::path(
    tag = "Tiers", operation_id = "listTiers", params(TierParams, PageParams),
    responses((status = 200, description = "A page of tiers.", body = ListObject<TierObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/tiers")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) =
        call.list("tiers", |fields| TierFilter { metric: fields.optional("metric", text(str::parse)) })?;
    let page = call.app().tiers.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, TierObject<'_>>(&paging, &page)
}

/// Get a tier.
#[utoipa::path(
    tag = "Tiers", operation_id = "getTier", params(("id" = String, Path, description = "The tier's id.")),
    responses((status = 200, description = "The tier.", body = TierObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/tiers/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let tier = call.app().tiers.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Tier(&tier)))
}

/// A new tier.
#[derive(ToSchema)]
#[schema(as = NewTier, example = json!({"name": "Gold", "rate": 0.30, "metric": "revenue", "threshold": 10000}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewTierBody {
    /// The tier's name; unique, compared without case.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The rate of the tier's affiliates, unless their own rate or a rule that precedes the tier applies.
    rate: Fraction,
    /// The metric of the threshold: sales less refunds, their number, or commissions paid out.
    metric: MetricWord,
    /// What an affiliate must have reached to rise into the tier: a number of orders, or an amount in the currency of
    /// the settings.
    #[schema(minimum = 0)]
    threshold: Height,
}

fn new(body: &Node<'_>) -> Result<NewTier, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let name = fields.required("name", text(TierName::parse));
    let rate = fields.required("rate", rate);
    let metric = fields.required("metric", text(str::parse));
    let threshold = fields.required("threshold", exact_amount);
    fields.finish(|| Some(NewTier { name: name?, rate: rate?, metric: metric?, threshold: threshold? }))
}

/// Create a tier. Affiliates rise into it automatically with their next sales, and never fall back.
#[utoipa::path(
    tag = "Tiers", operation_id = "createTier", request_body = NewTierBody,
    responses((status = 201, description = "The new tier.", body = TierObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[post("/tiers")]
async fn create(mut call: Call<Admin>) -> Handled {
    let (request, once) = call.read("POST /tiers", new).await?;
    let answer = call.app().tiers.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Changes of a tier. Fields that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = TierChange, example = json!({"rate": 0.35}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct TierChangeBody {
    /// The tier's name; unique, compared without case.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
    /// The rate of the tier's affiliates from now on.
    #[schema(nullable = false)]
    rate: Option<Fraction>,
    /// The metric of the threshold; a new metric needs a new threshold.
    #[schema(nullable = false)]
    metric: Option<MetricWord>,
    /// What an affiliate must have reached to rise into the tier. Affiliates that have the tier keep it.
    #[schema(minimum = 0, nullable = false)]
    threshold: Option<Height>,
}

fn change(body: &Node<'_>) -> Result<TierChange, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let change = TierChange {
        name: fields.kept("name", text(TierName::parse)),
        rate: fields.kept("rate", rate),
        metric: fields.kept("metric", text(str::parse)),
        threshold: fields.kept("threshold", exact_amount),
    };
    fields.finish(|| Some(change))
}

/// Change a tier.
#[utoipa::path(
    tag = "Tiers", operation_id = "updateTier", params(("id" = String, Path, description = "The tier's id.")),
    request_body = TierChangeBody,
    responses((status = 200, description = "The tier.", body = TierObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["ALREADY_EXISTS"])))
)]
#[patch("/tiers/{id}")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /tiers/{id}", change).await?;
    let answer = call.app().tiers.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Delete a tier that no affiliate has and no commission rule names.
#[utoipa::path(
    tag = "Tiers", operation_id = "deleteTier", params(("id" = String, Path, description = "The tier's id.")),
    responses((status = 204, description = "Deleted.")),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[delete("/tiers/{id}")]
async fn remove(call: Call<Admin>) -> Handled {
    call.no_query()?;
    let answer = call.app().tiers.delete(&call.who, call.path_id()?).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(update).service(remove);
}
