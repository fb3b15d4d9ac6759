use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How often a standby asks whether the leader is gone.
const RETRY: Duration = Duration::from_secs(1);

/// How often a leader shows that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How long the answer to a sign of life may take: of a server that is silent for longer, nothing is expected any more.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

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
    /// Closed when it is lost.
    kept: watch::Receiver<()>,
}

impl Leadership {
    /// Waits until this process leads the job of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait_for(job: &str, options: &PgConnectOptions) -> sqlx::Result<Self> {
        let mut standby = Standby::connect(options).await?;
        while !standby.try_lock(job).await? {
            tokio::time::sleep(RETRY).await;
        }
        Ok(Self::with(standby.connection))
    }

    /// Takes the job of this name, unless another process has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_take(job: &str, options: &PgConnectOptions) -> sqlx::Result<Option<Self>> {
        let mut standby = Standby::connect(options).await?;
        let leads = standby.try_lock(job).await?;
        Ok(leads.then(|| Self::with(standby.connection)))
    }

    fn with(connection: PgConnection) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        let (keeping, kept) = watch::channel(());
        let leading = Arc::clone(&connection);
        let keeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SIGN_OF_LIFE).await;
                if let Err(error) = ping(&leading).await {
                    tracing::debug!(%error, "leadership is lost");
                    drop(keeping);
                    return;
                }
            }
        });
        Self { connection, keeper, kept }
    }

    /// Ends when the lock is known to be lost, or the server has been silent for long: somebody who waits for an answer that
    /// never comes learns of it.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut kept = self.kept.clone();
        async move { while kept.changed().await.is_ok() {} }
    }

    /// Asks whether the connection, and with it the lock, is still there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn check(&mut self) -> sqlx::Result<()> {
        ping(&self.connection).await
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

async fn ping(connection: &Mutex<PgConnection>) -> sqlx::Result<()> {
    let answered = timeout(ANSWERS_WITHIN, async { connection.lock().await.ping().await }).await;
    answered.unwrap_or_else(|elapsed| Err(sqlx::Error::Io(elapsed.into())))
}

/// Somebody who would take one of several jobs.
#[derive(Debug)]
pub struct Standby {
    connection: PgConnection,
    seen: bool,
}

impl Standby {
    /// Stands by, unseen so far.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connect(options: &PgConnectOptions) -> sqlx::Result<Self> {
        Ok(Self { connection: options.connect().await?, seen: false })
    }

    /// Lets others see in [`holders`] that somebody stands by, under this name; until a job is taken. It must be said again
    /// and again: of who is silent for long, nobody takes note.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn be_seen_as(&mut self, name: &str) -> sqlx::Result<()> {
        if self.seen {
            return self.connection.ping().await;
        }
        sqlx::query(
            "select pg_advisory_lock_shared(hashtextextended('running-trainer ' || $1, 0))",
        )
        .bind(name)
        .execute(&mut self.connection)
        .await?;
        self.seen = true;
        Ok(())
    }

    /// Takes a job, unless another process has it. Whoever has it and stands still is replaced.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_take(mut self, job: &str) -> sqlx::Result<Result<Leadership, Self>> {
        if !self.try_lock(job).await? {
            return Ok(Err(self));
        }
        sqlx::query(
            "select pg_advisory_unlock_shared(l.classid::bigint << 32 | l.objid::bigint) from pg_locks l
              where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.mode = 'ShareLock'",
        )
        .execute(&mut self.connection)
        .await?;
        Ok(Ok(Leadership::with(self.connection)))
    }

    /// The connection, to look around with.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    async fn try_lock(&mut self, job: &str) -> sqlx::Result<bool> {
        if try_lock(&mut self.connection, job).await? {
            return Ok(true);
        }
        if !end_hung_leader(&mut self.connection, job).await? {
            return Ok(false);
        }
        tracing::warn!(job, "the leader stands still, and is replaced");
        try_lock(&mut self.connection, job).await
    }
}

/// How many processes have each of these jobs, or are seen under these names, and are alive.
///
/// # Errors
/// When the database fails.
pub async fn holders(connection: &mut PgConnection, jobs: &[String]) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"select (select count(*)
                     from pg_locks l
                     join pg_stat_activity a on a.pid = l.pid
                     join pg_database d on d.oid = l.database and d.datname = current_database()
                    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                      and l.classid::bigint = (k.key >> 32) & 4294967295 and l.objid::bigint = k.key & 4294967295
                      and a.state_change >= clock_timestamp() - make_interval(secs => $2)) as "holders!"
             from unnest($1::text[]) with ordinality j(job, ord)
            cross join lateral (select hashtextextended('running-trainer ' || j.job, 0) as key) k
            order by j.ord"#,
        jobs,
        HUNG_AFTER_S,
    )
    .fetch_all(connection)
    .await
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
