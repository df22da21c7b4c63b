//! What cannot be understood is refused in one form, and nothing is done.

use crate::support::{RawReply, Shop, on_both_storages, raw_parts};
use serde_json::{Value, json};
use std::io::Write;

on_both_storages!(
    unknown_paths_and_methods,
    bodies_that_are_no_json,
    bodies_of_the_wrong_kind,
    bodies_have_a_limit,
    a_body_must_arrive_in_time,
    errors_come_as_problems_when_asked_for,
    requests_have_an_id,
    several_faults_come_together,
    refusals_have_an_order,
    health_is_told_on_both_listeners,
);

async fn unknown_paths_and_methods(shop: Shop) {
    for client in [&shop.client, &shop.client.anonymous()] {
        for path in
            ["/", "/api", "/api/v1", "/api/v2/affiliates", "/api/v1/affiliate", "/api/v1/affiliates/a/b", "/%00"]
        {
            client.get(path).await.refused(404, "NOT_FOUND");
        }
    }
    for (method, path, allowed) in [
        ("DELETE", "/api/v1/settings", ["GET", "PATCH"].as_slice()),
        ("PUT", "/api/v1/affiliates", &["GET", "POST"]),
        ("POST", "/api/v1/affiliates/aff_x", &["GET", "PATCH"]),
        ("DELETE", "/api/v1/events/evt_x", &["GET"]),
        ("PROPFIND", "/api/v1/events", &["GET", "POST"]),
        ("POST", "/api/v1/openapi", &["GET"]),
        ("DELETE", "/livez", &["GET"]),
    ] {
        let answer = shop.client.call(method, path).await;
        answer.refused(405, "METHOD_NOT_ALLOWED");
        let allow: Vec<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        for wanted in allowed {
            assert!(allow.contains(wanted), "{method} {path}: {allow:?}");
        }
        assert!(!allow.contains(&method), "{method} {path}: {allow:?}");
    }
}

