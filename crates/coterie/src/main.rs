//! The Coterie server: one binary with its settings and its command line. It wires the adapters to the use cases and
//! decides nothing itself.

mod address;
mod cli;
mod commands;
mod database;
mod failure;
mod files;
mod healthcheck;
mod print;
mod secret_file;
mod serve;
mod settings;
mod signals;
mod telemetry;
mod welcome;
mod wiring;
mod workers;

use clap::Parser;
use cli::Cli;
use mimalloc::MiMalloc;
use settings::Environment;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let done = async {
        let environment = Environment::new(std::env::vars_os())?;
        commands::run(Cli::parse(), &environment).await
    };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::complaint(&ports::ErrorChain(&failure).to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
