//! The OpenAPI document that a server serves, and the check of an answer against it.

use super::{Operation, Server};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// The methods that a path item may have.
const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "options"];

/// What a server says it does.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) document: Value,
    pub(crate) operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer to be held against the contract.
#[derive(Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    /// Without the query.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) header: &'a dyn Header,
    pub(crate) body: &'a [u8],
    /// Whether the request came with a key.
    pub(crate) keyed: bool,
}

/// The headers of a response, from either client.
pub(crate) trait Header: std::fmt::Debug {
    /// The value of the header with this name in lower case.
    fn get(&self, name: &str) -> Option<&str>;
}

impl Contract {
    /// Asks `server` for its document.
    pub(crate) fn of(server: &Server) -> Self {
        let answer = server.raw("GET /api/v1/openapi HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n");
        assert_eq!(answer.status, 200, "{answer:?}");
        let document = answer.json();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("the document has paths") {
            for method in METHODS {
                if let Some(facts) = item.get(method) {
                    let (method, path) = (method.to_uppercase(), path.clone());
                    operations.push(Operation { method, path, facts: facts.clone() });
                }
            }
        }
        assert!(!operations.is_empty(), "the document has operations");
        Self { document, operations, validators: Mutex::default() }
    }

    /// The operation that answers `method` on `path`.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let methods = self.operations.iter().filter(|operation| operation.method == method);
        methods.filter_map(|it| Some((it.matches(path)?, it))).max_by_key(|(literal, _)| *literal).map(|(_, it)| it)
    }

    /// Whether any operation has this path.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.operations.iter().any(|operation| operation.matches(path).is_some())
    }

    /// A schema with its `$ref` followed.
    pub(crate) fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).expect("a reference leads somewhere"),
            None => schema,
        }
    }

    /// Panics unless the answer is one that the document announces.
    #[track_caller]
    pub(crate) fn check(&self, answered: &Answered<'_>) {
        let Answered { method, path, status, header, body, keyed } = answered;
        let text = String::from_utf8_lossy(body);
        let what = format!("{method} {path} -> {status} {text}");
        let request_id = header.get("x-request-id").unwrap_or_default();
        assert!(!request_id.is_empty(), "no X-Request-Id: {what}");
        if *status >= 400 {
            check_error(&what, *status, request_id, *header, body);
        }
        let Some(operation) = self.operation(method, path) else {
            let expected = if self.knows(path) { 405 } else { 404 };
            assert_eq!(*status, expected, "an operation that the document does not have: {what}");
            return;
        };
        // The owner of the key is unknown if the key is not valid, or if the database cannot be reached.
        if *keyed && operation.is_secured() && !matches!(*status, 401 | 503) {
            for name in ["ratelimit-policy", "ratelimit"] {
                assert!(header.get(name).is_some(), "no {name}: {what}");
            }
        }
        if *status >= 400 {
            let code = code_of(body);
            assert!(operation.error_codes().contains(&code.as_str()), "a code that is not declared: {what}");
        }
        let response = operation.response(*status).unwrap_or_else(|| panic!("a status that is not declared: {what}"));
        self.check_body(&what, operation, *status, self.resolved(response), *header, body);
    }

    #[track_caller]
    fn check_body(
        &self,
        what: &str,
        operation: &Operation,
        status: u16,
        response: &Value,
        header: &dyn Header,
        body: &[u8],
    ) {
        let declared = response["content"].as_object().filter(|content| !content.is_empty());
        let Some(content) = declared else {
            assert!(body.is_empty(), "a body that is not declared: {what}");
            return;
        };
        let kind = header.get("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind == "application/problem+json" {
            // Errors in this form are for callers who ask for it: `check_error` holds them to it.
            return;
        }
        let media = content.get(kind).unwrap_or_else(|| panic!("content type {kind:?} is not declared: {what}"));
        if !kind.ends_with("json") {
            return;
        }
        let value: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {what}"));
        let schema = media.get("schema").unwrap_or_else(|| panic!("a body without a schema: {what}"));
        let name = format!("{} {status} {kind}", operation.name());
        let faults: Vec<String> = self
            .validator(name, schema)
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}: {what}");
    }

    fn validator(&self, name: String, schema: &Value) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap();
        let made = known.entry(name).or_insert_with(|| {
            // References lead into the document's components, so the schema is checked as a part of the document.
            let rooted = json!({"allOf": [schema], "components": self.document["components"]});
            let options =
                jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&rooted).expect("the document's schemas are schemas"))
        });
        Arc::clone(made)
    }
}

/// The code of an error in either form.
fn code_of(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = value.pointer("/error/code").or_else(|| value.get("code"));
    code.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Every error has the envelope, whether the path is in the document or not.
#[track_caller]
fn check_error(what: &str, status: u16, request_id: &str, header: &dyn Header, body: &[u8]) {
    let value: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {what}"));
    let kind = header.get("content-type").unwrap_or_default();
    let error = if kind.starts_with("application/problem+json") {
        assert_eq!(value["status"], status, "{what}");
        for member in ["type", "title", "detail"] {
            assert!(value[member].is_string(), "no {member}: {what}");
        }
        &value
    } else {
        assert!(kind.starts_with("application/json"), "content type {kind:?}: {what}");
        assert!(value["error"]["doc_url"].is_string() && value["error"]["message"].is_string(), "{what}");
        &value["error"]
    };
    assert_eq!(error["request_id"], request_id, "{what}");
    let code = error["code"].as_str().unwrap_or_default();
    let expected: &[&str] = match status {
        401 => &["UNAUTHORIZED"],
        402 => &["PLAN_REQUIRED"],
        403 => &["FORBIDDEN"],
        404 => &["NOT_FOUND"],
        405 => &["METHOD_NOT_ALLOWED"],
        408 => &["REQUEST_TIMEOUT"],
        410 => &["ANSWER_ERASED"],
        413 => &["PAYLOAD_TOO_LARGE"],
        415 => &["UNSUPPORTED_MEDIA_TYPE"],
        417 => &[
            "INVALID_INPUT",
            "ALREADY_EXISTS",
            "INVALID_STATE",
            "NOT_YET",
            "IDEMPOTENCY_MISMATCH",
            "COMPLETED_EXPIRED_CANCELED",
            "MAX_PARTICIPANTS_REACHED",
            "EMAIL_ALREADY_USED",
            "AMOUNT_TOO_LOW",
            "CUSTOMER_BLOCKED",
        ],
        429 => &["RATE_LIMITED"],
        500 => &["INTERNAL"],
        503 => &["UNAVAILABLE"],
        _ => &[],
    };
    assert!(expected.contains(&code), "code {code:?} with status {status}: {what}");
    let must_have: &[&str] = match status {
        401 => &["www-authenticate"],
        405 => &["allow"],
        429 | 503 => &["retry-after"],
        _ => &[],
    };
    for name in must_have {
        assert!(header.get(name).is_some(), "no {name}: {what}");
    }
    if let Some(wait) = header.get("retry-after") {
        assert!(wait.parse::<u64>().is_ok_and(|seconds| seconds >= 1), "Retry-After {wait:?}: {what}");
    }
    if code == "INVALID_INPUT" || code == "ALREADY_EXISTS" {
        assert!(error["param"].is_string(), "no param: {what}");
    }
}
