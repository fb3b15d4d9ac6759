use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

/// How often a standby asks whether the leader is gone.
const RETRY: Duration = Duration::from_secs(1);

/// Being the one process that does a job, held as a session lock in Postgres: it ends with the
/// connection, however the process ends.
///
/// It saves work, it does not keep anything right: a leader that was paused does not know that it
/// was replaced, so what it writes must be fenced as well.
#[derive(Debug)]
pub struct Leadership {
    connection: PgConnection,
}

impl Leadership {
    /// Waits until this process leads the job of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait_for(job: &str, options: &PgConnectOptions) -> sqlx::Result<Self> {
        let mut connection = options.connect().await?;
        while !try_lock(&mut connection, job).await? {
            tokio::time::sleep(RETRY).await;
        }
        Ok(Self { connection })
    }

    /// Takes the job of this name, unless another process has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_take(job: &str, options: &PgConnectOptions) -> sqlx::Result<Option<Self>> {
        let mut connection = options.connect().await?;
        let leads = try_lock(&mut connection, job).await?;
        Ok(leads.then_some(Self { connection }))
    }

    /// Asks whether the connection, and with it the lock, is still there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn check(&mut self) -> sqlx::Result<()> {
        self.connection.ping().await
    }

    /// Gives the job up at once, rather than when the server notices.
    pub async fn resign(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "leadership connection was already gone");
        }
    }
}

async fn try_lock(connection: &mut PgConnection, job: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_lock(hashtextextended('running-trainer ' || $1, 0)) as "leads!""#,
        job,
    )
    .fetch_one(connection)
    .await
}
