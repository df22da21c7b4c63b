//! Whether what is stored is what the rules say it should be.

mod order;
mod room;
mod sale;

pub use order::audit_order;
pub use sale::{Flaw, audit};
