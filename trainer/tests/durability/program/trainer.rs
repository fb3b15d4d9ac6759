use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::TestFolder;

/// A first start makes a Postgres cluster, and one after a crash recovers it.
const STARTS_WITHIN: Duration = Duration::from_secs(300);
const STOPS_WITHIN: Duration = Duration::from_secs(300);

/// A running `trainer up` or `trainer serve`.
pub(crate) struct Trainer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl Trainer {
    /// Everything in one process.
    pub(crate) fn up(folder: &TestFolder) -> Self {
        Self::start(folder, &["up"]).ready()
    }

    /// Starts it on a free port; it need not be ready yet.
    pub(crate) fn start(folder: &TestFolder, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// The same, with this in its environment.
    pub(crate) fn start_with(
        folder: &TestFolder,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let number = fs::read_dir(folder.file("")).unwrap().count();
        let part = arguments.iter().take(2).copied().collect::<Vec<_>>().join("-");
        let log = folder.file(&format!("log-{number}-{part}"));
        let child = folder
            .command(arguments)
            .env("TRAINER_PORT", "0")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), child, log }
    }

    /// Waits until it listens.
    pub(crate) fn ready(mut self) -> Self {
        let began = Instant::now();
        loop {
            let serves = |line: &Value| {
                ["everything is up", "serving"].iter().any(|message| line["message"] == *message)
            };
            if let Some(line) = self.log().into_iter().find(serves) {
                self.address = line["address"].as_str().unwrap().parse().unwrap();
                return self;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < STARTS_WITHIN,
                "{ended:?}: {}",
                self.log_text()
            );
            sleep(Duration::from_millis(10));
        }
    }

    /// The lines of its log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log_text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Collects it after somebody has killed it.
    pub(crate) fn killed(mut self) {
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an operator does; it must end well, and in time.
    pub(crate) fn stop(mut self) {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let began = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < STOPS_WITHIN, "it does not stop: {}", self.log_text());
            sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}: {}", self.log_text());
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
