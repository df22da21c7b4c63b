//! `/payouts`

use super::payout_files::{self, FileFormat};
use crate::{
    call::{Admin, Call, Handled, Read},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{Amount, ListObject, PayoutItemObject, PayoutItemStatusWord, PayoutObject, PayoutStatusWord},
    values::{currency, exact_amount, existing_affiliate, id, list as items_of, text},
};
use actix_web::{HttpResponse, get, http::header, patch, post};
use app::{ChangePayoutCommand, CreatePayoutCommand, Payouts, RecordPayoutResultsCommand};
use domain::{AffiliateId, FieldError, PayoutId, PayoutStatus, Reason, ResultLine, ResultOf, ShortText};
use ports::{PayoutFilter, PayoutItemFilter, Resource};
use utoipa::{IntoParams, ToSchema};

/// Which payouts a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct PayoutParams {
    /// Only those with this status.
    #[param(inline)]
    status: Option<PayoutStatusWord>,
    /// Only those in this currency, an ISO 4217 code.
    #[param(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// Only those created at this date or time or later.
    from: Option<String>,
    /// Only those created before this date or time.
    to: Option<String>,
}

/// List payouts, newest first.
#[utoipa::path(
    tag = "Payouts", operation_id = "listPayouts", params(PayoutParams, PageParams),
    responses((status = 200, description = "A page of payouts.", body = ListObject<PayoutObject>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/payouts")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("payouts", |fields| {
        let (from, to) = fields.span("from", "to");
        PayoutFilter {
            status: fields.optional("status", text(str::parse)),
            currency: fields.optional("currency", text(currency)),
            from,
            to,
        }
    })?;
    let page = call.app().payouts.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, PayoutObject>(&paging, &page)
}

/// Get a payout.
#[utoipa::path(
    tag = "Payouts", operation_id = "getPayout", params(("id" = String, Path, description = "The payout's id.")),
    responses((status = 200, description = "The payout.", body = PayoutObject)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/payouts/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let payout = call.app().payouts.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Payout(&payout)))
}

/// A new payout.
#[derive(ToSchema)]
#[schema(as = NewPayout, example = json!({"currency": "USD"}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewPayoutBody {
    /// An ISO 4217 code.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$")]
    currency: String,
    /// Pay only these affiliates; all by default.
    #[schema(max_items = 1_000)]
    affiliate_ids: Option<Vec<String>>,
}

fn new(body: &Node<'_>) -> Result<CreatePayoutCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let currency = fields.required("currency", text(currency));
    let affiliate_ids = fields.optional("affiliate_ids", items_of(Payouts::MOST_AFFILIATES, text(existing_affiliate)));
    if affiliate_ids.as_ref().is_some_and(Vec::is_empty) {
        fields.fault("affiliate_ids", "must name an affiliate, or be left out");
    }
    fields
        .finish(|| Some(CreatePayoutCommand { currency: currency?, affiliate_ids: affiliate_ids.unwrap_or_default() }))
}

