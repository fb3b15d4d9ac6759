//! Postgres and NATS: those the environment names, or private ones.

use std::time::Duration;

use anyhow::{Context, bail};
use embedded::{Embedded, Options};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use crate::config::ServerConfig;
use crate::migrations::MIGRATIONS;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection idle for longer is asked whether it is still there before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// What a process talks to.
pub(crate) struct Infrastructure {
    /// Connections for queries.
    pub(crate) pool: PgPool,
    nats_url: String,
    /// The private servers, when this process uses some.
    embedded: Option<Embedded>,
}

impl Infrastructure {
    /// Connects to the servers the environment names, or starts private ones, or joins those that another
    /// trainer on the same data folder has started.
    ///
    /// # Errors
    /// When programs are missing or the servers do not start or answer.
    pub(crate) async fn start(config: &ServerConfig) -> anyhow::Result<Self> {
        let (database_url, nats_url, embedded) = match (&config.database_url, &config.nats_url) {
            (Some(database_url), Some(nats_url)) => (database_url.clone(), nats_url.clone(), None),
            (None, None) => {
                let embedded = embedded::start(private_servers(config)).await?;
                // The socket, where there is one, costs less than TCP.
                let database_url =
                    embedded.socket_url().unwrap_or(embedded.database_url()).to_owned();
                (database_url, embedded.nats_url().to_owned(), Some(embedded))
            }
            (Some(_), None) => bail!(
                "DATABASE_URL is set but NATS_URL is not: set both, or neither for private servers"
            ),
            (None, Some(_)) => bail!(
                "NATS_URL is set but DATABASE_URL is not: set both, or neither for private servers"
            ),
        };
        match pool(&database_url, config.db_connections).await {
            Ok(pool) => Ok(Self { pool, nats_url, embedded }),
            Err(error) => {
                stop(embedded).await?;
                Err(error)
            }
        }
    }

    /// Does something with the servers, and stops those this process started, however it ends.
    ///
    /// # Errors
    /// Those of starting, of `work` and of stopping, the earliest of them.
    pub(crate) async fn with<T>(
        config: &ServerConfig,
        work: impl AsyncFnOnce(&Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let infrastructure = Self::start(config).await?;
        let done = work(&infrastructure).await;
        let stopped = infrastructure.stop().await;
        let done = done?;
        stopped.map(|()| done)
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

    /// Stops the private servers, if this process started them.
    ///
    /// # Errors
    /// When they do not stop.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        stop(self.embedded).await
    }
}

async fn stop(embedded: Option<Embedded>) -> anyhow::Result<()> {
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    Ok(())
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
    let options = options.application_name("trainer").options([("jit", "off")]);
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
