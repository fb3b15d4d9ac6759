use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::{
    Binaries, EmbeddedError, Lifetime, Options, Storage, Supervision, Urls,
    attach::{Found, wait_for_the_holder},
    cluster,
    data_lock::DataLock,
    home::Home,
    nats::{Nats, Passwords},
    ports::Ports,
    postgres::{DATABASE, Postgres},
    process::Process,
    server::{EndOnDrop, Kept},
    supervisor,
    watchdog::Watchdog,
};

/// How long another process that is starting the same servers is waited for. A first start, or one
/// after a crash, takes its time.
const HOLDER_READY_WITHIN: Duration = Duration::from_secs(120);

/// A private Postgres and a private nats-server that are running.
///
/// [`Embedded::stop`] ends them in order. Dropped without it, they go on or are ended, as
/// [`Lifetime`] says.
pub struct Embedded {
    data_dir: PathBuf,
    database_url: String,
    socket_url: Option<String>,
    nats_url: String,
    role: Role,
}

enum Role {
    /// This process starts, watches and stops the servers.
    Owner { servers: Arc<Servers>, supervisor: Option<AbortHandle> },
    /// Another process does.
    Guest { pg_pid: u32, nats_pid: Option<u32> },
}

/// The two servers of the process that owns them.
pub(crate) struct Servers {
    pub(crate) postgres: Kept<Postgres>,
    pub(crate) nats: Kept<Nats>,
    watchdog: Option<Arc<Watchdog>>,
    /// What to remove at the end.
    throwaway: Vec<PathBuf>,
    lock: Mutex<Option<DataLock>>,
}

/// Starts the two servers, or takes them over when they were left running, or joins them when
/// another process runs them.
pub async fn start(options: Options) -> Result<Embedded, EmbeddedError> {
    let binaries = Binaries::find_for(&options)?;
    let data_dir = Home::make_data_dir(&options)?;
    let try_lock = || DataLock::try_take(&data_dir);
    let lock = match try_lock()? {
        Some(lock) => lock,
        None => match wait_for_the_holder(&data_dir, HOLDER_READY_WITHIN, try_lock).await? {
            Found::Lock(lock) => lock,
            Found::Servers(urls) => return Ok(Embedded::guest(data_dir, urls)),
        },
    };
    let servers = Arc::new(bring_up(&data_dir, &binaries, &options, lock).await?);
    let supervisor = match options.supervision {
        Supervision::Restart => {
            Some(tokio::spawn(supervisor::watch(Arc::downgrade(&servers))).abort_handle())
        }
        Supervision::Off => None,
    };
    Ok(Embedded {
        data_dir,
        database_url: servers.postgres.server().url(DATABASE),
        socket_url: servers.postgres.server().socket_url(DATABASE),
        nats_url: servers.nats.server().url(),
        role: Role::Owner { servers, supervisor },
    })
}

async fn bring_up(
    data_dir: &Path,
    binaries: &Binaries,
    options: &Options,
    lock: DataLock,
) -> Result<Servers, EmbeddedError> {
    let (home, account) = Home::prepare(data_dir, options)?;
    let throwaway = match options.storage {
        Storage::Lasting => vec![],
        Storage::Throwaway if home.servers() == data_dir => vec![data_dir.to_owned()],
        Storage::Throwaway => vec![home.servers().to_owned(), data_dir.to_owned()],
    };
    let watchdog = match options.lifetime {
        Lifetime::Outlive => None,
        Lifetime::DieWithParent => Some(Arc::new(Watchdog::start(options.storage, &throwaway)?)),
    };
    let bin_dir = cluster::open_or_make(&home, &account, binaries, options).await?;
    let last = Ports::read(&home.ports());

    let postgres = Postgres {
        home: home.clone(),
        account: account.clone(),
        bin_dir,
        options: options.clone(),
        password: cluster::password(&home)?,
        port: 0,
    };
    let remember = |port| Ports { postgres: Some(port), ..last }.write(&home.ports());
    let postgres =
        Kept::bring_up(postgres, watchdog.clone(), options.pg_port, last.postgres, remember)
            .await?;
    // Who gives up waiting from here on must not leave half of the servers behind.
    let unless_complete = EndOnDrop(postgres.process());

    let rest = async {
        postgres.server().make_database().await?;
        let nats = Nats {
            passwords: Passwords::read_or_make(&home, &account)?,
            home: home.clone(),
            account,
            program: binaries.nats_server.clone(),
            options: options.clone(),
            port: 0,
        };
        let pg_port = Ports::read(&home.ports()).postgres;
        let remember = |port| Ports { postgres: pg_port, nats: Some(port) }.write(&home.ports());
        Kept::bring_up(nats, watchdog.clone(), options.nats_port, last.nats, remember).await
    };
    match rest.await {
        Ok(nats) => {
            unless_complete.keep();
            Ok(Servers { postgres, nats, watchdog, throwaway, lock: Mutex::new(Some(lock)) })
        }
        Err(error) => {
            postgres.stop().await?;
            Err(error)
        }
    }
}

impl Embedded {
    fn guest(data_dir: PathBuf, urls: Urls) -> Self {
        let Urls { database_url, socket_url, nats_url, pg_pid, nats_pid } = urls;
        Self {
            data_dir,
            database_url,
            socket_url,
            nats_url,
            role: Role::Guest { pg_pid, nats_pid },
        }
    }

