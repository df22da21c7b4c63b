//! The refusals of every operation of the document.

use super::*;
use crate::{openapi::document, paths::operations};

/// A path of the document with an id of the kind that its examples show.
pub(super) fn concrete(document: &Value, path: &str) -> String {
    let Some((list, _)) = path.split_once("/{id}") else { return path.to_owned() };
    let one = format!("{list}/{{id}}");
    let about_it = operations(document).filter(|(path, ..)| *path == one || *path == list);
    let mut responses = about_it.flat_map(|(.., operation)| operation["responses"].as_object().unwrap().values());
    let shown = responses.find_map(|response| response["content"]["application/json"]["example"]["id"].as_str());
    let (prefix, _) = shown.unwrap().split_once('_').unwrap();
    path.replace("{id}", &format!("{prefix}_00000000000000000000000007"))
}

/// Every operation that needs a key: its name, method, path and scope.
fn keyed() -> Vec<(String, Method, String, String)> {
    let document = document();
    let keyed = operations(&document).filter_map(|(path, method, operation)| {
        let scope = operation["x-scope"].as_str()?.to_owned();
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
        Some((format!("{method} {path}"), method, concrete(&document, path), scope))
    });
    keyed.collect()
}

#[actix_web::test]
async fn whoever_has_no_valid_key_gets_one_answer() {
    let (stub, edge) = set_up();
    let mut bodies = std::collections::BTreeSet::new();
    for (name, method, path, _) in keyed() {
        let good = Who::All.key();
        let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
        let unknown = domain::KeyFormat::new("cob_", &[]).unwrap().write(domain::Mode::Test, &[77; 64]).unwrap();
        let values = [
            None,
            Some("Bearer".to_owned()),
            Some("Bearer x".to_owned()),
            Some(format!("Basic {good}")),
            Some(format!("Bearer {flipped}")),
            Some(format!("Bearer {}", unknown.expose())),
            Some(format!("Bearer {}", Who::Revoked.key())),
            Some(format!("Bearer {}", Who::Expired.key())),
        ];
        for value in values {
            let mut request =
                TestRequest::default().method(method.clone()).uri(&path).insert_header(("x-request-id", "same"));
            if let Some(value) = &value {
                request = request.insert_header(("authorization", value.as_str()));
            }
            let got = send(&edge, request).await;
            assert_eq!((got.status.as_u16(), got.code().as_str()), (401, "UNAUTHORIZED"), "{name} {value:?}");
            assert_eq!(got.header("www-authenticate"), "Bearer");
            assert_eq!(got.header("ratelimit"), "");
            bodies.insert(got.bytes);
        }
        let in_query = TestRequest::default().method(method.clone()).uri(&format!("{path}?api_key={good}&key={good}"));
        assert_eq!(send(&edge, in_query).await.status, 401, "{name}");
    }
    assert_eq!(bodies.len(), 1);
    assert_eq!(commits(&stub), 0);
}

#[actix_web::test]
async fn limit_plan_and_scope_come_before_anything_else() {
    let (stub, edge) = set_up();
    for (name, method, path, scope) in keyed() {
        let got = send(&edge, as_caller(Who::Limited, method.clone(), &path)).await;
        assert_eq!((got.status.as_u16(), got.code().as_str()), (429, "RATE_LIMITED"), "{name}");
        assert_eq!((got.header("retry-after"), got.header("ratelimit")), ("2", "\"key\";r=0;t=2"), "{name}");
        let got = send(&edge, as_caller(Who::SmallPlan, method.clone(), &path)).await;
        assert_eq!((got.status.as_u16(), got.code().as_str()), (402, "PLAN_REQUIRED"), "{name}");
        assert_eq!(got.json()["error"]["message"], "API access requires the Growth plan or above.");
        for (who, has) in [(Who::Reader, "read"), (Who::Writer, "write"), (Who::Admin, "admin")] {
            let got = send(&edge, as_caller(who, method.clone(), &path)).await;
            assert_eq!(got.status == 403, has != scope, "{name} {who:?}");
            assert_eq!(got.header("ratelimit-policy"), "\"key\";q=600;w=60", "{name}");
            assert_eq!(got.header("cache-control"), "no-store", "{name}");
        }
    }
    assert_eq!(commits(&stub), 4, "deleting coupon, tier and rule and the reset need no body");
}

#[actix_web::test]
async fn an_unknown_parameter_is_not_overlooked() {
    let (stub, edge) = set_up();
    for (name, method, path, _) in keyed() {
        // Older clients send such when they read.
        let overlooked = method == Method::GET && !path.starts_with("/api/v1");
        let request = with_json(as_caller(Who::All, method, &format!("{path}?dry_runs=true")), "{}");
        let got = send(&edge, request).await;
        let error = got.json()["error"].clone();
        let told = |detail: &Value| detail["param"] == "dry_runs";
        let is_told = error["details"].as_array().is_some_and(|details| details.iter().any(told));
        assert_eq!(got.status == 417 && is_told, !overlooked, "{name}: {error}");
    }
    assert_eq!(commits(&stub), 0);
}

