//! What the compiler does not check in the sources.

use crate::{Outcome, faults, workspace};
use std::io;
use std::path::{Path, PathBuf};

/// Longer files are named, not refused: each should still be called one subject.
const LONG_FILE: usize = 600;

/// Folders of the workspace that hold Rust sources and manifests.
const FOLDERS: [&str; 3] = ["crates", "xtask", "tests"];

/// Fails on an ignored test, on examples that nothing tries, and on a crate without the workspace's lints; names overlong
/// files.
pub(crate) fn check() -> Outcome {
    let mut found = Vec::new();
    for folder in FOLDERS {
        for path in files_below(&workspace::root().join(folder))? {
            let text = std::fs::read_to_string(&path)?;
            let name = path.strip_prefix(workspace::root()).unwrap_or(&path).display();
            let faults = if path.ends_with("Cargo.toml") {
                let library = library_of(&path, &text)?;
                [manifest_faults(&text), untried_faults(&library)].concat()
            } else {
                source_faults(&text)
            };
            found.extend(faults.into_iter().map(|fault| format!("{name}{fault}")));
            let lines = text.lines().count();
            if lines > LONG_FILE {
                println!("warning: {name} has {lines} lines: would it still be called one subject?");
            }
        }
    }
    faults(&found)
}

/// The Rust sources and manifests below `folder`, which need not exist.
pub(crate) fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") || path.ends_with("Cargo.toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn source_faults(text: &str) -> Vec<String> {
    let numbered = text.lines().enumerate();
    let ignored = numbered.filter(|(_, line)| ignores_a_test(line.trim_start()));
    ignored.map(|(index, _)| format!(":{}: an ignored test; mend it or take it out", index + 1)).collect()
}

fn ignores_a_test(line: &str) -> bool {
    let attribute = line.strip_prefix("#[").unwrap_or_default();
    let directly =
        attribute.starts_with("ignore") && attribute.trim_start_matches("ignore").starts_with([']', ' ', '=']);
    directly || (attribute.starts_with("cfg_attr") && attribute.contains(", ignore"))
}

fn manifest_faults(text: &str) -> Vec<String> {
    let inherits = text.contains("[lints]\nworkspace = true");
    if inherits { Vec::new() } else { vec![": does not inherit the workspace's lints".to_owned()] }
}

/// The text of the library whose manifest says that its documentation has no examples; empty for any other.
fn library_of(manifest: &Path, text: &str) -> io::Result<String> {
    if !text.lines().any(|line| line == "doctest = false") {
        return Ok(String::new());
    }
    let sources = files_below(&manifest.with_file_name("src"))?;
    sources.iter().map(std::fs::read_to_string).collect()
}

/// That saves looking for them, but one that is added later must not be left out unnoticed.
fn untried_faults(library: &str) -> Vec<String> {
    let is_example = |line: &str| ["/// ```", "//! ```"].iter().any(|start| line.trim_start().starts_with(start));
    let found = library.lines().any(is_example);
    if found { vec![": the documentation has examples; take out `doctest = false`".to_owned()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_clean() {
        if let Err(error) = check() {
            panic!("{error}");
        }
    }

    #[test]
    fn finds_ignored_tests() {
        let ignore = ["#[", "ignore"].concat();
        for line in [format!("{ignore}]"), format!("    {ignore} = \"slow\"]"), "#[cfg_attr(unix, ignore)]".to_owned()]
        {
            assert_eq!(source_faults(&format!("fn a() {{}}\n{line}\n")).len(), 1, "{line}");
        }
        assert!(source_faults("#[ignored]\nlet ignore = 1;\n").is_empty());
    }

    #[test]
    fn finds_examples_that_nothing_tries() {
        assert!(untried_faults("/// A value, `1`.\npub struct A;\n").is_empty());
        assert_eq!(untried_faults("    /// ```\n").len(), 1);
    }

    #[test]
    fn wants_the_lints_in_every_manifest() {
        assert!(manifest_faults("[package]\n\n[lints]\nworkspace = true\n").is_empty());
        assert_eq!(manifest_faults("[package]\n").len(), 1);
    }
}
