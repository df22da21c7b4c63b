//! How results look as JSON.

use super::Failure;
use serde::Serialize;

/// A list, in the form of the API's lists.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// A result as JSON on one line.
pub(super) fn json(result: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(result).map_err(Failure::Json)
}
