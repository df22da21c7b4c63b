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
        let is_public = operation["security"] == json!([]);
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
    for document in [document(), core_document()] {
        walk(&document, &document);
    }
}

#[test]
fn paths_know_their_methods() {
    let routes = Routes::of(&document());
    assert_eq!(routes.allowed("/api/v1/affiliates").as_deref(), Some("GET, HEAD, POST"));
    assert_eq!(routes.allowed("/api/v1/coupons/x").as_deref(), Some("DELETE"));
    assert_eq!(routes.allowed("/api/v1/docs/index.html").as_deref(), Some("GET, HEAD"));
    assert_eq!(routes.allowed("/api/v1/nothing"), None);
}

#[test]
fn summaries_fit_a_line_and_tags_are_described() {
    let document = document();
    let described = |tag: &Value| document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag);
    let mut overlong = Vec::new();
    for (path, method, operation) in operations(&document) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        if !(1..120).contains(&summary.len()) {
            overlong.push(format!("{method} {path}: {summary:?}"));
        }
        assert!(operation["tags"].as_array().unwrap().iter().all(described), "{method} {path} {:?}", operation["tags"]);
    }
    assert_eq!(overlong, Vec::<String>::new());
    assert_eq!(document["info"]["license"]["identifier"], "MIT OR Apache-2.0");
}

#[test]
fn answers_are_open_and_complete() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert_ne!(schema["additionalProperties"], json!(false), "{name}");
    }
    let schema = |name: &str| &document["components"]["schemas"][name];
    assert_eq!(schema("ErrorResponse")["properties"]["error"]["properties"]["code"]["enum"], Value::Null);
    let affiliate = schema("Affiliate");
    assert_eq!(affiliate["required"].as_array().unwrap().len(), affiliate["properties"].as_object().unwrap().len());
    assert_eq!(schema("NewAffiliate")["required"], json!(["email"]));
    assert_eq!(schema("EventOutcome")["required"], json!(["index", "status"]));
    assert_eq!(
        schema("List_Affiliate")["properties"]["data"]["items"],
        json!({"$ref": "#/components/schemas/Affiliate"})
    );
}

#[test]
fn examples_are_beside_the_bodies() {
    let document = document();
    let mut bare = Vec::new();
    for (path, method, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().values().filter_map(|it| it["content"].as_object());
        let bodies = operation["requestBody"]["content"].as_object().into_iter().chain(answers);
        let is_bare = |media: &Value| media.get("example").or(media.get("examples")).is_none();
        bare.extend(
            bodies
                .flatten()
                .filter(|(_, media)| media["schema"]["$ref"].is_string() && is_bare(media))
                .map(|(kind, media)| format!("{method} {path} {kind} {}", media["schema"]["$ref"])),
        );
    }
    assert_eq!(bare, Vec::<String>::new());
    let list = &document["paths"]["/api/v1/affiliates"]["get"]["responses"]["200"]["content"]["application/json"];
    assert_eq!((&list["example"]["data"][0]["slug"], &list["example"]["next_cursor"]), (&json!("alice"), &json!(null)));
}

#[test]
fn the_core_has_each_operation_once() {
    let (whole, core) = (document(), core_document());
    let ids = |document: &Value| -> std::collections::BTreeSet<String> {
        operations(document).map(|(_, _, it)| it["operationId"].as_str().unwrap().to_owned()).collect()
    };
    let originals = ids(&core);
    for (path, method, operation) in operations(&whole) {
        let is_older = operation["tags"] == json!(["Older surface"]);
        let twin = operation["x-twin-of"].as_str();
        assert!(twin.is_some() || !is_older, "{method} {path} does not say what it is another spelling of");
        assert!(twin.is_none_or(|twin| originals.contains(twin)), "{method} {path}");
        assert_eq!(twin.is_none(), originals.contains(operation["operationId"].as_str().unwrap()), "{method} {path}");
    }
    assert!(originals.len() < ids(&whole).len());
    assert!(!core.to_string().contains("InSnakeCase"));
    assert!(core["components"]["schemas"]["Affiliate"].is_object());
}
