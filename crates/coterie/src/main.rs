//! The Coterie server.

mod cli;
mod healthcheck;
mod print;
mod secret_file;
mod settings;
mod signals;
mod telemetry;

fn main() {}
