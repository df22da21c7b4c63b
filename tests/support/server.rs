//! A running server, which ends with the test process however that ends.

use super::{Program, RawReply, raw};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

/// The server's parent process. The end of its input means that the tests are done or dead: it stops the server and
/// removes its folder. It leaves the standard output to the server, and waits for the server first, so that the process
/// id cannot have been reused.
const KEEPER: &str = r#"
folder=$1; shift
"$@" & server=$!
echo "$server"
exec >/dev/null
read -r order
kill -TERM "$server" 2>/dev/null
wait "$server"; code=$?
[ "$order" = stop ] || rm -rf "$folder"
exit "$code"
"#;

/// What the line begins with that a server prints once it is ready.
const READY: &str = "listening ";

/// A server of ours.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where the API is: `http://127.0.0.1:40123`.
    pub(crate) http: String,
    /// Where health and metrics are.
    pub(crate) ops: String,
    /// What it printed before it was ready.
    pub(crate) banner: String,
    server: Pid,
    keeper: Child,
    orders: Option<ChildStdin>,
    log: PathBuf,
}

/// A server that ended before it was ready.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts `program` and returns when it says that it listens.
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Result<Self, Failed> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let log = program.folder.join(format!("serve-{}.log", STARTED.fetch_add(1, Ordering::Relaxed)));
        let wanted = program.command();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER, "sh"]).arg(&program.folder).arg(wanted.get_program()).args(arguments);
        command.current_dir(&program.folder).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(program.environment.iter().cloned());
        // A group of its own: a Ctrl-C in our terminal reaches us alone, and we end in our order.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut keeper = command.spawn().unwrap();
        let orders = keeper.stdin.take();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let pid = lines.next().unwrap().unwrap().parse().unwrap();
        let server = Pid::from_raw(pid).unwrap();
        let mut banner = String::new();
        for line in lines {
            let line = line.unwrap();
            if let Some(places) = line.strip_prefix(READY) {
                let place = |name: &str| places.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned);
                let (http, ops) = (place("http=").unwrap(), place("ops=").unwrap());
                return Ok(Self { http, ops, banner, server, keeper, orders, log });
            }
            banner.push_str(&line);
            banner.push('\n');
        }
        let mut failed = Self { http: String::new(), ops: String::new(), banner, server, keeper, orders, log };
        let code = failed.stop();
        Err(Failed { code, stdout: failed.banner.clone(), stderr: failed.log() })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        self.server.as_raw_nonzero().get()
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it has logged about one request.
    pub(crate) fn logged(&self, request_id: &str) -> String {
        self.log().lines().filter(|line| line.contains(request_id)).collect::<Vec<_>>().join("\n")
    }

    /// Sends SIGTERM, waits for the end, and returns the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        if let Some(mut orders) = self.orders.take() {
            // A keeper that has ended already needs no command.
            let _ = orders.write_all(b"stop\n");
        }
        self.keeper.wait().ok().and_then(|status| status.code())
    }

    /// Asks it to drain, without waiting for the end.
    pub(crate) fn terminate(&self) {
        kill_process(self.server, Signal::TERM).unwrap();
    }

    /// Asks it to stop as Ctrl-C does, without waiting for the end.
    pub(crate) fn interrupt(&self) {
        kill_process(self.server, Signal::INT).unwrap();
    }

    /// Kills the server with SIGKILL and waits until it has ended.
    pub(crate) fn kill9(mut self) {
        kill_process(self.server, Signal::KILL).unwrap();
        self.stop();
    }

    /// One request without a client library, over a connection of its own.
    pub(crate) fn raw(&self, request: &str) -> RawReply {
        raw(&self.http, request.as_bytes())
    }

    /// The same at the listener for operators.
    pub(crate) fn raw_ops(&self, request: &str) -> RawReply {
        raw(&self.ops, request.as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
