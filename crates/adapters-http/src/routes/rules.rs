//! `/commission-rules`

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{Amount, CommissionRuleObject, Fraction, Instant, ListObject, RuleLevelWord},
    values::{currency, exact_amount, id, instant, rate, text, whole},
};
use actix_web::{delete, get, patch, post};
use domain::{CommissionRule, EventKind, FieldError, NewRule, RewardWish, RuleChange, RuleLevel, RuleScope, ShortText};
use ports::{Resource, RuleFilter};
use utoipa::{IntoParams, ToSchema};

/// Which rules a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct RuleParams {
    /// Only those with this scope.
    #[param(inline)]
    scope: Option<RuleLevelWord>,
    /// Only those with this reference, compared exactly.
    #[param(min_length = 1, max_length = 255)]
    scope_ref: Option<String>,
    /// Only those for this affiliate.
    affiliate_id: Option<String>,
    /// Only those for this tier.
    tier_id: Option<String>,
}

/// List commission rules, newest first.
#[utoipa::path(
    tag = "Commission rules", operation_id = "listCommissionRules", params(RuleParams, PageParams),
    responses((
        status = 200, description = "A page of commission rules.", body = ListObject<CommissionRuleObject<'static>>
    )),
    extensions(("x-scope" = json!("read")))
)]
#[get("/commission-rules")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("commission-rules", |fields| RuleFilter {
        scope: fields.optional("scope", text(str::parse)),
        scope_ref: fields.optional("scope_ref", text(ShortText::parse)),
        affiliate_id: fields.optional("affiliate_id", text(id)),
        tier_id: fields.optional("tier_id", text(id)),
    })?;
    let page = call.app().rules.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, CommissionRuleObject<'_>>(&paging, &page)
}

/// Get a commission rule.
#[utoipa::path(
    tag = "Commission rules", operation_id = "getCommissionRule",
    params(("id" = String, Path, description = "The rule's id.")),
    responses((status = 200, description = "The commission rule.", body = CommissionRuleObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/commission-rules/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let rule = call.app().rules.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::CommissionRule(&rule)))
}

/// A new commission rule. It gives a `rate`, or a `flat_amount` in a `currency`.
#[derive(ToSchema)]
#[schema(as = NewCommissionRule, example = json!({"scope": "product", "scope_ref": "sku-1", "rate": 0.15}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewRuleBody {
    /// What the rule applies to. A rule for an affiliate precedes one for a product, then follow category, tier and
    /// global.
    scope: RuleLevelWord,
    /// The reference within the scope: the id of an affiliate or a tier, or your own word for a product or a category,
    /// as in the items of events. Left out if the scope is `global`.
    #[schema(min_length = 1, max_length = 255)]
    scope_ref: Option<String>,
    /// The rate that the rule gives.
    rate: Option<Fraction>,
    /// The flat amount that the rule gives once for each event, more than 0. It applies to events in its currency.
    flat_amount: Option<Amount>,
    /// The currency of the flat amount, an ISO 4217 code.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// The rule applies only to events of this type.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_.]+$")]
    event_type: Option<String>,
    /// Among rules of one scope the highest priority applies; 0 by default.
    #[schema(minimum = -1000, maximum = 1000)]
    priority: Option<i32>,
    /// When the rule starts to apply.
    starts_at: Option<Instant>,
    /// When the rule stops to apply.
    ends_at: Option<Instant>,
}

/// Reads the reward that a body names. The domain checks which of its fields go together.
fn reward(fields: &mut Fields<'_>) -> RewardWish {
    RewardWish {
        rate: fields.optional("rate", rate),
        flat_amount: fields.optional("flat_amount", exact_amount),
        currency: fields.optional("currency", text(currency)),
    }
}

