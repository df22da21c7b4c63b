//! Which methods a path has, for 405 and its `Allow`.

use super::operations;
use crate::routes::BASE;
use actix_web::dev::ResourceDef;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
