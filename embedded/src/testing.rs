//! Throwaway servers for tests: nothing needs to run, nothing is left behind.
//!
//! ```no_run
//! # async fn example() {
//! let servers = embedded::testing::shared();
//! let database_url = servers.database().await;
//! let nats_url = servers.nats_account();
//! # }
//! ```

mod captured_log;

pub use captured_log::CapturedLog;

use std::{
    env,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    Embedded, EmbeddedError, Lifetime, Options, Storage, Supervision, nats::THROWAWAY_ACCOUNTS,
    start,
};

/// A Postgres and a nats-server in a temporary folder that die with the test process, whatever ends
/// it.
#[derive(Debug)]
pub struct TestServers {
    servers: Embedded,
    databases: AtomicUsize,
    nats_accounts: AtomicUsize,
}

/// The servers that all tests of this process share. Started by the first test that asks, ended
/// with the process.
///
/// They belong to no tokio runtime, so that tests with runtimes of their own can share them.
///
/// # Panics
///
/// When the programs are not installed, or do not start.
pub fn shared() -> &'static TestServers {
    static SHARED: OnceLock<TestServers> = OnceLock::new();
    SHARED.get_or_init(|| {
        let started = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok::<_, std::io::Error>(runtime.block_on(TestServers::start_own()))
        });
        match started.join() {
            Ok(Ok(servers)) => servers,
            Ok(Err(error)) => panic!("no runtime to start the servers of the tests: {error}"),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

impl TestServers {
    /// Servers of one test alone, for one that kills them. Dropped, they are gone.
    ///
    /// # Panics
    ///
    /// When the programs are not installed, or do not start.
    pub async fn start_own() -> Self {
        match Self::try_start().await {
            Ok(servers) => servers,
            Err(error) => panic!("the servers of the tests do not start: {error}"),
        }
    }

    async fn try_start() -> Result<Self, EmbeddedError> {
        let servers = start(options()?).await?;
        Ok(Self { servers, databases: AtomicUsize::new(0), nats_accounts: AtomicUsize::new(0) })
    }

    /// The servers, to stop, kill and start them.
    pub fn servers(&self) -> &Embedded {
        &self.servers
    }

    /// The URL of the nats-server, with its user and password, which async-nats does not take out
    /// of a URL by itself.
    pub fn nats_url(&self) -> String {
        self.servers.nats_url().to_owned()
    }

    /// Makes a new empty database and gives its URL.
    ///
    /// # Panics
    ///
    /// When Postgres does not run.
    pub async fn database(&self) -> String {
        match self.try_database().await {
            Ok(url) => url,
            Err(error) => panic!("no new database for a test: {error}"),
        }
    }

    async fn try_database(&self) -> Result<String, EmbeddedError> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        self.servers.another_database(&format!("test_{number}")).await
    }

    /// Takes a new empty account of the nats-server, with subjects and a JetStream that no other
    /// test sees, and gives its URL. As in [`TestServers::nats_url`], the user and password are in
    /// it.
    ///
    /// # Panics
    ///
    /// When a test process asks for more than 200.
    pub fn nats_account(&self) -> String {
        self.nats_account_with_subscriber().0
    }

    /// The same, and the URL for those who may only read the events in it.
    ///
    /// # Panics
    ///
    /// When a test process asks for more than 200.
    pub fn nats_account_with_subscriber(&self) -> (String, String) {
        let number = self.nats_accounts.fetch_add(1, Ordering::Relaxed);
        assert!(number < THROWAWAY_ACCOUNTS, "a test process has {THROWAWAY_ACCOUNTS} accounts");
        match self.servers.nats_urls_of(number) {
            Ok(urls) => urls,
            Err(error) => panic!("no new account for a test: {error}"),
        }
    }
}

/// The options of throwaway servers, in a new temporary folder.
///
/// Tests have no configuration of their own, so the programs named in the environment are found
/// here.
pub fn options() -> Result<Options, EmbeddedError> {
    let parent = env::temp_dir();
    let folder = tempfile::Builder::new()
        .prefix("running-trainer-test-")
        .tempdir_in(&parent)
        .map_err(EmbeddedError::file("create a folder in", parent))?;
    Ok(Options {
        pg_bin_dir: env::var_os("TRAINER_PG_BIN").map(PathBuf::from),
        nats_server: env::var_os("TRAINER_NATS_SERVER").map(PathBuf::from),
        lifetime: Lifetime::DieWithParent,
        supervision: Supervision::Off,
        storage: Storage::Throwaway,
        max_connections: 300,
        shared_buffers_mb: 64,
        max_wal_mb: 512,
        ..Options::new(folder.keep())
    })
}
