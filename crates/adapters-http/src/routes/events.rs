//! `/events`

use super::{
    posted::PostedContext,
    refunds::{is_refund, new_refund},
};
use crate::{
    call::{Call, Handled, Read, Write, WriteOrTry, json_answer},
    fields::Fields,
    json::Node,
    listing::PageParams,
    representations::{EventObject, ExplanationObject, Instant, ListObject, OutcomesObject, OwnData, bytes},
    values::{currency, exact_amount, existing_affiliate, id, list as texts, name, text, unproven},
};
use actix_web::{get, http::StatusCode, post};
use app::{App, AskedItem, BatchLine, RecordEventBatchCommand, RecordEventCommand};
use domain::{
    AsSent, CouponCode, EventKind, ExternalId, FieldError, Items, NewRefund, OrderReference, Refusal, SessionId,
    ShortText, Unreadable,
};
use ports::{EventFilter, Resource};
use utoipa::{IntoParams, ToSchema};

/// Which events a list shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that list reads")]
struct EventParams {
    /// Only those credited to this affiliate.
    affiliate_id: Option<String>,
    /// Only those with this external id.
    #[param(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// Only those recorded at this date or time or later.
    from: Option<String>,
    /// Only those recorded before this date or time.
    to: Option<String>,
}

/// List conversion events, newest first.
#[utoipa::path(
    tag = "Events", operation_id = "listEvents", params(EventParams, PageParams),
    responses((status = 200, description = "A page of events.", body = ListObject<EventObject<'static>>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/events")]
async fn list(call: Call<Read>) -> Handled {
    let (filter, paging) = call.list("events", |fields| {
        let (from, to) = fields.span("from", "to");
        EventFilter {
            affiliate_id: fields.optional("affiliate_id", text(id)),
            external_id: fields.optional("external_id", text(ExternalId::parse)),
            from,
            to,
        }
    })?;
    let page = call.app().events.list(&call.who, &filter, &paging.request).await?;
    call.show_page::<_, EventObject<'_>>(&paging, &page)
}

/// Get a conversion event.
#[utoipa::path(
    tag = "Events", operation_id = "getEvent", params(("id" = String, Path, description = "The event's id.")),
    responses((status = 200, description = "The event.", body = EventObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/events/{id}")]
async fn show(call: Call<Read>) -> Handled {
    call.no_query()?;
    let record = call.app().events.get(&call.who, call.path_id()?).await?;
    Ok(call.show(Resource::Event(&record)))
}

/// Explain a conversion event.
///
/// Every candidate and why it won or lost, every reward that was considered for the lines, and each step of the
/// calculation, including the cap and later refunds.
#[utoipa::path(
    tag = "Events", operation_id = "explainEvent", params(("id" = String, Path, description = "The event's id.")),
    responses((status = 200, description = "The explanation.", body = ExplanationObject<'static>)),
    extensions(("x-scope" = json!("read")))
)]
#[get("/events/{id}/explain")]
async fn explain(call: Call<Read>) -> Handled {
    call.no_query()?;
    let record = call.app().events.get(&call.who, call.path_id()?).await?;
    Ok(json_answer(StatusCode::OK, bytes(&ExplanationObject::from(&record))))
}

/// A conversion event. `event_type` is accepted for `type`, and `payload` for `metadata`.
#[derive(ToSchema)]
#[schema(as = NewEvent, example = json!({
    "cookie_id": "Jx2mQ0aV7cK9tB4nE6yRzL1dHf8gSw3p", "type": "purchase", "amount": 99.00, "currency": "USD",
    "external_id": "1001", "metadata": {"sku": "WIDGET-1"}
}))]
#[allow(dead_code, reason = "describes the body that new reads")]
struct NewEventBody {
    /// `purchase`, `renewal`, `refund`, `signup`, `lead`, `trial_started`, or a word of your own, which pays like a
    /// purchase.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_.]+$")]
    r#type: String,
    /// Your own id of the event. The same id never pays twice. White space around it and invisible characters do not
    /// count, here and in `order_id` and `customer.external_id`.
    #[schema(min_length = 1, max_length = 255)]
    external_id: String,
    /// Your own id of the order; by default the external id. For a refund, the order to take back: enough if only one
    /// paying event has it.
    #[schema(min_length = 1, max_length = 255)]
    order_id: Option<String>,
    /// For a refund, the event to take back. A refund has no `items`, `coupon`, `cookie_id` or `affiliate_id`.
    refunds: Option<String>,
    /// The amount paid, in whole units with at most the currency's digits. Required if the type pays and there are no
    /// items. For a refund, the amount to take back: above 0; by default all that is left.
    #[schema(minimum = 0)]
    amount: Option<crate::representations::Amount>,
    /// An ISO 4217 code; by default that of the settings. For a refund, that of the event it takes back.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// The lines of the order, each with its own amount; at most 100. They must sum to the amount, which may then be
    /// left out.
    #[schema(max_items = 100)]
    items: Option<Vec<ItemBody>>,
    /// The visitor's session, from the cookie `_cobz_sess`. An unknown session is no error.
    #[schema(max_length = 255)]
    cookie_id: Option<String>,
    /// A coupon code that the buyer gave, or several with commas between them. An unknown code is no error.
    #[schema(max_length = 255)]
    coupon: Option<String>,
    /// The coupon codes that the buyer gave, if there are several; not together with `coupon`. The first that belongs
    /// to an affiliate counts.
    #[schema(max_items = 20)]
    coupons: Option<Vec<String>>,
    /// The affiliate to credit.
    affiliate_id: Option<String>,
    /// The buyer.
    customer: Option<CustomerBody>,
    /// When the event happened. Stored; not used in calculations.
    occurred_at: Option<Instant>,
    /// Your own data.
    metadata: Option<OwnData>,
}

