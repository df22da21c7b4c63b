//! What follows from an operation's own description: its error answers, its headers, how it is secured.

use crate::{
    errors::{ApiError, Code, SCHEMA},
    paths::BASE,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const METHODS_THAT_WRITE: [&str; 2] = ["post", "patch"];

/// Completes the whole document.
pub(super) fn complete(document: &mut Value) {
    put(document, &["security"], json!([{"key": []}]));
    put(document, &["servers"], json!([{"url": "/"}]));
    put(
        document,
        &["components", "securitySchemes"],
        json!({"key": {"type": "http", "scheme": "bearer", "description":
            "An API key, as `cob_test_…` or `cob_live_…`. The key's scopes decide what it may do: see `x-scope`."},
            "user": {"type": "http", "scheme": "basic", "description":
            "For older clients: an API key as the user name, with any password."}}),
    );
    put(document, &["components", "schemas", "ErrorResponse"], error_response_schema());
    put(document, &["components", "schemas", SCHEMA], error_schema());
    put(document, &["components", "headers"], headers());
    put(
        document,
        &["components", "responses"],
        Code::ALL.iter().map(|&code| (code.as_str(), error_response(&[code]))).collect(),
    );
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths.iter_mut() {
        let modern_path = !path.starts_with(BASE);
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                if modern_path {
                    name_twin(method, operation);
                }
                complete_operation(method, operation);
            }
        }
    }
}

fn put(value: &mut Value, path: &[&str], new: Value) {
    match path {
        [] => *value = new,
        [first, rest @ ..] => {
            if !value.is_object() {
                *value = json!({});
            }
            if let Some(members) = value.as_object_mut() {
                put(members.entry(*first).or_insert(Value::Null), rest, new);
            }
        }
    }
}

/// An operation that is under the base path too needs another id here, at the root.
fn name_twin(method: &str, operation: &mut Map<String, Value>) {
    if operation.contains_key("x-scope")
        && let Some(id) = operation.get("operationId").and_then(Value::as_str).map(str::to_owned)
    {
        operation.insert("operationId".to_owned(), format!("{id}AtRoot").into());
        operation.entry("x-twin-of").or_insert_with(|| id.into());
        operation.insert("security".to_owned(), json!([{"key": []}, {"user": []}]));
        if method == "get" {
            operation.insert("x-unknown-parameters".to_owned(), "ignored".into());
        }
    }
}

/// What an operation asks of its caller, from which its codes and headers follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    /// Nothing.
    Open,
    /// A key, which has an allowance.
    Keyed,
    /// A key; and its answer is kept for an idempotency key.
    Kept,
}

impl Access {
    fn of(method: &str, operation: &Map<String, Value>) -> Self {
        match operation.get("x-scope") {
            None => Self::Open,
            // Reading operations store no response, so repeating them needs no key.
            Some(scope) if *scope != json!("read") && METHODS_THAT_WRITE.contains(&method) => Self::Kept,
            Some(_) => Self::Keyed,
        }
    }
}

fn complete_operation(method: &str, operation: &mut Map<String, Value>) {
    let access = Access::of(method, operation);
    if access == Access::Open {
        operation.insert("security".to_owned(), json!([]));
    }
    if access == Access::Kept {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(idempotency_parameter());
        }
    }
    let codes = codes(access, operation);
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    operation.remove("x-codes");
    operation.insert("x-error-codes".to_owned(), json!(words));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for response in responses.values_mut() {
        put(response, &["headers"], answer_headers(access));
    }
    let statuses: BTreeSet<u16> = codes.iter().map(|code| code.status()).collect();
    for status in statuses {
        let of_status: Vec<Code> = codes.iter().copied().filter(|code| code.status() == status).collect();
        let response = match of_status.as_slice() {
            [code] => json!({"$ref": format!("#/components/responses/{}", code.as_str())}),
            several => error_response(several),
        };
        responses.insert(status.to_string(), response);
    }
}