/// Create a payout of everything that is due.
///
/// The payout contains every approved commission of each approved affiliate that is owed at least the settings'
/// `min_payout` (in the settings' currency; one minor unit in others). An affiliate that is owed less waits for a later
/// payout. No further affiliate is added once the payout has 100,000 commissions; the others are due for the next one.
/// If nothing is due, the answer is `INVALID_STATE`.
#[utoipa::path(
    tag = "Payouts", operation_id = "createPayout", request_body = NewPayoutBody,
    responses((status = 201, description = "The payout.", body = PayoutObject)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[post("/payouts")]
async fn create(mut call: Call<Admin>) -> Handled {
    let (request, once) = call.read("POST /payouts", new).await?;
    let answer = call.app().payouts.create(&call.who, request, once).await?;
    Ok(call.answer(answer))
}

/// A change of a payout's status.
#[derive(ToSchema)]
#[schema(as = PayoutChange, example = json!({"status": "processing"}))]
#[allow(dead_code, reason = "describes the body that change reads")]
struct PayoutChangeBody {
    /// `processing`: the money is on its way. Then `paid`: all items were paid; or `failed`: none was.
    #[schema(pattern = "^(open|processing|paid|failed)$")]
    status: String,
}

fn change(body: &Node<'_>) -> Result<ChangePayoutCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let status = fields.required("status", text(str::parse::<PayoutStatus>));
    fields.finish(|| Some(ChangePayoutCommand { status: status? }))
}

/// Change a payout's status: send it, or end it.
///
/// From `open` to `processing`, and from there to `paid` or `failed`. `paid` marks every open item and its commissions
/// as paid; `failed` releases the commissions for a later payout.
#[utoipa::path(
    tag = "Payouts", operation_id = "updatePayout",
    params(("id" = String, Path, description = "The payout's id.")), request_body = PayoutChangeBody,
    responses((status = 200, description = "The payout.", body = PayoutObject)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[patch("/payouts/{id}")]
async fn update(mut call: Call<Admin>) -> Handled {
    let (id, request, once) = call.read_change("PATCH /payouts/{id}", change).await?;
    let answer = call.app().payouts.change(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Which items a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that items reads")]
struct ItemParams {
    /// Only those with this status.
    #[param(inline)]
    status: Option<PayoutItemStatusWord>,
    /// Only the item of this affiliate.
    affiliate_id: Option<String>,
}

/// List a payout's items, newest first.
#[utoipa::path(
    tag = "Payouts", operation_id = "listPayoutItems",
    params(("id" = String, Path, description = "The payout's id."), ItemParams, PageParams),
    responses((status = 200, description = "A page of items.", body = ListObject<PayoutItemObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/payouts/{id}/items")]
async fn items(call: Call<Read>) -> Handled {
    let payout: Result<PayoutId, _> = call.path_id();
    let name = payout.as_ref().map_or_else(|_| String::new(), |payout| format!("payouts/{payout}/items"));
    let (filter, paging) = call.list(&name, |fields| PayoutItemFilter {
        status: fields.optional("status", text(str::parse)),
        affiliate_id: fields.optional("affiliate_id", text(id)),
    })?;
    let page = call.app().payouts.items(&call.who, payout?, &filter, &paging.request).await?;
    call.show_page::<_, PayoutItemObject<'_>>(&paging, &page)
}

/// What a payment file is made for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that export reads")]
struct ExportParams {
    /// `paypal` for PayPal's mass payments, `wise` for Wise's batch payments by e-mail.
    #[param(pattern = "^(paypal|wise)$")]
    format: String,
}

/// Get a payment file of the items that are still to be paid.
#[utoipa::path(
    tag = "Payouts", operation_id = "exportPayout",
    params(("id" = String, Path, description = "The payout's id."), ExportParams),
    responses((status = 200, description = "The file: CSV (RFC 4180) with a header.", body = String, content_type = "text/csv")),
    extensions(("x-scope" = json!("read")))
)]
#[get("/payouts/{id}/export")]
async fn export(call: Call<Read>) -> Handled {
    let query = call.query()?;
    let mut fields = Fields::of(&query)?;
    let format = fields.required("format", text(str::parse::<FileFormat>));
    let format = fields.finish(|| format)?;
    let id = call.path_id()?;
    let lines = call.app().payouts.export(&call.who, id).await?;
    let name = format!("attachment; filename=\"{id}-{}.csv\"", format.as_str());
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(payout_files::write(format, &lines)))
}

/// The bank's results of a payout.
#[derive(ToSchema)]
#[schema(as = PayoutResults, example = json!({"items": [
    {"item_id": "pit_01hzy3v7k2e9m8q4t6w0x5b1ca", "status": "paid", "amount": 99.00, "currency": "USD", "reference": "9G123456AB"},
    {"affiliate_id": "aff_01hzy3v7k2e9m8q4t6w0x5b1ca", "status": "failed", "amount": 19.80, "reason": "The account is closed."}
]}))]
#[allow(dead_code, reason = "describes the body that results reads")]
struct PayoutResultsBody {
    /// A line for each item that was settled.
    #[schema(max_items = 5_000)]
    items: Vec<PayoutResultBody>,
}

