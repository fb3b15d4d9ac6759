//! The real program, started as an operator starts it.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Runs the program until the pipe from the test process closes, however that ends; then stops it as an operator
/// does and removes its folder.
const KEEPER: &str = r#"
trap '' INT TERM HUP
folder=$1
shift
"$@" &
program=$!
read -r _end
kill -s TERM "$program"
wait "$program"
rm -rf -- "$folder"
"#;
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// `trainer up` with a data folder of its own and, unless told otherwise, servers of its own.
pub(crate) struct Program {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    keeper: Child,
}

impl Program {
    /// The one that all tests share but those that harm theirs: without limits, and with 20 database connections.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Program> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start(&[("TRAINER_RATE_LIMITS", "off"), ("TRAINER_DB_CONNECTIONS", "20")])
        })
    }

    /// One of its own, with this in its environment.
    pub(crate) fn start(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("trainer-contract-").tempdir().unwrap().keep();
        let log = File::create(folder.join("log")).unwrap();
        let keeper =
            command(Command::new("sh").args(["-c", KEEPER, "keeper"]).arg(&folder), &folder)
                .args([env!("CARGO_BIN_EXE_trainer"), "up"])
                .env("TRAINER_PORT", "0")
                .envs(environment.iter().copied())
                .stdin(Stdio::piped())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
        let mut program = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), folder, keeper };
        program.address = program.wait_until_up();
        program
    }

    /// Where it keeps its data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What another call of the program on the same data folder prints.
    pub(crate) fn trainer(&self, arguments: &[&str]) -> Output {
        self.trainer_with(arguments, &[])
    }

    /// The same, with this in its environment.
    pub(crate) fn trainer_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let output = command(&mut trainer, &self.folder)
            .args(arguments)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Sends a signal to each process of its private Postgres.
    pub(crate) fn signal_postgres(&self, signal: Signal) {
        let pid = fs::read_to_string(self.folder.join("data/postgres/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        for pid in std::iter::once(pid).chain(children.split_whitespace()) {
            // A session may have ended in the meantime.
            match kill(Pid::from_raw(pid.parse().unwrap()), signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => panic!("{signal}: {error}"),
            }
        }
    }

    /// The lines of its log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("log")).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn wait_until_up(&mut self) -> SocketAddr {
        let began = Instant::now();
        loop {
            let is_up = |line: &Value| line["message"] == "everything is up";
            if let Some(line) = self.log().into_iter().find(is_up) {
                return line["address"].as_str().unwrap().parse().unwrap();
            }
            let ended = self.keeper.try_wait().unwrap().is_some();
            assert!(!ended && began.elapsed() < STARTS_WITHIN, "not up: {:#?}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// With nothing of the environment of the tests that would change what the program does.
fn command<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let finds_programs = ["TRAINER_PG_BIN", "TRAINER_NATS_SERVER"].contains(&&*name_text);
        if name_text.ends_with("_URL") || (name_text.starts_with("TRAINER_") && !finds_programs) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("TRAINER_DATA_DIR", folder.join("data"))
        .env("TRAINER_LOG", "warn,trainer=info")
        .env("TRAINER_LOG_FORMAT", "json")
}
