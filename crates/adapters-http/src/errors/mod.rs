//! Errors of the API: one table of codes, one format, one place that maps failures to responses.

mod answer;
mod app;
mod table;

pub(crate) use answer::{ApiError, ErrorBody, ErrorFormat, Rendered, whole_seconds};
/// The name of the schema of what went wrong.
pub(crate) const SCHEMA: &str = "ApiError";

pub use table::{Code, page as errors_page};