/// One line of an order.
#[derive(ToSchema)]
#[schema(as = NewItem)]
#[allow(dead_code, reason = "describes the body that new reads")]
struct ItemBody {
    /// Your own word for the product.
    #[schema(min_length = 1, max_length = 255)]
    product: Option<String>,
    /// Your own word for the category of the product.
    #[schema(min_length = 1, max_length = 255)]
    category: Option<String>,
    /// The amount paid for the line, in whole units with at most the currency's digits.
    #[schema(minimum = 0)]
    amount: crate::representations::Amount,
}

/// The buyer of an event.
#[derive(ToSchema)]
#[schema(as = EventCustomer)]
#[allow(dead_code, reason = "describes the body that new reads")]
struct CustomerBody {
    /// The buyer's e-mail address; it is used to recognize self-referrals.
    #[schema(max_length = 254, format = "email")]
    email: Option<String>,
    /// Your own id of the buyer. An empty text, `0`, `guest`, `null`, `none` and `anonymous` are nobody's.
    #[schema(max_length = 255)]
    external_id: Option<String>,
}

/// What is posted: something that happened, or that a sale is taken back.
enum Posted {
    Event(RecordEventCommand),
    Refund(NewRefund),
}

fn posted(body: &Node<'_>) -> Result<Posted, Vec<FieldError>> {
    if is_refund(body) { new_refund(body).map(Posted::Refund) } else { new(body).map(Posted::Event) }
}

fn new(body: &Node<'_>) -> Result<RecordEventCommand, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let kind = fields.either("type", "event_type");
    let kind = fields.required(kind, text(EventKind::parse));
    let external_id = fields.required("external_id", text(name(ExternalId::parse)));
    let order_id = fields.optional("order_id", text(name(OrderReference::parse)));
    fields.optional("refunds", |_| -> Result<(), String> {
        Err("must not be given unless the type is refund".to_owned())
    });
    let amount = fields.optional("amount", exact_amount);
    let currency = fields.optional("currency", text(currency));
    let items = fields.objects("items", Items::MOST, |item| {
        let product = item.optional("product", text(ShortText::parse));
        let category = item.optional("category", text(ShortText::parse));
        let amount = item.required("amount", exact_amount)?;
        Some(AskedItem { product, category, amount })
    });
    let session = fields.optional("cookie_id", text(|cookie| unproven(cookie, SessionId::parse)));
    let (coupons, no_coupon_is_readable) = coupons(&mut fields);
    let affiliate_id = fields.optional("affiliate_id", text(existing_affiliate));
    let context = PostedContext::read(&mut fields);
    let PostedContext { customer_email, customer_external_id, customer_as_sent, occurred_at, metadata } = context;
    fields.finish(|| {
        let (external_id, id_as_sent) = external_id?;
        let (order_id, _) = order_id.unzip();
        let mut coupons = coupons.into_iter();
        Some(RecordEventCommand {
            kind: kind?,
            external_id,
            as_sent: AsSent { external_id: id_as_sent, order_id: None, customer_external_id: customer_as_sent },
            order_id,
            amount,
            currency,
            items: items.unwrap_or_default(),
            unreadable: Unreadable { session: session == Some(None), coupon: no_coupon_is_readable },
            session: session.flatten(),
            coupon: coupons.next(),
            more_coupons: coupons.collect(),
            affiliate_id,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            fingerprint: body.fingerprint(),
        })
    })
}

/// The most coupons of one event.
const MOST_COUPONS: usize = 20;

