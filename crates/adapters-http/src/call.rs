//! A request to an operation that needs a key: its principal, and readers for its body and query.

mod credentials;
mod transport;

pub(crate) use transport::{accept_json, query, receive};

use crate::{
    edge::Edge,
    errors::{ApiError, Code},
    fields::Fields,
    json::{self, Node},
    name,
    paths::BASE,
    trace::Trace,
    values,
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder,
    dev::Payload,
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use app::{App, IdempotentRequest, Person, Principal, Response};
use credentials::authenticate;
use domain::{FieldError, Id, Kind, Refusal, Scope};
use futures_util::future::LocalBoxFuture;
use ports::{IdempotencyKey, Renderer, Resource};
use sha2::{Digest, Sha256};
use std::{marker::PhantomData, rc::Rc};
use transport::says_dry_run;

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

/// The operation needs the scope `write`, or, if the query has `dry_run=true`, the scope `read`.
pub(crate) enum WriteOrTry {}
impl Needs for WriteOrTry {
    const SCOPE: Scope = Scope::Write;
    const CAN_BE_TRIED: bool = true;
}

/// The parameter that asks for an answer without its change.
const DRY_RUN: &str = "dry_run";

/// The media type of every body but files.
const JSON: &str = "application/json";

/// How an optional body is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EmptyBody {
    /// What there is must be JSON by its content type too.
    Json,
    /// What there is must be JSON, whatever it calls itself.
    OfAnyKind,
    /// What there is does not matter.
    PassedOver,
}

/// An authenticated request. Extracting it gives 401, 429, 402 or 403, in this order, before anything else is looked at.
pub(crate) struct Call<S: Needs> {
    /// The principal on whose behalf it runs.
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

impl<S: Needs> Call<S> {
    /// The use cases.
    pub(crate) fn app(&self) -> &App {
        &self.edge.outside.app
    }

    /// The state that all requests share.
    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The parameters of the query, each at most once, as an object of strings.
    pub(crate) fn query(&self) -> Result<Node<'static>, ApiError> {
        let query = query(self.request.query_string())?;
        self.note_spelling(&query);
        Ok(query)
    }

    /// Insists that there are no parameters, save the one that a dry run is asked for by: an operation that would overlook
    /// one could do what was not meant.
    pub(crate) fn no_query(&self) -> Result<(), ApiError> {
        let query = self.query()?;
        let mut fields = Fields::of(&query)?.or_lenient(self.passes_over_parameters());
        if S::CAN_BE_TRIED {
            fields.optional(DRY_RUN, values::text(values::flag_text));
        }
        Ok(fields.finish(|| Some(()))?)
    }

    /// Whether parameters that nothing has are passed over: older clients send such when they read.
    pub(crate) fn passes_over_parameters(&self) -> bool {
        self.request.method().is_safe() && !self.request.path().starts_with(BASE)
    }

    /// Reads `{id}` in the path.
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
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<(T, Option<IdempotentRequest>), ApiError> {
        self.read_then(route, shape, |_, asked| Ok(asked)).await
    }

    /// Reads the body and the id in the path, for an operation that changes an object. A bad body is reported before a
    /// bad id.
    pub(crate) async fn read_change<K: Kind, T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<(Id<K>, T, Option<IdempotentRequest>), ApiError> {
        let with_id = |call: &Self, asked| Ok((call.path_id()?, asked));
        let ((id, asked), once) = self.read_then(route, shape, with_id).await?;
        Ok((id, asked, once))
    }

