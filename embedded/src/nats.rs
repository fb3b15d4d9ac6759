//! The private nats-server, with JetStream.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{sys::signal::Signal, unistd::Pid};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    EmbeddedError, Options, Storage,
    account::Account,
    dialogue::Dialogue,
    home::Home,
    logs,
    nats_store::NatsStore,
    nats_users::{self, SUBSCRIBER, TRAINER},
    process::{self, Process},
    secret,
    server::Server,
};

/// The accounts of a throwaway server beside the usual one.
pub(crate) const THROWAWAY_ACCOUNTS: usize = 200;

/// JetStream reads its store when it starts.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A server that is up does so in well under a millisecond.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
const JETSTREAM_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct Nats {
    pub(crate) home: Home,
    pub(crate) account: Account,
    pub(crate) program: PathBuf,
    pub(crate) options: Options,
    pub(crate) passwords: Passwords,
    pub(crate) port: u16,
}

/// The passwords of the server's users.
pub(crate) struct Passwords {
    trainer: String,
    subscriber: String,
}

impl Passwords {
    /// Those of the server, made when there are none.
    pub(crate) fn read_or_make(home: &Home, account: &Account) -> Result<Self, EmbeddedError> {
        for path in [trainer_password(home), subscriber_password(home)] {
            if !path.exists() {
                secret::write(&path, &secret::generate(), account)?;
            }
        }
        Self::read(home)
    }

    fn read(home: &Home) -> Result<Self, EmbeddedError> {
        Ok(Self {
            trainer: secret::read(&trainer_password(home))?,
            subscriber: secret::read(&subscriber_password(home))?,
        })
    }
}

impl Nats {
    /// The server as a program finds it that did not start it; none when it was never started.
    pub(crate) fn at(home: &Home, account: &Account, port: u16) -> Option<Self> {
        Some(Self {
            home: home.clone(),
            account: account.clone(),
            program: PathBuf::new(),
            options: Options::new(home.data_dir()),
            passwords: Passwords::read(home).ok()?,
            port,
        })
    }

    pub(crate) fn url(&self) -> String {
        self.url_as(TRAINER, &self.passwords.trainer)
    }

    /// The URL for subscribers.
    pub(crate) fn subscriber_url(&self) -> String {
        self.url_as(SUBSCRIBER, &self.passwords.subscriber)
    }

    /// The URLs of one of the accounts of a throwaway server: the trainer's and the subscribers'.
    #[cfg(feature = "testing")]
    pub(crate) fn urls_of(&self, account: usize) -> (String, String) {
        (
            self.url_as(&nats_users::throwaway_trainer(account), &self.passwords.trainer),
            self.url_as(&nats_users::throwaway_subscriber(account), &self.passwords.subscriber),
        )
    }

    fn url_as(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@127.0.0.1:{}", self.port)
    }

    fn configuration_file(&self) -> PathBuf {
        self.home.nats().join("server.conf")
    }

    /// What JetStream has stored.
    pub(crate) fn store(&self) -> NatsStore {
        NatsStore(self.home.nats().join("store"))
    }

    fn configuration(&self) -> String {
        let Self { port, passwords, .. } = self;
        let Passwords { trainer, subscriber } = passwords;
        let monitoring = match self.options.nats_monitoring_port {
            Some(port) => format!("http: \"127.0.0.1:{port}\"\n"),
            None => String::new(),
        };
        let log_file = quoted(&self.home.logs().join("nats.log"));
        let store = quoted(self.store().path());
        // What is written outlives a kill of the server; this bounds what a power failure can take,
        // which the relay then publishes again from Postgres. A sync every ten seconds costs
        // nothing; the default of two minutes would only make that more. Servers before 2.10 do not
        // know the setting and refuse to start with it.
        let sync_interval = match nats_version(&self.program) {
            Some(version) if version >= (2, 10) => "\n  sync_interval: \"10s\"",
            Some(_) | None => "",
        };
        let users = match self.options.storage {
            Storage::Lasting => nats_users::accounts(trainer, subscriber),
            Storage::Throwaway => {
                nats_users::throwaway_accounts(THROWAWAY_ACCOUNTS, trainer, subscriber)
            }
        };
        format!(
            "\
# Written at every start.
listen: \"127.0.0.1:{port}\"
{monitoring}server_name: \"running-trainer\"
max_payload: 1MB
log_file: {log_file}
logfile_size_limit: 10MB
{users}
jetstream {{
  store_dir: {store}
  # Otherwise three quarters of what is free at the start: nothing, for as long as it runs, when that
  # is on a full disk.
  max_file_store: 1000GB{sync_interval}
}}
"
        )
    }

