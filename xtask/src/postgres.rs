//! Making sure that there is a PostgreSQL to test with.

use crate::{Outcome, workspace};
use pgkit::Programs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Finds the server programs; installs them from Debian where that needs nobody's password.
pub(crate) fn ensure() -> Outcome<Programs> {
    match Programs::find() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_install() => {}
        found => return found,
    }
    println!("no PostgreSQL found: installing Debian's");
    for arguments in [["update"].as_slice(), &["install", "--yes", "--no-install-recommends", "postgresql"]] {
        let mut command = Command::new("apt-get");
        workspace::run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    Programs::find()
}

fn may_install() -> bool {
    rustix::process::geteuid().is_root() && Path::new("/usr/bin/apt-get").exists()
}
