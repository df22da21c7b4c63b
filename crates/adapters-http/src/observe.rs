//! Around every request: its id, its deadline, its one log line, its metrics, and the form of its errors.

use crate::{
    connection::Watch,
    edge::Edge,
    errors::{ApiError, Code, ErrorFormat, Rendered, whole_seconds},
    legacy_api::LegacyRequest,
    paths::Routes,
    trace::Trace,
};
use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ResponseHead, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use ports::RateVerdict;
use std::{panic::AssertUnwindSafe, rc::Rc, time::Duration};
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The longest inbound request id that is accepted.
const MOST_ID: usize = 128;

/// Marks a request whose caller asked by HEAD, for the operations that keep something of each GET.
#[derive(Debug)]
pub(crate) struct AskedByHead;

/// Marks an answer that is sent as it is although its status is an error's: no caller reads it.
#[derive(Debug)]
pub(crate) struct Bare;

/// The outermost middleware.
pub(crate) async fn observe<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let (Some(edge), Some(routes)) =
        (request.app_data::<Data<Edge>>().cloned(), request.app_data::<Data<Routes>>().cloned())
    else {
        return Err(ApiError::new(Code::Internal).into());
    };
    let started = Instant::now();
    let method = request.method().clone();
    if method == Method::HEAD {
        // Every GET answers HEAD too (RFC 9110, section 9.3.2); the HTTP library leaves the body out.
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(AskedByHead);
    }
    let path = request.path().to_owned();
    let (began, _under_way) = request.conn_data::<Rc<Watch>>().map(Watch::request).unzip();
    let trace = begin(&mut request, &edge, began.unwrap_or(started));
    let within = tokio::select! {
        answered = AssertUnwindSafe(next.call(request)).catch_unwind() => answered.unwrap_or_else(|_| {
            tracing::error!(request_id = trace.voice.request_id, "a handler panicked");
            Err(ApiError::new(Code::Internal).into())
        }),
        () = trace.out_of_time() => Err(ApiError::new(Code::Unavailable).into()),
    };
    let (answered, status) = match within {
        Ok(response) => {
            let mut response = in_our_form(response, &routes, &path, &trace);
            if let Some(legacy_api) = &trace.legacy_api {
                response = legacy_api.answer(response).await;
            }
            if trace.route.borrow().is_none() {
                *trace.route.borrow_mut() = response.request().match_pattern();
            }
            let status = response.status();
            dress(response.response_mut().head_mut(), &edge, &trace);
            (Ok(response), status)
        }
        Err(error) => {
            // The request was dropped with its future, and with it the place where headers could still be added.
            let mut answer = voiced(&error, &trace).error_response();
            dress(answer.head_mut(), &edge, &trace);
            let status = answer.status();
            (Err(InternalError::from_response(error, answer).into()), status)
        }
    };
    report(&method, status, started.elapsed(), &trace);
    answered
}

fn begin(request: &mut ServiceRequest, edge: &Edge, began: Instant) -> Rc<Trace> {
    let problem = request.headers().get_all(header::ACCEPT).any(|accept| {
        accept.to_str().is_ok_and(|accept| accept.to_ascii_lowercase().contains("application/problem+json"))
    });
    let sane = |id: &&str| {
        (1..=MOST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let inbound = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).filter(sane);
    let request_id = inbound.map_or_else(|| edge.outside.ids.uuid().to_string(), str::to_owned);
    let arrives_by = if has_body(request) { began + edge.limits.body_deadline } else { began };
    let legacy_api = LegacyRequest::begin(request);
    Trace::begin(request, ErrorFormat { request_id, problem }, legacy_api, arrives_by, edge.limits.answer_deadline)
}

fn has_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
        || request.version() == actix_web::http::Version::HTTP_2
}

