//! The project's own tools: `cargo xtask ci` is the one gate every change passes, here and on the build servers.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod arch;
mod bench;
mod ci;
mod drift;
mod pg;
mod postgres;
mod source;
mod workspace;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks and tools of the project")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every check; exits with 0 only if all passed.
    Ci,
    /// Checks who depends on whom against the table of rooms.
    Arch,
    /// Checks the sources: ignored tests, lints, overlong files.
    Source,
    /// Checks that generated files are what the code generates.
    Drift {
        /// Writes the files anew instead.
        #[arg(long)]
        write: bool,
    },
    /// Runs a private PostgreSQL until Ctrl-C and prints its URL.
    Pg(pg::Options),
    /// Measures the server against pgbench and prints tables.
    #[command(disable_help_flag = true)]
    Bench {
        /// What to measure and how; `--help` tells.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Ci => ci::run(),
        Task::Arch => arch::check(),
        Task::Source => source::check(),
        Task::Drift { write: false } => drift::build().and_then(|()| drift::check()).map(report_skipped),
        Task::Drift { write: true } => drift::build().and_then(|()| drift::write()),
        Task::Pg(options) => pg::run(&options),
        Task::Bench { arguments } => bench::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn report_skipped(skipped: Vec<String>) {
    for line in skipped {
        println!("{line}");
    }
}

/// What every task answers with: the error is a text for the developer.
type Outcome<T = ()> = io::Result<T>;

/// A failed check; each fault is a line of its own.
fn faults(found: &[String]) -> Outcome {
    if found.is_empty() { Ok(()) } else { Err(io::Error::other(found.join("\n"))) }
}
