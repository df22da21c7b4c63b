//! Where the workspace is, and running programs in it.

use crate::Outcome;
use cargo_metadata::MetadataCommand;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Outcome<PathBuf> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().map_err(io::Error::other)?;
    Ok(metadata.target_directory.into())
}

/// The cargo that runs us, working in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = command(cargo);
    command.current_dir(root()).args(arguments);
    command
}

/// A program that is not told what the cargo that started us says of our package: build scripts of others would see
/// another environment than from the command line, and be run again.
pub(crate) fn command(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end, its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| io::Error::other(format!("{}: {error}", shown(command))))?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("`{}` failed ({status})", shown(command)))) }
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
