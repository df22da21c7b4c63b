//! The Coterie server.

mod settings;

fn main() {}
