//! Where the API lives, and which methods each path of it has, for 405 and its `Allow`.

use actix_web::dev::ResourceDef;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where the API's own operations live.
pub(crate) const BASE: &str = "/api/v1";
/// Where the OpenAPI document is served.
pub(crate) const DOCUMENT: &str = "/api/v1/openapi";

/// Every operation of the document: path, method, operation.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// The paths of the document and their methods.
pub(crate) struct Routes(Vec<(ResourceDef, String)>);

impl Routes {
    /// Of the document.
    pub(crate) fn of(document: &Value) -> Self {
        let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, method, _) in operations(document) {
            paths.entry(path.to_owned()).or_default().insert(method.to_ascii_uppercase());
        }
        // Not an operation, so not in the document: the pages that show it.
        paths.insert(format!("{BASE}/docs{{tail:.*}}"), BTreeSet::from(["GET".to_owned()]));
        Self::from(paths)
    }

    /// Of a listener that has only these, for reading.
    pub(crate) fn readable(paths: &[&str]) -> Self {
        let get = || BTreeSet::from(["GET".to_owned()]);
        Self::from(paths.iter().map(|path| ((*path).to_owned(), get())).collect())
    }

    fn from(paths: BTreeMap<String, BTreeSet<String>>) -> Self {
        let allow = |mut methods: BTreeSet<String>| {
            if methods.contains("GET") {
                methods.insert("HEAD".to_owned());
            }
            methods.into_iter().collect::<Vec<_>>().join(", ")
        };
        Self(paths.into_iter().map(|(path, methods)| (ResourceDef::new(path), allow(methods))).collect())
    }

    /// The methods of a path, as `Allow` lists them; `None` if there is no such path.
    pub(crate) fn allowed(&self, path: &str) -> Option<String> {
        self.0.iter().find(|(route, _)| route.is_match(path)).map(|(_, methods)| methods.clone())
    }
}
