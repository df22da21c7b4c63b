//! A client of the API that checks every response against the OpenAPI document.

use super::{Answered, World, contract::Header};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeMap,
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

/// Where relative paths begin.
const BASE: &str = "/api/v1/";

/// A caller with a key, or without one.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    world: &'static World,
    http: reqwest::Client,
    key: Option<String>,
}

/// A request that is being put together; awaiting it sends it.
#[derive(Debug)]
pub(crate) struct Call {
    client: Client,
    method: Method,
    path: String,
    request: reqwest::RequestBuilder,
}

/// An answer that the document announces.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
    what: String,
}

impl Client {
    /// A caller of `world` with this key.
    pub(crate) fn new(world: &'static World, key: Option<&str>) -> Self {
        // Redirects are not followed, and no proxy is used. The client opens connections ahead of need; the server
        // closes one that sends nothing for 10 s, with a 408 that the next request on it would take for its response.
        // So idle connections are dropped long before.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(2))
            .no_proxy()
            .build()
            .unwrap();
        Self { world, http, key: key.map(str::to_owned) }
    }

    /// The same connections with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same connections without a key.
    pub(crate) fn anonymous(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// A request. A path without a leading slash is one below `/api/v1/`.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{BASE}{path}") };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.world.server.http));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        Call { client: self.clone(), method, path, request }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Call {
        self.call("POST", path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Call {
        self.call("PATCH", path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// Every object of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut page = self.get(path).query("limit", "100");
            if let Some(cursor) = cursor.take() {
                page = page.query("cursor", &cursor);
            }
            let page = page.await.ok();
            found.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return found,
            }
        }
    }
}

impl Call {
    pub(crate) fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// A raw body with the content type of JSON.
    pub(crate) fn text(self, body: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.header("content-type", "application/json").body(body), ..self }
    }

    /// A raw body without a content type.
    pub(crate) fn bytes(self, body: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.body(body), ..self }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// As legacy clients send their key: as the user of HTTP Basic.
    pub(crate) fn by_basic(self, key: &str) -> Self {
        Self { request: self.request.basic_auth(key, Some("")), ..self }
    }

    /// A body as a browser's form sends it.
    pub(crate) fn form(self, body: &'static str) -> Self {
        let request = self.request.header("content-type", "application/x-www-form-urlencoded").body(body);
        Self { request, ..self }
    }

    /// The wish that this happen once.
    pub(crate) fn once(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// One more parameter of the query, escaped as need be.
    pub(crate) fn query(self, name: &str, value: &str) -> Self {
        Self { request: self.request.query(&[(name, value)]), ..self }
    }

    async fn send(self) -> Reply {
        let Self { client, method, path, request } = self;
        let mut what = format!("{method} {path}");
        let answer = request.send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        client.world.contract.check(&Answered {
            method: method.as_str(),
            path: path.split('?').next().unwrap_or_default(),
            status,
            header: &headers,
            body: &body,
            keyed: client.key.is_some(),
        });
        let text = String::from_utf8(body.to_vec()).expect("answers are UTF-8");
        if status >= 500 {
            let id = Header::get(&headers, "x-request-id").unwrap_or_default();
            what = format!("{what}, which logged {}", client.world.server.logged(id));
        }
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, text, json, what }
    }
}

impl IntoFuture for Call {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl Reply {
    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self.json
    }

    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(200)
    }

    /// The body of a 201.
    #[track_caller]
    pub(crate) fn created(self) -> Value {
        self.expect(201)
    }

    /// Panics unless it is the refusal with this status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}: {}", self.what, self.text);
    }

    /// Panics unless it is a 417 with this code that names this field.
    #[track_caller]
    pub(crate) fn names(&self, code: &str, param: &str) {
        self.refused(417, code);
        assert_eq!(self.json["error"]["param"], param, "{}: {}", self.what, self.text);
    }

    /// The code of an error; empty for a success.
    pub(crate) fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The fields that an error names.
    pub(crate) fn params(&self) -> Vec<&str> {
        let details = self.json["error"]["details"].as_array();
        details.into_iter().flatten().filter_map(|detail| detail["param"].as_str()).collect()
    }

    /// The error without what differs from request to request.
    pub(crate) fn error_alone(&self) -> Value {
        let mut error = self.json["error"].clone();
        error.as_object_mut().expect("an error").remove("request_id");
        error
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Header::get(&self.headers, name)
    }

    /// The text of a member as it was written, digits and all: `exact("commissions/0/amount")`.
    #[track_caller]
    pub(crate) fn exact(&self, path: &str) -> String {
        exact(&self.text, path)
    }
}

/// The text of a member of a JSON text as it was written.
#[track_caller]
pub(crate) fn exact(text: &str, path: &str) -> String {
    path.split('/').fold(text.to_owned(), |text, step| {
        let missing = || panic!("no {path} in {text}");
        match step.parse::<usize>() {
            Ok(index) => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(&text).unwrap();
                items.get(index).unwrap_or_else(missing).get().to_owned()
            }
            Err(_) => {
                let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text).unwrap();
                members.get(step).unwrap_or_else(missing).get().to_owned()
            }
        }
    })
}

impl Header for HeaderMap {
    fn get(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| value.to_str().ok())
    }
}
