//! The tracker's script, for the pages of shops. docs/tracker.md and `assets/t.js` describe what it does.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, CacheControl, CacheDirective, ETag, EntityTag, Header, HeaderName, HeaderValue, IfNoneMatch},
    web::Bytes,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use utoipa_actix_web::service_config::ServiceConfig;

/// The script as it is written.
pub(crate) const SOURCE: &str = include_str!("../../assets/t.js");
/// How long a browser may use the script without asking again, in seconds.
const FRESH_FOR: u32 = 3_600;
/// A page that embeds only what agrees to be embedded may embed the script too.
const EMBEDDABLE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::of(SOURCE));

/// The script as it is served.
struct Script {
    text: Bytes,
    tag: EntityTag,
}

impl Script {
    fn of(source: &str) -> Self {
        let text = stripped(source);
        let tag = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
        Self { text: Bytes::from(text), tag: EntityTag::new_strong(tag) }
    }
}

/// The source without indentation, empty lines and the lines that are comments. Every other line keeps its end, so the
/// program stays the same as long as no text and no comment spans lines.
fn stripped(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Get the tracker, a script for the shop's pages.
///
/// A script of less than 3 KB, for an element `script` with the attributes `async`, `src="https://…/t.js"` and
/// `data-merchant="my-shop"`. With the current `ETag` in `If-None-Match`, 304.
#[utoipa::path(
    tag = "Clicks", operation_id = "getTracker", security(()),
    responses(
        (status = 200, description = "The script.", content_type = "text/javascript", body = String),
        (status = 304, description = "The script has not changed.")
    )
)]
#[get("/t.js")]
async fn tracker(request: HttpRequest) -> HttpResponse {
    let Script { text, tag } = &*SCRIPT;
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    };
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header(ETag(tag.clone()))
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(FRESH_FOR)]))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(EMBEDDABLE);
    if known {
        return answer.finish();
    }
    answer.insert_header((header::CONTENT_TYPE, "text/javascript; charset=utf-8")).body(text.clone())
}

/// Registers the operation.
pub(super) fn register(config: &mut ServiceConfig<'_>) {
    config.service(tracker);
}
