//! Parked streams: an event that cannot be applied holds up its own stream, in order, and nothing else.

mod lists;
mod operate;

use event_store::RecordedEvent;
use sqlx::PgConnection;

pub use self::lists::{
    ParkedKey, ParkedStream, parked_stream, parked_streams, parked_streams_behind, waiting_events,
};
pub(crate) use self::lists::{Positions, positions};
pub use self::operate::{Unparked, drop_event, retry};
pub(crate) use self::operate::{retry_between, retry_where_live_goes_on};
use crate::ProjectorError;
use crate::checkpoint::{Step, fenced};

/// Parks an event's stream and moves the checkpoint over the event, in one commit.
pub(crate) async fn park(
    connection: &mut PgConnection,
    step: Step,
    event: &RecordedEvent,
    reason: &str,
) -> Result<(), ProjectorError> {
    let parked = sqlx::query!(
        "with fence as (
             update projector.checkpoints set position = $5, updated_at = now()
              where projection = $1 and generation = $2 and epoch = $3 and position = $4
             returning 1
         )
         insert into projector.parked_streams
                (projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason)
         select $1, $2, $6, $7, $8, $9, $10, $11 where exists (select from fence)",
        step.projection.name(),
        step.generation.as_str(),
        step.epoch,
        step.from,
        step.to,
        event.aggregate_type(),
        event.aggregate_id,
        event.owner_id.0,
        event.position,
        event.event_type(),
        reason,
    )
    .execute(connection)
    .await?
    .rows_affected();
    fenced(parked as i64)?;
    metrics::counter!("trainer_streams_parked_total", "projection" => step.projection.name())
        .increment(1);
    tracing::error!(
        projection = step.projection.name(),
        generation = step.generation.as_str(),
        stream = %event.aggregate_id,
        position = event.position,
        "stream parked: an event cannot be applied"
    );
    Ok(())
}
