use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::plan::Plan;
use domain::plan_export::PlanExport;
use domain::run::Run;
use domain::{Decider, StoredEvent};
use moka::sync::Cache;
use sqlx::PgPool;
use uuid::Uuid;

use crate::StoreError;
use crate::cache::Caches;

/// An aggregate whose streams the store keeps.
pub trait Stream: Decider<Event: StoredEvent> + 'static {
    /// Where its recent states are kept.
    #[doc(hidden)]
    fn cache(caches: &Caches) -> &Cache<Uuid, Loaded<Self>>;
}

impl Stream for Plan {
    fn cache(caches: &Caches) -> &Cache<Uuid, Loaded<Self>> {
        &caches.plans
    }
}

impl Stream for Run {
    fn cache(caches: &Caches) -> &Cache<Uuid, Loaded<Self>> {
        &caches.runs
    }
}

impl Stream for PlanExport {
    fn cache(caches: &Caches) -> &Cache<Uuid, Loaded<Self>> {
        &caches.exports
    }
}

/// An aggregate's state and how far its stream had come.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// Which one.
    pub id: Uuid,
    /// Its state.
    pub state: Arc<A>,
    /// The sequence of its last event, 0 when there is none.
    pub sequence: i64,
    /// The position of its last event, 0 when there is none.
    pub position: i64,
}

impl<A: Stream> Loaded<A> {
    fn empty(id: Uuid) -> Self {
        Self { id, state: Arc::new(A::default()), sequence: 0, position: 0 }
    }

    /// Folds what is stored after it.
    pub(crate) async fn catch_up(mut self, pool: &PgPool) -> Result<Self, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select position, sequence, event_type, event_version, payload::text as "payload!", recorded_at
                 from es.events
                where aggregate_type = $1 and aggregate_id = $2 and sequence > $3
                order by sequence"#,
            A::TYPE,
            self.id.to_string(),
            self.sequence,
        )
        .fetch_all(pool)
        .await?;
        let Some(last) = rows.last() else { return Ok(self) };
        (self.sequence, self.position) = (last.sequence, last.position);
        let state = Arc::make_mut(&mut self.state);
        for row in rows {
            let event =
                A::Event::decode(&row.event_type, &row.event_version, row.payload.as_bytes())?;
            state.apply_at(event, row.recorded_at);
        }
        Ok(self)
    }
}

struct Row {
    position: i64,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    recorded_at: DateTime<Utc>,
}

/// Reads an aggregate from its stream.
pub(crate) async fn load<A: Stream>(pool: &PgPool, id: Uuid) -> Result<Loaded<A>, StoreError> {
    Loaded::empty(id).catch_up(pool).await
}
