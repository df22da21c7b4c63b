//! `/commissions`

use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{CommissionObject, CommissionStatusWord, ListObject},
    values::{id, text},
};
use actix_web::{get, patch};
use app::MoveCommissionCommand;
use domain::{CommissionMove, FieldError, OrderReference, Reason};
use ports::{CommissionFilter, Resource};
use utoipa::{IntoParams, ToSchema};

/// Which commissions a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct CommissionParams {
    /// Only those of this affiliate.
    affiliate_id: Option<String>,
    /// Only those with this status.
    #[param(inline)]
    status: Option<CommissionStatusWord>,
    /// Only those of this order.
    #[param(min_length = 1, max_length = 255)]
    order_id: Option<String>,
    /// Only those created at this date or time or later.
    from: Option<String>,
    /// Only those created before this date or time.
    to: Option<String>,
}

/// List commissions, newest first.
#[utoipa::path(
    tag = "Commissions", operation_id = "listCommissions", params(CommissionParams, PageParams),
    responses((status = 200, description = "A page of commissions.", body = ListObject<CommissionObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/commissions")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("commissions", |fields| {
        let (from, to) = fields.span("from", "to");
        CommissionFilter {
            affiliate_id: fields.optional("affiliate_id", text(id)),
            status: fields.optional("status", text(str::parse)),
            order_id: fields.optional("order_id", text(OrderReference::parse)),
            from,
            to,
        }
    })?;
    let page = call.app().commissions.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, CommissionObject<'_>>(&paging, &page)
}

/// Get a commission.
#[utoipa::path(
    tag = "Commissions", operation_id = "getCommission", params(("id" = String, Path, description = "The commission's id.")),
    responses((status = 200, description = "The commission.", body = CommissionObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/commissions/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let commission = call.app().commissions.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Commission(&commission)))
}

/// A manual change of a commission's status.
#[derive(ToSchema)]
#[schema(as = CommissionChange, example = json!({"status": "void", "reason": "The order was a test."}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct CommissionChangeBody {
    /// `approved`: the commission is owed from now on. `void`: it is canceled.
    #[schema(pattern = "^(approved|void)$")]
    status: String,
    /// The reason.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

fn step(word: &str) -> Result<CommissionMove, String> {
    match word {
        "approved" => Ok(CommissionMove::Approve),
        "void" => Ok(CommissionMove::Void),
        _ => Err("must be one of: approved void".to_owned()),
    }
}

fn change(body: &Node<'_>) -> Result<MoveCommissionCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let step = fields.required("status", text(step));
    let reason = fields.optional("reason", text(Reason::parse));
    fields.finish(|| Some(MoveCommissionCommand { step: step?, reason }))
}

/// Approve or void a commission.
#[utoipa::path(
    tag = "Commissions", operation_id = "updateCommission",
    params(("id" = String, Path, description = "The commission's id.")), request_body = CommissionChangeBody,
    responses((status = 200, description = "The commission.", body = CommissionObject<'static>)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[patch("/commissions/{id}")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /commissions/{id}", change).await?;
    let answer = call.app().commissions.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(update);
}
