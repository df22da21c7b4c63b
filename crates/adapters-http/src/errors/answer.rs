//! An error on its way to the caller.

use super::Code;
use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{StatusCode, header},
};
use domain::{FieldError, GroupRefusal, Refusal};
use serde::Serialize;
use std::{borrow::Cow, fmt, time::Duration};

/// The `Retry-After` if nothing better is known.
const RETRY: Duration = Duration::from_secs(1);

/// Where a caller reads about a code.
const DOCS: &str = "/api/v1/errors#";

/// An error, before it is formatted for its caller.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: Code,
    message: Cow<'static, str>,
    faults: Vec<FieldError>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    close: bool,
    /// The cause, for the request's log line only; it is never sent.
    cause: Option<String>,
}

impl ApiError {
    /// Builds an error with the meaning of its code as its message.
    pub(crate) fn new(code: Code) -> Self {
        let message = match code {
            Code::Unauthorized => "A valid API key is required.",
            Code::PlanRequired => domain::Plan::API_REFUSAL,
            Code::Forbidden => "The API key lacks the scope for this.",
            Code::NotFound => "There is no such object.",
            Code::MethodNotAllowed => "The method is not allowed here.",
            Code::RequestTimeout => "The body did not arrive in time.",
            Code::AnswerErased => "The request was done before, and its answer is erased.",
            Code::PayloadTooLarge => "The body is larger than 256 KiB.",
            Code::UnsupportedMediaType => "The body must be sent as application/json.",
            Code::InvalidInput => "The input is not acceptable.",
            Code::AlreadyExists => "The value is already in use.",
            Code::InvalidState => "The state does not allow this.",
            Code::NotYet => "What the request names is not there yet.",
            Code::IdempotencyMismatch => "The Idempotency-Key was used before with another request.",
            Code::CompletedExpiredCanceled => GroupRefusal::Closed.message(),
            Code::MaxParticipantsReached => GroupRefusal::Full.message(),
            Code::EmailAlreadyUsed => GroupRefusal::EmailUsed.message(),
            Code::AmountTooLow => GroupRefusal::AmountTooLow.message(),
            Code::CustomerBlocked => GroupRefusal::Blocked.message(),
            Code::RateLimited => "Too many requests.",
            Code::Internal => "Something went wrong on the server.",
            Code::Unavailable => "The server cannot answer now. Try again.",
        };
        Self {
            code,
            message: Cow::Borrowed(message),
            faults: Vec::new(),
            retry_after: matches!(code, Code::Unavailable | Code::RateLimited).then_some(RETRY),
            allow: None,
            close: matches!(code, Code::RequestTimeout | Code::PayloadTooLarge),
            cause: None,
        }
    }

    /// The same error with what caused it.
    pub(crate) fn because(self, cause: String) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// What caused it, for the log.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// An error with words of its own.
    pub(crate) fn saying(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..Self::new(code) }
    }

    /// 417 with every fault.
    pub(crate) fn invalid(faults: Vec<FieldError>) -> Self {
        let message = match faults.first() {
            Some(first) => Cow::Owned(first.to_string()),
            None => Self::new(Code::InvalidInput).message,
        };
        Self { message, faults, ..Self::new(Code::InvalidInput) }
    }

    /// The same error with the names in it spelled by `spell`.
    pub(crate) fn respelled(self, spell: impl Fn(&str) -> String) -> Self {
        let fault = |fault: FieldError| FieldError { field: spell(&fault.field), expected: spell(&fault.expected) };
        let message = Cow::Owned(spell(&self.message));
        Self { message, faults: self.faults.into_iter().map(fault).collect(), ..self }
    }

    /// 429, or 503, until `wait` is over.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// 405, with the methods that would do.
    pub(crate) fn allowing(methods: String) -> Self {
        Self { allow: Some(methods), ..Self::new(Code::MethodNotAllowed) }
    }

    /// Its status.
    pub(crate) fn status(&self) -> u16 {
        self.code.status()
    }

    /// Renders the value of `error` in the envelope, for a request with this id.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str) -> ErrorBody<'a> {
        let code = self.code.as_str();
        ErrorBody {
            code,
            message: self.message.as_ref(),
            param: self.param(),
            details: self.details(),
            request_id,
            doc_url: format!("{DOCS}{code}"),
        }
    }

    fn details(&self) -> Vec<Detail<'_>> {
        self.faults.iter().map(|fault| Detail { param: &fault.field, message: fault.to_string() }).collect()
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The first field that is wrong.
    fn param(&self) -> Option<&str> {
        self.faults.first().map(|fault| fault.field.as_str())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(faults) => Self::invalid(faults),
            Refusal::Exists { field } => {
                let fault = FieldError::new(field, "is already in use");
                Self { message: fault.to_string().into(), faults: vec![fault], ..Self::new(Code::AlreadyExists) }
            }
            Refusal::Repeated { field, .. } => {
                let message = refusal.to_string();
                let expected = message.strip_prefix(field).unwrap_or(&message).trim_start().to_owned();
                Self { faults: vec![FieldError::new(field, expected)], ..Self::saying(Code::AlreadyExists, message) }
            }
            Refusal::NotYet(fault) => {
                Self { message: fault.to_string().into(), faults: vec![fault], ..Self::new(Code::NotYet) }
            }
            Refusal::State(message) => Self::saying(Code::InvalidState, message),
            Refusal::Group(rule) => Self::new(match rule {
                GroupRefusal::Blocked => Code::CustomerBlocked,
                GroupRefusal::Closed => Code::CompletedExpiredCanceled,
                GroupRefusal::Full => Code::MaxParticipantsReached,
                GroupRefusal::EmailUsed => Code::EmailAlreadyUsed,
                GroupRefusal::AmountTooLow => Code::AmountTooLow,
            }),
            Refusal::NotFound => Self::new(Code::NotFound),
            Refusal::Plan(message) => Self::saying(Code::PlanRequired, message),
        }
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(faults: Vec<FieldError>) -> Self {
        Self::invalid(faults)
    }
}

