//! The programs in `docs/subscribers`, as somebody runs them who has followed the document.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use embedded::testing::options;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::scene::PATIENCE;

/// One of the three.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    Python,
    JavaScript,
    Rust,
}

/// A subscriber and the folder with its file.
pub(crate) struct Kit {
    command: Vec<PathBuf>,
    folder: PathBuf,
    nats_url: String,
    accept_up_to: i64,
}

/// Files that it writes become no longer than this: sixteen kilobytes, as `ulimit` counts.
const LITTLE_ROOM: &str = "ulimit -f 32; exec \"$0\" \"$@\"";

impl Kit {
    /// None, after saying why, when its libraries are not installed; they come from the internet, which
    /// the tests do not need. With `TRAINER_TEST_SUBSCRIBERS=required` that is a failure.
    pub(crate) fn of(language: Language, nats_url: &str) -> Option<Self> {
        match command(language) {
            Ok(command) => {
                let folder = options().unwrap().data_dir;
                fs::create_dir_all(&folder).unwrap();
                Some(Self { command, folder, nats_url: nats_url.to_owned(), accept_up_to: 0 })
            }
            Err(missing) if env::var("TRAINER_TEST_SUBSCRIBERS").as_deref() == Ok("required") => {
                panic!("{missing}")
            }
            Err(missing) => {
                // Past the harness, which would swallow it.
                let mut stderr = std::io::stderr();
                writeln!(stderr, "skipped: {missing}; `make test-subscribers` installs it")
                    .unwrap();
                None
            }
        }
    }

    pub(crate) fn accepting_up_to(&self, position: i64) -> Self {
        Self {
            command: self.command.clone(),
            folder: self.folder.clone(),
            nats_url: self.nats_url.clone(),
            accept_up_to: position,
        }
    }

    /// With so little room on its disk.
    pub(crate) fn with_little_room(&self) -> Self {
        let shell = ["sh", "-c", LITTLE_ROOM].map(PathBuf::from);
        Self {
            command: shell.into_iter().chain(self.command.clone()).collect(),
            folder: self.folder.clone(),
            nats_url: self.nats_url.clone(),
            accept_up_to: self.accept_up_to,
        }
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(&[])
    }

    /// One that takes what is published again on a subject; it listens.
    pub(crate) async fn start_replay(&self, subject: &str) -> Running {
        let mut running = self.start_with(&["--replay", subject]);
        let line = timeout(PATIENCE, running.said.next_line()).await;
        let line = line.expect("it listens in time").unwrap().expect("it goes on");
        assert_eq!(line, format!("listening to {subject}"));
        running
    }

    fn start_with(&self, arguments: &[&str]) -> Running {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let mut process =
            self.command(arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Running { process, said }
    }

    /// What it has added up.
    pub(crate) async fn shown(&self) -> Value {
        let output = self.command(&["--show"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it has complained about.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Waits until it has complained about that.
    pub(crate) async fn complains_of(&self, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains(what) {
            assert!(Instant::now() < deadline, "it does not say {what}: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .args(arguments)
            .env("NATS_URL", &self.nats_url)
            .env("SUBSCRIBER_FILE", self.folder.join("runs"))
            .env("SUBSCRIBER_ACCEPT_UP_TO", self.accept_up_to.to_string())
            .kill_on_drop(true);
        command
    }
}

/// A subscriber that follows the events.
pub(crate) struct Running {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Waits until it has committed, as it says.
    pub(crate) async fn commits(&mut self, times: usize) {
        for _ in 0..times {
            let line = timeout(PATIENCE, self.said.next_line()).await;
            let line = line.expect("it commits in time").unwrap().expect("it goes on");
            assert!(line.starts_with("sequence "), "{line}");
        }
    }

    /// SIGSTOP.
    pub(crate) fn stand_still(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        assert_eq!(self.process.try_wait().unwrap(), None, "it was running");
        self.process.kill().await.unwrap();
    }

    pub(crate) async fn ends(mut self) -> ExitStatus {
        timeout(PATIENCE, self.process.wait()).await.expect("it ends").unwrap()
    }
}

fn command(language: Language) -> Result<Vec<PathBuf>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/subscribers");
    match language {
        Language::Python => {
            let folder = folder.join("python");
            let pythons = [folder.join(".venv/bin/python"), PathBuf::from("python3")];
            let python = pythons.into_iter().find(|python| has_nats_py(python));
            let python = python.ok_or("there is no python3 with nats-py")?;
            Ok(vec![python, folder.join("subscriber.py")])
        }
        Language::JavaScript => {
            let folder = folder.join("javascript");
            if !folder.join("node_modules/@nats-io/jetstream").exists() {
                return Err(
                    "the packages of docs/subscribers/javascript are not installed".to_owned()
                );
            }
            Ok(vec![PathBuf::from("node"), folder.join("subscriber.mjs")])
        }
        Language::Rust => {
            let program = folder.join("rust/target/debug/subscriber");
            if !program.exists() {
                return Err("docs/subscribers/rust is not built".to_owned());
            }
            Ok(vec![program])
        }
    }
}

fn has_nats_py(python: &Path) -> bool {
    let asked = std::process::Command::new(python).args(["-c", "import nats.js"]).output();
    asked.is_ok_and(|output| output.status.success())
}
