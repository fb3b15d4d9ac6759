//! The private Postgres server.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    time::Duration,
};

use nix::{sys::signal::Signal, unistd::Pid};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    EmbeddedError, Options,
    account::Account,
    cluster::{SUPERUSER, USER},
    home::Home,
    logs,
    process::{self, Process},
    server::Server,
    settings,
};

/// The database of the trainer.
pub(crate) const DATABASE: &str = "trainer";

/// Recovery after a crash replays up to `max_wal_size` of log, which takes minutes on a slow disk.
const READY_WITHIN: Duration = Duration::from_secs(600);

pub(crate) struct Postgres {
    pub(crate) home: Home,
    pub(crate) account: Account,
    pub(crate) bin_dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) password: String,
    pub(crate) port: u16,
}

impl Postgres {
    /// The server as a program finds it that did not start it.
    pub(crate) fn at(home: &Home, account: &Account, password: String, port: u16) -> Self {
        Self {
            home: home.clone(),
            account: account.clone(),
            bin_dir: PathBuf::new(),
            options: Options::new(home.data_dir()),
            password,
            port,
        }
    }

    /// The URL of one of its databases, for the trainer.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_as(USER, database)
    }

    /// The same over the Unix socket, if there is one.
    pub(crate) fn socket_url(&self, database: &str) -> Option<String> {
        let Self { password, port, .. } = self;
        let folder = percent_encoded(self.home.socket_folder()?.to_str()?);
        Some(format!("postgres://{USER}:{password}@localhost:{port}/{database}?host={folder}"))
    }

    fn url_as(&self, role: &str, database: &str) -> String {
        let Self { password, port, .. } = self;
        format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// A connection to one of its databases, as superuser. `postgres` always exists.
    pub(crate) async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        let options: PgConnectOptions = self.url_as(SUPERUSER, database).parse()?;
        let options = options.disable_statement_logging();
        let connecting = PgConnection::connect_with(&options);
        timeout(Duration::from_secs(5), connecting).await.unwrap_or_else(|late| {
            Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late)))
        })
    }

    /// Creates the role and the database of the trainer, unless they are there.
    pub(crate) async fn make_database(&self) -> Result<(), EmbeddedError> {
        let mut connection = self.connect("postgres").await?;
        // A program that was killed has left a session behind that still carries out its last
        // statement. Until that is done, what this one asks for is neither there nor to be made.
        sqlx::query("select pg_advisory_lock(hashtext($1))")
            .bind("running-trainer: making the database")
            .execute(&mut connection)
            .await?;
        let has_role: bool =
            sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                .bind(USER)
                .fetch_one(&mut connection)
                .await?;
        if !has_role {
            // The server logs a statement that fails, and this one holds the password.
            sqlx::query("set log_min_error_statement = panic").execute(&mut connection).await?;
            let create = format!("create role {USER} login createdb password '{}'", self.password);
            sqlx::query(&create).execute(&mut connection).await?;
        }
        // What an operator's commands look at and do; the second came with Postgres 15.
        for may in ["pg_monitor", "pg_checkpoint"] {
            let known: bool =
                sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                    .bind(may)
                    .fetch_one(&mut connection)
                    .await?;
            if known {
                sqlx::query(&format!("grant {may} to {USER}")).execute(&mut connection).await?;
            }
        }
        let has_database: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut connection)
                .await?;
        if !has_database {
            create_database(&mut connection, DATABASE).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Creates another database of the trainer and gives its URL.
    #[cfg(feature = "testing")]
    pub(crate) async fn another_database(&self, name: &str) -> Result<String, EmbeddedError> {
        let began = Instant::now();
        // All tests of a program begin at the same moment.
        let mut connection = loop {
            match self.connect("postgres").await {
                Err(_late) if began.elapsed() < Duration::from_secs(60) => {
                    sleep(Duration::from_millis(100)).await;
                }
                connected => break connected?,
            }
        };
        create_database(&mut connection, name).await?;
        connection.close().await?;
        Ok(self.url(name))
    }

    /// What Postgres notes about the server that runs on the cluster: its process, and on its
    /// fourth line its port.
    fn noted(&self) -> Option<(Pid, Option<u16>)> {
        let text = fs::read_to_string(self.home.postgres().join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid: i32 = lines.next()?.trim().parse().ok()?;
        Some((Pid::from_raw(pid), lines.nth(2).and_then(|port| port.trim().parse().ok())))
    }

    /// Removes a note about a process that is no server any more, though its id is taken: by another
    /// program after a restart of the machine, or by a server that was killed and that nobody
    /// collects, as in a container whose first program does not. Postgres would refuse to start.
    fn forget_a_stale_note(&self) -> Result<(), EmbeddedError> {
        let Some((pid, _)) = self.noted() else { return Ok(()) };
        let found = process::command_lines().into_iter().find(|found| found.pid == pid);
        let is_stale = match found {
            Some(found) => {
                !(found.is_called("postgres") && found.user_id == self.account.user_id())
            }
            None => process::is_dead_but_not_collected(pid),
        };
        if !is_stale {
            return Ok(());
        }
        let note = self.home.postgres().join("postmaster.pid");
        tracing::warn!(
            process.pid = pid.as_raw(),
            "removing the stale process file of the private Postgres"
        );
        fs::remove_file(&note).map_err(EmbeddedError::file("remove", note))
    }

    /// Ends the sessions of a server that was killed. They end by themselves, but only when their
    /// statement is done, and until then a new server does not start.
    async fn end_orphans(&self) {
        let folder = self.home.postgres();
        let patience = [(None, 2), (Some(Signal::SIGQUIT), 3), (Some(Signal::SIGKILL), 5)];
        for (signal, seconds) in patience {
            let deadline = Instant::now() + Duration::from_secs(seconds);
            let mut orphans = process::working_in(&folder);
            for orphan in &orphans {
                if let Some(signal) = signal {
                    Process::with_id(*orphan).signal(signal);
                }
            }
            while !orphans.is_empty() && Instant::now() < deadline {
                sleep(Duration::from_millis(20)).await;
                orphans = process::working_in(&folder);
            }
            if orphans.is_empty() {
                return;
            }
        }
    }

    /// Removes the sockets of a server that was killed; their locks name a process whose id may be
    /// reused.
    fn remove_sockets(&self) {
        let Some(folder) = self.home.socket_folder() else { return };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "an old socket could not be removed");
            }
        }
    }
}

