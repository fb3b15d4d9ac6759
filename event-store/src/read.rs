use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{OwnerId, Part};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::RecordedEvent;

/// The position of the last event, 0 when there is none.
///
/// # Errors
/// When the database fails.
pub async fn head(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select position from es.head where id = 0").fetch_one(pool).await
}

/// Where the log ends, and how many owners were erased until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnd {
    /// The position of the last event, 0 when there is none.
    pub position: i64,
    /// How many tombstones there are up to there.
    pub erasures: i64,
}

/// Where the log ends.
///
/// # Errors
/// When the database fails.
pub async fn log_end(pool: &PgPool) -> sqlx::Result<LogEnd> {
    sqlx::query_as!(LogEnd, "select position, erasures from es.head where id = 0")
        .fetch_one(pool)
        .await
}

/// The next events behind a position, in order, up to `limit` of them.
///
/// # Errors
/// When the database fails.
pub async fn read_after(
    pool: &PgPool,
    position: i64,
    limit: i64,
) -> sqlx::Result<Vec<RecordedEvent>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text as "payload!", metadata::text as "metadata!", owner_id, part, event_id, recorded_at
             from es.events
            where position > $1
            order by position
            limit $2"#,
        position,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Row::into_event).collect()
}

/// The events of one stream, in order.
///
/// # Errors
/// When the database fails.
pub async fn read_stream(
    pool: &PgPool,
    aggregate_type: &str,
    id: Uuid,
) -> sqlx::Result<Vec<RecordedEvent>> {
    let mut connection = pool.acquire().await?;
    read_stream_between(&mut connection, aggregate_type, id, 0, i64::MAX).await
}

/// The events of one stream behind `after` up to and with `up_to`, in order, as the transaction sees them that the
/// connection is in.
///
/// # Errors
/// When the database fails.
pub async fn read_stream_between(
    connection: &mut PgConnection,
    aggregate_type: &str,
    id: Uuid,
    after: i64,
    up_to: i64,
) -> sqlx::Result<Vec<RecordedEvent>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text as "payload!", metadata::text as "metadata!", owner_id, part, event_id, recorded_at
             from es.events
            where aggregate_type = $1 and aggregate_id = $2 and position > $3 and position <= $4
            order by sequence"#,
        aggregate_type,
        id.to_string(),
        after,
        up_to,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::into_event).collect()
}

/// The events of several streams up to and with `up_to`, in the order they happened.
///
/// # Errors
/// When the database fails.
pub async fn read_streams(
    pool: &PgPool,
    aggregate_type: &str,
    ids: &[Uuid],
    up_to: i64,
) -> sqlx::Result<Vec<RecordedEvent>> {
    let ids: Vec<_> = ids.iter().map(Uuid::to_string).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                  payload::text as "payload!", metadata::text as "metadata!", owner_id, part, event_id, recorded_at
             from es.events
            where aggregate_type = $1 and aggregate_id = any($2) and position <= $3
            order by position"#,
        aggregate_type,
        &ids,
        up_to,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Row::into_event).collect()
}

/// The last position of each part up to a position, for these parts; a part without events is left out.
///
/// # Errors
/// When the database fails.
pub async fn last_positions(
    pool: &PgPool,
    parts: &[Part],
    up_to: i64,
) -> sqlx::Result<Vec<(Part, i64)>> {
    let numbers: Vec<i16> = parts.iter().map(|part| i16::from(part.number())).collect();
    let rows = sqlx::query!(
        r#"select part, max(position) as "position!" from es.events
            where part = any($1) and position <= $2
            group by part"#,
        &numbers,
        up_to,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((Part::from_number(row.part)?, row.position)))
        .collect())
}

/// The last position recorded longer ago than `age`, 0 when there is none.
///
/// # Errors
/// When the database fails.
pub async fn last_position_older_than(pool: &PgPool, age: Duration) -> sqlx::Result<i64> {
    let before = Utc::now() - age;
    // Backwards from the head: it stops at the first that is old enough.
    let position = sqlx::query_scalar!(
        "select position from es.events where recorded_at < $1 order by position desc limit 1",
        before,
    )
    .fetch_optional(pool)
    .await?;
    Ok(position.unwrap_or(0))
}

/// Whether an event was ever appended at a position: it is there, or nothing is there any more because its owner was
/// erased.
///
/// # Errors
/// When the database fails.
pub async fn has_or_erased(pool: &PgPool, position: i64, event_id: Uuid) -> sqlx::Result<bool> {
    let found = sqlx::query!(
        "select h.position as head, e.event_id as \"event_id?\"
           from es.head h
           left join es.events e on e.position = $1
          where h.id = 0",
        position,
    )
    .fetch_one(pool)
    .await?;
    Ok(position <= found.head && found.event_id.is_none_or(|found| found == event_id))
}

struct Row {
    position: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
    owner_id: Uuid,
    part: i16,
    event_id: Uuid,
    recorded_at: DateTime<Utc>,
}

impl Row {
    fn into_event(self) -> sqlx::Result<RecordedEvent> {
        Ok(RecordedEvent {
            position: self.position,
            aggregate_type: Bytes::from(self.aggregate_type),
            aggregate_id: Uuid::parse_str(&self.aggregate_id)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            sequence: self.sequence,
            event_type: Bytes::from(self.event_type),
            event_version: Bytes::from(self.event_version),
            payload: Bytes::from(self.payload),
            metadata: Bytes::from(self.metadata),
            owner_id: OwnerId(self.owner_id),
            part: Part::from_number(self.part)
                .ok_or_else(|| sqlx::Error::Decode("a part beyond 63".into()))?,
            event_id: self.event_id,
            recorded_at: self.recorded_at,
        })
    }
}
