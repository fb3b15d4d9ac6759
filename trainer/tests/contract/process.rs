//! A process of the program, which ends with the test process, however that ends.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

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
const STARTS_WITHIN: Duration = Duration::from_secs(300);

/// A process that serves.
pub(crate) struct Process {
    /// Its log, and unless told otherwise its data.
    pub(crate) folder: PathBuf,
    keeper: Mutex<Child>,
}

impl Process {
    /// A new folder, for a process.
    pub(crate) fn folder() -> PathBuf {
        tempfile::Builder::new().prefix("trainer-contract-").tempdir().unwrap().keep()
    }

    /// Starts one in a folder of its own, on a free port.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_in(Self::folder(), arguments, environment)
    }

    /// The same in a folder, which is removed in the end.
    pub(crate) fn start_in(
        folder: PathBuf,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let keeper =
            command(Command::new("sh").args(["-c", KEEPER, "keeper"]).arg(&folder), &folder)
                .arg(env!("CARGO_BIN_EXE_trainer"))
                .args(arguments)
                .env("TRAINER_PORT", "0")
                .env("TRAINER_ACCESS_LOG", "stdout")
                .envs(environment.iter().copied())
                .stdin(Stdio::piped())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
        Self { folder, keeper: Mutex::new(keeper) }
    }

    /// The lines of its log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("log")).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for a line of its log, which says where it listens.
    pub(crate) fn wait_until(&self, message: &str) -> SocketAddr {
        let began = Instant::now();
        loop {
            let says_it = |line: &Value| line["message"] == message;
            if let Some(line) = self.log().into_iter().find(says_it) {
                return line["address"].as_str().unwrap().parse().unwrap();
            }
            let ended = self.keeper.lock().unwrap().try_wait().unwrap().is_some();
            assert!(!ended && began.elapsed() < STARTS_WITHIN, "not up: {:#?}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap();
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

/// With nothing of the environment of the tests that would change what the program does.
pub(crate) fn command<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
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
