use std::collections::HashMap;

use chrono::{DateTime, Utc};
use event_store::{RecordedEvent, read_stream_between};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{Generation, Projection};

/// A stream that waits because one of its events cannot be applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParkedStream {
    /// The projection it is parked in.
    pub projection: String,
    /// `live`, `next` or `previous`.
    pub generation: String,
    /// What kind of aggregate it is of, such as `run`.
    pub aggregate_type: String,
    /// Which one.
    pub stream_id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// The position of the event that cannot be applied. It and all later ones of the stream wait.
    pub position: i64,
    /// The type of that event.
    pub event_type: String,
    /// Why it cannot be applied.
    pub reason: String,
    /// Since when it waits.
    pub parked_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was tried last.
    pub tried_at: DateTime<Utc>,
}

/// The parked streams of all projections and generations, those that wait longest first.
///
/// # Errors
/// When the database fails.
pub async fn parked_streams(pool: &PgPool) -> sqlx::Result<Vec<ParkedStream>> {
    sqlx::query_as!(
        ParkedStream,
        "select projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason, parked_at,
                attempts, tried_at
           from projector.parked_streams order by parked_at, projection, generation, position",
    )
    .fetch_all(pool)
    .await
}

/// Where a parked stream is in the list of all: since when it waits, projection, generation and position.
pub type ParkedKey = (DateTime<Utc>, String, String, i64);

impl ParkedStream {
    /// Where it is in the list of all.
    #[must_use]
    pub fn key(&self) -> ParkedKey {
        (self.parked_at, self.projection.clone(), self.generation.clone(), self.position)
    }
}

/// The next of [`parked_streams`], behind one of them.
///
/// # Errors
/// When the database fails.
pub async fn parked_streams_behind(
    pool: &PgPool,
    after: Option<ParkedKey>,
    at_most: i64,
) -> sqlx::Result<Vec<ParkedStream>> {
    let (parked_at, projection, generation, position) =
        after.unwrap_or((DateTime::UNIX_EPOCH, String::new(), String::new(), 0));
    sqlx::query_as!(
        ParkedStream,
        "select projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason, parked_at,
                attempts, tried_at
           from projector.parked_streams
          where (parked_at, projection, generation, position) > ($1, $2, $3, $4)
          order by parked_at, projection, generation, position
          limit $5",
        parked_at,
        projection,
        generation,
        position,
        at_most,
    )
    .fetch_all(pool)
    .await
}

/// A stream that is parked in the live generation of a projection, if it is.
///
/// # Errors
/// When the database fails.
pub async fn parked_stream(
    pool: &PgPool,
    projection: Projection,
    stream_id: Uuid,
) -> sqlx::Result<Option<ParkedStream>> {
    find(&mut *pool.acquire().await?, projection, stream_id).await
}

pub(super) async fn find(
    connection: &mut PgConnection,
    projection: Projection,
    stream_id: Uuid,
) -> sqlx::Result<Option<ParkedStream>> {
    sqlx::query_as!(
        ParkedStream,
        "select projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason, parked_at,
                attempts, tried_at
           from projector.parked_streams where projection = $1 and generation = $2 and stream_id = $3",
        projection.name(),
        Generation::Live.as_str(),
        stream_id,
    )
    .fetch_optional(connection)
    .await
}

/// All that is parked in a generation, by position.
pub(super) async fn parked_in(
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
) -> sqlx::Result<Vec<ParkedStream>> {
    parked_between(connection, projection, generation, 0, i64::MAX, i64::MAX).await
}

/// The first of what is parked in a generation and stuck behind a position, up to and with another.
pub(super) async fn parked_between(
    connection: &mut PgConnection,
    projection: Projection,
    generation: Generation,
    after: i64,
    up_to: i64,
    at_most: i64,
) -> sqlx::Result<Vec<ParkedStream>> {
    sqlx::query_as!(
        ParkedStream,
        "select projection, generation, aggregate_type, stream_id, owner_id, position, event_type, reason, parked_at,
                attempts, tried_at
           from projector.parked_streams
          where projection = $1 and generation = $2 and position > $3 and position <= $4
          order by position
          limit $5",
        projection.name(),
        generation.as_str(),
        after,
        up_to,
        at_most,
    )
    .fetch_all(connection)
    .await
}

/// The events of a parked stream that wait, in order.
///
/// # Errors
/// When the database fails.
pub async fn waiting_events(
    pool: &PgPool,
    parked: &ParkedStream,
) -> sqlx::Result<Vec<RecordedEvent>> {
    let mut connection = pool.acquire().await?;
    let ParkedStream { aggregate_type, stream_id, position, .. } = parked;
    read_stream_between(&mut connection, aggregate_type, *stream_id, position - 1, i64::MAX).await
}

/// Parked streams and from which position on.
pub(crate) type Positions = HashMap<(String, Uuid), i64>;

/// The streams that are parked in the live generation.
pub(crate) async fn positions(
    connection: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<Positions> {
    let parked = parked_in(connection, projection, Generation::Live).await?;
    Ok(parked
        .into_iter()
        .map(|stream| ((stream.aggregate_type, stream.stream_id), stream.position))
        .collect())
}
