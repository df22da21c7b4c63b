//! The REST API on actix-web: routes, bodies, errors, OpenAPI. The only crate that knows JSON.

mod cursor;
mod errors;
mod fields;
mod json;
mod values;
mod wire;

pub use cursor::CursorKey;
pub use errors::{Code, errors_page};
pub use wire::JsonWire;
