//! The form that generators of clients and readers of documents expect: named schemas instead of copies, examples where
//! they are looked for, and fields that are always there said to be required.

use crate::paths::operations;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";

/// Brings the collected document into that form.
pub(super) fn shape(document: &mut Value) {
    refer_to_copies(document);
    require_what_is_always_there(document);
    show_examples(document);
    drop_unused_responses(document);
}

fn schemas(document: &Value) -> Map<String, Value> {
    document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn named(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix(SCHEMAS)
}

/// Marks the nullable fields of answers as required: an answer has each of its fields, null where it is empty. (A field
/// that an answer may leave out is not nullable in its description.)
fn require_what_is_always_there(document: &mut Value) {
    let all = schemas(document);
    let answers = reached(document, &all, "responses");
    let requests = reached(document, &all, "requestBody");
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| answers.contains(*name) && !requests.contains(*name)) {
        require_nullable(schema);
    }
}

fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let is_required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let always: Vec<&String> = properties
        .iter()
        .filter(|(name, schema)| is_required(name) || is_nullable(schema))
        .map(|(name, _)| name)
        .collect();
    let always = json!(always);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".to_owned(), always);
    }
}

fn is_nullable(schema: &Value) -> bool {
    let has_null = |schema: &Value| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "null"),
        kind => kind.is_some_and(|kind| kind == "null"),
    };
    has_null(schema) || schema.get("oneOf").and_then(Value::as_array).is_some_and(|any| any.iter().any(has_null))
}

/// The names of the schemas that the `member` of some operation leads to.
fn reached(document: &Value, schemas: &Map<String, Value>, member: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in operations(document).filter_map(|(_, _, operation)| operation.get(member)) {
        follow(part, schemas, &mut found);
    }
    found
}

/// Adds the names of the schemas that a part of the document refers to, directly or through others.
pub(super) fn follow(part: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            if let Some((name, schema)) =
                members.get("$ref").and_then(named).and_then(|name| schemas.get_key_value(name))
                && found.insert(name.clone())
            {
                follow(schema, schemas, found);
            }
            members.values().for_each(|value| follow(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| follow(item, schemas, found)),
        _ => {}
    }
}

/// Replaces each copy of a named object by a reference to it: generic lists hold their entries as copies.
fn refer_to_copies(document: &mut Value) {
    let all = schemas(document);
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    for schema in schemas.values_mut() {
        inner_references(schema, &all);
    }
}

fn inner_references(schema: &mut Value, all: &Map<String, Value>) {
    let inner: Box<dyn Iterator<Item = &mut Value>> = match schema {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(items) => Box::new(items.iter_mut()),
        _ => return,
    };
    for value in inner {
        let copied =
            value.get("properties").is_some().then(|| all.iter().find(|(_, schema)| *schema == value)).flatten();
        match copied {
            Some((name, _)) => *value = json!({"$ref": format!("{SCHEMAS}{name}")}),
            None => inner_references(value, all),
        }
    }
}

/// Leaves out the shared answers that no operation refers to, having it in an answer with other codes or not at all.
fn drop_unused_responses(document: &mut Value) {
    let text = document.get("paths").map(Value::to_string).unwrap_or_default();
    let Some(responses) = document.pointer_mut("/components/responses").and_then(Value::as_object_mut) else { return };
    responses.retain(|name, _| text.contains(&format!("\"#/components/responses/{name}\"")));
}

/// Puts an example beside each schema of a body that has one, where tools look for it.
fn show_examples(document: &mut Value) {
    let all = schemas(document);
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut) {
        let body = operation.get_mut("requestBody").into_iter().flat_map(contents_of).collect::<Vec<_>>();
        body.into_iter().for_each(|media| show_example(media, &all));
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        for media in responses.into_iter().flat_map(Map::values_mut).flat_map(contents_of) {
            show_example(media, &all);
        }
    }
}

fn contents_of(part: &mut Value) -> impl Iterator<Item = &mut Value> {
    part.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

fn show_example(media: &mut Value, all: &Map<String, Value>) {
    let has_one = media.get("example").is_some() || media.get("examples").is_some();
    let example = media.get("schema").filter(|_| !has_one).and_then(|schema| example_of(schema, all));
    if let (Some(example), Some(media)) = (example, media.as_object_mut()) {
        media.insert("example".to_owned(), example);
    }
}

/// The example of a schema: its own, or one that is put together from those of its parts.
fn example_of(schema: &Value, all: &Map<String, Value>) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(target) = schema.get("$ref").and_then(named) {
        return example_of(all.get(target)?, all);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        return choices.iter().find_map(|choice| example_of(choice, all));
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts = parts.iter().map(|part| example_of(part, all)?.as_object().cloned());
        return parts.collect::<Option<Vec<_>>>().map(|parts| Value::Object(parts.into_iter().flatten().collect()));
    }
    if let Some(items) = schema.get("items") {
        return example_of(items, all).map(|item| json!([item]));
    }
    let properties = schema.get("properties").and_then(Value::as_object)?;
    let parts = properties.iter().map(|(name, part)| Some((name.clone(), example_of(part, all)?)));
    parts.collect::<Option<Map<_, _>>>().map(Value::Object)
}