fn new(body: &Node<'_>) -> Result<NewRule, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let level = fields.required("scope", text(str::parse::<RuleLevel>));
    let reference = fields.optional("scope_ref", text(ShortText::parse));
    let reward = reward(&mut fields);
    let event_kind = fields.optional("event_type", text(EventKind::parse));
    let priority = fields.optional("priority", whole(CommissionRule::PRIORITIES)).unwrap_or_default();
    let starts_at = fields.optional("starts_at", text(instant));
    let ends_at = fields.optional("ends_at", text(instant));
    // Whether the two go together is only checked if each is valid.
    let request = |level| {
        let scope = RuleScope::parse(level, reference.as_ref().map(ShortText::as_str));
        scope.map(|scope| NewRule { scope, reward, event_kind, priority, starts_at, ends_at })
    };
    let asked = fields.finish(|| level.map(request))?;
    asked.map_err(|expected| vec![FieldError::new("scope_ref", expected)])
}

/// Create a commission rule.
#[utoipa::path(
    tag = "Commission rules", operation_id = "createCommissionRule", request_body = NewRuleBody,
    responses((status = 201, description = "The new commission rule.", body = CommissionRuleObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[post("/commission-rules")]
async fn create(mut call: Call<Admin>) -> Handled {
    let (request, once) = call.read("POST /commission-rules", new).await?;
    let answer = call.app().rules.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Changes of a commission rule. Fields that are left out stay as they are; so do commissions that the rule has given
/// already.
#[derive(ToSchema)]
#[schema(as = CommissionRuleChange, example = json!({"rate": 0.10, "ends_at": "2024-12-31T00:00:00Z"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct RuleChangeBody {
    /// What the rule applies to; a new scope needs a new reference.
    #[schema(nullable = false)]
    scope: Option<RuleLevelWord>,
    /// The reference within the scope.
    #[schema(min_length = 1, max_length = 255)]
    scope_ref: Option<String>,
    /// The rate that the rule gives, instead of a flat amount.
    rate: Option<Fraction>,
    /// The flat amount that the rule gives, instead of a rate.
    flat_amount: Option<Amount>,
    /// The currency of the flat amount; without one a new amount keeps the currency of the old one.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// The rule applies only to events of this type; null means all types.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_.]+$")]
    event_type: Option<String>,
    /// Among rules of one scope the highest priority applies.
    #[schema(minimum = -1000, maximum = 1000, nullable = false)]
    priority: Option<i32>,
    /// When the rule starts to apply; null means always.
    starts_at: Option<Instant>,
    /// When the rule stops to apply; null means never.
    ends_at: Option<Instant>,
}

fn change(body: &Node<'_>) -> Result<RuleChange, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let change = RuleChange {
        level: fields.kept("scope", text(str::parse)),
        reference: fields.clearable("scope_ref", text(ShortText::parse)),
        reward: reward(&mut fields),
        event_kind: fields.clearable("event_type", text(EventKind::parse)),
        priority: fields.kept("priority", whole(CommissionRule::PRIORITIES)),
        starts_at: fields.clearable("starts_at", text(instant)),
        ends_at: fields.clearable("ends_at", text(instant)),
    };
    fields.finish(|| Some(change))
}

/// Change a commission rule.
#[utoipa::path(
    tag = "Commission rules", operation_id = "updateCommissionRule",
    params(("id" = String, Path, description = "The rule's id.")), request_body = RuleChangeBody,
    responses((status = 200, description = "The commission rule.", body = CommissionRuleObject<'static>)),
    extensions(("x-scope" = json!("admin")))
)]
#[patch("/commission-rules/{id}")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /commission-rules/{id}", change).await?;
    let answer = call.app().rules.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Delete a commission rule. Commissions that it has given stay.
#[utoipa::path(
    tag = "Commission rules", operation_id = "deleteCommissionRule",
    params(("id" = String, Path, description = "The rule's id.")),
    responses((status = 204, description = "Deleted.")),
    extensions(("x-scope" = json!("admin")))
)]
#[delete("/commission-rules/{id}")]
async fn remove(call: Call<Admin>) -> Handled {
    call.no_query()?;
    let answer = call.app().rules.delete(&call.who, call.path_id()?).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(update).service(remove);
}
