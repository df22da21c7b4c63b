//! Files that are generated from the code and committed: they must be what the code generates.

use crate::{Outcome, faults, workspace};
use std::io;
use std::process::{Command, Stdio};

/// A committed file and the command of the server that prints it.
struct Generated {
    /// From the workspace's root.
    file: &'static str,
    /// What `coterie` is given.
    printed_by: &'static [&'static str],
}

/// Every generated file. Add a line here when another is committed.
const GENERATED: &[Generated] = &[Generated { file: "docs/openapi.json", printed_by: &["openapi"] }];

/// Builds the server that prints the files: the build of the tests, whose libraries have other features than those of the
/// server alone, and which is there already where somebody has run them.
pub(crate) fn build() -> Outcome {
    let build = ["test", "--quiet", "--locked", "--workspace", "--test", "cli", "--no-run"];
    workspace::run(&mut workspace::cargo(&build))
}

/// Compares every generated file that is committed with what the server of the last build prints; answers with a line
/// for each that is not there yet.
pub(crate) fn check() -> Outcome<Vec<String>> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for generated in GENERATED {
        let path = workspace::root().join(generated.file);
        if !path.exists() {
            skipped.push(format!("{} is not committed yet", generated.file));
            continue;
        }
        let (committed, printed) = (std::fs::read_to_string(path)?, print(generated)?);
        found.extend(difference(&committed, &printed).map(|where_| format!("{}{where_}", generated.file)));
    }
    faults(&found)?;
    Ok(skipped)
}

/// Writes every generated file anew.
pub(crate) fn write() -> Outcome {
    for generated in GENERATED {
        std::fs::write(workspace::root().join(generated.file), print(generated)?)?;
        println!("wrote {}", generated.file);
    }
    Ok(())
}

fn print(generated: &Generated) -> Outcome<String> {
    let mut command = Command::new(workspace::target()?.join("debug/coterie"));
    let done = command.args(generated.printed_by).stderr(Stdio::inherit()).output()?;
    if !done.status.success() {
        return Err(io::Error::other(format!("`{}` failed ({})", workspace::shown(&command), done.status)));
    }
    String::from_utf8(done.stdout).map_err(io::Error::other)
}

/// Where the committed text first differs from the printed one.
fn difference(committed: &str, printed: &str) -> Option<String> {
    if committed == printed {
        return None;
    }
    let same = committed.lines().zip(printed.lines()).take_while(|(left, right)| left == right).count();
    Some(format!(":{}: is not what the code generates; run `cargo xtask drift --write` and commit it", same + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_line_that_differs() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert!(difference("a\nb\n", "a\nc\n").is_some_and(|found| found.starts_with(":2:")));
        assert!(difference("a\n", "a\nb\n").is_some_and(|found| found.starts_with(":2:")));
        assert!(difference("a", "a\n").is_some());
    }
}
