//! Links and the tracker's beacon: public, for visitors' browsers (docs/rules/attribution.md).

use crate::{
    call::{Handled, accept_json, receive},
    edge::Edge,
    errors::{ApiError, Code},
    fields::Fields,
    json::{self, Node},
    observe::{AskedByHead, Bare},
    trace::Trace,
    values::text,
};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration as CookieDuration},
    get,
    http::header::{self, HeaderMap, HeaderName},
    middleware::DefaultHeaders,
    options, post,
    web::{self, Data, Payload},
};
use app::{Clicks, RecordClickCommand, Redirect};
use domain::{FieldError, LandingUrl, Refusal, SessionId, ShortText, Slug, UserAgent, Utm};
use std::net::IpAddr;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// What a link may carry.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that follow reads; it passes over any other")]
struct LinkParams {
    /// The target instead of the landing address: a path there, or an address whose host is the same or on the merchant's
    /// list. Any other parameter is handed on to the target.
    to: Option<String>,
    /// The campaign's source.
    utm_source: Option<String>,
    /// The campaign's medium.
    utm_medium: Option<String>,
    /// The campaign's name.
    utm_campaign: Option<String>,
    /// The campaign's term.
    utm_term: Option<String>,
    /// The campaign's content.
    utm_content: Option<String>,
}

/// Follow a referral link.
///
/// Stores the click and sets the cookie `_cobz_sess`, unless the visitor asks not to be tracked (`Sec-GPC: 1`, `DNT:
/// 1`) or asks by HEAD. It never leads to a host that the merchant has not listed. The link's query is handed on to the
/// shop. A browser that only prefetches (`Sec-Purpose: prefetch`) is answered 503 without a body, and asks again when the
/// visitor follows the link.
#[utoipa::path(
    tag = "Clicks", operation_id = "followLink", security(()),
    params(
        ("merchant" = String, Path, description = "The merchant's slug."),
        ("affiliate" = String, Path, description = "The affiliate's slug."),
        LinkParams
    ),
    responses((status = 302, description = "Redirect to the shop, with the session in the query.")),
    extensions(("x-codes" = json!(["NOT_FOUND", "UNAVAILABLE"])))
)]
#[get("/r/{merchant}/{affiliate}")]
async fn follow(request: HttpRequest, edge: Data<Edge>) -> Handled {
    led(request, edge).await
}

/// Leads a visitor on.
async fn led(request: HttpRequest, edge: Data<Edge>) -> Handled {
    if is_prefetch(request.headers()) {
        metrics::counter!("coterie_prefetches_total").increment(1);
        return Ok(to_be_asked_again());
    }
    let slug = |name| request.match_info().get(name).and_then(Slug::in_link);
    let merchant = slug("merchant").ok_or(Refusal::NotFound)?;
    let affiliate = slug("affiliate").unwrap_or_else(Slug::nobody);
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let given = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let cookie = request.cookie(Clicks::COOKIE);
    let session = cookie.and_then(|cookie| SessionId::parse(cookie.value()).ok());
    let referrer = header_text(request.headers(), &header::REFERER).and_then(LandingUrl::lossy);
    let visitor = visitor(&request, &edge, merchant, affiliate);
    let refused = visitor.refused || request.extensions().contains::<AskedByHead>();
    let click = RecordClickCommand { session, referrer, utm: utm(given), refused, ..visitor };
    let Redirect { target, landing } = edge.outside.app.clicks.redirect(click, &query).await?;
    let mut answer = HttpResponse::Found();
    answer.insert_header((header::LOCATION, target)).insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(landing) = landing {
        let seconds = i64::try_from(landing.window.as_secs()).unwrap_or(i64::MAX);
        let proto = header_text(request.headers(), &HeaderName::from_static("x-forwarded-proto"));
        let cookie = Cookie::build(Clicks::COOKIE, landing.session.as_str())
            .path("/")
            .max_age(CookieDuration::seconds(seconds))
            .same_site(SameSite::Lax)
            .secure(edge.is_encrypted(peer(&request), proto));
        answer.cookie(cookie.finish());
    }
    Ok(answer.finish())
}

/// Whether a browser loads the page before its visitor wants it, and may never show it.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let purpose = |name| header_text(headers, &HeaderName::from_static(name)).unwrap_or_default();
    let first = |list: &str| list.split([',', ';']).next().is_some_and(|word| word.trim() == "prefetch");
    first(purpose("sec-purpose")) || first(purpose("purpose"))
}

/// Browsers throw this away, and ask again when the visitor follows the link. A redirect they would use unasked.
fn to_be_asked_again() -> HttpResponse {
    let mut answer = HttpResponse::ServiceUnavailable()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Sec-Purpose"))
        .finish();
    answer.extensions_mut().insert(Bare);
    answer
}

/// A click that the tracker recorded.
#[derive(ToSchema)]
#[schema(as = Beacon, example = json!({
    "merchant": "my-shop", "session": "Jx2mQ0aV7cK9tB4nE6yRzL1dHf8gSw3p", "ref": "alice",
    "url": "https://shop.example.com/?ref=alice", "referrer": "https://blog.example.com/", "utm_source": "blog"
}))]
#[allow(dead_code, reason = "describes the body that seen reads")]
struct BeaconBody {
    /// The merchant's slug.
    #[schema(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$")]
    merchant: String,
    /// The visitor's session.
    #[schema(min_length = 16, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    session: String,
    /// The affiliate's slug.
    #[schema(min_length = 2, max_length = 63, pattern = "^[a-z0-9-]+$")]
    r#ref: String,
    /// The page the visitor is on.
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
    /// Where the visitor came from; an empty text means no referrer.
    #[schema(max_length = 2000)]
    referrer: Option<String>,
    /// The campaign's source.
    #[schema(max_length = 255)]
    utm_source: Option<String>,
    /// The campaign's medium.
    #[schema(max_length = 255)]
    utm_medium: Option<String>,
    /// The campaign's name.
    #[schema(max_length = 255)]
    utm_campaign: Option<String>,
    /// The campaign's term.
    #[schema(max_length = 255)]
    utm_term: Option<String>,
    /// The campaign's content.
    #[schema(max_length = 255)]
    utm_content: Option<String>,
}

