//! The legacy API, which existing shop modules call: `/payment-groups` and `/checkout-sessions`, in snake_case, at the
//! root and under the base path.
//!
//! `/payment-groups` is the same operation as `/groups` in snake_case: a request is routed to `/groups`, and the names
//! in the response are respelled. `/checkout-sessions` has its own operations (see `routes::checkout_sessions`). Errors
//! name fields as the caller spelled them, and otherwise in snake_case.

use crate::{
    errors::{ApiError, Code},
    json::Node,
    paths::BASE,
    spelling::{in_snake_case, snake_case},
};
use actix_web::{
    HttpResponse,
    body::{BoxBody, EitherBody, MessageBody, to_bytes},
    dev::{ServiceRequest, ServiceResponse},
    http::{Uri, header},
};
use std::cell::RefCell;

/// What is respelled, and what answers it.
const TWIN: (&str, &str) = ("/payment-groups", "/groups");
/// The paths of checkout sessions.
const SESSIONS: &str = "/checkout-sessions";

/// State of a request to the legacy API.
#[derive(Debug, Default)]
pub(crate) struct LegacyRequest {
    /// Whether another operation handles it, so that the response must be respelled.
    is_twin: bool,
    /// The names that its caller spelled in camelCase.
    spelled: RefCell<Vec<String>>,
}

/// The path below the base path, or at the root.
fn below_base(path: &str) -> (&str, &str) {
    match path.strip_prefix(BASE) {
        Some(rest) => (BASE, rest),
        None => ("", path),
    }
}

/// What follows `resource` in a path, if the path is one of its own.
fn within<'p>(path: &'p str, resource: &str) -> Option<&'p str> {
    path.strip_prefix(resource).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the modern path for a legacy path that is respelled.
pub(crate) fn present(path: &str) -> Option<String> {
    let ((base, path), (legacy_api, present)) = (below_base(path), TWIN);
    Some(format!("{base}{present}{}", within(path, legacy_api)?))
}

/// Returns the legacy path of an operation that has one; the inverse of [`present`].
pub(crate) fn modern_path(path: &str) -> Option<String> {
    let ((base, path), (legacy_api, present)) = (below_base(path), TWIN);
    Some(format!("{base}{legacy_api}{}", within(path, present)?))
}

/// Whether a path belongs to checkout sessions.
pub(crate) fn is_session(path: &str) -> bool {
    within(below_base(path).1, SESSIONS).is_some()
}

impl LegacyRequest {
    /// Builds the state of an incoming request; one to a respelled path is routed to the modern operation.
    pub(crate) fn begin(request: &mut ServiceRequest) -> Option<Self> {
        let Some(path) = present(request.path()) else { return is_session(request.path()).then(Self::default) };
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(format!("{path}{query}").parse().ok()?);
        let uri = Uri::from_parts(parts).ok()?;
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
        Some(Self { is_twin: true, ..Self::default() })
    }

    /// The template of the path that was called, by that of the path that answered.
    pub(crate) fn route(&self, route: &str) -> Option<String> {
        if self.is_twin { modern_path(route) } else { None }
    }

    /// Notes how the caller spelled the names of an object.
    pub(crate) fn note(&self, object: &Node<'_>) {
        if let Node::Object(entries) = object {
            let names = entries.iter().map(|(name, _)| name.as_ref()).filter(|name| snake_case(name) != **name);
            self.spelled.borrow_mut().extend(names.map(str::to_owned));
        }
    }

    /// An error in the caller's own spelling, or else in snake_case.
    pub(crate) fn respell(&self, error: ApiError) -> ApiError {
        let spelled = self.spelled.borrow();
        error.respelled(|text| {
            let is_own =
                |name: &String| text.strip_prefix(name.as_str()).is_some_and(|rest| !rest.starts_with(is_letter));
            match spelled.iter().find(|name| is_own(name)) {
                Some(name) => format!("{name}{}", snake_case(text.strip_prefix(name.as_str()).unwrap_or_default())),
                None => snake_case(text),
            }
        })
    }

    /// An answer in snake_case, if it was made in camelCase.
    pub(crate) async fn answer<B: MessageBody + 'static>(
        &self,
        response: ServiceResponse<EitherBody<B, BoxBody>>,
    ) -> ServiceResponse<EitherBody<B, BoxBody>> {
        let is_json = |kind: &header::HeaderValue| kind.as_bytes() == b"application/json";
        let is_ours = response.headers().get(header::CONTENT_TYPE).is_some_and(is_json);
        if !self.is_twin || !response.status().is_success() || !is_ours {
            return response;
        }
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let spelled = to_bytes(body).await.ok().and_then(|body| in_snake_case(&body).ok());
        let answer = match spelled {
            Some(body) => head.set_body(BoxBody::new(body)),
            None => HttpResponse::from_error(ApiError::new(Code::Internal)),
        };
        ServiceResponse::new(request, answer).map_into_right_body()
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_resource_itself_has_a_twin() {
        for (legacy_api, now) in [
            ("/payment-groups", "/groups"),
            ("/payment-groups/KHT-1/validate", "/groups/KHT-1/validate"),
            ("/api/v1/payment-groups/{id}", "/api/v1/groups/{id}"),
        ] {
            assert_eq!((present(legacy_api).as_deref(), modern_path(now).as_deref()), (Some(now), Some(legacy_api)));
        }
        for other in ["/payment-groupsx", "/x/payment-groups", "/api/v2/payment-groups", "/groups"] {
            assert_eq!(present(other), None, "{other}");
        }
        assert_eq!(modern_path("/group-settings"), None);
        assert!(is_session("/checkout-sessions") && is_session("/api/v1/checkout-sessions/{id}/expire"));
        assert!(!is_session("/checkout-sessionsx") && !is_session("/orders"));
    }

    #[test]
    fn errors_are_spelled_as_the_caller_spells() {
        let legacy_api = LegacyRequest::default();
        legacy_api
            .note(&crate::json::parse(br#"{"amountTotal": 1, "client_reference_id": "1", "lineItems": []}"#).unwrap());
        let fault = |name: &str| domain::FieldError::new(name, "is required where there is no customerId");
        let names = ["amountTotal", "clientReferenceId", "lineItems[0].imageUrl", "body"];
        let error = legacy_api.respell(ApiError::invalid(names.map(fault).to_vec()));
        let body = serde_json::to_value(error.body("r")).unwrap();
        let params: Vec<&str> =
            body["details"].as_array().unwrap().iter().map(|it| it["param"].as_str().unwrap()).collect();
        assert_eq!(params, ["amountTotal", "client_reference_id", "lineItems[0].image_url", "body"]);
        assert_eq!(body["message"], "amountTotal is required where there is no customer_id");
    }
}
