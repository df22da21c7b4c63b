//! The form of errors, answers and lists.

use super::*;

#[actix_web::test]
async fn unknown_paths_and_methods() {
    let (_, edge) = set_up();
    let got = send(&edge, TestRequest::with_uri("/nothing")).await;
    assert_eq!((got.status.as_u16(), got.code().as_str()), (404, "NOT_FOUND"));
    for (method, path, allow) in [
        (Method::DELETE, "/api/v1/affiliates", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/affiliates/x", "GET, HEAD, PATCH"),
        (Method::POST, "/livez", "GET, HEAD"),
        (Method::GET, "/api/t/click", "OPTIONS, POST"),
        (Method::POST, "/api/v1/docs/", "GET, HEAD"),
    ] {
        let got = send(&edge, TestRequest::with_uri(path).method(method)).await;
        assert_eq!((got.status.as_u16(), got.code().as_str(), got.header("allow")), (405, "METHOD_NOT_ALLOWED", allow));
    }
    let got = send(&edge, TestRequest::with_uri("/livez").method(Method::HEAD)).await;
    assert_eq!(got.status, 200);
}

#[actix_web::test]
async fn both_forms_of_an_error_and_the_request_id() {
    let (_, edge) = set_up();
    let got = send(&edge, TestRequest::with_uri("/nothing").insert_header(("x-request-id", "my-id.1"))).await;
    assert_eq!((got.header("x-request-id"), got.header("content-type")), ("my-id.1", "application/json"));
    assert_eq!(got.json()["error"]["request_id"], "my-id.1");
    let request = TestRequest::with_uri("/nothing").insert_header(("accept", "application/problem+json"));
    let got = send(&edge, request.insert_header(("x-request-id", "not sane"))).await;
    assert_eq!(got.header("content-type"), "application/problem+json");
    assert_eq!((&got.json()["status"], &got.json()["code"]), (&404.into(), &"NOT_FOUND".into()));
    assert_eq!(got.json()["request_id"], got.header("x-request-id"));
    assert_eq!(got.header("x-request-id").len(), 36);
}

#[actix_web::test]
async fn a_list_goes_on_where_it_stopped() {
    let (_, edge) = set_up();
    let request = |query: &str| as_caller(Who::All, Method::GET, &format!("/api/v1/affiliates?{query}"));
    let first = send(&edge, request("limit=2&offset=3&status=approved")).await.json();
    assert_eq!((first["data"].as_array().unwrap().len(), &first["has_more"]), (2, &true.into()));
    assert_eq!((&first["limit"], &first["offset"]), (&2.into(), &3.into()));
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = send(&edge, request(&format!("limit=2&status=approved&cursor={cursor}"))).await.json();
    assert_eq!((&next["offset"], &next["has_more"], &next["next_cursor"]), (&0.into(), &false.into(), &Value::Null));
    let default = send(&edge, request("")).await.json();
    assert_eq!((&default["limit"], &default["offset"]), (&50.into(), &0.into()));
    for (query, param) in [
        (format!("cursor={cursor}"), "cursor"),
        ("cursor=x".to_owned(), "cursor"),
        ("limit=0".to_owned(), "limit"),
        ("limit=101".to_owned(), "limit"),
        ("limit=1&limit=1".to_owned(), "limit"),
        ("offset=10001".to_owned(), "offset"),
        ("offset=-1".to_owned(), "offset"),
        ("status=gone".to_owned(), "status"),
        ("tier_id=x".to_owned(), "tier_id"),
        ("email=x".to_owned(), "email"),
        ("slug=%00".to_owned(), "slug"),
        ("nothing=1".to_owned(), "nothing"),
    ] {
        let got = send(&edge, request(&query)).await;
        assert_eq!((got.status.as_u16(), got.param().as_str()), (417, param), "{query}");
    }
    for query in ["affiliate_id=aff_x", "from=yesterday", "to=2024-13-01", "status=lost"] {
        let got = send(&edge, as_caller(Who::All, Method::GET, &format!("/api/v1/commissions?{query}"))).await;
        assert_eq!((got.status.as_u16(), Some(got.param().as_str())), (417, query.split('=').next()), "{query}");
    }
}

#[actix_web::test]
async fn documents_and_probes_need_no_key() {
    let (_, edge) = set_up();
    let got = send(&edge, TestRequest::with_uri("/api/v1/openapi")).await;
    assert_eq!(got.json()["openapi"], "3.1.0");
    let got = send(&edge, TestRequest::with_uri("/api/v1/errors")).await;
    assert_eq!(got.bytes, crate::errors_page().into_bytes());
    let got = send(&edge, TestRequest::with_uri("/api/v1/docs")).await;
    assert_eq!((got.status.as_u16(), got.header("location")), (308, "/api/v1/docs/"));
    let got = send(&edge, TestRequest::with_uri("/api/v1/docs/")).await;
    assert!(got.status == 200 && String::from_utf8_lossy(&got.bytes).contains("swagger-ui"));
    let got = send(&edge, TestRequest::with_uri("/api/v1/docs/swagger-initializer.js")).await;
    assert!(String::from_utf8_lossy(&got.bytes).contains("/api/v1/openapi"));
    assert_eq!(send(&edge, TestRequest::with_uri("/readyz")).await.status, 200);
    edge.drain();
    let got = send(&edge, TestRequest::with_uri("/readyz")).await;
    assert_eq!((got.status.as_u16(), got.code().as_str(), got.header("retry-after")), (503, "UNAVAILABLE", "1"));
}
