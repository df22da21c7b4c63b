//! A request to an operation that needs a key: who asks, and what was sent.

use crate::{
    edge::Edge,
    errors::{ApiError, Code},
    fields::Fields,
    json::{self, Node},
    name,
    routes::BASE,
    trace::Trace,
    values,
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::{Bytes, BytesMut, Data},
};
use app::{Answer, App, AppError, Once, Principal};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Fault, Id, Kind, Refusal, Scope};
use futures_util::{StreamExt, future::LocalBoxFuture};
use ports::{IdempotencyKey, RateVerdict, Shown, Wire};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, marker::PhantomData, rc::Rc};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// What a handler gives back.
pub(crate) type Handled = Result<HttpResponse, ApiError>;

/// The scope that an operation needs, as a type, so that no handler can forget to ask for it.
pub(crate) trait Needs: 'static {
    /// The scope.
    const SCOPE: Scope;
    /// Whether `dry_run=true` in the query turns it into one that changes nothing and needs `read`.
    const CAN_BE_TRIED: bool = false;
}

macro_rules! needs {
    ($($name:ident),*) => {$(
        #[doc = concat!("The operation needs the scope `", stringify!($name), "`.")]
        pub(crate) enum $name {}
        impl Needs for $name { const SCOPE: Scope = Scope::$name; }
    )*};
}
needs!(Read, Write, Admin);

/// The operation needs the scope `write`, or, where the query says `dry_run=true`, the scope `read`.
pub(crate) enum WriteOrTry {}
impl Needs for WriteOrTry {
    const SCOPE: Scope = Scope::Write;
    const CAN_BE_TRIED: bool = true;
}

/// The parameter that asks for an answer without its change.
const DRY_RUN: &str = "dry_run";

/// An authenticated request. Extracting it gives 401, 429, 402 or 403, in this order, before anything else is looked at.
pub(crate) struct Call<S: Needs> {
    /// On whose behalf it runs.
    pub(crate) who: Principal,
    /// Whether nothing may come of it but the answer. The key was then asked for `read` alone.
    pub(crate) dry_run: bool,
    edge: Data<Edge>,
    trace: Rc<Trace>,
    request: HttpRequest,
    payload: Payload,
    scope: PhantomData<S>,
}

impl<S: Needs> FromRequest for Call<S> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let edge = request.app_data::<Data<Edge>>().cloned();
            let (Some(edge), Some(trace)) = (edge, Trace::of(&request)) else {
                return Err(ApiError::new(Code::Internal));
            };
            let dry_run = S::CAN_BE_TRIED && says_dry_run(request.query_string());
            let scope = if dry_run { Scope::Read } else { S::SCOPE };
            let who = authenticate(&edge, &trace, &request, scope).await?;
            Ok(Self { who, dry_run, edge, trace, request, payload, scope: PhantomData })
        })
    }
}

async fn authenticate(edge: &Edge, trace: &Trace, request: &HttpRequest, scope: Scope) -> Result<Principal, ApiError> {
    *trace.route.borrow_mut() = request.match_pattern();
    let headers = request.headers();
    let as_user = || if takes_basic(request.path()) { basic(headers).map(Cow::Owned) } else { None };
    let text = bearer(headers).map(Cow::Borrowed).or_else(as_user).ok_or(AppError::Unauthorized)?;
    let authenticator = &edge.outside.app.authenticator;
    let identity = authenticator.identify(&text).await?;
    trace.key.set(Some((identity.key_id(), identity.rate_limit_per_min())));
    let verdict = authenticator.count(&identity);
    trace.rate.set(Some(verdict));
    let RateVerdict { allowed, remaining: _, reset } = verdict;
    if !allowed {
        return Err(ApiError::new(Code::RateLimited).after(reset));
    }
    let who = identity.require(scope)?;
    trace.merchant.set(Some(who.merchant_id));
    Ok(who)
}

/// The key in `Authorization: Bearer <key>`; `None` for anything else, also for two such headers.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION);
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, key) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_matches(' '))
}

/// Whether older clients, which name their key as the user of HTTP Basic, call this path: those at the root.
fn takes_basic(path: &str) -> bool {
    !path.starts_with(BASE)
}

/// The key in `Authorization: Basic base64(<key>:)`; whatever stands there as the password is not looked at.
fn basic(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION);
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, text) = only.to_str().ok()?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(text.trim_matches(' ')))?.ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(user, _)| user.to_owned())
}

impl<S: Needs> Call<S> {
    /// The use cases.
    pub(crate) fn app(&self) -> &App {
        &self.edge.outside.app
    }