impl From<FieldError> for ApiError {
    fn from(fault: FieldError) -> Self {
        Self::invalid(vec![fault])
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without the caller's format; the observing middleware adds it.
    fn error_response(&self) -> HttpResponse {
        Rendered { error: self.clone(), voice: ErrorFormat::default() }.error_response()
    }
}

/// In which form, and under which request id, one caller is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct ErrorFormat {
    /// The request's id.
    pub(crate) request_id: String,
    /// Whether the caller asked for `application/problem+json`.
    pub(crate) problem: bool,
}

/// An error together with the format that its caller asked for.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// The error.
    pub(crate) error: ApiError,
    /// Its form.
    pub(crate) voice: ErrorFormat,
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Rendered {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let ApiError { code, retry_after, allow, close, .. } = &self.error;
        let mut answer = HttpResponseBuilder::new(self.status_code());
        if *code == Code::Unauthorized {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(wait) = retry_after {
            answer.insert_header((header::RETRY_AFTER, whole_seconds(*wait)));
        }
        if let Some(methods) = allow {
            answer.insert_header((header::ALLOW, methods.as_str()));
        }
        if *close {
            answer.force_close();
        }
        let kind = if self.voice.problem { "application/problem+json" } else { "application/json" };
        answer.content_type(kind).body(self.body())
    }
}

/// Seconds, rounded up, so that a caller that waits that long is never too early.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1)
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: ErrorBody<'a>,
}

/// An error as the envelope shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail<'a>>,
    request_id: &'a str,
    doc_url: String,
}

#[derive(Debug, Serialize)]
struct Detail<'a> {
    param: &'a str,
    message: String,
}

/// RFC 9457, section 3: the standard members, then the envelope's own.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail<'a>>,
    request_id: &'a str,
}

impl Rendered {
    fn body(&self) -> Vec<u8> {
        let Self { error, voice } = self;
        let request_id = voice.request_id.as_str();
        let written = if voice.problem {
            let code = error.code.as_str();
            serde_json::to_vec(&Problem {
                r#type: format!("{DOCS}{code}"),
                title: error.code.meaning(),
                status: error.code.status(),
                detail: error.message.as_ref(),
                code,
                param: error.param(),
                details: error.details(),
                request_id,
            })
        } else {
            serde_json::to_vec(&Envelope { error: error.body(request_id) })
        };
        // Strings and lists always serialize; an empty body would be the honest rest.
        written.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: ApiError, problem: bool) -> serde_json::Value {
        let voice = ErrorFormat { request_id: "r".to_owned(), problem };
        serde_json::from_slice(&Rendered { error, voice }.body()).unwrap()
    }

    #[test]
    fn both_forms_say_the_same() {
        let error =
            ApiError::invalid(vec![FieldError::new("a.b", "is required"), FieldError::new("c", "must be a number")]);
        let details = serde_json::json!([{"param": "a.b", "message": "a.b is required"}, {"param": "c", "message": "c must be a number"}]);
        assert_eq!(
            body(error.clone(), false),
            serde_json::json!({"error": {"code": "INVALID_INPUT", "message": "a.b is required", "param": "a.b", "details": details,
                "request_id": "r", "doc_url": "/api/v1/errors#INVALID_INPUT"}})
        );
        let problem = body(error, true);
        assert_eq!(problem["status"], 417);
        assert_eq!(
            (&problem["code"], &problem["param"], &problem["details"]),
            (&"INVALID_INPUT".into(), &"a.b".into(), &details)
        );
    }

    #[test]
    fn headers_follow_the_code() {
        for &code in Code::ALL {
            let answer = ApiError::new(code).error_response();
            assert_eq!(answer.status().as_u16(), code.status());
            let waits = matches!(code, Code::RateLimited | Code::Unavailable);
            assert_eq!(answer.headers().contains_key(header::RETRY_AFTER), waits, "{code:?}");
        }
        let wait = ApiError::new(Code::RateLimited).after(Duration::from_millis(1_001)).error_response();
        assert_eq!(wait.headers().get(header::RETRY_AFTER).unwrap(), "2");
    }
}
