use serde_json::{Map, Value};
use sqlx::{Executor, PgPool};

use super::super::history::fill;
use super::super::report::row;
use super::super::rig::Rig;

/// A number of events in a database of its own.
pub(super) struct Store {
    pub(super) events: i64,
    pub(super) rig: Rig,
    pub(super) pool: PgPool,
}

impl Store {
    pub(super) async fn with(events: i64, rig: Rig) -> anyhow::Result<Self> {
        let pool = rig.pool(8).await?;
        fill(&pool, events).await?;
        Ok(Self { events, rig, pool })
    }

    /// Lets Postgres write what it has in memory, so that it does not do it beside what is measured next.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        self.pool.execute("checkpoint").await?;
        Ok(())
    }

    /// How much disk the events take.
    pub(super) async fn size(&self) -> anyhow::Result<Map<String, Value>> {
        Ok(row! {
            "events": self.events,
            "events_mb": self.megabytes("pg_table_size('es.events')").await?,
            "indexes_mb": self.megabytes("pg_indexes_size('es.events')").await?,
        })
    }

    async fn megabytes(&self, size: &str) -> anyhow::Result<i64> {
        // An expression of our own.
        let bytes: i64 =
            sqlx::query_scalar(&format!("select {size}")).fetch_one(&self.pool).await?;
        Ok(bytes / 1_000_000)
    }
}
