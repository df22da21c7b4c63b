//! Links and the beacon.

use super::*;

#[actix_web::test]
async fn a_link_leads_on_and_sets_the_session() {
    let (stub, edge) = set_up();
    let got =
        send(&edge, TestRequest::with_uri("/r/my-shop/alice?utm_source=blog&x=%00&to=https://evil.example/")).await;
    let session = got
        .header("location")
        .strip_prefix("https://shop.example.com/?utm_source=blog&x=%00&_cobz_sess=")
        .unwrap()
        .to_owned();
    assert_eq!((got.status.as_u16(), session.len(), commits(&stub)), (302, 32, 1));
    let cookie = got.header("set-cookie");
    assert_eq!(cookie, format!("_cobz_sess={session}; SameSite=Lax; Path=/; Max-Age=7776000"));
    let known = "abcdefghijklmnopqrstuvwxyz";
    let back = TestRequest::with_uri("/r/my-shop/alice").insert_header(("cookie", format!("_cobz_sess={known}")));
    assert!(send(&edge, back).await.header("location").ends_with(known));
}

#[actix_web::test]
async fn whoever_asks_not_to_be_tracked_is_not() {
    let (stub, edge) = set_up();
    for name in ["dnt", "sec-gpc"] {
        let got = send(&edge, TestRequest::with_uri("/r/my-shop/alice").insert_header((name, "1"))).await;
        assert_eq!((got.status.as_u16(), got.header("location")), (302, "https://shop.example.com/"));
        assert_eq!(got.header("set-cookie"), "");
        assert_eq!(send(&edge, beacon(GOOD).insert_header((name, "1"))).await.status, 204);
    }
    assert_eq!(commits(&stub), 0);
}

#[actix_web::test]
async fn links_that_lead_nowhere() {
    let (_, edge) = set_up();
    for path in ["/r/other/alice", "/r/My_Shop/alice", "/r/my-shop"] {
        let got = send(&edge, TestRequest::with_uri(path)).await;
        assert_eq!((got.status.as_u16(), got.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
}

#[actix_web::test]
async fn a_link_of_nobody_leads_to_the_shop() {
    let (stub, edge) = set_up();
    for path in ["/r/my-shop/bob", "/r/my-shop/%00", "/r/My-Shop/bob/"] {
        let got = send(&edge, TestRequest::with_uri(path)).await;
        assert_eq!((got.status.as_u16(), got.header("location")), (302, "https://shop.example.com/"), "{path}");
        assert_eq!(got.header("set-cookie"), "");
    }
    assert_eq!(commits(&stub), 0);
}

const GOOD: &str = r#"{"merchant":"my-shop","session":"abcdefghijklmnop","ref":"alice","url":"https://shop.example.com/","referrer":""}"#;

fn beacon(body: &'static str) -> TestRequest {
    let from = std::net::SocketAddr::from(([203, 0, 113, 7], 1));
    let request = TestRequest::with_uri("/api/t/click").method(Method::POST).peer_addr(from);
    request.insert_header(("content-type", "text/plain;charset=UTF-8")).set_payload(body)
}

#[actix_web::test]
async fn the_beacon_takes_clicks_from_any_site() {
    let (stub, edge) = set_up();
    let got = send(&edge, beacon(GOOD)).await;
    assert_eq!((got.status.as_u16(), got.header("access-control-allow-origin"), commits(&stub)), (204, "*", 1));
    let stranger = r#"{"merchant":"other","session":"abcdefghijklmnop","ref":"alice"}"#;
    assert_eq!((send(&edge, beacon(stranger)).await.status.as_u16(), commits(&stub)), (204, 1));
    let got = send(&edge, beacon("{}")).await;
    assert_eq!((got.status.as_u16(), got.param().as_str()), (417, "merchant"));
    assert_eq!(got.header("access-control-allow-origin"), "*");
    assert_eq!(got.json()["error"]["details"].as_array().unwrap().len(), 3);
    let preflight = TestRequest::with_uri("/api/t/click").method(Method::OPTIONS);
    let got = send(&edge, preflight).await;
    assert_eq!((got.status.as_u16(), got.header("access-control-allow-methods")), (204, "POST"));
}

#[actix_web::test]
async fn too_many_beacons_are_refused() {
    let (stub, edge) = set_up();
    for _ in 0..60 {
        assert_eq!(send(&edge, beacon(GOOD)).await.status, 204);
    }
    let got = send(&edge, beacon(GOOD)).await;
    assert_eq!((got.status.as_u16(), got.header("retry-after"), commits(&stub)), (429, "1", 60));
}

#[test]
fn the_visitor_behind_our_proxies() {
    let stub = Arc::new(Stub::default());
    let proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let edge = Edge::new(stub::outside(stub), crate::Limits::default(), proxies, false, &Value::Null);
    let visitor = |peer: &str, lines: &[&str]| edge.visitor(peer.parse().ok(), lines).unwrap().to_string();
    assert_eq!(visitor("203.0.113.7", &["1.1.1.1"]), "203.0.113.7", "a stranger's header is not believed");
    assert_eq!(visitor("10.0.0.1", &["6.6.6.6, 198.51.100.2, 10.0.0.9"]), "198.51.100.2");
    assert_eq!(visitor("::ffff:10.0.0.1", &["6.6.6.6", "198.51.100.2"]), "198.51.100.2");
    assert_eq!(visitor("10.0.0.1", &[]), "10.0.0.1");
    assert_eq!(visitor("10.0.0.1", &["unknown"]), "10.0.0.1");
    assert!(edge.is_encrypted("10.0.0.1".parse().ok(), Some("https")));
    assert!(!edge.is_encrypted("203.0.113.7".parse().ok(), Some("https")));
}