async fn bodies_that_are_no_json(shop: Shop) {
    let before = shop.stored().await;
    let deep = |levels: usize| {
        format!(r#"{{"email":"a@example.com","metadata":{}1{}}}"#, r#"{"a":"#.repeat(levels), "}".repeat(levels))
    };
    let wide = format!(r#"{{"email":"a@example.com","metadata":{}}}"#, "[".repeat(100_000));
    let broken: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "body"),
        (b"{".to_vec(), "body"),
        (b"null".to_vec(), "body"),
        (b"[]".to_vec(), "body"),
        (b"\"text\"".to_vec(), "body"),
        (b"{\"email\":\"a@example.com\"} x".to_vec(), "body"),
        (b"{\"email\":\"a@example.com\",}".to_vec(), "body"),
        (b"{'email':'a@example.com'}".to_vec(), "body"),
        (b"\xef\xbb\xbf{\"email\":\"a@example.com\"}".to_vec(), "body"),
        (b"{\"email\":\"\xff@example.com\"}".to_vec(), "body"),
        (br#"{"email":"a@example.com","email":"b@example.com"}"#.to_vec(), "email"),
        (br#"{"email":"a@example.com","\u0065mail":"b@example.com"}"#.to_vec(), "email"),
        (br#"{"email":"a@example.com","metadata":{"x":1,"x":2}}"#.to_vec(), "metadata.x"),
        (br#"{"email":"a\u0000@example.com"}"#.to_vec(), "email"),
        (br#"{"email":"a@example.com","metadata":{"x":"\u0000"}}"#.to_vec(), "metadata.x"),
        (br#"{"email":"a@example.com","metadata":{"x":"\ud800"}}"#.to_vec(), "metadata.x"),
        (br#"{"email":"a@example.com","custom_commission_rate":NaN}"#.to_vec(), "body"),
        (
            br#"{"email":"a@example.com","custom_commission_rate":18446744073709551616}"#.to_vec(),
            "custom_commission_rate",
        ),
        (br#"{"email":"a@example.com","unheard_of":1}"#.to_vec(), "unheard_of"),
        (deep(32).into_bytes(), "body"),
        (wide.into_bytes(), "body"),
    ];
    for (body, param) in broken {
        let what = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        let answer = shop.client.call("POST", "affiliates").text(body).await;
        assert_eq!((answer.status, answer.code()), (417, "INVALID_INPUT"), "{what}");
        assert_eq!(answer.json["error"]["param"], param, "{what}: {}", answer.text);
    }
    assert_eq!(shop.stored().await, before, "nothing was written");
    shop.client.call("POST", "affiliates").text(deep(31)).await.created();
}

async fn bodies_of_the_wrong_kind(shop: Shop) {
    let body = r#"{"email":"a@example.com"}"#;
    let call = || shop.client.call("POST", "affiliates");
    for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", "x"] {
        call().header("content-type", kind).bytes(body).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    call().bytes(body).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    call().text(body).header("content-encoding", "gzip").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let utf_16 = "application/json; charset=utf-16";
    call().header("content-type", utf_16).bytes(body).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    call().header("content-type", "Application/JSON; charset=UTF-8").bytes(body).await.created();
}

async fn bodies_have_a_limit(shop: Shop) {
    const LIMIT: usize = 256 * 1024;
    let body = |length: usize| {
        let mut body = br#"{"email":"a@example.com"}"#.to_vec();
        body.resize(length, b' ');
        body
    };
    for length in [LIMIT + 1, LIMIT * 4] {
        let head = ["Content-Type: application/json", &format!("Content-Length: {length}")].join("\r\n");
        refused(&post(&shop, &head, &body(length)), 413, "PAYLOAD_TOO_LARGE");
        let mut chunked = Vec::new();
        for chunk in body(length).chunks(8_192) {
            chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
            chunked.extend(chunk);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
        refused(&post(&shop, head, &chunked), 413, "PAYLOAD_TOO_LARGE");
    }
    // Said to be far too long, and never sent.
    let head = "Content-Type: application/json\r\nContent-Length: 99999999999";
    refused(&post(&shop, head, b""), 413, "PAYLOAD_TOO_LARGE");
    assert_eq!(shop.client.all("affiliates").await.len(), 0);
    shop.client.call("POST", "affiliates").text(body(LIMIT)).await.created();
}

/// A server with a shorter deadline, and a body that never ends.
async fn a_body_must_arrive_in_time(shop: Shop) {
    let site = shop.world.storage.site().with("http.body_seconds", "1");
    let server = site.serve();
    let org = site.json(&["org", "create", "--name", "Slow", "--plan", "growth"]);
    let key = site.json(&["keys", "create", "--org", org["id"].as_str().unwrap(), "--mode", "test", "--name", "k"]);
    let head =
        request("affiliates", key["key"].as_str().unwrap(), "Content-Type: application/json\r\nContent-Length: 99");
    let mut stream = raw_parts::connect(&server.http);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"{\"email\"").unwrap();
    refused(&raw_parts::read(stream), 408, "REQUEST_TIMEOUT");
    // A drip does not keep it open either.
    let mut stream = raw_parts::connect(&server.http);
    stream.write_all(head.as_bytes()).unwrap();
    let answer = raw_parts::drip(stream, b" ", std::time::Duration::from_millis(100));
    refused(&answer, 408, "REQUEST_TIMEOUT");
}

fn request(path: &str, key: &str, head: &str) -> String {
    format!(
        "POST /api/v1/{path} HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n{head}\r\n\r\n"
    )
}

fn post(shop: &Shop, head: &str, body: &[u8]) -> RawReply {
    let key = shop.key("test", &[]).text;
    let mut bytes = request("affiliates", &key, head).into_bytes();
    bytes.extend(body);
    crate::support::raw(&shop.world.server.http, &bytes)
}

#[track_caller]
fn refused(answer: &RawReply, status: u16, code: &str) {
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (status, &json!(code)), "{answer:?}");
    assert_eq!(answer.header("x-request-id"), answer.json()["error"]["request_id"].as_str());
}

async fn errors_come_as_problems_when_asked_for(shop: Shop) {
    let problem = |path: &str| shop.client.get(path).header("accept", "application/problem+json");
    for (path, status, code) in [
        ("affiliates/aff_x", 404, "NOT_FOUND"),
        ("affiliates?limit=0", 417, "INVALID_INPUT"),
        ("/nowhere", 404, "NOT_FOUND"),
    ] {
        let plain = shop.client.get(path).await;
        assert_eq!(plain.header("content-type").map(|kind| kind.starts_with("application/json")), Some(true));
        let answer = problem(path).await;
        assert!(answer.header("content-type").unwrap().starts_with("application/problem+json"), "{answer:?}");
        assert_eq!((answer.status, &answer.json["code"]), (status, &json!(code)));
        let (error, problem) = (&plain.json["error"], &answer.json);
        assert_eq!((&problem["detail"], &problem["type"]), (&error["message"], &error["doc_url"]));
        assert_eq!((&problem["param"], &problem["details"]), (&error["param"], &error["details"]));
    }
    let anonymous = shop.client.anonymous().get("settings").header("accept", "application/problem+json").await;
    assert_eq!((anonymous.status, &anonymous.json["code"]), (401, &json!("UNAUTHORIZED")));
}

async fn requests_have_an_id(shop: Shop) {
    for path in ["settings", "affiliates/aff_x", "/nowhere"] {
        let kept = shop.client.get(path).header("x-request-id", "shop-4711.a_b").await;
        assert_eq!(kept.header("x-request-id"), Some("shop-4711.a_b"), "a sane one is kept");
        let made = shop.client.get(path).await.header("x-request-id").unwrap().to_owned();
        assert_ne!(made, shop.client.get(path).await.header("x-request-id").unwrap());
    }
    for odd in ["", "a b", "<script>", &"x".repeat(1_000)] {
        let answer = shop.client.get("settings").header("x-request-id", odd).await;
        assert_ne!(answer.header("x-request-id"), Some(odd), "an odd one is not");
    }
}

async fn several_faults_come_together(shop: Shop) {
    let wish =
        json!({"type": 1, "amount": "x", "currency": "ZZZ", "customer": {"email": "x", "age": 1}, "extra": null});
    let answer = shop.client.post("events", &wish).await;
    answer.names("INVALID_INPUT", answer.params()[0]);
    let mut named = answer.params();
    named.sort_unstable();
    assert_eq!(named, ["amount", "currency", "customer.age", "customer.email", "external_id", "extra", "type"]);
    for detail in answer.json["error"]["details"].as_array().unwrap() {
        assert!(
            detail["message"].as_str().is_some_and(|text| text.contains("must") || text.contains("is ")),
            "{detail}"
        );
    }
    let answer =
        shop.client.post("events", &json!({"type": "purchase", "event_type": "lead", "external_id": "1"})).await;
    assert_eq!(answer.status, 417, "both names of one field");
    let older = json!({"event_type": "lead", "payload": {"a": 1}, "external_id": "1"});
    let made = shop.client.post("events", &older).await.created();
    assert_eq!((&made["type"], &made["metadata"]), (&json!("lead"), &json!({"a": 1})));
}

/// 401, 429, 402, 403, 413 and 415, idempotency, 417 for shape, 404, 417 for state.
async fn refusals_have_an_order(shop: Shop) {
    let browser = shop.client.anonymous();
    let big = vec![b' '; 256 * 1024 + 1];
    browser.call("PATCH", "affiliates/aff_x").text("{").await.refused(401, "UNAUTHORIZED");
    let reader = shop.scoped("read");
    reader.call("PATCH", "affiliates/aff_x").text("{").await.refused(403, "FORBIDDEN");
    reader.call("PATCH", "affiliates/aff_x").bytes("{").await.refused(403, "FORBIDDEN");
    reader.call("PATCH", "affiliates/aff_x").text(big.clone()).await.refused(403, "FORBIDDEN");
    shop.client.call("PATCH", "affiliates/aff_x").bytes("{").await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    shop.client.patch("affiliates/aff_x", &json!({"status": 1})).await.names("INVALID_INPUT", "status");
    shop.client.patch("affiliates/aff_x", &json!({"status": "approved"})).await.refused(404, "NOT_FOUND");
    let alice = shop.affiliate().await;
    let path = format!("affiliates/{}", alice["id"].as_str().unwrap());
    shop.client.patch(&path, &json!({"status": "rejected"})).await.refused(417, "INVALID_STATE");
    let overlooked = shop.client.get("commissions/com_x").query("limit", "0").await;
    overlooked.names("INVALID_INPUT", "limit");
}

async fn health_is_told_on_both_listeners(shop: Shop) {
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n");
    let server = &shop.world.server;
    for path in ["/livez", "/readyz"] {
        assert_eq!((server.raw(&ask(path)).status, server.raw_ops(&ask(path)).status), (200, 200), "{path}");
    }
    let metrics = server.raw_ops(&ask("/metrics"));
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains("# TYPE"), "{}", metrics.body);
    assert_eq!(server.raw(&ask("/metrics")).status, 404, "metrics are not for the public");
    let document: Value = server.raw(&ask("/api/v1/openapi")).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let page = server.raw(&ask("/api/v1/docs/"));
    assert!(page.status == 200 && page.body.contains("swagger"), "{page:?}");
}
