//! `cargo xtask ci`: every check, in the order in which it is soonest known that something is wrong.

mod suite;

use crate::{Outcome, arch, drift, postgres, source, workspace};
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One check.
struct Step {
    name: &'static str,
    /// The steps without which this one would only repeat their failure.
    needs: &'static [&'static str],
    /// Answers with what was left out, if anything.
    run: fn() -> Outcome<Vec<String>>,
}

const STEPS: &[Step] = &[
    Step { name: "tools", needs: &[], run: || tools().map(whole) },
    Step { name: "format", needs: &["tools"], run: || cargo(&["fmt", "--all", "--check"]) },
    Step { name: "architecture", needs: &[], run: || arch::check().map(whole) },
    Step { name: "sources", needs: &[], run: || source::check().map(whole) },
    Step { name: "lints and build", needs: &["tools"], run: || build().map(whole) },
    Step { name: "generated files", needs: &["lints and build"], run: drift::check },
    Step { name: "tests", needs: &["lints and build"], run: || suite::run().map(whole) },
    Step { name: "dependencies", needs: &[], run: dependencies },
];

enum Verdict {
    Passed(Vec<String>),
    Failed(io::Error),
    Left,
}

struct Done {
    step: &'static Step,
    verdict: Verdict,
    took: Duration,
}

/// Runs every step and fails if one did. After a failure the others run all the same, save those that need it.
pub(crate) fn run() -> Outcome {
    let mut done: Vec<Done> = Vec::new();
    for step in STEPS {
        let passed =
            |need: &&str| done.iter().any(|it| it.step.name == *need && matches!(it.verdict, Verdict::Passed(_)));
        let ready = step.needs.iter().all(passed);
        println!("\n== {}", step.name);
        let started = now();
        let verdict = if ready { verdict((step.run)()) } else { Verdict::Left };
        done.push(Done { step, verdict, took: started.elapsed() });
        if let Some(it) = done.last() {
            println!("{}", line(it));
        }
    }
    println!("\n== summary");
    done.iter().for_each(|it| println!("{}", line(it)));
    println!("{:<8} {:<16} {:>7.1} s", "", "all", done.iter().map(|it| it.took).sum::<Duration>().as_secs_f64());
    let failed = done.iter().filter(|it| !matches!(it.verdict, Verdict::Passed(_))).count();
    if failed == 0 { Ok(()) } else { Err(io::Error::other(format!("{failed} of {} checks did not pass", done.len()))) }
}

fn verdict(outcome: Outcome<Vec<String>>) -> Verdict {
    match outcome {
        Ok(left_out) => Verdict::Passed(left_out),
        Err(error) => Verdict::Failed(error),
    }
}

fn line(done: &Done) -> String {
    let (mark, more) = match &done.verdict {
        Verdict::Passed(left_out) if left_out.is_empty() => ("ok", String::new()),
        Verdict::Passed(left_out) => ("ok", format!(" (left out: {})", left_out.join("; "))),
        Verdict::Failed(error) => ("FAILED", format!("\n{error}")),
        Verdict::Left => ("NOT RUN", format!(" (needs: {})", done.step.needs.join(", "))),
    };
    format!("{mark:<8} {:<16} {:>7.1} s{more}", done.step.name, done.took.as_secs_f64())
}

/// A step that left nothing out.
fn whole((): ()) -> Vec<String> {
    Vec::new()
}

fn cargo(arguments: &[&str]) -> Outcome<Vec<String>> {
    workspace::run(&mut workspace::cargo(arguments)).map(whole)
}

/// rustfmt and clippy are components that a bare toolchain lacks.
fn tools() -> Outcome {
    for tool in ["fmt", "clippy"] {
        if !answers(&[tool, "--version"]) {
            return Err(io::Error::other("rustfmt or clippy is missing: run `rustup component add rustfmt clippy`"));
        }
    }
    postgres::ensure().map(|programs| println!("PostgreSQL {}", programs.major()))
}

/// Compiles every target with clippy's and rustdoc's lints; a warning is an error. Not by `cargo test`, which compiles no
/// program of a package without integration tests, save for its own tests.
fn build() -> Outcome {
    workspace::run(&mut checked(&["build", "--workspace", "--all-targets", "--locked"]))
}

/// A cargo that compiles our crates through `.ci/rustc`.
fn checked(arguments: &[&str]) -> Command {
    let mut command = workspace::cargo(arguments);
    command.env("RUSTC_WORKSPACE_WRAPPER", workspace::root().join(".ci/rustc"));
    command
}

/// Licenses, sources and banned crates, as `deny.toml` says. Known weaknesses come to light without a change of ours, so
/// they are looked up before a release, not here.
fn dependencies() -> Outcome<Vec<String>> {
    if !answers(&["deny", "--version"]) {
        return Ok(vec!["cargo-deny is not installed; `cargo install --locked cargo-deny`".to_owned()]);
    }
    // It looks at the crates of every platform in deny.toml, and a build fetches those of its own alone.
    cargo(&["fetch", "--locked"])?;
    cargo(&["deny", "--locked", "--offline", "check", "bans", "licenses", "sources"])
}

fn answers(arguments: &[&str]) -> bool {
    let mut command: Command = workspace::cargo(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_methods, reason = "each step's duration is shown to the developer")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_needs_only_steps_before_it() {
        for (index, step) in STEPS.iter().enumerate() {
            let before: Vec<&str> = STEPS[..index].iter().map(|step| step.name).collect();
            assert!(step.needs.iter().all(|need| before.contains(need)), "{} needs {:?}", step.name, step.needs);
        }
    }
}
