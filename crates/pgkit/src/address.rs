//! Where a cluster is and how to talk to it.

use super::programs::{Account, Programs};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The superuser of every private cluster.
pub const USER: &str = "coterie";

/// A unix socket's path may have 107 bytes; this leaves room for the names below the temporary folder.
const LONGEST_PARENT: usize = 60;

/// The file that holds a cluster's random name: only a cluster made here has one.
const IDENTITY: &str = "identity";

/// A cluster's folder, its name, and what is needed to reach it. Cheap to clone; owns nothing.
#[derive(Debug, Clone)]
pub(super) struct Address {
    folder: PathBuf,
    programs: Programs,
    account: Option<Account>,
    /// `cluster_name`, chosen at random: the proof that a server that answers is this one.
    name: String,
    /// Names the socket's file, too.
    port: u16,
    tcp: bool,
    password: String,
}

/// The first lines of `postmaster.pid`.
pub(super) struct Postmaster {
    pub(super) pid: i32,
    pub(super) ready: bool,
}

impl Address {
    /// A new cluster's folder, still empty. It is removed with the second value.
    pub(super) fn create(programs: Programs) -> io::Result<(Self, TempDir)> {
        let temporary = std::env::temp_dir();
        let parent = if temporary.as_os_str().len() > LONGEST_PARENT { PathBuf::from("/tmp") } else { temporary };
        let folder = tempfile::Builder::new().prefix("coterie-pg-").tempdir_in(parent)?;
        let account = Account::for_server()?;
        if let Some(account) = account {
            account.own(folder.path())?;
        }
        let address = Self {
            folder: folder.path().to_path_buf(),
            programs,
            account,
            name: format!("coterie-{}", random_word()),
            port: 5432,
            tcp: false,
            password: random_word(),
        };
        Ok((address, folder))
    }

    /// The address of the running cluster in `folder`, after proof that it was made here.
    pub(super) fn attach(folder: &Path) -> io::Result<Self> {
        let name = std::fs::read_to_string(folder.join(IDENTITY))?;
        let (port, tcp, password) = (5432, false, String::new());
        let address = Self {
            folder: folder.to_path_buf(),
            programs: Programs::find()?,
            account: Account::for_server()?,
            name,
            port,
            tcp,
            password,
        };
        address.prove()?;
        Ok(address)
    }

    /// Makes the data folder, and leaves the mark that a cluster was made here.
    pub(super) fn initdb(&self) -> io::Result<()> {
        self.write_file("password", &self.password)?;
        if let Some(account) = self.account {
            account.own(&self.folder.join("password"))?;
        }
        let mut command = self.as_server("initdb");
        command.args(["--encoding=UTF8", "--locale=C", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256"]);
        command.args(["--username", USER, "--pwfile=password", "--pgdata=data"]);
        output_of(&mut command)?;
        self.write_file(IDENTITY, &self.name)
    }

    /// Takes a port of 127.0.0.1 that is free now.
    pub(super) fn open_tcp(&mut self) -> io::Result<()> {
        self.port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        self.tcp = true;
        Ok(())
    }

    /// Fails unless the server that answers here is the one of this folder and of this name.
    pub(super) fn prove(&self) -> io::Result<()> {
        let facts =
            self.psql("postgres", "SELECT current_setting('cluster_name'), current_setting('data_directory')")?;
        let data = self.folder.join("data").canonicalize()?;
        if facts == format!("{}|{}", self.name, data.display()) {
            return Ok(());
        }
        Err(io::Error::other(format!("another server answers in {}: {facts}", self.folder.display())))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn folder_text(&self) -> io::Result<&str> {
        self.folder.to_str().ok_or_else(|| io::Error::other("the temporary folder's path is not UTF-8"))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user={USER}&host={}&port={}", self.folder.display(), self.port)
    }

    pub(super) fn tcp_url(&self, database: &str) -> Option<String> {
        self.tcp.then(|| format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port))
    }

    /// Writes a file into the folder.
    pub(super) fn write_file(&self, name: &str, text: &str) -> io::Result<()> {
        std::fs::File::create(self.folder.join(name))?.write_all(text.as_bytes())
    }

    /// The server's log, for error messages; empty while there is none.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// What the server says of itself in `postmaster.pid`: line 1 its process id, line 8 its state.
    pub(super) fn postmaster(&self) -> io::Result<Postmaster> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        let ready = text.lines().nth(7).is_some_and(|line| line.trim() == "ready");
        let pid = pid.ok_or_else(|| io::Error::other("postmaster.pid names no process"))?;
        Ok(Postmaster { pid, ready })
    }

    /// A program that works on the folder itself: in it, under the server's account, with a bare environment.
    pub(super) fn as_server(&self, program: &str) -> Command {
        self.prepare_as_server(Command::new(self.programs.path(program)))
    }

    /// Makes `command` run in the folder, under the server's account, with a bare environment.
    pub(super) fn prepare_as_server(&self, mut command: Command) -> Command {
        bare(&mut command).current_dir(&self.folder).stdin(Stdio::null());
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
    }

    /// The path of the server itself.
    pub(super) fn server(&self) -> PathBuf {
        self.programs.path("postgres")
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.path(program));
        bare(&mut command).stdin(Stdio::null());
        command.arg("--host").arg(&self.folder).arg("--port").arg(self.port.to_string()).args(["--username", USER]);
        command
    }

    pub(super) fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut command = self.command("psql");
        command.args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"]);
        command.args(["--set=ON_ERROR_STOP=1", "--dbname", database, "--command", sql]);
        output_of(&mut command)
    }
}

/// Nothing of the caller's environment (`PGHOST`, `PGSERVICE`, `PGOPTIONS` …) may lead a program elsewhere.
fn bare(command: &mut Command) -> &mut Command {
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C")
}

/// Runs `command` to its end and returns its standard output, trimmed.
fn output_of(command: &mut Command) -> io::Result<String> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned());
    }
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let said = String::from_utf8_lossy(&done.stderr);
    Err(io::Error::other(format!("{program} failed ({}): {}", done.status, said.trim())))
}

/// Sixteen random hexadecimal digits. The standard library seeds its hashers at random: enough to tell databases apart
/// and to keep another local user out of a test's server.
pub(super) fn random_word() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
