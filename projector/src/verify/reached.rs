use event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::Projection;
use crate::shares::Parts;

/// Where the shares of the live rows are.
pub(super) struct Reached(Vec<(Parts, i64)>);

impl Reached {
    pub(super) async fn read(
        snapshot: &mut PgConnection,
        projection: Projection,
    ) -> sqlx::Result<Self> {
        let rows = sqlx::query!(
            "select parts, position from projector.checkpoints where projection = $1 and generation = 'live'",
            projection.name(),
        )
        .fetch_all(snapshot)
        .await?;
        Ok(Self(rows.into_iter().map(|row| (Parts::from_bits(row.parts), row.position)).collect()))
    }

    /// Every event up to here is in the rows.
    pub(super) fn hindmost(&self) -> i64 {
        self.positions().min().unwrap_or_default()
    }

    /// No event behind this is in the rows.
    pub(super) fn foremost(&self) -> i64 {
        self.positions().max().unwrap_or_default()
    }

    /// Whether the rows are not as far as this event.
    pub(super) fn is_before(&self, event: &RecordedEvent) -> bool {
        !self.0.iter().any(|(parts, at)| parts.contains(event.part) && event.position <= *at)
    }

    fn positions(&self) -> impl Iterator<Item = i64> {
        self.0.iter().map(|(_, position)| *position)
    }
}