/// The codes that an operation can answer with, in the table's order: those that follow from its form, and its own.
fn codes(access: Access, operation: &Map<String, Value>) -> Vec<Code> {
    let is_keyed = access >= Access::Keyed;
    let own: Vec<&str> =
        operation.get("x-codes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let has_body = operation.contains_key("requestBody");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has_path = parameters.is_some_and(|all| all.iter().any(|one| one.get("in") == Some(&json!("path"))));
    let follows = |code: Code| match code {
        Code::Unauthorized | Code::PlanRequired | Code::Forbidden | Code::RateLimited | Code::Unavailable => is_keyed,
        Code::NotFound => is_keyed && has_path,
        Code::RequestTimeout | Code::PayloadTooLarge | Code::UnsupportedMediaType => has_body,
        Code::InvalidInput => is_keyed || has_body,
        Code::IdempotencyMismatch | Code::AnswerErased => access == Access::Kept,
        Code::MethodNotAllowed
        | Code::AlreadyExists
        | Code::InvalidState
        | Code::NotYet
        | Code::CompletedExpiredCanceled
        | Code::MaxParticipantsReached
        | Code::EmailAlreadyUsed
        | Code::AmountTooLow
        | Code::CustomerBlocked => false,
        Code::Internal => true,
    };
    Code::ALL.iter().copied().filter(|code| follows(*code) || own.contains(&code.as_str())).collect()
}

/// An error answer with one of these codes, which have one status.
fn error_response(codes: &[Code]) -> Value {
    let description: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let examples: Map<String, Value> = codes.iter().map(|code| (code.as_str().to_owned(), example(*code))).collect();
    // A header that is listed need not be there: operations without a key have no allowance.
    let access = if codes.contains(&Code::Unauthorized) { Access::Open } else { Access::Keyed };
    let mut headers = answer_headers(access);
    if codes.iter().any(|code| matches!(code, Code::RateLimited | Code::Unavailable)) {
        put(&mut headers, &["Retry-After"], json!({"$ref": "#/components/headers/Retry-After"}));
    }
    json!({
        "description": description.join("\n\n"),
        "headers": headers,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}, "examples": examples}
        }
    })
}

fn example(code: Code) -> Value {
    let mut error = json!({
        "code": code.as_str(), "message": ApiError::new(code).message(),
        "request_id": "01890a5d-ac96-774b-bcce-b302099a8057", "doc_url": format!("/api/v1/errors#{}", code.as_str())
    });
    if code == Code::InvalidInput {
        put(&mut error, &["message"], json!("email is required"));
        put(&mut error, &["param"], json!("email"));
        put(&mut error, &["details"], json!([{"param": "email", "message": "email is required"}]));
    }
    json!({"value": {"error": error}})
}

fn answer_headers(access: Access) -> Value {
    let mut names = vec!["X-Request-Id"];
    if access >= Access::Keyed {
        names.extend(["RateLimit", "RateLimit-Policy"]);
    }
    if access == Access::Kept {
        names.push("Idempotent-Replayed");
    }
    names.into_iter().map(|name| (name, json!({"$ref": format!("#/components/headers/{name}")}))).collect()
}

fn headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": text("The request's id, as in the server's log: the one you sent, if it was valid."),
        "RateLimit-Policy": text("The key's allowance, as `\"key\";q=600;w=60`: 600 requests in 60 seconds."),
        "RateLimit": text("What is left of the key's allowance, as `\"key\";r=599;t=1`: 599 requests, and all of them again in 1 second."),
        "Idempotent-Replayed": text("`true` if the response was stored for an earlier request with the same Idempotency-Key."),
        "Retry-After": {"description": "Seconds until trying again may help.", "schema": {"type": "integer", "minimum": 1}}
    })
}

fn idempotency_parameter() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Any text. The first response is stored for 7 days and returned again for every request with the same key and body.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    })
}

fn error_response_schema() -> Value {
    json!({
        "type": "object", "description": "The body of every error answer.", "required": ["error"],
        "properties": {"error": {"$ref": format!("#/components/schemas/{SCHEMA}")}}
    })
}

fn error_schema() -> Value {
    json!({
        "type": "object", "description": "What went wrong.", "required": ["code", "message", "request_id", "doc_url"],
        "properties": {
            "code": code_schema(),
            "message": {"type": "string", "description": "A message for people; its wording may change."},
            "param": {"type": "string", "description": "The name of the first faulty field."},
            "details": details_schema(),
            "request_id": {"type": "string", "description": "The request's id, as in the server's log."},
            "doc_url": {"type": "string", "format": "uri-reference", "description": "The address of the code's description."}
        }
    })
}

/// Not an enum, which would keep a generated client from reading a code that is added later.
fn code_schema() -> Value {
    let words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({"type": "string", "description": "The kind of the error. More codes may be added.", "examples": words})
}

fn details_schema() -> Value {
    json!({"type": "array", "description": "All faults that were found.", "items": {
        "type": "object", "required": ["param", "message"],
        "properties": {"param": {"type": "string"}, "message": {"type": "string"}}
    }})
}
