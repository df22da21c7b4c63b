//! What a request brings besides its key: the query, and a body of the right kind, size and speed.

use super::DRY_RUN;
use crate::{
    errors::{ApiError, Code},
    json::{self, Node},
    name,
    trace::Trace,
};
use actix_web::{
    dev::Payload,
    http::header::{self, HeaderMap},
    web::{Bytes, BytesMut},
};
use domain::FieldError;
use futures_util::StreamExt;
use std::borrow::Cow;

/// The parameters of a query string as an object of strings; those that are empty are as good as absent.
pub(crate) fn query(text: &str) -> Result<Node<'static>, ApiError> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| FieldError::new("query", "must be form-encoded"))?;
    let entries = pairs.into_inner().into_iter().map(|(name, value)| (Cow::Owned(name), Node::Text(Cow::Owned(value))));
    let entries: json::Entries<'static> = entries.collect();
    if let Some(name) = json::duplicate(&entries) {
        return Err(FieldError::new(name, "must be given only once").into());
    }
    let nul = |(name, value): &&(Cow<'_, str>, Node<'_>)| {
        name.contains('\0') || matches!(value, Node::Text(text) if text.contains('\0'))
    };
    if let Some((name, _)) = entries.iter().find(nul) {
        return Err(FieldError::new(name.replace('\0', ""), "must not contain U+0000").into());
    }
    // Forms send every field that they have: an empty one says nothing.
    let is_empty = |value: &Node<'_>| matches!(value, Node::Text(text) if text.is_empty());
    // But whoever asks for a dry run in whatever way must not have it done.
    let counts = |(name, value): &(Cow<'_, str>, Node<'_>)| name == DRY_RUN || !is_empty(value);
    Ok(Node::Object(entries.into_iter().filter(counts).collect()))
}

/// Whether a query asks for a dry run. One that cannot be read does not, and is refused later.
pub(super) fn says_dry_run(text: &str) -> bool {
    let yes =
        |(name, value): &(Cow<'_, str>, Node<'_>)| name == DRY_RUN && matches!(value, Node::Text(t) if t == "true");
    matches!(query(text), Ok(Node::Object(entries)) if entries.iter().any(yes))
}

/// 415 unless the body is one of `kinds`, in UTF-8, not compressed.
pub(crate) fn accept_json(headers: &HeaderMap, kinds: &[&str]) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let coding = text(header::CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity"));
    if coding.is_some() {
        let message = "The body must be sent without compression: leave Content-Encoding out.";
        return Err(ApiError::saying(Code::UnsupportedMediaType, message));
    }
    let mut parts = text(header::CONTENT_TYPE).unwrap_or_default().split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset")));
    let utf8 = charset.is_none_or(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if utf8 && kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
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
    trace: &Trace,
) -> Result<Bytes, ApiError> {
    let too_large =
        || ApiError::saying(Code::PayloadTooLarge, format!("The body is larger than {} KiB.", most / 1_024));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout_at(trace.arrives_by, async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| FieldError::new(name::BODY, "must arrive whole"))?;
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
    fn media_types() {
        let read = |kind: &str, coding: Option<&str>| {
            let mut request = TestRequest::default().insert_header((header::CONTENT_TYPE, kind));
            if let Some(coding) = coding {
                request = request.insert_header((header::CONTENT_ENCODING, coding));
            }
            accept_json(request.to_http_request().headers(), &["application/json"]).is_ok()
        };
        assert!(read("application/json", None) && read("Application/JSON; charset=\"UTF-8\"", Some("identity")));
        let compressed = TestRequest::default().insert_header((header::CONTENT_ENCODING, "gzip")).to_http_request();
        let refused = accept_json(compressed.headers(), &["application/json"]).unwrap_err();
        assert!(refused.message().contains("compression"), "{}", refused.message());
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
        assert_eq!(query("a=&b=1&c").ok(), query("b=1").ok(), "an empty one is absent");
        assert!(faulty("a=&a="), "but given once");
        assert_ne!(query("dry_run=").ok(), query("").ok(), "and no dry run is overlooked");
        for (text, dry) in [("dry_run=true", true), ("a=1&dry%5Frun=tru%65", true), ("dry_run=1", false), ("", false)] {
            assert_eq!(says_dry_run(text), dry, "{text}");
        }
        assert!(!says_dry_run("dry_run=true&dry_run=true"), "it is refused");
        assert!(faulty("a=1&a=2") && faulty("a=%00") && faulty("%00=1"));
    }
}
