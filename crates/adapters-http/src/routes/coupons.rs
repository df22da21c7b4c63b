//! `/coupons`

use crate::{
    call::{Admin, Call, Handled, Read, Write},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{CouponObject, ListObject},
    values::{existing_affiliate, id, text},
};
use actix_web::{delete, get, post};
use app::CreateCouponCommand;
use domain::{CouponCode, FieldError};
use ports::CouponFilter;
use utoipa::{IntoParams, ToSchema};

/// Which coupons a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct CouponParams {
    /// Only those of this affiliate.
    affiliate_id: Option<String>,
    /// Only the one with this code, compared without case.
    #[param(min_length = 2, max_length = 40, pattern = "^[A-Za-z0-9_-]+$")]
    code: Option<String>,
}

/// List coupons, newest first.
#[utoipa::path(
    tag = "Coupons", operation_id = "listCoupons", params(CouponParams, PageParams),
    responses((status = 200, description = "A page of coupons.", body = ListObject<CouponObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/coupons")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("coupons", |fields| CouponFilter {
        affiliate_id: fields.optional("affiliate_id", text(id)),
        code: fields.optional("code", text(CouponCode::parse)),
    })?;
    let page = call.app().coupons.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, CouponObject<'_>>(&paging, &page)
}

/// A new coupon.
#[derive(ToSchema)]
#[schema(as = NewCoupon, example = json!({"affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "code": "ALICE10"}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewCouponBody {
    /// The affiliate that the coupon credits.
    affiliate_id: String,
    /// The code; unique, compared without case, stored in capitals.
    #[schema(min_length = 2, max_length = 40, pattern = "^[A-Za-z0-9_-]+$")]
    code: String,
}

fn new(body: &Node<'_>) -> Result<CreateCouponCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let affiliate_id = fields.required("affiliate_id", text(existing_affiliate));
    let code = fields.required("code", text(CouponCode::parse));
    fields.finish(|| Some(CreateCouponCommand { affiliate_id: affiliate_id?, code: code? }))
}

/// Create a coupon.
#[utoipa::path(
    tag = "Coupons", operation_id = "createCoupon", request_body = NewCouponBody,
    responses((status = 201, description = "The new coupon.", body = CouponObject<'static>)),
    extensions(("x-scope" = json!("write")), ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE"])))
)]
#[post("/coupons")]
async fn create(mut call: Call<Write>) -> Handled {
    let (request, once) = call.read("POST /coupons", new).await?;
    let answer = call.app().coupons.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// Delete a coupon. Sales that it credited stay credited.
#[utoipa::path(
    tag = "Coupons", operation_id = "deleteCoupon", params(("id" = String, Path, description = "The coupon's id.")),
    responses((status = 204, description = "Deleted.")),
    extensions(("x-scope" = json!("admin")))
)]
#[delete("/coupons/{id}")]
async fn remove(call: Call<Admin>) -> Handled {
    call.no_query()?;
    let answer = call.app().coupons.delete(&call.who, call.path_id()?).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(create).service(remove);
}
