//! What the document promises about itself.

use super::*;
use crate::paths::{Routes, operations};
use serde_json::json;

#[test]
fn it_is_the_same_every_time() {
    assert_eq!(serde_json::to_string(&document()).unwrap(), serde_json::to_string(&document()).unwrap());
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn every_operation_says_who_may_call_it_and_how_it_fails() {
    let document = document();
    let mut ids = std::collections::BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        let is_public = operation["security"] == json!([{}]);
        let scope = &operation["x-scope"];
        assert_eq!(scope.is_null(), is_public, "{name}");
        assert!(is_public || ["read", "write", "admin"].contains(&scope.as_str().unwrap()), "{name}");
        assert_eq!(operation["x-codes"], Value::Null, "{name}");
        for code in operation["x-error-codes"].as_array().unwrap() {
            let code = crate::Code::ALL.iter().find(|known| json!(known.as_str()) == *code).expect(&name);
            assert!(operation["responses"][code.status().to_string()].is_object(), "{name}");
        }
    }
    assert!(ids.len() > 15);
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                }
                members.values().for_each(|value| walk(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn paths_know_their_methods() {
    let routes = Routes::of(&document());
    assert_eq!(routes.allowed("/api/v1/affiliates").as_deref(), Some("GET, HEAD, POST"));
    assert_eq!(routes.allowed("/api/v1/coupons/x").as_deref(), Some("DELETE"));
    assert_eq!(routes.allowed("/api/v1/docs/index.html").as_deref(), Some("GET, HEAD"));
    assert_eq!(routes.allowed("/api/v1/nothing"), None);
}