    /// What every request has at hand.
    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The parameters of the query, each at most once, as an object of strings.
    pub(crate) fn query(&self) -> Result<Node<'static>, ApiError> {
        query(self.request.query_string())
    }

    /// Insists that there are no parameters, save the one that a dry run is asked for by: an operation that would overlook
    /// one could do what was not meant.
    pub(crate) fn no_query(&self) -> Result<(), ApiError> {
        let query = self.query()?;
        let mut fields = Fields::of(&query)?;
        if S::CAN_BE_TRIED {
            fields.optional(DRY_RUN, values::text(values::flag_text));
        }
        Ok(fields.finish(|| Some(()))?)
    }

    /// What stands for `{id}` in the path.
    pub(crate) fn path_text(&self) -> &str {
        self.request.match_info().get("id").unwrap_or_default()
    }

    /// The id in the path. One that is malformed names nothing, as one that is unknown.
    pub(crate) fn path_id<K: Kind>(&self) -> Result<Id<K>, ApiError> {
        self.path_text().parse().map_err(|_| Refusal::NotFound.into())
    }

    /// For an operation that creates: its body, read by `shape`, and the wish that it happen once.
    pub(crate) async fn read<T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<Fault>>,
    ) -> Result<(T, Option<Once>), ApiError> {
        let (asked, once) = self.receive(route, shape).await?;
        match asked {
            Ok(asked) => Ok((asked, once)),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// For an operation that acts and needs no body: a body of any kind may be left out, or be an object without fields.
    pub(crate) async fn read_nothing(&mut self, route: &'static str) -> Result<Option<Once>, ApiError> {
        let body =
            receive(&mut self.payload, self.request.headers(), self.edge.limits.body_bytes, &self.edge, &self.trace)
                .await?;
        let node = if body.is_empty() { Ok(Node::Object(Vec::new())) } else { json::parse(&body) };
        let once = self.once(route, &body, node.as_ref().ok())?;
        let asked = self.no_query().and_then(|()| Ok(Fields::of(&node?)?.finish(|| Some(()))?));
        match asked {
            Ok(()) => Ok(once),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// For an operation on many lines, which stand in the body's one list `list`: each read by itself, as `shape` would
    /// read it if it were a whole body.
    pub(crate) async fn read_lines<T>(
        &mut self,
        route: &'static str,
        (list, most): (&'static str, usize),
        shape: impl Fn(&Node<'_>) -> Result<T, Vec<Fault>>,
    ) -> Result<(Vec<Result<T, Vec<Fault>>>, Option<Once>), ApiError> {
        let body = self.body(self.edge.limits.batch_bytes).await?;
        let node = self.request.headers().contains_key(IDEMPOTENCY_KEY).then(|| json::parse(&body).ok()).flatten();
        let once = self.once(route, &body, node.as_ref())?;
        let lines = self.no_query().and_then(|()| Ok(json::entries(&body, list, most)?));
        match lines {
            Ok(lines) => {
                let read = |line: &str| {
                    json::parse(line.as_bytes()).map_err(|fault| vec![fault]).and_then(|node| shape(&node))
                };
                Ok((lines.into_iter().map(read).collect(), once))
            }
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// The id of this request.
    pub(crate) fn request_id(&self) -> &str {
        &self.trace.voice.request_id
    }

    /// For an operation that changes: the id in its path too. A bad body is told before a bad id.
    pub(crate) async fn read_change<K: Kind, T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<Fault>>,
    ) -> Result<(Id<K>, T, Option<Once>), ApiError> {
        let (asked, once) = self.receive(route, shape).await?;
        match asked.and_then(|asked| Ok((self.path_id()?, asked))) {
            Ok((id, asked)) => Ok((id, asked, once)),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// For an operation that takes a file: JSON read by `shape`, or CSV read by `table`.
    pub(crate) async fn read_file<K: Kind, T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<Fault>>,
        table: impl FnOnce(&str) -> Result<T, Vec<Fault>>,
    ) -> Result<(Id<K>, T, Option<Once>), ApiError> {
        accept_json(self.request.headers(), &["application/json", "text/csv"])?;
        if accept_json(self.request.headers(), &["application/json"]).is_ok() {
            return self.read_change(route, shape).await;
        }
        let body =
            receive(&mut self.payload, self.request.headers(), self.edge.limits.body_bytes, &self.edge, &self.trace)
                .await?;
        let once = self.once(route, &body, None)?;
        let text = std::str::from_utf8(&body).map_err(|_| vec![Fault::new(name::BODY, "must be UTF-8")]);
        let asked = self.no_query().and_then(|()| Ok(table(text?)?)).and_then(|asked| Ok((self.path_id()?, asked)));
        match asked {
            Ok((id, asked)) => Ok((id, asked, once)),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// For an operation that acts and may be told more: its body, which may be empty and is then read as `{}`.
    pub(crate) async fn read_optional<T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<Fault>>,
    ) -> Result<(T, Option<Once>), ApiError> {
        let body =
            receive(&mut self.payload, self.request.headers(), self.edge.limits.body_bytes, &self.edge, &self.trace)
                .await?;
        if !body.is_empty() {
            accept_json(self.request.headers(), &["application/json"])?;
        }
        let empty = Node::Object(json::Entries::new());
        let node = if body.is_empty() { Ok(empty) } else { json::parse(&body) };
        let once = self.once(route, &body, node.as_ref().ok())?;
        let asked = self.no_query().and_then(|()| Ok(shape(&node?)?));
        match asked {
            Ok(asked) => Ok((asked, once)),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// For an operation that acts and needs no more than its path. A body is passed over, whatever it is.
    pub(crate) async fn act(&mut self, route: &'static str) -> Result<Option<Once>, ApiError> {
        let body =
            receive(&mut self.payload, self.request.headers(), self.edge.limits.body_bytes, &self.edge, &self.trace)
                .await?;
        let once = self.once(route, &body, None)?;
        match self.no_query() {
            Ok(()) => Ok(once),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// The outer error is about the transport, the inner one about the content.
    async fn receive<T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<Fault>>,
    ) -> Result<(Result<T, ApiError>, Option<Once>), ApiError> {
        let body = self.body(self.edge.limits.body_bytes).await?;
        let node = json::parse(&body);
        let once = self.once(route, &body, node.as_ref().ok())?;
        let asked = self.no_query().and_then(|()| Ok(shape(&node?)?));
        Ok((asked, once))
    }

    async fn body(&mut self, most: usize) -> Result<Bytes, ApiError> {
        accept_json(self.request.headers(), &["application/json"])?;
        receive(&mut self.payload, self.request.headers(), most, &self.edge, &self.trace).await
    }

    /// The wish that this request happen once, with the fingerprint of path and body. What is only tried happens never.
    fn once(&self, route: &'static str, body: &[u8], node: Option<&Node<'_>>) -> Result<Option<Once>, ApiError> {
        if self.dry_run {
            return Ok(None);
        }
        let mut all = self.request.headers().get_all(IDEMPOTENCY_KEY);
        let Some(first) = all.next() else { return Ok(None) };
        let wrong = |expected: String| ApiError::from(Fault::new(IDEMPOTENCY_KEY, expected));
        if all.next().is_some() {
            return Err(wrong("must be given only once".to_owned()));
        }
        let key = IdempotencyKey::parse(first.to_str().unwrap_or_default()).map_err(wrong)?;
        let mut hasher = Sha256::new();
        // One and the same operation under both of its paths.
        let path = self.request.path();
        match path.strip_prefix(BASE) {
            Some(_) => json::digest_text(b'/', path, &mut hasher),
            None => json::digest_text(b'/', &format!("{BASE}{path}"), &mut hasher),
        }
        match node {
            Some(node) => node.digest(&mut hasher),
            None => hasher.update(body),
        }
        Ok(Some(Once { route, key, fingerprint: hasher.finalize().into() }))
    }

    /// What to say instead of `refusal` if the request's idempotency key was used for another request: that comes first
    /// in the order of refusals.
    async fn unless_mismatched(&self, once: Option<Once>, refusal: ApiError) -> ApiError {
        let Some(once) = once else { return refusal };
        match self.app().replays.kept(&self.who, &once).await {
            Err(error) => error.into(),
            Ok(_) => refusal,
        }
    }

    /// 200 with an object.
    pub(crate) fn show(&self, shown: Shown<'_>) -> HttpResponse {
        json_answer(StatusCode::OK, crate::JsonWire.object(shown))
    }

    /// The answer of a use case, as it is.
    pub(crate) fn answer(&self, answer: Answer) -> HttpResponse {
        let Answer { status, body, replayed } = answer;
        let status = StatusCode::from_u16(status.code()).unwrap_or(StatusCode::OK);
        let mut response =
            if status == StatusCode::NO_CONTENT { HttpResponse::new(status) } else { json_answer(status, body) };
        if replayed {
            let (name, value) =
                (header::HeaderName::from_static("idempotent-replayed"), header::HeaderValue::from_static("true"));
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// An answer whose body is JSON.
pub(crate) fn json_answer(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponseBuilder::new(status).content_type("application/json").body(body)
}

/// The parameters of a query string as an object of strings.
pub(crate) fn query(text: &str) -> Result<Node<'static>, ApiError> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| Fault::new("query", "must be form-encoded"))?;
    let entries = pairs.into_inner().into_iter().map(|(name, value)| (Cow::Owned(name), Node::Text(Cow::Owned(value))));
    let entries: json::Entries<'static> = entries.collect();
    if let Some(name) = json::duplicate(&entries) {
        return Err(Fault::new(name, "must be given only once").into());
    }
    let nul = |(name, value): &&(Cow<'_, str>, Node<'_>)| {
        name.contains('\0') || matches!(value, Node::Text(text) if text.contains('\0'))
    };
    match entries.iter().find(nul) {
        Some((name, _)) => Err(Fault::new(name.replace('\0', ""), "must not contain U+0000").into()),
        None => Ok(Node::Object(entries)),
    }
}

/// Whether a query asks for a dry run. One that cannot be read does not, and is refused later.
fn says_dry_run(text: &str) -> bool {
    let yes =
        |(name, value): &(Cow<'_, str>, Node<'_>)| name == DRY_RUN && matches!(value, Node::Text(t) if t == "true");
    matches!(query(text), Ok(Node::Object(entries)) if entries.iter().any(yes))
}

/// 415 unless the body is one of `kinds`, in UTF-8, not compressed.
pub(crate) fn accept_json(headers: &HeaderMap, kinds: &[&str]) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let plain = text(header::CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    let mut parts = text(header::CONTENT_TYPE).unwrap_or_default().split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset")));
    let utf8 = charset.is_none_or(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if plain && utf8 && kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        Ok(())
    } else {
        Err(ApiError::new(Code::UnsupportedMediaType))
    }
}

/// Receives a body of at most so many bytes, within its time.
pub(crate) async fn receive(
    payload: &mut Payload,
    headers: &HeaderMap,
    most: usize,
    edge: &Edge,
    trace: &Trace,
) -> Result<Bytes, ApiError> {
    let too_large =
        || ApiError::saying(Code::PayloadTooLarge, format!("The body is larger than {} KiB.", most / 1_024));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(edge.limits.body_deadline, async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Fault::new(name::BODY, "must arrive whole"))?;
            if body.len() + chunk.len() > most {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    });
    let body = collected.await.unwrap_or_else(|_| Err(ApiError::new(Code::RequestTimeout)))?;
    trace.body_is_here();
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_one_well_formed_bearer_counts() {
        let read = |values: &[&str]| {
            let request = values
                .iter()
                .fold(TestRequest::default(), |request, value| request.append_header((header::AUTHORIZATION, *value)));
            bearer(request.to_http_request().headers()).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bEARER  abc"]).as_deref(), Some("abc"));
        for bad in [&[][..], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer a", "Bearer a"]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_at_the_root_a_key_may_be_a_user() {
        let read = |value: &str| {
            let request = TestRequest::default().append_header((header::AUTHORIZATION, value));
            basic(request.to_http_request().headers())
        };
        assert_eq!(read("Basic YWJjOg==").as_deref(), Some("abc"));
        assert_eq!(read("basic YWJjOnh5").as_deref(), Some("abc"));
        for bad in ["Basic", "Basic !", "Basic YWJj", "Bearer YWJjOg=="] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(takes_basic("/orders") && !takes_basic("/api/v1/orders"));
    }

    #[test]
    fn media_types() {
        let read = |kind: &str, coding: Option<&str>| {
            let mut request = TestRequest::default().insert_header((header::CONTENT_TYPE, kind));
            if let Some(coding) = coding {
                request = request.insert_header((header::CONTENT_ENCODING, coding));
            }
            accept_json(request.to_http_request().headers(), &["application/json"]).is_ok()
        };
        assert!(read("application/json", None) && read("Application/JSON; charset=\"UTF-8\"", Some("identity")));
        for (kind, coding) in [
            ("text/plain", None),
            ("application/json; charset=latin1", None),
            ("application/json", Some("gzip")),
            ("", None),
        ] {
            assert!(!read(kind, coding), "{kind}");
        }
    }

    #[test]
    fn queries() {
        let faulty = |text: &str| query(text).is_err();
        assert!(!faulty("") && !faulty("a=1&b=%C3%A9"));
        for (text, dry) in [("dry_run=true", true), ("a=1&dry%5Frun=tru%65", true), ("dry_run=1", false), ("", false)] {
            assert_eq!(says_dry_run(text), dry, "{text}");
        }
        assert!(!says_dry_run("dry_run=true&dry_run=true"), "it is refused");
        assert!(faulty("a=1&a=2") && faulty("a=%00") && faulty("%00=1"));
    }
}
