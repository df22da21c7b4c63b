//! The REST API on actix-web: routes, bodies, errors, OpenAPI. The only crate that knows JSON.
//!
//! A request passes `observe` (its id, deadline, log line and the format of its errors), is authenticated and read by a
//! `Call`, handled in `routes`, and rendered by `renderer`.

mod call;
mod connection;
mod csv;
mod cursor;
mod edge;
mod errors;
mod fields;
mod json;
mod legacy_api;
mod listener;
mod listing;
mod name;
mod observe;
mod openapi;
mod paths;
mod representations;
mod routes;
mod server;
mod spelling;
mod tls;
mod trace;
mod values;

pub use cursor::CursorKey;
pub use edge::{Limits, Outside, Visitors};
pub use errors::{Code, errors_page};
pub use listener::Listen;
pub use openapi::{core_document as core_openapi_document, document as openapi_document};
pub use representations::{JsonRenderer, instant_text};
pub use server::{HttpOptions, Running, serve};
pub use tls::{TlsError, TlsIdentity};

#[cfg(test)]
mod tests;
