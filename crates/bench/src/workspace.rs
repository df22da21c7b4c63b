//! Where the workspace is, and the server that is built in it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Builds the server: as it is handed out, or sooner and a little slower.
///
/// `cargo xtask bench` starts this program as a user would, without cargo's variables for packages, so nothing that is
/// built already is built again.
pub(crate) fn build_server(profile: &str) -> io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["build", "--locked", "--package", "coterie", "--profile", profile]);
    let status = command.status()?;
    if !status.success() {
        return Err(io::Error::other(format!("the server cannot be built ({status})")));
    }
    // This program was built into target/<profile>, too.
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or_else(|| io::Error::other("this program is in no target folder"))?;
    Ok(target.join(profile).join("coterie"))
}
