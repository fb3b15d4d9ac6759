//! The real program, started as an operator starts it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::thread;

use embedded::testing;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::process::{Process, command};

/// With the value `gateway`, the program is a gateway in front of a process of each role, else `trainer up`.
pub(crate) const DOOR: &str = "TRAINER_TEST_DOOR";
/// What runs behind a gateway, and how the gateway is told where those are that it passes requests on to.
const ROLES: [(&str, Option<&str>); 7] = [
    ("auth", Some("TRAINER_AUTH_URLS")),
    ("command-api", Some("TRAINER_COMMAND_API_URLS")),
    ("query-api", Some("TRAINER_QUERY_API_URLS")),
    ("pdf", Some("TRAINER_PDF_URLS")),
    ("projector", Some("TRAINER_PROJECTOR_URLS")),
    ("relay", None),
    ("worker", None),
];

/// The program with a data folder of its own, and servers of its own or of this test process.
pub(crate) struct Program {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The first one listens there, and has the data.
    processes: Vec<Process>,
    /// Where its servers are, when they are not its own.
    servers: Vec<(&'static str, String)>,
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
        match std::env::var(DOOR).as_deref() {
            Ok("gateway") => Self::behind_a_gateway(environment),
            Ok(_) | Err(_) => Self::with_servers(environment),
        }
    }

    /// `trainer up` with servers of its own, whatever the door of the others.
    pub(crate) fn with_servers(environment: &[(&str, &str)]) -> Self {
        let process = Process::start(&["up"], environment);
        let address = process.wait_until("everything is up");
        Self { address, processes: vec![process], servers: vec![] }
    }

    /// A process of each role and a gateway in front of them, on servers of this test process.
    fn behind_a_gateway(environment: &[(&str, &str)]) -> Self {
        let servers = servers();
        let folder = Process::folder();
        let data = folder.join("data").to_str().unwrap().to_owned();
        let mut all = environment.to_vec();
        all.extend(servers.iter().map(|(name, url)| (*name, url.as_str())));
        all.push(("TRAINER_DATA_DIR", &data));
        // Auth believes where the gateway says that requests come from.
        all.push(("TRAINER_TRUSTED_PROXIES", "127.0.0.1"));
        let started = ROLES.map(|(role, urls)| (Process::start(&["serve", role], &all), urls));
        let (mut processes, mut urls) = (vec![], vec![]);
        for (role, variable) in started {
            let address = role.wait_until("serving");
            urls.extend(variable.map(|variable| (variable, format!("http://{address}"))));
            processes.push(role);
        }
        // The gateway itself believes nobody.
        all.pop();
        all.extend(urls.iter().map(|(variable, url)| (*variable, url.as_str())));
        let gateway = Process::start_in(folder, &["serve", "gateway"], &all);
        let address = gateway.wait_until("serving");
        processes.insert(0, gateway);
        Self { address, processes, servers }
    }

    /// Where it keeps its data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.processes[0].folder.join("data")
    }

    /// Where its Postgres is.
    pub(crate) async fn database_url(&self) -> String {
        match self.servers.iter().find(|(name, _)| *name == "DATABASE_URL") {
            Some((_, url)) => url.clone(),
            None => {
                let urls = embedded::connect(&self.data_dir()).await;
                urls.expect("Postgres runs").database_url
            }
        }
    }

    /// What another call of the program on the same data folder prints.
    pub(crate) fn trainer(&self, arguments: &[&str]) -> Output {
        self.trainer_with(arguments, &[])
    }

    /// The same, with this in its environment.
    pub(crate) fn trainer_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
        let output = command(&mut trainer, &self.processes[0].folder)
            .args(arguments)
            .envs(self.servers.iter().map(|(name, url)| (name, url)))
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
        let pid = fs::read_to_string(self.data_dir().join("postgres/postmaster.pid")).unwrap();
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
        self.processes.iter().flat_map(Process::log).collect()
    }
}

/// A database and an account of NATS of this test process's servers.
fn servers() -> Vec<(&'static str, String)> {
    // Whoever asks may be within a runtime, and does not wait there.
    let asked = thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let servers = testing::shared();
        let database_url = runtime.block_on(servers.database());
        vec![("DATABASE_URL", database_url), ("NATS_URL", servers.nats_account())]
    });
    asked.join().unwrap()
}