/// The coupon codes that can be read, and whether there were some and none of them can.
fn coupons(fields: &mut Fields<'_>) -> (Vec<CouponCode>, bool) {
    let given =
        |text: &str| text.split(',').map(|code| unproven(code, CouponCode::parse)).collect::<Result<Vec<_>, _>>();
    let one = fields.optional("coupon", text(given));
    let several = fields.optional("coupons", texts(MOST_COUPONS, text(|code| unproven(code, CouponCode::parse))));
    if one.is_some() && several.is_some() {
        fields.fault("coupons", "must not be given together with coupon");
    }
    let given = one.or(several).unwrap_or_default();
    let is_unreadable = !given.is_empty() && given.iter().all(Option::is_none);
    (given.into_iter().flatten().take(MOST_COUPONS).collect(), is_unreadable)
}

/// How an event is recorded.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameter that a call reads")]
struct RecordParams {
    /// With `true` nothing is stored, not even for an `Idempotency-Key`: the answer is the one that the event would
    /// get, and the key needs the scope `read`.
    dry_run: Option<bool>,
}

/// Record a conversion event, once.
///
/// The same `external_id` with the same body returns the first response again, with status 200 and with the statuses that
/// its commissions have now; with another body it is refused. An event that leads to no affiliate is recorded as well, with `attributed: false` and the reason.
///
/// A `refund` takes back a part of a sale, or all that is left of it, together with its commissions: each gets a
/// reversal with a negative amount, or becomes void if nothing is left of it and it was still pending or in review. If
/// the sale is an order in a referral group too, the order is refunded with it. A refund that names an `order_id` of
/// which no sale is recorded is refused as `NOT_YET`.
#[utoipa::path(
    tag = "Events", operation_id = "recordEvent", params(RecordParams), request_body = NewEventBody,
    responses(
        (status = 201, description = "The event, recorded now.", body = EventObject<'static>),
        (status = 200, description = "The event, recorded before, or what a dry run would record.", body = EventObject<'static>)
    ),
    extensions(
        ("x-scope" = json!("write")),
        ("x-dry-run-scope" = json!("read")),
        ("x-codes" = json!(["ALREADY_EXISTS", "INVALID_STATE", "NOT_YET"]))
    )
)]
#[post("/events")]
async fn record_event(mut call: Call<WriteOrTry>) -> Handled {
    let (request, once) = call.read("POST /events", posted).await?;
    let App { events, refunds, .. } = call.app();
    let answer = match (request, call.dry_run) {
        (Posted::Event(request), false) => events.record(&call.who, request, once).await?,
        (Posted::Event(request), true) => events.try_out(&call.who, request).await?,
        (Posted::Refund(request), false) => refunds.record(&call.who, request, once).await?,
        (Posted::Refund(request), true) => refunds.preview(&call.who, request).await?,
    };
    Ok(call.answer(answer))
}

/// The most events in a batch.
const MOST_LINES: usize = 1_000;

/// Events, in the order in which to record them.
#[derive(ToSchema)]
#[schema(as = NewEvents, example = json!({
    "events": [
        {"type": "purchase", "amount": 99.00, "currency": "USD", "external_id": "1001", "coupon": "ALICE10"},
        {"type": "signup", "external_id": "user-7", "cookie_id": "Jx2mQ0aV7cK9tB4nE6yRzL1dHf8gSw3p"}
    ]
}))]
#[allow(dead_code, reason = "describes the body that record_batch reads")]
struct BatchBody {
    /// The events.
    #[schema(min_items = 1, max_items = 1_000)]
    events: Vec<NewEventBody>,
}

/// Record up to 1,000 conversion events, each once.
///
/// Each line is processed as by `POST /events`, in order, and has its own outcome; a refused line does not affect the
/// others. A refund whose sale is not recorded yet is processed after the lines that are not refunds. If the server cannot finish, the whole request fails; send it again, and lines that were recorded are
/// answered as repeats.
#[utoipa::path(
    tag = "Events", operation_id = "recordEvents", request_body = BatchBody,
    responses((status = 200, description = "The outcome of each line.", body = OutcomesObject<'static>)),
    extensions(("x-scope" = json!("write")))
)]
#[post("/events/batch")]
async fn record_batch(mut call: Call<Write>) -> Handled {
    let (lines, once) = call.read_lines("POST /events/batch", ("events", MOST_LINES), posted).await?;
    let line = |posted| match posted {
        Posted::Event(request) => BatchLine::Event(request),
        Posted::Refund(request) => BatchLine::Refund(request),
    };
    let lines = lines.into_iter().map(|read| read.map(line).map_err(Refusal::Invalid)).collect();
    let batch = RecordEventBatchCommand { lines, request_id: call.request_id().to_owned() };
    let App { events, refunds, .. } = call.app();
    let answer = events.record_batch(&call.who, batch, refunds, once).await?;
    Ok(call.answer(answer))
}

/// Registers the operations.
pub(super) fn register(config: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    config.service(record_event).service(record_batch).service(list).service(show).service(explain);
}