/// Gives an error response its body, and the envelope to errors that the HTTP library makes.
fn in_our_form<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    routes: &Routes,
    path: &str,
    trace: &Trace,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let status = response.status();
    let is_bare = response.response().extensions().contains::<Bare>();
    if is_bare || (!status.is_client_error() && !status.is_server_error()) {
        return response.map_into_left_body();
    }
    let ours = response.response().error().and_then(|error| error.as_error::<ApiError>()).cloned();
    let error = ours.unwrap_or_else(|| match Code::of_status(status.as_u16()) {
        Code::MethodNotAllowed => ApiError::allowing(routes.allowed(path).unwrap_or_default()),
        code => ApiError::new(code),
    });
    let error = told(error, trace);
    let (request, plain) = response.into_parts();
    let mut answer = Rendered { error, voice: trace.voice.clone() }.error_response();
    for (name, value) in plain.headers() {
        if !answer.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, answer).map_into_right_body()
}

/// The answer to an error that left no request behind.
fn voiced(error: &Error, trace: &Trace) -> Rendered {
    let ours = error.as_error::<ApiError>().cloned();
    let error =
        ours.unwrap_or_else(|| ApiError::new(Code::of_status(error.as_response_error().status_code().as_u16())));
    Rendered { error: told(error, trace), voice: trace.voice.clone() }
}

/// Formats the error for its caller and notes its cause.
fn told(error: ApiError, trace: &Trace) -> ApiError {
    *trace.cause.borrow_mut() = error.cause().map(str::to_owned);
    match &trace.legacy_api {
        Some(legacy_api) => legacy_api.respell(error),
        None => error,
    }
}

/// What every answer carries.
fn dress(head: &mut ResponseHead, edge: &Edge, trace: &Trace) {
    if edge.is_draining() {
        head.set_connection_type(ConnectionType::Close);
    }
    let headers = head.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&trace.voice.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let Some((_, allowance)) = trace.key.get() else { return };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(RateVerdict { allowed: _, remaining, reset }) = trace.rate.get() {
        // draft-ietf-httpapi-ratelimit-headers-10: a list of policies and what is left of each.
        let texts = [
            (RATE_LIMIT_POLICY, format!("\"key\";q={allowance};w=60")),
            (RATE_LIMIT, format!("\"key\";r={remaining};t={}", whole_seconds(reset))),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

/// The one log line of a request, and its metrics. Never query strings, bodies, keys or addresses.
fn report(method: &Method, status: StatusCode, took: Duration, trace: &Trace) {
    let route = trace.route.borrow();
    let route = route.as_deref().unwrap_or("unmatched");
    let legacy_api = trace.legacy_api.as_ref().and_then(|legacy_api| legacy_api.route(route));
    let route = legacy_api.as_deref().unwrap_or(route);
    let known = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];
    let method = if known.contains(method) { method.as_str().to_owned() } else { "other".to_owned() };
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let cause = trace.cause.borrow();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                method,
                route,
                status = status.as_u16(),
                micros,
                request_id = trace.voice.request_id,
                merchant = trace.merchant.get().map(tracing::field::display),
                key = trace.key.get().map(|(id, _)| tracing::field::display(id)),
                cause = cause.as_deref(),
                "request"
            )
        };
    }
    match (status, &*cause) {
        (StatusCode::INTERNAL_SERVER_ERROR, _) => line!(error),
        (_, Some(_)) => line!(warn),
        (_, None) => line!(info),
    }
    let labels = [("method", method), ("route", route.to_owned()), ("status", status.as_u16().to_string())];
    metrics::counter!("coterie_http_requests_total", &labels).increment(1);
    let [method, route, _] = labels;
    metrics::histogram!("coterie_http_request_seconds", &[method, route]).record(took.as_secs_f64());
}

/// The answer to a path, or a method, that no route has.
pub(crate) async fn unmatched(request: actix_web::HttpRequest, routes: Data<Routes>) -> Result<HttpResponse, ApiError> {
    Err(match routes.allowed(request.path()) {
        Some(methods) => ApiError::allowing(methods),
        None => ApiError::saying(Code::NotFound, "There is no such path."),
    })
}
