//! The process between us and the server, which takes the server away whatever becomes of us.

use super::address::Address;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Takes orders on its standard input: `start` answers the server's process id, `wait` its exit status once it is gone.
/// The end of the input means that the owner is done or dead: the server is stopped at once (its data is thrown
/// away) and the folder, which is the working directory, removed.
const SCRIPT: &str = r#"
folder=$1; shift
server=
while read -r order; do
  case $order in
    start) "$@" >>log 2>&1 & server=$!; echo "$server" ;;
    wait) wait "$server"; echo "$?"; server= ;;
  esac
done
if [ -n "$server" ]; then kill -QUIT "$server"; wait "$server"; fi
cd / && rm -rf "$folder"
"#;

/// How long a server may take to start, crash recovery included.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How often the state of a starting server is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A shell that is the server's parent and lives as long as we hold its standard input open.
#[derive(Debug)]
pub(super) struct Keeper {
    shell: Child,
    /// `None` only while it is being dropped.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    server: Option<Pid>,
}

impl Keeper {
    /// Starts the shell; the server comes with [`Keeper::start_server`].
    pub(super) fn start(address: &Address) -> io::Result<Self> {
        let mut command = address.prepare_as_server(Command::new("/bin/sh"));
        command.arg("-c").arg(SCRIPT).arg("sh").arg(address.folder());
        command.arg(address.server()).arg("-D").arg("data");
        // Its own process group: a Ctrl-C in our terminal must reach us alone, so that we end in our order.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn()?;
        let orders = shell.stdin.take();
        let answers = shell.stdout.take().ok_or_else(|| io::Error::other("the keeper has no output"))?;
        Ok(Self { shell, orders, answers: BufReader::new(answers), server: None })
    }

    /// Starts the server and returns when it takes connections and has proved to be ours.
    /// An error of kind `AddrInUse` means that its TCP port is taken.
    pub(super) fn start_server(&mut self, address: &Address) -> io::Result<()> {
        let started = now();
        loop {
            match self.try_start(address) {
                Ok(()) => return address.prove(),
                // After a kill the last processes of the old server may hold its shared memory for a moment.
                Err(log) if log.contains("is still in use") && started.elapsed() < START_LIMIT => {
                    std::thread::sleep(LOOK_AGAIN);
                }
                Err(log) if log.contains("could not create any TCP/IP sockets") => {
                    return Err(io::Error::new(io::ErrorKind::AddrInUse, log));
                }
                Err(log) => return Err(io::Error::other(format!("the PostgreSQL server does not start:\n{log}"))),
            }
        }
    }

    /// One attempt; the error is the end of the server's log.
    fn try_start(&mut self, address: &Address) -> Result<(), String> {
        let failed = |error: io::Error| error.to_string();
        let earlier = address.log().len();
        let answer = self.order("start").map_err(failed)?;
        let pid = answer.parse().ok().and_then(Pid::from_raw);
        let server = pid.ok_or_else(|| format!("the keeper answered {answer:?}, no process id"))?;
        self.server = Some(server);
        let started = now();
        loop {
            let ours = address.postmaster().is_ok_and(|it| it.ready && it.pid == server.as_raw_nonzero().get());
            if ours {
                return Ok(());
            }
            if is_gone(server) || started.elapsed() > START_LIMIT {
                self.end_server(Signal::KILL).map_err(failed)?;
                return Err(address.log().get(earlier..).unwrap_or_default().to_owned());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Stops the server, if it runs, cutting its connections (PostgreSQL's fast shutdown).
    pub(super) fn stop_server(&mut self) -> io::Result<()> {
        self.end_server(Signal::INT)
    }

    /// Kills the server, if it runs: the postmaster and the processes it started.
    pub(super) fn kill9(&mut self) -> io::Result<()> {
        let Some(server) = self.server else { return Ok(()) };
        let children = children_of(server);
        self.end_server(Signal::KILL)?;
        // Each notices by itself that the postmaster is gone, but a crash gives it no time to.
        for child in children {
            signal(child, Signal::KILL)?;
        }
        Ok(())
    }

    /// Sends the signal and waits for the end. The shell has not waited for the server yet, so the process id cannot
    /// have become another's.
    fn end_server(&mut self, how: Signal) -> io::Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        signal(server, how)?;
        self.order("wait").map(drop)
    }

    fn order(&mut self, order: &str) -> io::Result<String> {
        let orders = self.orders.as_mut().ok_or_else(|| io::Error::other("the keeper is gone"))?;
        writeln!(orders, "{order}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing more can be done about a shell that cannot be waited for.
        let _ = self.shell.wait();
    }
}

/// Sends a signal; a process that has ended already is fine.
fn signal(process: Pid, signal: Signal) -> io::Result<()> {
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The processes that `parent` started. Empty where the system does not tell (it does on Linux).
fn children_of(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero();
    let listed = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Whether the process has ended, be it only that nobody has waited for it yet.
fn is_gone(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    stat.contains(") Z ") || test_kill_process(process).is_err()
}

#[expect(clippy::disallowed_methods, reason = "waiting for another program is bounded by real time")]
fn now() -> Instant {
    Instant::now()
}