async fn create_database(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(&format!("create database {name} owner {USER}")).execute(connection).await?;
    Ok(())
}

/// A path as a value in the query of a URL.
fn percent_encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encode =
        |byte: u8| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    path.bytes().map(encode).collect()
}

impl Server for Postgres {
    const NAME: &'static str = "Postgres";
    // Fast shutdown writes a checkpoint; an immediate one leaves the work to the next start.
    const ENDING: &'static [(Signal, Duration)] = &[
        (Signal::SIGINT, Duration::from_secs(60)),
        (Signal::SIGQUIT, Duration::from_secs(10)),
        (Signal::SIGKILL, Duration::from_secs(10)),
    ];

    fn find(&self) -> Option<Process> {
        let (pid, _) = self.noted()?;
        let folder = self.home.postgres();
        let ours = process::command_lines().into_iter().any(|found| {
            found.pid == pid
                && found.user_id == self.account.user_id()
                && found.is_called("postgres")
                && found.has("-D", &folder.to_string_lossy())
        });
        ours.then(|| Process::with_id(pid))
    }

    fn running_port(&self) -> Option<u16> {
        self.noted()?.1
    }

    fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    fn port(&self) -> u16 {
        self.port
    }

    async fn spawn(&self) -> Result<Process, EmbeddedError> {
        // First those who still work on the data: the note is what would keep Postgres from joining them.
        self.end_orphans().await;
        self.forget_a_stale_note()?;
        self.remove_sockets();
        self.tidy();

        let folder = self.home.postgres();
        let log_folder = self.home.logs();
        let settings_file = folder.join(settings::FILE);
        fs::write(&settings_file, settings::text(&self.options, &log_folder.to_string_lossy()))
            .map_err(EmbeddedError::file("write", &settings_file))?;
        self.account.own(&settings_file)?;

        let start_log = log_folder.join("postgres-start.log");
        let output = File::create(&start_log).map_err(EmbeddedError::file("create", &start_log))?;
        let errors = output.try_clone().map_err(EmbeddedError::file("open", &start_log))?;
        let sockets = self.home.socket_folder();
        let program = self.bin_dir.join("postgres");
        let mut command = self.account.command(&program, &folder);
        command
            .arg("-D")
            .arg(&folder)
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={}", self.port)])
            .args([
                "-c",
                &format!("unix_socket_directories={}", sockets.unwrap_or_default().display()),
            ])
            .stdout(output)
            .stderr(errors);
        let child = command.spawn().map_err(EmbeddedError::file("run", &program))?;
        Ok(Process::with_id(Pid::from_raw(child.id().cast_signed())))
    }

    async fn ready(&self, process: Process) -> Result<(), EmbeddedError> {
        let started = Instant::now();
        let mut next_notice = Duration::from_secs(5);
        loop {
            if !process.is_alive() {
                let log = logs::end_of(&self.home.logs(), "postgres");
                return Err(EmbeddedError::DiedAtStart { server: Self::NAME, log });
            }
            match self.connect("postgres").await {
                Ok(connection) => {
                    connection.close().await?;
                    return Ok(());
                }
                Err(sqlx::Error::Database(refusal))
                    if refusal.code().is_some_and(|code| code == "28P01") =>
                {
                    // Another program may listen there while ours is about to give up.
                    if started.elapsed() > Duration::from_secs(3) {
                        return Err(EmbeddedError::PasswordRefused { server: Self::NAME });
                    }
                }
                Err(_) => {}
            }
            let elapsed = started.elapsed();
            if elapsed > READY_WITHIN {
                let log = logs::end_of(&self.home.logs(), "postgres");
                return Err(EmbeddedError::NotReady {
                    server: Self::NAME,
                    seconds: elapsed.as_secs(),
                    log,
                });
            }
            if elapsed > next_notice {
                next_notice *= 2;
                tracing::info!(
                    elapsed_s = elapsed.as_secs(),
                    "the private Postgres is still recovering its data"
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn family(&self, process: Process) -> Vec<Process> {
        let mut family = vec![process];
        let children = process::working_in(&self.home.postgres());
        family
            .extend(children.into_iter().filter(|pid| *pid != process.pid()).map(Process::with_id));
        family
    }

    fn tidy(&self) {
        logs::prune(&self.home.logs(), "postgres");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_url_is_encoded() {
        assert_eq!(percent_encoded("/a b/ü%/x.y"), "/a%20b/%C3%BC%25/x.y");
    }
}
