//! Finding the server's programs, and the user that may run them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest PostgreSQL that Coterie supports.
const OLDEST: u32 = 14;

/// What the harness cannot do without.
const NEEDED: [&str; 3] = ["initdb", "postgres", "psql"];

/// Folders under which package managers keep one folder per version, and what follows the version.
const VERSIONED: [(&str, &str); 4] =
    [("/usr/lib/postgresql", "bin"), ("/usr", "bin"), ("/opt/homebrew/opt", "bin"), ("/Library/PostgreSQL", "bin")];

/// The programs of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    /// The newest installation of version 14 or later: on the `PATH` or where package managers put it.
    ///
    /// # Errors
    /// There is none; the message says how to get one.
    pub fn find() -> io::Result<Self> {
        let newest = candidates().into_iter().filter_map(Self::in_folder).max_by_key(|found| found.major);
        newest.ok_or_else(|| {
            let advice = "on Debian or Ubuntu: apt-get install postgresql; on Fedora: dnf install postgresql-server; \
                          on macOS: brew install postgresql";
            let text = format!("no PostgreSQL {OLDEST} or later (initdb, postgres, psql) was found; {advice}");
            io::Error::new(io::ErrorKind::NotFound, text)
        })
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        // A link on the PATH leads to the folder where the other programs are.
        let folder = folder.join("postgres").canonicalize().ok()?.parent()?.to_path_buf();
        if !NEEDED.iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let printed = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = major_version(&String::from_utf8_lossy(&printed.stdout))?;
        (major >= OLDEST).then_some(Self { folder, major })
    }

    /// The major version: 15 of 15.4.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one program of the installation.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

/// 15 of `postgres (PostgreSQL) 15.4 (Debian 15.4-1)`, 18 of `postgres (PostgreSQL) 18beta1`.
fn major_version(printed: &str) -> Option<u32> {
    let version = printed.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits = version.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    for (parent, last) in VERSIONED {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        folders.extend(entries.flatten().map(|entry| entry.path().join(last)));
    }
    folders
}

/// A user and a group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// The account the server must run under: `None` for "the present one", which PostgreSQL refuses for root only.
    pub(super) fn for_server() -> io::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd")?;
        let found = ["postgres", "nobody"].iter().find_map(|name| Self::named(&accounts, name));
        let missing = || io::Error::other("PostgreSQL refuses to run as root, and there is no user postgres or nobody");
        found.map(Some).ok_or_else(missing)
    }

    /// The account `name` in the text of `/etc/passwd`: name:password:user:group:…
    fn named(accounts: &str, name: &str) -> Option<Self> {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(name) {
                return None;
            }
            let user = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            Some(Self { user, group })
        })
    }

    /// Makes the account the owner of `path`.
    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::chown(path, Some(self.user), Some(self.group))
    }

    /// Makes `command` run under the account, without further groups.
    pub(super) fn run(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.uid(self.user).gid(self.group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("mysqld  Ver 8\n"), None);
    }

    #[test]
    fn finds_an_account_by_its_exact_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104:Admin,,,:/:/bin/sh\n";
        assert_eq!(Account::named(accounts, "postgres"), Some(Account { user: 101, group: 104 }));
        assert_eq!(Account::named(accounts, "nobody"), None);
    }
}
