use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How often a standby asks whether the leader is gone.
const RETRY: Duration = Duration::from_secs(1);

/// How often a leader shows that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How long a leader may show no sign of life, in seconds, before a standby ends its session: it may have been paused, or
/// its machine may be gone while its connection stands.
const HUNG_AFTER_S: f64 = 8.0;

/// Being the one process that does a job, held as a session lock in Postgres: it ends with the
/// connection, however the process ends. A leader that stands still is replaced too, within about ten seconds.
///
/// It saves work, it does not keep anything right: a leader that was paused does not know that it
/// was replaced, so what it writes must be fenced as well.
#[derive(Debug)]
pub struct Leadership {
    connection: Arc<Mutex<PgConnection>>,
    keeper: JoinHandle<()>,
}

impl Leadership {
    /// Waits until this process leads the job of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait_for(job: &str, options: &PgConnectOptions) -> sqlx::Result<Self> {
        let mut connection = options.connect().await?;
        while !try_lock(&mut connection, job).await? {
            if end_hung_leader(&mut connection, job).await? {
                tracing::warn!(job, "the leader stands still, and is replaced");
                continue;
            }
            tokio::time::sleep(RETRY).await;
        }
        Ok(Self::with(connection))
    }

    /// Takes the job of this name, unless another process has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_take(job: &str, options: &PgConnectOptions) -> sqlx::Result<Option<Self>> {
        let mut connection = options.connect().await?;
        let leads = try_lock(&mut connection, job).await?
            || (end_hung_leader(&mut connection, job).await?
                && try_lock(&mut connection, job).await?);
        Ok(leads.then(|| Self::with(connection)))
    }

    fn with(connection: PgConnection) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        let kept = Arc::clone(&connection);
        let keeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SIGN_OF_LIFE).await;
                if let Err(error) = kept.lock().await.ping().await {
                    tracing::debug!(%error, "leadership is lost");
                    return;
                }
            }
        });
        Self { connection, keeper }
    }

    /// Asks whether the connection, and with it the lock, is still there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn check(&mut self) -> sqlx::Result<()> {
        self.connection.lock().await.ping().await
    }

    /// Gives the job up at once, rather than when the server notices.
    pub async fn resign(mut self) {
        self.keeper.abort();
        // With the keeper goes the other handle on the connection.
        let _cancelled = (&mut self.keeper).await;
        let unlocked = sqlx::query("select pg_advisory_unlock_all()")
            .execute(&mut *self.connection.lock().await)
            .await;
        if let Err(error) = unlocked {
            tracing::debug!(%error, "leadership connection was already gone");
        }
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        self.keeper.abort();
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

/// Ends the session that holds a job's lock when nothing has come from it for too long; answers whether there was one.
async fn end_hung_leader(connection: &mut PgConnection, job: &str) -> sqlx::Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"select pg_terminate_backend(a.pid, 1000) as "ended!"
             from pg_locks l
             join pg_stat_activity a on a.pid = l.pid
             join pg_database d on d.oid = l.database and d.datname = current_database()
            cross join (select hashtextextended('running-trainer ' || $1, 0) as key) k
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
              and l.classid::bigint = (k.key >> 32) & 4294967295 and l.objid::bigint = k.key & 4294967295
              and a.state_change < clock_timestamp() - make_interval(secs => $2)"#,
        job,
        HUNG_AFTER_S,
    )
    .fetch_optional(connection)
    .await?;
    Ok(ended.unwrap_or(false))
}
