//! The legacy API in the document: copies of operations with every name in snake_case.

use crate::{
    legacy_api::{is_session, modern_path},
    spelling::snake_case,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const SCHEMAS: &str = "#/components/schemas/";

/// Adds the legacy API to the completed document.
pub(super) fn add(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut speller = Speller { schemas: &schemas, made: BTreeMap::new() };
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let mut twins = Map::new();
    for (path, item) in paths.iter_mut() {
        match modern_path(path) {
            Some(path) => drop(twins.insert(path, speller.item(item.clone(), true))),
            None if is_session(path) => *item = speller.item(item.take(), false),
            None => {}
        }
    }
    paths.extend(twins);
    let made = speller.made;
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.extend(made);
    }
}

/// Respells schemas, and whatever they refer to.
struct Speller<'d> {
    schemas: &'d Map<String, Value>,
    made: BTreeMap<String, Value>,
}

impl Speller<'_> {
    /// The operations of a path.
    fn item(&mut self, mut item: Value, is_twin: bool) -> Value {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let mut spelled = self.schema(operation);
            if let Some(operation) = spelled.as_object_mut() {
                operation.insert("security".to_owned(), json!([{"key": []}, {"user": []}]));
                if is_twin {
                    as_twin(operation);
                }
                for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                    respell_name(parameter);
                }
            }
            *operation = spelled;
        }
        item
    }

    /// A schema, or whatever holds schemas.
    fn schema(&mut self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.schema(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.member(name, value))).collect()
            }
            other => other.clone(),
        }
    }

    fn member(&mut self, name: &str, value: &Value) -> Value {
        match (name, value) {
            ("$ref", Value::String(target)) => self.reference(target).into(),
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, schema)| (snake_case(name), self.schema(schema))).collect()
            }
            ("required", Value::Array(names)) => names.iter().map(respelled).collect(),
            ("description" | "pattern" | "summary", text) => respelled(text),
            ("example" | "examples", example) => with_names_respelled(example),
            _ => self.schema(value),
        }
    }

    /// Where the respelled schema is, which is where the schema was if nothing in it is spelled otherwise.
    fn reference(&mut self, target: &str) -> String {
        let Some((name, schema)) = target.strip_prefix(SCHEMAS).and_then(|name| self.schemas.get_key_value(name))
        else {
            return target.to_owned();
        };
        let spelled = self.schema(schema);
        if spelled == *schema {
            return target.to_owned();
        }
        let name = format!("{name}InSnakeCase");
        let target = format!("{SCHEMAS}{name}");
        self.made.insert(name, spelled);
        target
    }
}

/// Gives an operation that was copied its own name and place.
fn as_twin(operation: &mut Map<String, Value>) {
    if let Some(id) = operation.get("operationId").and_then(Value::as_str).map(str::to_owned) {
        operation.insert("operationId".to_owned(), id.replace("Group", "PaymentGroup").into());
        operation.entry("x-twin-of").or_insert_with(|| id.into());
    }
    operation.insert("tags".to_owned(), json!(["Older surface"]));
}

/// Respells a query parameter; parameters of the path and the header have one name everywhere.
fn respell_name(parameter: &mut Value) {
    if parameter.get("in") == Some(&json!("query"))
        && let Some(name) = parameter.get_mut("name")
    {
        *name = respelled(name);
    }
}

fn respelled(text: &Value) -> Value {
    text.as_str().map_or_else(|| text.clone(), |text| snake_case(text).into())
}

/// An example with its names respelled, save those that are the caller's own.
fn with_names_respelled(example: &Value) -> Value {
    match example {
        Value::Array(items) => items.iter().map(with_names_respelled).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let value = if name == "metadata" { value.clone() } else { with_names_respelled(value) };
                (snake_case(name), value)
            };
            members.iter().map(member).collect()
        }
        other => other.clone(),
    }
}