/// What the tracker saw, without what the request itself shows.
struct Seen {
    merchant: Slug,
    affiliate: Slug,
    session: SessionId,
    landing_page: Option<LandingUrl>,
    referrer: Option<LandingUrl>,
    utm: Utm,
}

fn seen(body: &Node<'_>) -> Result<Seen, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let merchant = fields.required("merchant", text(slug_in_link));
    let session = fields.required("session", text(SessionId::parse));
    let affiliate = fields.required("ref", text(slug_in_link));
    let landing_page = fields.optional("url", text(LandingUrl::parse));
    let referrer = fields.optional("referrer", text(maybe(LandingUrl::parse))).flatten();
    let mut campaign = |name| fields.optional(name, text(maybe(ShortText::parse))).flatten();
    let utm = Utm {
        source: campaign("utm_source"),
        medium: campaign("utm_medium"),
        campaign: campaign("utm_campaign"),
        term: campaign("utm_term"),
        content: campaign("utm_content"),
    };
    fields.finish(|| {
        Some(Seen { merchant: merchant?, affiliate: affiliate?, session: session?, landing_page, referrer, utm })
    })
}

/// A slug as the page's address or tag has it.
fn slug_in_link(text: &str) -> Result<Slug, String> {
    Slug::in_link(text).map_or_else(|| Slug::parse(text), Ok)
}

/// A text that may be empty, as `document.referrer` is where there is none.
fn maybe<T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<Option<T>, String> {
    move |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// Report a click that the tracker recorded.
///
/// Unknown links, and visitors who ask not to be tracked, get the same answer; nothing is stored for them.
#[utoipa::path(
    tag = "Clicks", operation_id = "reportClick", security(()),
    request_body(content((BeaconBody = "application/json"), (BeaconBody = "text/plain"))),
    responses((status = 204, description = "Received.")),
    extensions(("x-codes" = json!(["RATE_LIMITED"])))
)]
#[post("/api/t/click", wrap = "any_origin()")]
async fn report(request: HttpRequest, payload: Payload, edge: Data<Edge>) -> Handled {
    let trace = Trace::of(&request).ok_or(ApiError::new(Code::Internal))?;
    let address = address(&request, &edge);
    if let Some(verdict) = address.map(|address| (edge.outside.visitors.count_beacon)(address))
        && !verdict.allowed
    {
        return Err(ApiError::new(Code::RateLimited).after(verdict.reset));
    }
    accept_json(request.headers(), &["application/json", "text/plain"])?;
    let body = receive(&mut payload.into_inner(), request.headers(), edge.limits.body_bytes, &trace).await?;
    let Seen { merchant, affiliate, session, landing_page, referrer, utm } = seen(&json::parse(&body)?)?;
    let visitor = visitor(&request, &edge, merchant, affiliate);
    let click = RecordClickCommand { session: Some(session), landing_page, referrer, utm, ..visitor };
    edge.outside.app.clicks.beacon(click).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Answer the CORS preflight request for the tracker's beacon.
#[utoipa::path(
    tag = "Clicks", operation_id = "preflightClick", security(()),
    responses((status = 204, description = "Allowed."))
)]
#[options("/api/t/click", wrap = "any_origin()")]
async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Any site may ask; without credentials, so there is nothing to steal.
fn any_origin() -> DefaultHeaders {
    DefaultHeaders::new().add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
}

/// A visitor, with what every request of a browser shows.
fn visitor(request: &HttpRequest, edge: &Edge, merchant: Slug, affiliate: Slug) -> RecordClickCommand {
    let says = |name| header_text(request.headers(), &HeaderName::from_static(name)) == Some("1");
    let now = edge.outside.clock.now();
    RecordClickCommand {
        merchant,
        affiliate,
        session: None,
        landing_page: None,
        referrer: None,
        utm: Utm::default(),
        user_agent: header_text(request.headers(), &header::USER_AGENT).and_then(UserAgent::lossy),
        ip_hash: address(request, edge).map(|address| (edge.outside.visitors.hash)(address, now)),
        refused: says("sec-gpc") || says("dnt"),
    }
}

fn utm<'q>(given: impl Fn(&str) -> Option<&'q str>) -> Utm {
    let short = |name| given(name).and_then(ShortText::lossy);
    Utm {
        source: short("utm_source"),
        medium: short("utm_medium"),
        campaign: short("utm_campaign"),
        term: short("utm_term"),
        content: short("utm_content"),
    }
}

fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip())
}

fn address(request: &HttpRequest, edge: &Edge) -> Option<IpAddr> {
    let forwarded = request.headers().get_all("x-forwarded-for");
    let lines: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
    edge.visitor(peer(request), &lines)
}

/// Registers the operations.
pub(super) fn register(config: &mut ServiceConfig<'_>) {
    config.service(follow).service(report).service(preflight);
    // The same with a slash that some program appended.
    config.route("/r/{merchant}/{affiliate}/", web::get().to(led));
}