    async fn read_then<T, U>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
        then: impl FnOnce(&Self, T) -> Result<U, ApiError>,
    ) -> Result<(U, Option<IdempotentRequest>), ApiError> {
        let body = self.body(&[JSON], self.edge.limits.body_bytes).await?;
        let node = json::parse(&body);
        let once = self.once(route, &body, node.as_ref().ok())?;
        self.judged(once, |call| then(call, shape(&node?)?)).await
    }

    /// Reads a file: JSON by `shape`, or CSV by `table`.
    pub(crate) async fn read_file<K: Kind, T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
        table: impl FnOnce(&str) -> Result<T, Vec<FieldError>>,
    ) -> Result<(Id<K>, T, Option<IdempotentRequest>), ApiError> {
        if accept_json(self.request.headers(), &[JSON]).is_ok() {
            return self.read_change(route, shape).await;
        }
        let body = self.body(&["text/csv"], self.edge.limits.body_bytes).await?;
        let once = self.once(route, &body, None)?;
        let read = |call: &Self| {
            let text = std::str::from_utf8(&body).map_err(|_| vec![FieldError::new(name::BODY, "must be UTF-8")]);
            let asked = table(text?)?;
            Ok((call.path_id()?, asked))
        };
        let ((id, asked), once) = self.judged(once, read).await?;
        Ok((id, asked, once))
    }

    /// Reads the body's one list `list`, for an operation on many lines: each line on its own, by `shape`, as if it
    /// were a whole body.
    pub(crate) async fn read_lines<T>(
        &mut self,
        route: &'static str,
        (list, most): (&'static str, usize),
        shape: impl Fn(&Node<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<(Vec<Result<T, Vec<FieldError>>>, Option<IdempotentRequest>), ApiError> {
        let body = self.body(&[JSON], self.edge.limits.batch_bytes).await?;
        let node = self.request.headers().contains_key(IDEMPOTENCY_KEY).then(|| json::parse(&body).ok()).flatten();
        let once = self.once(route, &body, node.as_ref())?;
        let read = |line: &str| json::parse(line.as_bytes()).map_err(|fault| vec![fault]).and_then(|node| shape(&node));
        self.judged(once, |_| Ok(json::entries(&body, list, most)?.into_iter().map(read).collect())).await
    }

    /// Reads an optional body; an empty one is read as `{}`.
    pub(crate) async fn read_optional<T>(
        &mut self,
        route: &'static str,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<(T, Option<IdempotentRequest>), ApiError> {
        self.optional(route, EmptyBody::Json, shape).await
    }

    /// Reads a request that needs no body: it may be left out, or be an object without fields, of any content type.
    pub(crate) async fn read_nothing(&mut self, route: &'static str) -> Result<Option<IdempotentRequest>, ApiError> {
        let nothing = |node: &Node<'_>| Fields::of(node)?.finish(|| Some(()));
        Ok(self.optional(route, EmptyBody::OfAnyKind, nothing).await?.1)
    }

    /// Reads a request that needs nothing but its path. A body is ignored, whatever it is.
    pub(crate) async fn act(&mut self, route: &'static str) -> Result<Option<IdempotentRequest>, ApiError> {
        Ok(self.optional(route, EmptyBody::PassedOver, |_| Ok(())).await?.1)
    }

    /// Reads a body that may be left out, and is then `{}`.
    async fn optional<T>(
        &mut self,
        route: &'static str,
        unsaid: EmptyBody,
        shape: impl FnOnce(&Node<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<(T, Option<IdempotentRequest>), ApiError> {
        let body = self.any_body(self.edge.limits.body_bytes).await?;
        if unsaid == EmptyBody::Json && !body.is_empty() {
            accept_json(self.request.headers(), &[JSON])?;
        }
        let passed_over = unsaid == EmptyBody::PassedOver;
        let node = if passed_over || body.is_empty() { Ok(Node::Object(Vec::new())) } else { json::parse(&body) };
        let once = self.once(route, &body, node.as_ref().ok().filter(|_| !passed_over))?;
        self.judged(once, |_| Ok(shape(&node?)?)).await
    }

    /// Runs `read` once the query is known to be empty.
    async fn judged<T>(
        &self,
        once: Option<IdempotentRequest>,
        read: impl FnOnce(&Self) -> Result<T, ApiError>,
    ) -> Result<(T, Option<IdempotentRequest>), ApiError> {
        match self.no_query().and_then(|()| read(self)) {
            Ok(asked) => Ok((asked, once)),
            Err(refusal) => Err(self.unless_mismatched(once, refusal).await),
        }
    }

    /// The id of this request.
    pub(crate) fn request_id(&self) -> &str {
        &self.trace.voice.request_id
    }

    async fn body(&mut self, kinds: &[&str], most: usize) -> Result<Bytes, ApiError> {
        accept_json(self.request.headers(), kinds)?;
        self.any_body(most).await
    }

    async fn any_body(&mut self, most: usize) -> Result<Bytes, ApiError> {
        receive(&mut self.payload, self.request.headers(), most, &self.trace).await
    }

    /// Notes the caller's spelling of names, so that errors use it.
    fn note_spelling(&self, object: &Node<'_>) {
        if let Some(legacy_api) = &self.trace.legacy_api {
            legacy_api.note(object);
        }
    }

    /// Reads the `Idempotency-Key`, with the fingerprint of path and body. A dry run is never stored, but its key is
    /// validated all the same: a request that passes as a dry run must pass when it is sent.
    fn once(
        &self,
        route: &'static str,
        body: &[u8],
        node: Option<&Node<'_>>,
    ) -> Result<Option<IdempotentRequest>, ApiError> {
        if let Some(node) = node {
            self.note_spelling(node);
        }
        let mut all = self.request.headers().get_all(IDEMPOTENCY_KEY);
        let Some(first) = all.next() else { return Ok(None) };
        let wrong = |expected: String| ApiError::from(FieldError::new(IDEMPOTENCY_KEY, expected));
        if all.next().is_some() {
            return Err(wrong("must be given only once".to_owned()));
        }
        let key = IdempotencyKey::parse(first.to_str().unwrap_or_default()).map_err(wrong)?;
        if self.dry_run {
            return Ok(None);
        }
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
        Ok(Some(IdempotentRequest { route, key, fingerprint: hasher.finalize().into() }))
    }

    /// Replaces `refusal` if the request's idempotency key was used for another request: that refusal precedes it.
    async fn unless_mismatched(&self, once: Option<IdempotentRequest>, refusal: ApiError) -> ApiError {
        let Some(once) = once else { return refusal };
        match self.app().stored_responses.kept(&self.who, &once).await {
            Err(error) => error.into(),
            Ok(_) => refusal,
        }
    }

    /// Erases a person. Continues after the caller has disconnected or received a timeout: the pass over all
    /// announcements may outlast any request, and would otherwise start again with the next one.
    pub(crate) async fn erase(&self, person: Person, once: Option<IdempotentRequest>) -> Result<Response, ApiError> {
        let (edge, who) = (self.edge.clone(), self.who);
        let erasing = actix_web::rt::spawn(async move { edge.outside.app.erasing.erase(&who, person, once).await });
        Ok(erasing.await.map_err(|_| ApiError::new(Code::Internal))??)
    }

    /// 200 with an object.
    pub(crate) fn show(&self, shown: Resource<'_>) -> HttpResponse {
        json_answer(StatusCode::OK, crate::JsonRenderer.object(shown))
    }

    /// The answer of a use case, as it is.
    pub(crate) fn answer(&self, answer: Response) -> HttpResponse {
        let Response { status, body, replayed } = answer;
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

/// Builds a response whose body is JSON.
pub(crate) fn json_answer(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponseBuilder::new(status).content_type("application/json").body(body)
}
