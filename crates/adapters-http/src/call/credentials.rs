//! Authenticates a request: the key in the `Authorization` header, its rate limit, plan and scopes.

use crate::{
    edge::Edge,
    errors::{ApiError, Code},
    paths::BASE,
    trace::Trace,
};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
};
use app::{AppError, Principal};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Scope;
use ports::RateVerdict;
use std::borrow::Cow;

/// The caller, if its key is good, within its limit, and has the scope.
pub(super) async fn authenticate(
    edge: &Edge,
    trace: &Trace,
    request: &HttpRequest,
    scope: Scope,
) -> Result<Principal, ApiError> {
    *trace.route.borrow_mut() = request.match_pattern();
    let headers = request.headers();
    let as_user =
        || if takes_basic(request.path(), trace.legacy_api.is_some()) { basic(headers).map(Cow::Owned) } else { None };
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

/// Whether legacy clients, which send their key as the user of HTTP Basic, call this path: at the root, and all of the
/// legacy API.
fn takes_basic(path: &str, is_older: bool) -> bool {
    is_older || !path.starts_with(BASE)
}

/// Reads the key from `Authorization: Basic base64(<key>:)`; the password is ignored.
fn basic(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION);
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, text) = only.to_str().ok()?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(text.trim_matches(' ')))?.ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(user, _)| user.to_owned())
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
    fn only_at_the_root_and_on_the_older_surface_a_key_may_be_a_user() {
        let read = |value: &str| {
            let request = TestRequest::default().append_header((header::AUTHORIZATION, value));
            basic(request.to_http_request().headers())
        };
        assert_eq!(read("Basic YWJjOg==").as_deref(), Some("abc"));
        assert_eq!(read("basic YWJjOnh5").as_deref(), Some("abc"));
        for bad in ["Basic", "Basic !", "Basic YWJj", "Bearer YWJjOg=="] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let (now, legacy_api) = (false, true);
        assert!(takes_basic("/orders", now) && !takes_basic("/api/v1/orders", now));
        assert!(takes_basic("/api/v1/checkout-sessions", legacy_api));
    }
}