    /// Whether the server that listens on the port knows our password. A server that does not know
    /// it is not ours.
    pub(crate) async fn answers(&self) -> bool {
        matches!(timeout(ANSWERS_WITHIN, self.dialogue()).await, Ok(Ok(Some(_))))
    }

    async fn dialogue(&self) -> io::Result<Option<Dialogue>> {
        Dialogue::begin(self.port, TRAINER, &self.passwords.trainer).await
    }
}

impl Server for Nats {
    const NAME: &'static str = "nats-server";
    const ENDING: &'static [(Signal, Duration)] =
        &[(Signal::SIGTERM, Duration::from_secs(15)), (Signal::SIGKILL, Duration::from_secs(10))];

    /// The configuration file lies in our data folder, so whatever runs with it is ours. No process
    /// file is needed, which could be missing or stale.
    fn find(&self) -> Option<Process> {
        let configuration = self.configuration_file();
        let configuration = configuration.to_string_lossy();
        process::command_lines()
            .into_iter()
            .find(|found| {
                found.user_id == self.account.user_id() && found.has("--config", &configuration)
            })
            .map(|found| Process::with_id(found.pid))
    }

    fn running_port(&self) -> Option<u16> {
        let text = fs::read_to_string(self.configuration_file()).ok()?;
        let listen = text.lines().find_map(|line| line.strip_prefix("listen: "))?;
        listen.trim_matches('"').rsplit_once(':')?.1.parse().ok()
    }

    fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    fn port(&self) -> u16 {
        self.port
    }

    async fn spawn(&self) -> Result<Process, EmbeddedError> {
        self.tidy();
        self.store().keep_what_had_no_account()?;
        let configuration_file = self.configuration_file();
        secret::write(&configuration_file, &self.configuration(), &self.account)?;
        // For whoever started the trainer, not for the server's account.
        secret::write(
            &self.home.subscriber_url(),
            &format!("{}\n", self.subscriber_url()),
            &Account::Caller,
        )?;
        let start_log = self.home.logs().join("nats-start.log");
        let output = File::create(&start_log).map_err(EmbeddedError::file("create", &start_log))?;
        let errors = output.try_clone().map_err(EmbeddedError::file("open", &start_log))?;
        let child = self
            .account
            .command(&self.program, &self.home.nats())
            .arg("--config")
            .arg(&configuration_file)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(EmbeddedError::file("run", &self.program))?;
        Ok(Process::with_id(Pid::from_raw(child.id().cast_signed())))
    }

    async fn ready(&self, process: Process) -> Result<(), EmbeddedError> {
        let started = Instant::now();
        loop {
            if !process.is_alive() {
                let log = logs::end_of(&self.home.logs(), "nats");
                return Err(EmbeddedError::DiedAtStart { server: Self::NAME, log });
            }
            if self.answers().await {
                return Ok(());
            }
            let elapsed = started.elapsed();
            if elapsed > READY_WITHIN {
                let log = logs::end_of(&self.home.logs(), "nats");
                return Err(EmbeddedError::NotReady {
                    server: Self::NAME,
                    seconds: elapsed.as_secs(),
                    log,
                });
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// A nats-server that has found its disk full answers as ever, but its JetStream does not, also
    /// when there is room again.
    async fn is_stuck(&self) -> bool {
        let Ok(Ok(Some(mut dialogue))) = timeout(ANSWERS_WITHIN, self.dialogue()).await else {
            // It may be starting, or somebody lets it stand still.
            return false;
        };
        match timeout(JETSTREAM_ANSWERS_WITHIN, dialogue.ask("$JS.API.INFO")).await {
            Ok(Ok(answer)) => answer.contains(r#""error":"#),
            // It has ended meanwhile.
            Ok(Err(_)) => false,
            Err(_elapsed) => true,
        }
    }

    fn tidy(&self) {
        logs::prune(&self.home.logs(), "nats");
    }
}

fn trainer_password(home: &Home) -> PathBuf {
    home.nats().join("password")
}

fn subscriber_password(home: &Home) -> PathBuf {
    home.nats().join("subscriber-password")
}

/// Major and minor version, from `nats-server: v2.9.10`.
fn nats_version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

fn version_in(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().rsplit(' ').next()?.trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// A path as a text in a configuration file of nats-server.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        assert_eq!(version_in("nats-server: v2.9.10\n"), Some((2, 9)));
        assert_eq!(version_in("nats-server: v2.15.1-RC.1\n"), Some((2, 15)));
        assert_eq!(version_in("something else"), None);
    }
}
