//! Reads long stretches of events at the speed of `COPY`.

use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;

use bytes::{Buf, Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{OwnerId, Part};
use futures::stream::BoxStream;
use futures::{FutureExt, TryStreamExt};
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::RecordedEvent;

/// Reads the events behind `after` up to and with `up_to`, in order, in batches of `batch`.
///
/// Each batch is a statement of its own, and nothing is open between them, however long the receiver takes: what was
/// erased by then does not come any more, and nothing that others want to prune or lock waits for it.
///
/// A task of its own reads and decodes ahead, three batches at most, while the receiver works. The
/// channel ends after the last event or the first error; dropping the receiver ends the reading.
#[must_use]
pub fn copy_between(
    pool: PgPool,
    after: i64,
    up_to: i64,
    batch: usize,
) -> mpsc::Receiver<sqlx::Result<Vec<RecordedEvent>>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        // The end of the channel is the end of the events, and must not be that of a panic.
        let copied = AssertUnwindSafe(copy(&pool, after, up_to, batch, &sender)).catch_unwind();
        if let Err(error) = copied.await.unwrap_or(Err(sqlx::Error::WorkerCrashed)) {
            let _gone = sender.send(Err(error)).await;
        }
    });
    receiver
}

type Batches = mpsc::Sender<sqlx::Result<Vec<RecordedEvent>>>;

async fn copy(
    pool: &PgPool,
    mut after: i64,
    up_to: i64,
    batch: usize,
    batches: &Batches,
) -> sqlx::Result<()> {
    // A connection of its own: one that is given back in the middle of a copy cannot be used again.
    let mut connection = pool.connect_options().connect().await?;
    while after < up_to {
        let mut events = Vec::with_capacity(batch);
        let stretch = Stretch { after, up_to, parts: None, at_most: Some(batch) };
        let mut copied = Copied::open(&mut connection, &stretch).await?;
        while copied.read_into(&mut events).await? {}
        drop(copied);
        let Some(last) = events.last() else { break };
        // Positions that are given out are never filled later.
        after = last.position;
        let is_last = events.len() < batch;
        if batches.send(Ok(events)).await.is_err() || is_last {
            break;
        }
    }
    Ok(())
}

/// Gives the events behind `after` up to and with `up_to` of some parts, in order, as the transaction
/// sees them that the connection is in.
///
/// # Errors
/// When the database fails. The connection cannot be used again then.
pub async fn copy_parts(
    connection: &mut PgConnection,
    after: i64,
    up_to: i64,
    parts: RangeInclusive<u8>,
    mut each: impl FnMut(RecordedEvent),
) -> sqlx::Result<()> {
    let mut events = Vec::new();
    let stretch = Stretch { after, up_to, parts: Some(parts), at_most: None };
    let mut copied = Copied::open(connection, &stretch).await?;
    while copied.read_into(&mut events).await? {
        events.drain(..).for_each(&mut each);
    }
    Ok(())
}

/// Which events are copied.
struct Stretch {
    after: i64,
    up_to: i64,
    /// Of these parts, or of all.
    parts: Option<RangeInclusive<u8>>,
    /// The first so many, or all.
    at_most: Option<usize>,
}

/// A copy that is being read.
struct Copied<'a> {
    chunks: BoxStream<'a, sqlx::Result<Bytes>>,
    decoder: Decoder,
}

impl<'a> Copied<'a> {
    async fn open(connection: &'a mut PgConnection, stretch: &Stretch) -> sqlx::Result<Self> {
        let Stretch { after, up_to, parts, at_most } = stretch;
        let of_parts = parts.as_ref().map_or_else(String::new, |parts| {
            format!("and part between {} and {}", parts.start(), parts.end())
        });
        let limit = at_most.map_or_else(String::new, |at_most| format!("limit {at_most}"));
        // Numbers: nothing of it comes from outside.
        let statement = format!(
            "copy (select position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                          owner_id, part, event_id, recorded_at
                     from es.events
                    where position > {after} and position <= {up_to} {of_parts}
                    order by position {limit})
               to stdout (format binary)"
        );
        let chunks = connection.copy_out_raw(&statement).await?;
        Ok(Self { chunks, decoder: Decoder::default() })
    }

    /// Reads a few more events; false after the last one.
    async fn read_into(&mut self, events: &mut Vec<RecordedEvent>) -> sqlx::Result<bool> {
        let Some(chunk) = self.chunks.try_next().await? else {
            if self.decoder.is_done() {
                return Ok(false);
            }
            return Err(sqlx::Error::Protocol("the copy of events ended early".to_owned()));
        };
        self.decoder.feed(chunk);
        while let Some(event) = self.decoder.next()? {
            events.push(event);
        }
        Ok(true)
    }
}

