//! How the API says no: one table of codes, one form, one place that turns a fault into an answer.

mod answer;
mod app;
mod table;

pub(crate) use answer::{ApiError, ErrorBody, Rendered, Voice, whole_seconds};
pub use table::{Code, page as errors_page};
