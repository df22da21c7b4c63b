//! One operation of the OpenAPI document.

use serde_json::Value;

/// A method on a path, and what the document says of it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// In capitals.
    pub(crate) method: String,
    /// The path with its parameters in braces: `/api/v1/affiliates/{id}`.
    pub(crate) path: String,
    /// What the document says.
    pub(crate) facts: Value,
}

impl Operation {
    /// `POST /api/v1/affiliates`
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it wants a key.
    pub(crate) fn is_secured(&self) -> bool {
        self.scope().is_some()
    }

    /// The scope that its key needs.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.facts["x-scope"].as_str()
    }

    /// The codes of errors that it may answer with.
    pub(crate) fn error_codes(&self) -> Vec<&str> {
        self.facts["x-error-codes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// What it says of an answer with this status.
    pub(crate) fn response(&self, status: u16) -> Option<&Value> {
        self.facts["responses"].get(status.to_string())
    }

    /// The schema of its JSON body, if it takes one.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.facts.pointer("/requestBody/content/application~1json/schema")
    }

    /// Whether the operation ignores unknown parameters.
    pub(crate) fn passes_unknown_parameters_over(&self) -> bool {
        self.facts["x-unknown-parameters"] == "ignored"
    }

    /// Whether the operation ignores unknown fields.
    pub(crate) fn passes_unknown_fields_over(&self) -> bool {
        self.facts["x-unknown-fields"] == "ignored"
    }

    /// Whether the operation stores responses and replays them.
    pub(crate) fn keeps_answers(&self) -> bool {
        self.parameters("header").iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    }

    /// The names and schemas of its parameters in `place` (`query`, `path`, `header`).
    pub(crate) fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.facts["parameters"].as_array();
        all.into_iter().flatten().filter(|parameter| parameter["in"] == place).collect()
    }

    /// How many literal segments match if `path` is one of its paths.
    pub(crate) fn matches(&self, path: &str) -> Option<usize> {
        let (wanted, given): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(wanted, given): (&&str, &&str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
        let all = wanted.len() == given.len() && wanted.iter().zip(&given).all(fits);
        all.then(|| wanted.iter().filter(|segment| !segment.starts_with('{')).count())
    }
}
