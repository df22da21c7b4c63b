//! `/affiliates`

use crate::{
    call::{Admin, Call, Handled, Read, Write},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{AffiliateObject, AffiliateStatusWord, Fraction, ListObject, OwnData},
    values::{existing_tier, id, metadata, rate, text},
};
use actix_web::{get, patch, post};
use app::{ChangeAffiliateCommand, CreateAffiliateCommand, Person};
use domain::{AffiliateChange, DisplayName, Email, FieldError, NewAffiliate, Slug};
use ports::{AffiliateFilter, Resource};
use utoipa::{IntoParams, ToSchema};

/// Which affiliates a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct AffiliateParams {
    /// Only those with this status.
    #[param(inline)]
    status: Option<AffiliateStatusWord>,
    /// Only those of this tier.
    tier_id: Option<String>,
    /// Only the one with this address, compared without case.
    #[param(max_length = 254)]
    email: Option<String>,
    /// Only the one with this slug.
    #[param(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$")]
    slug: Option<String>,
}

/// List affiliates, newest first.
#[utoipa::path(
    tag = "Affiliates", operation_id = "listAffiliates", params(AffiliateParams, PageParams),
    responses((status = 200, description = "A page of affiliates.", body = ListObject<AffiliateObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/affiliates")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("affiliates", |fields| AffiliateFilter {
        status: fields.optional("status", text(str::parse)),
        tier_id: fields.optional("tier_id", text(id)),
        email: fields.optional("email", text(Email::parse)),
        slug: fields.optional("slug", text(Slug::parse)),
    })?;
    let page = call.app().affiliates.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, AffiliateObject<'_>>(&paging, &page)
}

/// Get an affiliate.
#[utoipa::path(
    tag = "Affiliates", operation_id = "getAffiliate", params(("id" = String, Path, description = "The affiliate's id.")),
    responses((status = 200, description = "The affiliate.", body = AffiliateObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/affiliates/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let record = call.app().affiliates.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Affiliate(&record)))
}

/// A new affiliate.
#[derive(ToSchema)]
#[schema(as = NewAffiliate, example = json!({
    "email": "bob@example.com", "slug": "bob", "display_name": "Bob", "parent_email": "alice@example.com"
}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewAffiliateBody {
    /// The e-mail address; unique, compared without case.
    #[schema(max_length = 254, format = "email")]
    email: String,
    /// The affiliate's name in links; unique. Without one it is made from the display name.
    #[schema(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$")]
    slug: Option<String>,
    /// The display name.
    #[schema(min_length = 1, max_length = 200)]
    display_name: Option<String>,
    /// The e-mail address of the parent affiliate.
    #[schema(max_length = 254, format = "email")]
    parent_email: Option<String>,
    /// `approved` by default; a new affiliate can only be `pending` or `approved`.
    status: Option<AffiliateStatusWord>,
    /// The affiliate's own rate; it precedes every other.
    custom_commission_rate: Option<Fraction>,
    /// The affiliate's tier.
    tier_id: Option<String>,
    /// Your own data.
    metadata: Option<OwnData>,
}

fn new(body: &Node<'_>) -> Result<CreateAffiliateCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let email = fields.required("email", text(Email::parse));
    let slug = fields.optional("slug", text(Slug::parse));
    let display_name = fields.optional("display_name", text(DisplayName::parse));
    let parent_email = fields.optional("parent_email", text(Email::parse));
    let status = fields.optional("status", text(str::parse));
    let custom_rate = fields.optional("custom_commission_rate", rate);
    let tier_id = fields.optional("tier_id", text(existing_tier));
    let metadata = fields.optional("metadata", metadata).unwrap_or_default();
    fields.finish(|| {
        let affiliate = NewAffiliate { email: email?, slug, display_name, status, custom_rate, tier_id, metadata };
        Some(CreateAffiliateCommand { affiliate, parent_email })
    })
}

