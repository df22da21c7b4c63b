//! The head of a report: what was measured, on what, when and how.

use crate::Pace;
use crate::clock::today;
use crate::workspace;
use std::io;
use std::path::Path;
use std::process::Command;

/// The first lines of the report.
pub(crate) fn heading(binary: &Path, pace: Pace) -> io::Result<String> {
    let said = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).current_dir(workspace::root()).output();
        done.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned()).unwrap_or_default()
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let profile = binary.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    Ok(format!(
        "# Benchmarks\n\n\
         `cargo xtask bench {}` on {}, commit {}, profile {profile}, {}, Linux {}, {} processors ({}).\n\n\
         {EXPLANATION}\n\
         Medians of {} rounds of {} s each, after {} s of warm-up.\n",
        arguments.join(" "),
        today(),
        said("git", &["describe", "--always", "--dirty"]),
        said("rustc", &["--version"]),
        said("uname", &["-r"]),
        std::thread::available_parallelism()?,
        model.trim_start_matches([':', ' ', '\t']),
        pace.rounds,
        pace.measured.as_secs(),
        pace.warm_up.as_secs(),
    ))
}

const EXPLANATION: &str = "\
Server, database and load generator share the machine. Commits are durable: PostgreSQL with fsync, full page writes and \n\
synchronous commit on, SQLite with synchronous=FULL. Every answer's status is checked, and at the end the rows in the \n\
database are counted against the answers.\n\n\
Contenders take turns, A B A B, and ratios are medians of the rounds' ratios: what slows the machine down slows both.\n\
pgbench (`-M prepared`, one thread, as the load generator) is the baseline. Its scripts are made from what the server \n\
was seen to do: for a read the very select from PostgreSQL's log; for an event the same reads in one pipeline, then one \n\
statement that writes the same rows with the same contents, committed by itself. One purchase by a visitor's cookie \n\
writes a claim, an event, a commission, two announcements and two outbox rows.\n\n\
Costs are processor time per request (`/proc/<pid>/stat`) over a whole turn; \"a write transaction\" is how many requests \n\
shared one.\n";
