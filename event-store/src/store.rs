use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::append::{Appender, AppenderConfig, Pending};
use crate::cache::Caches;
use crate::serial::Turns;
use crate::{StoreError, StoredAnswer};

/// How a store behaves.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// How many commands may wait to be appended before more are turned away.
    pub queue: usize,
    /// How many plans and runs are kept in memory, each.
    pub cached_streams: u64,
    /// How long an append is tried again while Postgres does not answer.
    pub patience: Duration,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { queue: 4_096, cached_streams: 20_000, patience: Duration::from_secs(5) }
    }
}

/// The event store of one process. Clones share everything.
#[derive(Clone)]
pub struct EventStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    caches: Caches,
    turns: Turns,
    appender: mpsc::Sender<Pending>,
    head: watch::Receiver<i64>,
}

impl EventStore {
    /// A store that reads through `pool` and appends over connections of its own, so that busy
    /// queries never hold up an append. Call it within a tokio runtime.
    #[must_use]
    pub fn new(pool: PgPool, config: StoreConfig) -> Self {
        let StoreConfig { queue, cached_streams, patience } = config;
        let appending = PgPoolOptions::new()
            .max_connections(2)
            // An append that gets no answer is tried again anyhow: no question before each one.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(2))
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        let (head_sender, head) = watch::channel(0);
        let appender =
            Appender::spawn(appending, AppenderConfig { queue, patience }, Arc::new(head_sender));
        let caches = Caches::new(cached_streams);
        Self { inner: Arc::new(Inner { pool, caches, turns: Turns::default(), appender, head }) }
    }

    /// The last position this process appended, 0 before the first: a hint to the relay.
    #[must_use]
    pub fn appended(&self) -> watch::Receiver<i64> {
        self.inner.head.clone()
    }

    /// The pool it reads through.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.inner.caches
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    pub(crate) fn submit(&self, pending: Pending) -> Result<(), StoreError> {
        self.inner.appender.try_send(pending).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    pub(crate) async fn stored_answer(
        &self,
        key: Uuid,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let stored = sqlx::query_as!(
            StoredAnswer,
            r#"select request_hash, position, response::text as "answer!" from es.commands where command_id = $1"#,
            key,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(stored)
    }
}
