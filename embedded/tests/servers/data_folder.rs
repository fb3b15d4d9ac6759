//! A data folder of one test, and what the tests do with the servers on it.

use std::{
    env,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use embedded::{Embedded, Lifetime, Options};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A data folder that ends whatever still runs on it, when a test fails halfway, and removes
/// itself.
pub(crate) struct DataFolder {
    parent: TempDir,
}

impl DataFolder {
    pub(crate) fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn parent(&self) -> &Path {
        self.parent.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.options().data_dir
    }

    /// Lasting servers that die with the test.
    pub(crate) fn options(&self) -> Options {
        options(self.parent.path(), Lifetime::DieWithParent)
    }
}

/// Servers on the data folder below `parent`, from the programs that the environment names, if any.
pub(crate) fn options(parent: &Path, lifetime: Lifetime) -> Options {
    Options {
        lifetime,
        pg_bin_dir: env::var_os("TRAINER_PG_BIN").map(PathBuf::from),
        nats_server: env::var_os("TRAINER_NATS_SERVER").map(PathBuf::from),
        fallback_root: parent.join("fallback"),
        shared_buffers_mb: 16,
        ..Options::new(parent.join("data"))
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let data_dir = self.path();
        let find = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(embedded::connect(&data_dir))
        };
        if let Ok(Some(left)) = thread::spawn(find).join() {
            for pid in [Some(left.pg_pid), left.nats_pid].into_iter().flatten() {
                kill_hard(pid);
            }
        }
    }
}

/// Writes a row that only lasts when the commit does.
pub(crate) async fn write(database_url: &str, note: &str) {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    sqlx::query("create table if not exists notes (note text)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("insert into notes values ($1)").bind(note).execute(&mut connection).await.unwrap();
}

pub(crate) async fn notes(database_url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    sqlx::query_scalar("select note from notes order by note")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

/// One value of a setting, or of any other statement.
pub(crate) async fn ask(database_url: &str, statement: &str) -> String {
    let mut connection = PgConnection::connect(database_url).await.unwrap();
    sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
}

/// Publishes into a stream of JetStream and gives the number of messages in it.
pub(crate) async fn publish(nats_url: &str) -> u64 {
    let jetstream = async_nats::jetstream::new(say_hello(nats_url).await.unwrap());
    let config = async_nats::jetstream::stream::Config {
        name: "NOTES".to_owned(),
        subjects: vec!["notes".to_owned()],
        ..Default::default()
    };
    let mut stream = jetstream.get_or_create_stream(config).await.unwrap();
    jetstream.publish("notes", "note".into()).await.unwrap().await.unwrap();
    stream.info().await.unwrap().state.messages
}

/// Connects as the user that the URL names.
pub(crate) async fn say_hello(
    nats_url: &str,
) -> Result<async_nats::Client, async_nats::ConnectError> {
    let address: async_nats::ServerAddr = nats_url.parse().unwrap();
    let (user, password) =
        (address.username().unwrap().to_owned(), address.password().unwrap().to_owned());
    async_nats::ConnectOptions::with_user_and_password(user, password).connect(address).await
}

pub(crate) fn pids(servers: &Embedded) -> [u32; 2] {
    [servers.pg_pid().unwrap(), servers.nats_pid().unwrap()]
}

pub(crate) fn is_alive(pid: u32) -> bool {
    // A zombie is dead; the test itself is the parent of some.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub(crate) fn kill_hard(pid: u32) {
    kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).ok();
}

/// Waits until the condition holds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The port at the end of a URL's address.
pub(crate) fn port(url: &str) -> u16 {
    let address = url.split('@').nth(1).unwrap();
    let port: String =
        address.split(':').nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    port.parse().unwrap()
}