#[actix_web::test]
async fn a_dry_run_needs_to_read_and_keeps_nothing() {
    let (stub, edge) = set_up();
    let body = r#"{"type": "purchase", "external_id": "1", "amount": 1}"#;
    let send_as = async |who, query: &str| {
        let request = as_caller(who, Method::POST, &format!("/api/v1/events{query}"));
        send(&edge, with_json(request.insert_header(("Idempotency-Key", "k")), body)).await
    };
    assert_eq!(send_as(Who::Reader, "?dry_run=true").await.status, 200);
    for (who, query) in [(Who::Writer, "?dry_run=true"), (Who::Reader, "?dry_run=false"), (Who::Reader, "?dry_run=1")] {
        assert_eq!(send_as(who, query).await.status, 403, "{who:?} {query}");
    }
    let got = send_as(Who::Writer, "?dry_run=1").await;
    assert_eq!((got.status.as_u16(), got.param().as_str()), (417, "dry_run"));
    let bad_key =
        as_caller(Who::Reader, Method::POST, "/api/v1/events?dry_run=true").insert_header(("Idempotency-Key", "a b"));
    assert_eq!(send(&edge, with_json(bad_key, body)).await.param(), "Idempotency-Key");
    assert_eq!(commits(&stub), 0);
    assert_eq!(send_as(Who::Writer, "?dry_run=false").await.status, 201);
    assert_eq!(commits(&stub), 1);
}

#[actix_web::test]
async fn a_malformed_id_is_one_that_is_unknown() {
    let (_, edge) = set_up();
    for (name, method, path, _) in keyed().into_iter().filter(|(name, ..)| name.contains("{id}")) {
        let mut bodies = std::collections::BTreeSet::new();
        let unknown = path.replace('7', "8");
        let others = [
            unknown,
            path.replace("_", "-"),
            path.replace("0007", "00070"),
            path.replace("000", "%00"),
            path.replace("0007", "%C3%A9"),
        ];
        for other in others {
            let body = match &name {
                name if name.ends_with("/results") => {
                    r#"{"items":[{"item_id":"pit_00000000000000000000000007","status":"paid","amount":1}]}"#
                }
                name if name.contains("payouts") => r#"{"status":"paid"}"#,
                name if name.contains("commissions") => r#"{"status":"void"}"#,
                name if name.contains("/orders/") => r#"{"status":"CASHBACK_SENT"}"#,
                _ => "{}",
            };
            let query = if name.ends_with("/export") { "?format=paypal" } else { "" };
            let request = with_json(as_caller(Who::All, method.clone(), &format!("{other}{query}")), body);
            let got = send(&edge, request.insert_header(("x-request-id", "same"))).await;
            assert_eq!((got.status.as_u16(), got.code().as_str()), (404, "NOT_FOUND"), "{name} {other}");
            bodies.insert(got.bytes);
        }
        assert_eq!(bodies.len(), 1, "{name}");
    }
}

#[actix_web::test]
async fn bodies_come_before_ids_and_transport_before_both() {
    let (stub, edge) = set_up();
    let document = document();
    let with_body: std::collections::BTreeSet<String> = operations(&document)
        .filter(|(_, _, operation)| operation["requestBody"]["required"] == true)
        .map(|(path, method, _)| format!("{} {path}", method.to_ascii_uppercase()))
        .collect();
    for (name, method, path, _) in keyed().into_iter().filter(|(name, ..)| with_body.contains(name)) {
        let path = path.replace('7', "8");
        let request = || as_caller(Who::All, method.clone(), &path);
        let got = send(&edge, request().insert_header(("content-type", "text/plain")).set_payload("{")).await;
        assert_eq!(got.code(), "UNSUPPORTED_MEDIA_TYPE", "{name}");
        let got = send(&edge, with_json(request(), "{}").insert_header(("content-encoding", "gzip"))).await;
        assert_eq!(got.code(), "UNSUPPORTED_MEDIA_TYPE", "{name}");
        let most = if path.ends_with("/batch") { 2 * 1024 * 1024 } else { 256 * 1024 };
        let got = send(&edge, with_json(request(), vec![b' '; most + 1])).await;
        assert_eq!(got.code(), "PAYLOAD_TOO_LARGE", "{name}");
        for (body, param) in
            [("", "body"), ("{", "body"), ("[]", "body"), (r#"{"a":1,"a":1}"#, "a"), (r#"{"zz":"\u0000"}"#, "zz")]
        {
            let got = send(&edge, with_json(request(), body)).await;
            assert_eq!((got.status.as_u16(), got.param().as_str()), (417, param), "{name} {body}");
        }
        let bad_key = with_json(request(), "{}").insert_header(("idempotency-key", "a b"));
        assert_eq!(send(&edge, bad_key).await.param(), "Idempotency-Key", "{name}");
    }
    assert_eq!(commits(&stub), 0);
}

#[actix_web::test]
async fn a_used_idempotency_key_comes_before_shape_and_id() {
    let (stub, edge) = set_up();
    let keyed = |path: &str, body: &str| {
        with_json(as_caller(Who::All, Method::PATCH, path), body.to_owned()).insert_header(("idempotency-key", "\"k\""))
    };
    let path = "/api/v1/affiliates/aff_00000000000000000000000007";
    let first = send(&edge, keyed(path, r#"{"custom_commission_rate":0.5}"#)).await;
    let again = send(&edge, keyed(path, r#"{ "custom_commission_rate": 0.50 }"#)).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16(), &first.bytes), (200, 200, &again.bytes));
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    for (path, body) in [
        (path, r#"{"custom_commission_rate":0.6}"#),
        (path, r#"{"custom_commission_rate":"x"}"#),
        (path, "{"),
        ("/api/v1/affiliates/aff_00000000000000000000000008", r#"{"custom_commission_rate":0.5}"#),
        ("/api/v1/affiliates/x", r#"{"custom_commission_rate":0.5}"#),
    ] {
        assert_eq!(send(&edge, keyed(path, body)).await.code(), "IDEMPOTENCY_MISMATCH", "{path} {body}");
    }
    assert_eq!(commits(&stub), 1);
}
