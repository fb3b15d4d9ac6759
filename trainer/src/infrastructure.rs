//! Postgres and NATS: those the environment names, or private ones.

use std::time::Duration;

use anyhow::{Context, bail};
use embedded::{Embedded, Options};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use crate::config::ServerConfig;
use crate::migrations::MIGRATIONS;
use crate::signals::StopSignal;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection idle for longer is asked whether it is still there before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// What every session asks of Postgres. A process that stands still in the middle of a transaction, or whose machine is gone,
/// keeps others waiting for these times and no longer: what it had begun is undone.
const SESSION: [(&str, &str); 5] = [
    ("jit", "off"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// What a process talks to.
pub(crate) struct Infrastructure {
    /// Connections for queries.
    pub(crate) pool: PgPool,
    nats_url: String,
}

impl Infrastructure {
    /// Does something with the servers, and stops those this process started, however it ends: by itself or
    /// because the process is told to stop.
    ///
    /// # Errors
    /// Those of starting, of `work` and of stopping, the earliest of them; being told to stop is one.
    pub(crate) async fn with<T>(
        config: &ServerConfig,
        work: impl AsyncFnOnce(&Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        Self::until_stopped(config, async |infrastructure, stop| {
            tokio::select! {
                done = work(infrastructure) => done,
                () = stop.received() => bail!("told to stop before it was done"),
            }
        })
        .await
    }

    /// The same for work that goes on until the process is told to stop, and then ends in order.
    ///
    /// # Errors
    /// Those of starting, of `work` and of stopping, the earliest of them.
    pub(crate) async fn until_stopped<T>(
        config: &ServerConfig,
        work: impl AsyncFnOnce(&Self, &mut StopSignal) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut stop = StopSignal::listen()?;
        let servers = tokio::select! {
            started = Servers::start(config) => started?,
            () = stop.received() => bail!("told to stop during the start"),
        };
        // From here on the servers run, and are stopped whatever happens.
        let done = Self::work_with(&servers, config, &mut stop, work).await;
        let stopped = servers.stop().await;
        let done = done?;
        stopped.map(|()| done)
    }

    async fn work_with<T>(
        servers: &Servers,
        config: &ServerConfig,
        stop: &mut StopSignal,
        work: impl AsyncFnOnce(&Self, &mut StopSignal) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let pool = tokio::select! {
            pool = pool(&servers.database_url, config.db_connections) => pool?,
            () = stop.received() => bail!("told to stop during the start"),
        };
        let infrastructure = Self { pool, nats_url: servers.nats_url.clone() };
        let done = work(&infrastructure, stop).await;
        infrastructure.pool.close().await;
        done
    }

    /// Brings the database's shape up to date; several processes may ask at once.
    ///
    /// # Errors
    /// When a migration fails.
    pub(crate) async fn migrate(&self) -> anyhow::Result<()> {
        MIGRATIONS.run(&self.pool).await.context("the database could not be migrated")
    }

    /// Connects to NATS; while it is away the connection is tried again and again.
    ///
    /// # Errors
    /// When the address makes no sense.
    pub(crate) async fn nats(&self, name: &str) -> anyhow::Result<async_nats::Client> {
        Ok(nats::connect(&self.nats_url, name).await?)
    }

    /// The same, and takes note of what the server refuses to take.
    pub(crate) async fn nats_noting(
        &self,
        name: &str,
        refusals: nats::Refusals,
    ) -> anyhow::Result<async_nats::Client> {
        Ok(nats::connect_noting(&self.nats_url, name, refusals).await?)
    }
}

/// Where Postgres and NATS are.
struct Servers {
    database_url: String,
    nats_url: String,
    /// The private servers, when this process uses some.
    embedded: Option<Embedded>,
}

impl Servers {
    /// Takes the servers the environment names, or starts private ones, or joins those that another trainer on
    /// the same data folder has started. Given up halfway, nothing stays behind.
    async fn start(config: &ServerConfig) -> anyhow::Result<Self> {
        match (&config.database_url, &config.nats_url) {
            (Some(database_url), Some(nats_url)) => Ok(Self {
                database_url: database_url.clone(),
                nats_url: nats_url.clone(),
                embedded: None,
            }),
            (None, None) => {
                let embedded = embedded::start(private_servers(config)).await?;
                // The socket, where there is one, costs less than TCP.
                let database_url = embedded.socket_url().unwrap_or(embedded.database_url());
                Ok(Self {
                    database_url: database_url.to_owned(),
                    nats_url: embedded.nats_url().to_owned(),
                    embedded: Some(embedded),
                })
            }
            (Some(_), None) => bail!(
                "DATABASE_URL is set but NATS_URL is not: set both, or neither for private servers"
            ),
            (None, Some(_)) => bail!(
                "NATS_URL is set but DATABASE_URL is not: set both, or neither for private servers"
            ),
        }
    }

    /// Stops the private servers, if this process started them.
    async fn stop(self) -> anyhow::Result<()> {
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}

/// The private servers that this configuration asks for.
pub(crate) fn private_servers(config: &ServerConfig) -> Options {
    Options {
        pg_port: config.pg_port,
        nats_port: config.nats_port,
        pg_bin_dir: config.pg_bin_dir.clone(),
        nats_server: config.nats_server.clone(),
        ..Options::new(&config.data_dir)
    }
}

async fn pool(database_url: &str, connections: u32) -> anyhow::Result<PgPool> {
    // Anything else would be taken for a Postgres.
    let scheme = database_url.split("://").next().unwrap_or_default();
    anyhow::ensure!(
        matches!(scheme, "postgres" | "postgresql"),
        "DATABASE_URL is not a Postgres URL"
    );
    // The URL holds a password: an error must not show it.
    let options: PgConnectOptions = database_url
        .parse()
        .map_err(|_invalid: sqlx::Error| anyhow::anyhow!("DATABASE_URL is not a Postgres URL"))?;
    let options = options.application_name("trainer").options(SESSION);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .context("Postgres does not answer")
}