    /// The database of the trainer, over TCP, with its password.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The same database over its Unix socket, which takes a third less time for a short statement;
    /// none where the path of the data folder is too long for a socket.
    pub fn socket_url(&self) -> Option<&str> {
        self.socket_url.as_deref()
    }

    /// The nats-server, with its user and password, which async-nats does not take out of a URL by
    /// itself.
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The data folder, as a full path.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Whether another process runs the servers, so that this one never stops them.
    pub fn attached(&self) -> bool {
        match &self.role {
            Role::Owner { .. } => false,
            Role::Guest { .. } => true,
        }
    }

    /// The process of the Postgres server, while it runs.
    pub fn pg_pid(&self) -> Option<u32> {
        match &self.role {
            Role::Owner { servers, .. } => servers.postgres.process().map(Process::id),
            Role::Guest { pg_pid, .. } => Some(*pg_pid),
        }
    }

    /// The process of the nats-server, while it runs.
    pub fn nats_pid(&self) -> Option<u32> {
        match &self.role {
            Role::Owner { servers, .. } => servers.nats.process().map(Process::id),
            Role::Guest { nats_pid, .. } => *nats_pid,
        }
    }

    /// Ends both servers in order and lets go of the data folder. Servers of another process go on.
    pub async fn stop(&self) -> Result<(), EmbeddedError> {
        let Role::Owner { servers, supervisor } = &self.role else { return Ok(()) };
        if let Some(supervisor) = supervisor {
            supervisor.abort();
        }
        // Postgres goes down even when nats-server does not.
        let nats = servers.nats.stop().await;
        servers.postgres.stop().await?;
        nats?;
        servers.remove_throwaway().await?;
        drop(servers.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }

    fn owned(&self) -> Result<&Servers, EmbeddedError> {
        match &self.role {
            Role::Owner { servers, .. } => Ok(servers),
            Role::Guest { .. } => Err(EmbeddedError::Attached),
        }
    }

    /// Stops nats-server in order, and leaves it stopped.
    pub async fn stop_nats(&self) -> Result<(), EmbeddedError> {
        self.owned()?.nats.stop().await
    }

    /// Starts nats-server again on the same port, unless it runs.
    pub async fn start_nats(&self) -> Result<(), EmbeddedError> {
        self.owned()?.nats.start().await
    }

    /// Stops Postgres in order, and leaves it stopped.
    pub async fn stop_postgres(&self) -> Result<(), EmbeddedError> {
        self.owned()?.postgres.stop().await
    }

    /// Starts Postgres again on the same port, unless it runs.
    pub async fn start_postgres(&self) -> Result<(), EmbeddedError> {
        self.owned()?.postgres.start().await
    }

    /// Kills both servers as a power failure would, and leaves them dead.
    pub async fn kill_all(&self) -> Result<(), EmbeddedError> {
        let servers = self.owned()?;
        let (postgres, nats) = tokio::join!(servers.postgres.kill(), servers.nats.kill());
        postgres.and(nats)
    }

    /// Starts both servers again on the same ports, those that do not run.
    pub async fn start_all(&self) -> Result<(), EmbeddedError> {
        let servers = self.owned()?;
        servers.postgres.start().await?;
        servers.nats.start().await
    }

    /// Removes everything JetStream has stored. A running nats-server is stopped for it and started
    /// again.
    pub async fn wipe_nats_store(&self) -> Result<(), EmbeddedError> {
        let nats = &self.owned()?.nats;
        let runs = nats.process().is_some();
        nats.stop().await?;
        nats.server().store().wipe()?;
        if runs { nats.start().await } else { Ok(()) }
    }

    /// Makes another database on the same server and gives its URL.
    #[cfg(feature = "testing")]
    pub(crate) async fn another_database(&self, name: &str) -> Result<String, EmbeddedError> {
        self.owned()?.postgres.server().another_database(name).await
    }

    /// The URLs of one of the further accounts of a throwaway nats-server: the trainer's and the
    /// subscribers'.
    #[cfg(feature = "testing")]
    pub(crate) fn nats_urls_of(&self, account: usize) -> Result<(String, String), EmbeddedError> {
        Ok(self.owned()?.nats.server().urls_of(account))
    }
}

impl Servers {
    async fn remove_throwaway(&self) -> Result<(), EmbeddedError> {
        for folder in &self.throwaway {
            match tokio::fs::remove_dir_all(folder).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(EmbeddedError::file("remove", folder)(error)),
            }
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let Some(watchdog) = self.watchdog.take() else { return };
        let processes = [self.postgres.process(), self.nats.process()];
        watchdog.let_go();
        // The watchdog waits until the servers are gone, and they are only gone when their parent
        // has seen it.
        thread::spawn(move || {
            for process in processes.into_iter().flatten() {
                while process.is_alive() {
                    thread::sleep(Duration::from_millis(20));
                }
            }
            watchdog.wait();
        });
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Role::Owner { supervisor: Some(supervisor), .. } = &self.role {
            supervisor.abort();
        }
    }
}

impl fmt::Debug for Embedded {
    /// Leaves the passwords out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("data_dir", &self.data_dir)
            .field("attached", &self.attached())
            .field("pg_pid", &self.pg_pid())
            .field("nats_pid", &self.nats_pid())
            .finish_non_exhaustive()
    }
}
