//! A migrated database of a test's own, and what the tests look up in it.

use std::time::Duration;

use embedded::testing::{self, TestServers};
use event_store::{EventStore, RecordedEvent, StoreConfig, read_after};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

/// A new database with all tables, on the servers that the tests share.
pub(crate) async fn database() -> PgPool {
    database_on(testing::shared()).await
}

/// A new database with all tables.
pub(crate) async fn database_on(servers: &TestServers) -> PgPool {
    let pool = pool(&servers.database().await).await;
    sqlx::migrate!("../migrations").run(&pool).await.unwrap();
    pool
}

async fn pool(url: &str) -> PgPool {
    PgPoolOptions::new().max_connections(10).connect(url).await.unwrap()
}

/// A store with its own caches, queue and connections, as another process on the same database has.
pub(crate) async fn another_process(pool: &PgPool) -> EventStore {
    let options = (*pool.connect_options()).clone();
    let pool = PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap();
    EventStore::new(pool, StoreConfig::default())
}

/// Every event there is.
pub(crate) async fn all_events(pool: &PgPool) -> Vec<RecordedEvent> {
    read_after(pool, 0, i64::MAX).await.unwrap()
}

/// Fails unless the positions are 1, 2, 3 and so on.
pub(crate) fn assert_dense(events: &[RecordedEvent]) {
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=events.len() as i64).collect::<Vec<_>>());
}

/// Another transaction that holds the lock which orders all appends, so that none goes through.
pub(crate) struct HeldUp {
    connection: PgConnection,
}

impl HeldUp {
    pub(crate) async fn appends_to(pool: &PgPool) -> Self {
        let mut connection = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
        sqlx::raw_sql("begin; select position from es.head where id = 0 for update")
            .execute(&mut connection)
            .await
            .unwrap();
        Self { connection }
    }

    pub(crate) async fn release(mut self) {
        sqlx::raw_sql("commit").execute(&mut self.connection).await.unwrap();
        self.connection.close().await.unwrap();
    }
}

/// Waits until an append waits for the lock, and gives the Postgres processes that do.
pub(crate) async fn waiting_appends(pool: &PgPool) -> Vec<i32> {
    waiting(pool, "%es.append%").await
}

/// Waits until somebody waits for a lock of somebody else, whatever for.
pub(crate) async fn somebody_waits(pool: &PgPool) {
    waiting(pool, "%").await;
}

async fn waiting(pool: &PgPool, query: &str) -> Vec<i32> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let waiting: Vec<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock' and query like $1",
        )
        .bind(query)
        .fetch_all(pool)
        .await
        .unwrap();
        if !waiting.is_empty() {
            return waiting;
        }
        assert!(Instant::now() < deadline, "nobody waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