/// Create an affiliate.
#[utoipa::path(
    tag = "Affiliates", operation_id = "createAffiliate", request_body = NewAffiliateBody,
    responses((status = 201, description = "The new affiliate.", body = AffiliateObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[post("/affiliates")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /affiliates", new).await?;
    let answer = call.app().affiliates.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Changes of an affiliate. Fields that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = AffiliateChange, example = json!({"status": "suspended"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct AffiliateChangeBody {
    /// The e-mail address; unique, compared without case.
    #[schema(max_length = 254, format = "email", nullable = false)]
    email: Option<String>,
    /// The affiliate's name in links; unique. Links with the old name stop working.
    #[schema(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$", nullable = false)]
    slug: Option<String>,
    /// The display name; null removes it.
    #[schema(min_length = 1, max_length = 200)]
    display_name: Option<String>,
    /// The e-mail address of the new parent; null removes the parent.
    #[schema(max_length = 254, format = "email")]
    parent_email: Option<String>,
    /// The new status: from `pending` to `approved` or `rejected`, from `rejected` to
    /// `pending` or `approved`, from `approved` to `suspended` and back.
    #[schema(nullable = false)]
    status: Option<AffiliateStatusWord>,
    /// The affiliate's own rate; null removes it.
    custom_commission_rate: Option<Fraction>,
    /// The affiliate's tier; null removes it.
    tier_id: Option<String>,
    /// Your own data; replaces all of it, null empties it.
    metadata: Option<OwnData>,
}

fn change(body: &Node<'_>) -> Result<ChangeAffiliateCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let change = AffiliateChange {
        slug: fields.kept("slug", text(Slug::parse)),
        email: fields.kept("email", text(Email::parse)),
        display_name: fields.clearable("display_name", text(DisplayName::parse)),
        status: fields.kept("status", text(str::parse)),
        custom_rate: fields.clearable("custom_commission_rate", rate),
        tier_id: fields.clearable("tier_id", text(existing_tier)),
        parent_id: None,
        metadata: fields.clearable("metadata", metadata).map(Option::unwrap_or_default),
    };
    let parent_email = fields.clearable("parent_email", text(Email::parse));
    fields.finish(|| Some(ChangeAffiliateCommand { change, parent_email }))
}

/// Change an affiliate.
#[utoipa::path(
    tag = "Affiliates", operation_id = "updateAffiliate", params(("id" = String, Path, description = "The affiliate's id.")),
    request_body = AffiliateChangeBody,
    responses((status = 200, description = "The affiliate.", body = AffiliateObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[patch("/affiliates/{id}")]
async fn update(mut call: Call<Write>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /affiliates/{id}", change).await?;
    let answer = call.app().affiliates.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Erase an affiliate: it is rejected for good, and no stored data identifies it any more.
///
/// The name and your own data are removed; e-mail address and slug are replaced by others that lead nowhere. The
/// affiliate's coupons and clicks are deleted; conversions that named one of its coupons keep a code that belongs to no
/// affiliate. Announcements about the affiliate, its coupons and those conversions lose their `data`, and stored
/// responses about them are deleted. Commissions, accounts and payouts stay, under the affiliate's id. What it is still
/// owed can no longer be paid out: pay it, or make it void, before. Refused while the affiliate is in a payout that is
/// not settled. If the erasure is interrupted, send the request again to finish it.
#[utoipa::path(
    tag = "Affiliates", operation_id = "eraseAffiliate", params(("id" = String, Path, description = "The affiliate's id.")),
    responses((status = 200, description = "The erased affiliate.", body = AffiliateObject<'static>)),
    extensions(("x-scope" = json!("admin")),
        ("x-codes" = json!(["INVALID_STATE", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE"])))
)]
#[post("/affiliates/{id}/erase")]
async fn erase(mut call: Call<Admin>) -> Handled {
    let once = call.act("POST /affiliates/{id}/erase").await?;
    let person = Person::Affiliate(call.path_id()?);
    let answer = call.erase(person, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(update).service(erase);
}
