//! `cargo xtask bench`: builds and runs the benchmarks, which are a program of their own (`crates/bench`), so that the
//! tools need not be compiled with a load generator.

use crate::{Outcome, workspace};
use std::ffi::OsString;

/// A load generator built for debugging would take the processors from the server it measures.
const PROFILE: &str = "fast";

/// Builds the benchmarks and runs them with these arguments.
pub(crate) fn run(arguments: &[OsString]) -> Outcome {
    let build = ["build", "--quiet", "--locked", "--package=bench", "--profile", PROFILE];
    workspace::run(&mut workspace::cargo(&build))?;
    let program = workspace::target()?.join(PROFILE).join("bench");
    workspace::run(workspace::command(program).args(arguments))
}
