//! The server under test: the built program, on a free port, stopped by its process id.

use crate::clock::now;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a server may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a server may take to drain.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// The built program, on one database.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) binary: PathBuf,
    pub(crate) database_url: String,
    /// Where it runs and logs.
    pub(crate) folder: PathBuf,
    /// Further settings: `HTTP__WORKERS` for `COTERIE__HTTP__WORKERS`.
    pub(crate) settings: Vec<(String, String)>,
}

impl Program {
    /// The program with `arguments`, with these settings and no others from our environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().current_dir(&self.folder).stdin(Stdio::null());
        command.env("COTERIE__DATABASE__URL", &self.database_url);
        for (name, value) in &self.settings {
            command.env(format!("COTERIE__{name}"), value);
        }
        command
    }

    /// Runs a subcommand to its end and returns the JSON it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> io::Result<serde_json::Value> {
        let done = self.command(arguments).output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            return Err(io::Error::other(format!("coterie {} failed: {}", arguments.join(" "), said.trim())));
        }
        serde_json::from_slice(&done.stdout).map_err(io::Error::other)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("coterie.log")
    }
}

/// A running server. Killed if it is dropped without [`Server::stop`].
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) http: SocketAddr,
    /// From the start of the program to the line that says it is ready.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts `coterie serve` on free ports and returns when it is ready.
    ///
    /// # Errors
    /// It does not get ready; the message ends with its log.
    pub(crate) fn start(program: &Program) -> io::Result<Self> {
        let began = now();
        let mut command = program.command(&["serve"]);
        command.env("COTERIE__HTTP__ADDR", "127.0.0.1:0").env("COTERIE__OPS__ADDR", "127.0.0.1:0");
        let mut process = command.stdout(Stdio::piped()).stderr(File::create(program.log())?).spawn()?;
        let output = process.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
        match listening(output) {
            Ok(http) => Ok(Self { process, http, started_in: began.elapsed() }),
            Err(error) => {
                end(&mut process)?;
                let log = std::fs::read_to_string(program.log()).unwrap_or_default();
                Err(io::Error::other(format!("the server does not get ready: {error}\n{log}")))
            }
        }
    }

    /// Insists that the process that we started, which told us its address, runs this binary.
    pub(crate) fn prove(&self, binary: &Path) -> io::Result<()> {
        let runs = std::fs::read_link(format!("/proc/{}/exe", self.id()))?;
        let same = runs == binary;
        let other = || io::Error::other(format!("{} was started, but {} runs", binary.display(), runs.display()));
        same.then_some(()).ok_or_else(other)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Memory resident now and at its highest, in MiB.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        Memory::of(&std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?)
    }

    /// Asks the server to drain and waits for its end.
    ///
    /// # Errors
    /// It did not end in time (it was killed then), or not with success.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let began = now();
        while began.elapsed() < STOP_LIMIT {
            if let Some(status) = self.process.try_wait()? {
                return ended_well(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        end(&mut self.process)?;
        Err(io::Error::other("the server did not stop when asked to"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already after `stop`; otherwise there is nobody to tell of a failure.
        let _ = end(&mut self.process);
    }
}

fn ended_well(status: ExitStatus) -> io::Result<()> {
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the server ended with {status}"))) }
}

fn end(process: &mut Child) -> io::Result<()> {
    process.kill()?;
    process.wait().map(drop)
}

/// Waits for the line `listening http=http://127.0.0.1:8080 ops=…`, and keeps the output flowing ever after.
fn listening(output: ChildStdout) -> io::Result<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = address_in(&line) {
                // Nobody listens any more once the start has failed.
                let _ = sender.send(address);
            }
        }
    });
    receiver.recv_timeout(START_LIMIT).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => io::Error::other("no listening line came in time"),
        mpsc::RecvTimeoutError::Disconnected => io::Error::other("it ended without a listening line"),
    })
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let words = line.strip_prefix("listening ")?.split_whitespace();
    let url = words.into_iter().find_map(|word| word.strip_prefix("http="))?;
    url.strip_prefix("http://")?.parse().ok()
}

/// Memory of a process, in MiB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) highest: f64,
}

impl Memory {
    /// From the text of `/proc/<pid>/status`.
    fn of(status: &str) -> io::Result<Self> {
        let mib = |start: &str| -> Option<f64> {
            let rest = status.lines().find_map(|line| line.strip_prefix(start))?;
            let kib: f64 = rest.split_whitespace().next()?.parse().ok()?;
            Some(kib / 1024.0)
        };
        let both = mib("VmRSS:").zip(mib("VmHWM:"));
        both.map(|(now, highest)| Self { now, highest }).ok_or_else(|| io::Error::other("no memory in /proc"))
    }
}

/// The size of a file in MiB.
pub(crate) fn size_of(file: &Path) -> io::Result<f64> {
    let metadata = file.metadata().map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    Ok(metadata.len() as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A program that stands for the server: a shell script.
    fn program(folder: &Path, script: &str) -> Program {
        let binary = folder.join("stand-in");
        std::fs::write(&binary, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
        let settings = vec![("LOG__LEVEL".to_owned(), "warn".to_owned())];
        Program { binary, database_url: "sqlite:x.db".into(), folder: folder.into(), settings }
    }

    #[test]
    fn waits_for_the_listening_line_and_stops_by_sigterm() {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap 'exit 0' TERM\necho a key\n\
                      echo \"listening http=http://127.0.0.1:4711 ops=http://127.0.0.1:4712\"\nwhile :; do sleep 0.01; done";
        let server = Server::start(&program(folder.path(), script)).unwrap();
        assert_eq!(server.http.port(), 4711);
        assert!(server.memory().unwrap().now > 0.0);
        server.stop().unwrap();
    }

    #[test]
    fn a_server_that_ends_early_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            Server::start(&program(folder.path(), "echo \"bad $COTERIE__LOG__LEVEL\" >&2; exit 78")).unwrap_err();
        assert!(error.to_string().contains("bad warn"), "{error}");
    }

    #[test]
    fn reads_the_json_of_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), "echo \"{\\\"args\\\": \\\"$*\\\"}\"");
        assert_eq!(program.json(&["org", "create"]).unwrap()["args"], "org create");
    }

    #[test]
    fn reads_addresses_and_memory() {
        assert_eq!(address_in("INFO listening http=http://1.2.3.4:5"), None);
        let memory = Memory::of("Name:\tx\nVmHWM:\t 2048 kB\nVmRSS:\t 1024 kB\n").unwrap();
        assert_eq!(memory, Memory { now: 1.0, highest: 2.0 });
    }
}
