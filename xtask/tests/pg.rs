//! A private PostgreSQL ends with its owner, however that ends.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy takes the helpers of tests for other code")]

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[test]
fn goes_away_on_sigterm() {
    let mut owner = Owner::start();
    owner.signal(Signal::TERM);
    assert!(owner.process.wait().unwrap().success());
    owner.assert_gone();
}

#[test]
fn goes_away_when_its_owner_is_killed() {
    let mut owner = Owner::start();
    owner.signal(Signal::KILL);
    assert!(!owner.process.wait().unwrap().success());
    owner.assert_gone();
}

/// `cargo xtask pg`, and what it started.
struct Owner {
    process: Child,
    server: Pid,
    folder: PathBuf,
}

impl Owner {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let mut process = command.arg("pg").stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let lines: Vec<String> = output.lines().take(3).map(Result::unwrap).collect();
        let after = |start: &str| {
            let rest = lines.iter().find_map(|line| line.split_once(start)).unwrap_or_else(|| panic!("{lines:?}"));
            rest.1.split([';', '\'']).next().unwrap().to_owned()
        };
        let server = Pid::from_raw(after("runs as process ").parse().unwrap()).unwrap();
        let owner = Self { process, server, folder: after("COTERIE_TEST_POSTGRES='").into() };
        assert!(owner.folder.exists());
        assert!(runs(owner.server));
        owner
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// The keeper is not our child: there is nothing to wait on, so this looks again until a generous limit.
    fn assert_gone(&self) {
        for _ in 0..3_000 {
            if !self.folder.exists() && !runs(self.server) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("process {:?} or its folder stays", self.server);
    }
}

fn runs(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}
