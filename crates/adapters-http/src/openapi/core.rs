//! The document without its second spellings, for generators of clients.

use super::shape::follow;
use crate::paths::operations;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Leaves out each operation that does what another does (`x-twin-of`), and whatever only such operations use.
pub(super) fn core(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        item.retain(|_, operation| operation.get("x-twin-of").is_none());
    }
    paths.retain(|_, item| item.as_object().is_some_and(|item| !item.is_empty()));
    drop_unused(document);
}

fn drop_unused(document: &mut Value) {
    let empty = Map::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
    let mut used = BTreeSet::new();
    for part in ["/paths", "/components/responses"] {
        document.pointer(part).into_iter().for_each(|part| follow(part, schemas, &mut used));
    }
    let tags = tags_in_use(document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.retain(|name, _| used.contains(name));
    }
    if let Some(listed) = document.get_mut("tags").and_then(Value::as_array_mut) {
        listed.retain(|tag| tag.get("name").and_then(Value::as_str).is_some_and(|name| tags.contains(name)));
    }
    if let Some(schemes) = document.pointer_mut("/components/securitySchemes").and_then(Value::as_object_mut) {
        schemes.remove("user");
    }
}

fn tags_in_use(document: &Value) -> BTreeSet<String> {
    let tags = operations(document).filter_map(|(_, _, operation)| operation.get("tags")?.as_array()).flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}