/// Decodes Postgres's binary copy format: a header, then tuples of length-prefixed fields, then -1.
/// <https://www.postgresql.org/docs/current/sql-copy.html>
#[derive(Default)]
struct Decoder {
    buffer: Bytes,
    state: State,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    Header,
    Tuples,
    Done,
}

pub(crate) const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const FIELDS: i16 = 12;

impl Decoder {
    fn feed(&mut self, chunk: Bytes) {
        // The server sends a row a message, so there is hardly ever a rest to join.
        self.buffer = if self.buffer.is_empty() {
            chunk
        } else {
            let mut joined = BytesMut::with_capacity(self.buffer.len() + chunk.len());
            joined.extend_from_slice(&self.buffer);
            joined.extend_from_slice(&chunk);
            joined.freeze()
        };
    }

    fn is_done(&self) -> bool {
        self.state == State::Done
    }

    fn next(&mut self) -> sqlx::Result<Option<RecordedEvent>> {
        if self.state == State::Header {
            let fixed = SIGNATURE.len() + 8;
            if self.buffer.len() < fixed {
                return Ok(None);
            }
            if !self.buffer.starts_with(SIGNATURE) {
                return Err(malformed());
            }
            self.buffer.advance(fixed);
            self.state = State::Tuples;
        }
        if self.state == State::Done {
            return Ok(None);
        }
        let mut rest = self.buffer.clone();
        let Ok(count) = rest.try_get_i16() else { return Ok(None) };
        if count == -1 {
            self.state = State::Done;
            self.buffer = rest;
            return Ok(None);
        }
        if count != FIELDS {
            return Err(malformed());
        }
        let mut fields: [Bytes; FIELDS as usize] = Default::default();
        for field in &mut fields {
            let Ok(length) = rest.try_get_i32() else { return Ok(None) };
            let length = usize::try_from(length).map_err(|_null| malformed())?;
            if rest.len() < length {
                return Ok(None);
            }
            *field = rest.split_to(length);
        }
        self.buffer = rest;
        event(fields).map(Some)
    }
}

fn event(fields: [Bytes; FIELDS as usize]) -> sqlx::Result<RecordedEvent> {
    let [
        position,
        aggregate_type,
        aggregate_id,
        sequence,
        event_type,
        event_version,
        payload,
        metadata,
        owner_id,
        part,
        event_id,
        recorded_at,
    ] = fields;
    Ok(RecordedEvent {
        position: i64_of(&position)?,
        aggregate_type,
        aggregate_id: Uuid::try_parse_ascii(&aggregate_id).map_err(|_invalid| malformed())?,
        sequence: i64_of(&sequence)?,
        event_type,
        event_version,
        payload,
        metadata,
        owner_id: OwnerId(Uuid::from_slice(&owner_id).map_err(|_invalid| malformed())?),
        part: (&part[..]).try_get_i16().ok().and_then(Part::from_number).ok_or_else(malformed)?,
        event_id: Uuid::from_slice(&event_id).map_err(|_invalid| malformed())?,
        recorded_at: instant_of(i64_of(&recorded_at)?)?,
    })
}

fn i64_of(mut bytes: &[u8]) -> sqlx::Result<i64> {
    bytes.try_get_i64().map_err(|_short| malformed())
}

/// Postgres counts microseconds from here.
pub(crate) const YEAR_2000: DateTime<Utc> =
    DateTime::from_timestamp(946_684_800, 0).expect("within chrono's range");

fn instant_of(microseconds: i64) -> sqlx::Result<DateTime<Utc>> {
    YEAR_2000.checked_add_signed(TimeDelta::microseconds(microseconds)).ok_or_else(malformed)
}

fn malformed() -> sqlx::Error {
    sqlx::Error::Protocol("the copy of events is malformed".to_owned())
}