/// The result of one item, which is named by its id or by its affiliate.
#[derive(ToSchema)]
#[schema(as = PayoutResult)]
#[allow(dead_code, reason = "describes the body that results reads")]
struct PayoutResultBody {
    /// The item.
    item_id: Option<String>,
    /// The affiliate of the item.
    affiliate_id: Option<String>,
    /// The outcome.
    #[schema(pattern = "^(paid|failed)$")]
    status: String,
    /// The item's amount; it must be exact.
    amount: Amount,
    /// The payout's currency.
    currency: Option<String>,
    /// The bank's reference of the payment.
    #[schema(min_length = 1, max_length = 255)]
    reference: Option<String>,
    /// Why the payment failed.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// An id in a result: malformed, unknown and foreign ones get the same words.
fn item_of<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "must be of an item of this payout".to_owned())
}

fn results(body: &Node<'_>) -> Result<RecordPayoutResultsCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    if fields.lacks("items") {
        fields.fault("items", "is required");
    }
    let mut count = 0;
    let lines = fields.objects("items", payout_files::MOST_LINES, |line| {
        let name = format!("items[{count}]");
        count += 1;
        result(line, name)
    });
    if lines.as_ref().is_some_and(Vec::is_empty) {
        fields.fault("items", "must have a line");
    }
    fields.finish(|| Some(RecordPayoutResultsCommand { lines: lines? }))
}

fn result(line: &mut Fields<'_>, name: String) -> Option<ResultLine> {
    let item = line.optional("item_id", text(item_of)).map(ResultOf::Item);
    let affiliate = line.optional("affiliate_id", text(item_of::<AffiliateId>)).map(ResultOf::Affiliate);
    match (line.lacks("item_id"), line.lacks("affiliate_id")) {
        (true, true) => line.fault("item_id", "is required, or affiliate_id"),
        (false, false) => line.fault("affiliate_id", "must not be given together with item_id"),
        _ => {}
    }
    let outcome = line.required("status", text(str::parse));
    let amount = line.required("amount", exact_amount);
    let currency = line.optional("currency", text(currency));
    let reference = line.optional("reference", text(ShortText::parse));
    let reason = line.optional("reason", text(Reason::parse));
    Some(ResultLine { name, of: item.or(affiliate)?, outcome: outcome?, amount: amount?, currency, reference, reason })
}

/// Report the bank's results of a payout that is processing.
///
/// Each line must name an item of the payout that is open (or has that result already), with the item's exact amount;
/// if one line does not, nothing is changed. Items are settled one by one; with the last one the payout becomes `paid`,
/// or `failed` if none was paid. CSV is accepted too: a header with `item_id` (or `Reference ID`) or `affiliate_id`,
/// `status`, `amount`, and optionally `currency`, `reference` and `reason`; other columns are ignored.
#[utoipa::path(
    tag = "Payouts", operation_id = "importPayoutResults",
    params(("id" = String, Path, description = "The payout's id.")),
    request_body(content((PayoutResultsBody = "application/json"), (String = "text/csv"))),
    responses((status = 200, description = "The payout.", body = PayoutObject)),
    extensions(("x-scope" = json!("admin")), ("x-codes" = json!(["INVALID_STATE"])))
)]
#[post("/payouts/{id}/results")]
async fn import(mut call: Call<Admin>) -> Handled {
    let table = |text: &str| Ok(RecordPayoutResultsCommand { lines: payout_files::read(text)? });
    let (id, request, once) = call.read_file("POST /payouts/{id}/results", results, table).await?;
    let answer = call.app().payouts.results(&call.who, id, request, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(update).service(items).service(export).service(import);
}
