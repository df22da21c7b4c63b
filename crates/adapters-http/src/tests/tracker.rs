//! The tracker's script, as it is served. What it does in a browser is tried in `tests/browser`.

use super::*;
use crate::routes::TRACKER_SOURCE;
use app::Clicks;

fn script() -> TestRequest {
    TestRequest::with_uri("/t.js")
}

#[actix_web::test]
async fn it_is_small_and_any_page_may_embed_it() {
    let (_, edge) = set_up();
    let got = send(&edge, script()).await;
    assert_eq!((got.status.as_u16(), got.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert_eq!(got.header("cache-control"), "public, max-age=3600");
    assert_eq!((got.header("access-control-allow-origin"), got.header("set-cookie")), ("*", ""));
    assert_eq!(got.header("cross-origin-resource-policy"), "cross-origin");
    assert!((1_000..3_000).contains(&got.bytes.len()), "{} bytes", got.bytes.len());
    let text = String::from_utf8(got.bytes).unwrap();
    assert!(text.lines().all(|line| line == line.trim() && !line.is_empty() && !line.starts_with("//")), "{text}");
    assert!(text.contains(&format!("\"{}\"", Clicks::COOKIE)) && text.contains("\"api/t/click\""), "{text}");
}

#[test]
fn its_comments_can_be_taken_out_line_by_line() {
    for line in TRACKER_SOURCE.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        assert!(!line.contains("//"), "a comment has a line to itself: {line}");
        assert!(
            !line.contains("/*") && !line.contains('`') && !line.ends_with('\\'),
            "no line lives on in the next: {line}"
        );
    }
}

#[actix_web::test]
async fn who_has_it_need_not_load_it_again() {
    let (_, edge) = set_up();
    let tag = send(&edge, script()).await.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 45, "a strong tag: {tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let got = send(&edge, script().insert_header(("if-none-match", known.as_str()))).await;
        assert_eq!((got.status.as_u16(), got.bytes.len(), got.header("etag")), (304, 0, tag.as_str()), "{known}");
        assert_eq!(got.header("cache-control"), "public, max-age=3600");
    }
    for other in ["\"other\"", "nonsense", ""] {
        assert_eq!(send(&edge, script().insert_header(("if-none-match", other))).await.status, 200, "{other}");
    }
}

#[actix_web::test]
async fn it_is_at_the_root_for_reading_only() {
    let (stub, edge) = set_up();
    assert_eq!(send(&edge, script().method(Method::HEAD)).await.status, 200);
    let got = send(&edge, script().method(Method::POST)).await;
    assert_eq!((got.status.as_u16(), got.header("allow")), (405, "GET, HEAD"));
    assert_eq!(send(&edge, TestRequest::with_uri("/api/v1/t.js")).await.status, 404);
    assert_eq!(commits(&stub), 0);
}
