use std::time::Duration;

use domain::Part;
use event_store::RecordedEvent;
use sqlx::PgPool;
use uuid::Uuid;

/// The events as Postgres has them: the truth.
pub trait EventLog: Sync {
    /// The next events behind a position, in order, up to `limit` of them.
    fn read_after(
        &self,
        position: i64,
        limit: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<RecordedEvent>>> + Send;

    /// Whether an event was ever appended at a position.
    fn has_or_erased(
        &self,
        position: i64,
        event_id: Uuid,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// The last position recorded longer ago than `age`, 0 when there is none.
    fn last_position_older_than(
        &self,
        age: Duration,
    ) -> impl Future<Output = sqlx::Result<i64>> + Send;

    /// The last position of each of these parts up to a position.
    fn last_positions(
        &self,
        parts: &[Part],
        up_to: i64,
    ) -> impl Future<Output = sqlx::Result<Vec<(Part, i64)>>> + Send;
}

impl EventLog for PgPool {
    async fn read_after(&self, position: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        event_store::read_after(self, position, limit).await
    }

    async fn has_or_erased(&self, position: i64, event_id: Uuid) -> sqlx::Result<bool> {
        event_store::has_or_erased(self, position, event_id).await
    }

    async fn last_position_older_than(&self, age: Duration) -> sqlx::Result<i64> {
        event_store::last_position_older_than(self, age).await
    }

    async fn last_positions(&self, parts: &[Part], up_to: i64) -> sqlx::Result<Vec<(Part, i64)>> {
        event_store::last_positions(self, parts, up_to).await
    }
}
