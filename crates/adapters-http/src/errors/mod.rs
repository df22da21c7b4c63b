//! Errors of the API: one table of codes, one format, one place that maps failures to responses.

mod answer;
mod app;
mod table;

pub(crate) use answer::{ApiError, ErrorBody, ErrorFormat, Rendered, whole_seconds};
pub use table::{Code, page as errors_page};
