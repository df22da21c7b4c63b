//! Everything that a value cannot be, from its schema.

use crate::support::Contract;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A value that must be refused, and why.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) why: String,
    pub(crate) value: Value,
}

fn fault(why: &str, value: Value) -> Fault {
    Fault { why: why.to_owned(), value }
}

/// One property of a body.
#[derive(Debug)]
pub(crate) struct Property<'a> {
    /// Dotted, from the body's root; `[0]` is the first entry of a list.
    pub(crate) name: String,
    pub(crate) schema: &'a Value,
    pub(crate) required: bool,
}

/// The properties of a body, those of objects and of the first entries of lists inside it included.
pub(crate) fn properties<'a>(contract: &'a Contract, schema: &'a Value, prefix: &str) -> Vec<Property<'a>> {
    let schema = plain(contract, schema);
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut found = Vec::new();
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let dotted = format!("{prefix}{name}");
        found.extend(properties(contract, inner, &format!("{dotted}.")));
        if let Some(entry) = plain(contract, inner).get("items") {
            found.extend(properties(contract, entry, &format!("{dotted}[0].")));
        }
        found.push(Property { name: dotted, schema: inner, required: required(name) });
    }
    found
}

/// The objects of a body, each as what the names of its members begin with: the body itself first, with nothing.
pub(crate) fn objects(contract: &Contract, schema: &Value) -> BTreeSet<String> {
    let names = properties(contract, schema, "").into_iter().map(|property| property.name);
    let inner = names.filter_map(|name| name.rsplit_once('.').map(|(object, _)| format!("{object}.")));
    inner.chain([String::new()]).collect()
}

/// A schema without the `$ref` or the choice of null around it.
fn plain<'a>(contract: &'a Contract, schema: &'a Value) -> &'a Value {
    let schema = contract.resolved(schema);
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        Some(choice) => plain(contract, choice),
        None => schema,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn takes_null(contract: &Contract, schema: &Value) -> bool {
    let schema = contract.resolved(schema);
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    types(schema).contains(&"null") || choices.is_some_and(|all| all.iter().any(|one| one["type"] == "null"))
}

/// What a value with this schema cannot be.
pub(crate) fn faults(contract: &Contract, schema: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    if !takes_null(contract, schema) {
        found.push(fault("null", Value::Null));
    }
    let schema = plain(contract, schema);
    let types = types(schema);
    for (kind, value) in [
        ("string", json!("x")),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([1])),
        ("object", json!({"x": 1})),
    ] {
        let fits = types.contains(&kind);
        if !types.is_empty() && !fits {
            found.push(fault(&format!("of type {kind}"), value));
        }
    }
    if types.contains(&"string") {
        found.extend(bad_strings(schema));
    }
    found.extend(bad_numbers(schema));
    if let Some(most) = schema["maxItems"].as_u64() {
        let item = faults(contract, &schema["items"]);
        found.push(fault("a list too long", vec![json!(0); usize::try_from(most).unwrap() + 1].into()));
        found.extend(item.into_iter().map(|it| fault(&format!("a list of one {}", it.why), json!([it.value]))));
    }
    found
}

fn bad_strings(schema: &Value) -> Vec<Fault> {
    let mut found = vec![fault("a text with NUL", json!("a\u{0}b"))];
    if let Some(most) = schema["maxLength"].as_u64() {
        let long = "a".repeat(usize::try_from(most).unwrap() + 1);
        found.push(fault("a text too long", json!(long)));
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) || schema.get("enum").is_some() {
        found.push(fault("an empty text", json!("")));
    }
    if schema.get("pattern").is_some() || schema.get("enum").is_some() {
        found.push(fault("a text of another form", json!("No! Such? Word")));
    }
    match schema["format"].as_str() {
        Some("email") => found.extend(["x", "a@b", "a b@example.com"].map(|text| fault("no address", json!(text)))),
        Some("date-time") => {
            found.extend(["x", "2024-13-01T00:00:00Z"].map(|text| fault("no time", json!(text))));
        }
        _ => {}
    }
    found
}

fn bad_numbers(schema: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    let types = types(schema);
    if !types.iter().any(|kind| matches!(*kind, "number" | "integer")) {
        return found;
    }
    found.push(fault("a number beyond all measure", json!(1e300)));
    if types.contains(&"integer") {
        found.push(fault("half a number", json!(1.5)));
        found.push(fault("a number beyond 64 bits", json!(u64::MAX)));
    }
    if let Some(least) = schema["minimum"].as_i64() {
        found.push(fault("a number too small", json!(least - 1)));
    }
    if let Some(most) = schema["maximum"].as_i64() {
        found.push(fault("a number too large", json!(most + 1)));
    }
    found
}

/// `body` with the member `name` (as [`Property::name`]) set to `value`, or taken out.
pub(crate) fn with(body: &Value, name: &str, value: Option<&Value>) -> Value {
    let mut body = body.clone();
    let mut at = &mut body;
    let mut steps = name.split('.').peekable();
    while let Some(step) = steps.next() {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let members = at.as_object_mut().unwrap();
        if steps.peek().is_none() {
            match value {
                Some(value) => members.insert(step.to_owned(), value.clone()),
                None => members.remove(step),
            };
            return body;
        }
        at = match step.strip_suffix("[0]") {
            Some(list) => first(members.entry(list).or_insert(Value::Null)),
            None => members.entry(step).or_insert(Value::Null),
        };
    }
    body
}

/// The first entry of a list, made if need be.
fn first(list: &mut Value) -> &mut Value {
    if list.get(0).is_none() {
        *list = json!([{}]);
    }
    &mut list[0]
}
