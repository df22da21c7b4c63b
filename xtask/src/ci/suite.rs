//! All tests, on one private cluster.

use super::checked;
use crate::{Outcome, workspace};
use cargo_metadata::MetadataCommand;
use pgkit::{Cluster, ClusterOptions, SHARED_VARIABLE};
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::process::Command;

/// Test programs that often wait: for what they killed to come back, for slow clients to be disconnected, for one answer
/// before the next request. They run beside all others.
const WAITING: [&str; 3] = ["crash", "matrix", "slow"];

/// Runs every test program and the examples of the documentation; fails if one did, and never before all were run.
pub(super) fn run() -> Outcome {
    let cluster = Cluster::start(&ClusterOptions::default())?;
    let test = |targets: &[&str]| {
        let mut command = checked(&["test", "--workspace", "--locked", "--no-fail-fast"]);
        command.args(targets).env(SHARED_VARIABLE, cluster.folder());
        command
    };
    let programs = test_programs()?;
    let (waiting, others): (Vec<&str>, Vec<&str>) =
        programs.iter().map(String::as_str).partition(|name| WAITING.contains(name));
    let mut waiting = test(&selected(&[], &waiting));
    let mut others = [test(&selected(&["--lib", "--bins"], &others)), test(&["--doc"])];
    std::thread::scope(|threads| {
        let beside = threads.spawn(|| captured(&mut waiting));
        let mut outcomes: Vec<Outcome> = others.iter_mut().map(workspace::run).collect();
        let ended = || Err(io::Error::other("the waiting tests could not be watched"));
        outcomes.push(beside.join().unwrap_or_else(|_| ended()));
        outcomes.into_iter().collect()
    })
}

/// The names of all integration tests; packages share some.
fn test_programs() -> Outcome<BTreeSet<String>> {
    let workspace = MetadataCommand::new().current_dir(workspace::root()).no_deps().exec().map_err(io::Error::other)?;
    let targets = workspace.packages.into_iter().flat_map(|package| package.targets);
    Ok(targets.filter(|target| target.is_test()).map(|target| target.name).collect())
}

/// The arguments that select these test programs, after `others`.
fn selected<'a>(others: &[&'a str], programs: &[&'a str]) -> Vec<&'a str> {
    others.iter().copied().chain(programs.iter().flat_map(|name| ["--test", name])).collect()
}

/// Runs `command` and prints its output at its end, in one piece.
fn captured(command: &mut Command) -> Outcome {
    let done = command.output()?;
    let (mut stdout, mut stderr) = (io::stdout().lock(), io::stderr().lock());
    stderr.write_all(&done.stderr)?;
    stdout.write_all(&done.stdout)?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("`{}` failed ({})", workspace::shown(command), done.status)))
}
