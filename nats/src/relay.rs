use std::collections::HashMap;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{Context, ContextBuilder, context};
use domain::Part;
use event_store::{Leadership, RecordedEvent, last_positions, read_after};
use futures::StreamExt;
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::message::{self, headers, subject};
use crate::stream::{STREAM, StreamSettings, ensure_stream};
use crate::{HINT, SUBJECTS};

/// How many events are on their way to the server at once.
const BATCH: i64 = 1_000;

/// How often the relay looks without being told to.
const POLL: Duration = Duration::from_millis(500);

/// How long it waits for the server's word on a message.
const ACK_TIMEOUT: Duration = Duration::from_secs(3);

/// Publishes every event, in order, exactly once: one leader among all processes.
///
/// It keeps no checkpoint: the stream's last message says where to go on. Each message names the
/// sequence and the message it must follow, so a second leader, or a late message of the first, is
/// refused by the server (errors 10071 and 10070) and whoever gets that error looks at the stream again.
pub struct Relay {
    pool: PgPool,
    client: Client,
    jetstream: Context,
    settings: StreamSettings,
    /// The last position appended in this process, when it appends.
    appended: Option<watch::Receiver<i64>>,
}

/// Why the relay stopped publishing for a moment. It begins again from the stream's last message.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Postgres failed.
    #[error("reading events failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The stream could not be created or looked at.
    #[error("the stream cannot be used: {0}")]
    Stream(String),
    /// The server did not take a message.
    #[error("publishing failed: {0}")]
    Publish(#[from] context::PublishError),
    /// The stream is not where it was left: another relay, or a server that lost its tail.
    #[error("the stream is at sequence {found}, not at {expected}")]
    Moved {
        /// Where the message went.
        found: u64,
        /// Where it should have gone.
        expected: u64,
    },
    /// Somebody has emptied the stream.
    #[error("the stream is empty")]
    Emptied,
    /// What the stream ends with never happened in this database: it is another one, or it was restored to an
    /// earlier state. Nothing is published, or subscribers would silently get a mixture.
    #[error(
        "the stream ends with event {event_id} at position {position}, which the database does not have: purge the \
         stream {STREAM} to fill it again from the database"
    )]
    Diverged {
        /// Where the stream ends.
        position: i64,
        /// With what.
        event_id: Uuid,
    },
}

/// Where publishing stands.
struct Tail {
    /// The stream's last sequence.
    sequence: u64,
    /// The position of its last message.
    position: i64,
    /// The last position of each part that is known.
    parts: HashMap<Part, i64>,
}

impl Relay {
    /// A relay from this database to this server.
    #[must_use]
    pub fn new(
        pool: PgPool,
        client: Client,
        settings: StreamSettings,
        appended: Option<watch::Receiver<i64>>,
    ) -> Self {
        let jetstream = ContextBuilder::new().ack_timeout(ACK_TIMEOUT).build(client.clone());
        Self { pool, client, jetstream, settings, appended }
    }

    /// Publishes until told to stop. Errors are logged and tried again.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let stopped = shutdown.clone();
            let led = tokio::select! {
                () = stopped.cancelled() => return,
                led = self.lead() => led,
            };
            if let Err(error) = led {
                counter!("trainer_relay_interruptions_total").increment(1);
                tracing::warn!(%error, "relay interrupted, looking at the stream again");
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }

    async fn lead(&mut self) -> Result<(), RelayError> {
        let mut leadership = Leadership::wait_for("relay", &self.pool.connect_options()).await?;
        let stream = ensure_stream(&self.jetstream, &self.settings)
            .await
            .map_err(|error| RelayError::Stream(error.to_string()))?;
        let mut hints = self
            .client
            .subscribe(HINT)
            .await
            .map_err(|error| RelayError::Stream(error.to_string()))?;
        let mut tail = self.tail(&stream).await?;
        tracing::info!(position = tail.position, stream.sequence = tail.sequence, "relay leads");
        loop {
            let events = read_after(&self.pool, tail.position, BATCH).await?;
            if events.is_empty() {
                let woken = tokio::select! {
                    () = changed(&mut self.appended, tail.position) => true,
                    _hint = hints.next() => true,
                    () = tokio::time::sleep(POLL) => false,
                };
                if !woken {
                    leadership.check().await?;
                    self.check(&stream, &tail).await?;
                }
                continue;
            }
            self.publish(&mut tail, events).await?;
            gauge!("trainer_relay_position").set(tail.position as f64);
        }
    }

    /// Publishes a batch pipelined, and waits for the server's word on each of it.
    async fn publish(&self, tail: &mut Tail, events: Vec<RecordedEvent>) -> Result<(), RelayError> {
        let mut acks = Vec::with_capacity(events.len());
        let mut before: Option<Uuid> = None;
        for (event, expected) in events.iter().zip(tail.sequence..) {
            let previous = tail.parts.insert(event.part, event.position).unwrap_or(0);
            let mut message = PublishMessage::build()
                .headers(headers(event, previous))
                .payload(event.payload.clone())
                .expected_last_sequence(expected);
            if let Some(before) = before.replace(event.event_id) {
                // Once one is refused, all behind it must be: by the sequence alone, one of them would fit
                // behind what a stranger has written.
                message = message.expected_last_message_id(before.to_string());
            }
            let ack = self
                .jetstream
                .send_publish(subject(event.part, event.event_type()), message)
                .await?;
            acks.push(ack);
        }
        for (event, ack) in events.iter().zip(acks) {
            let ack = ack.await?;
            let expected = tail.sequence + 1;
            if ack.duplicate || ack.sequence != expected {
                return Err(RelayError::Moved { found: ack.sequence, expected });
            }
            tail.sequence = ack.sequence;
            tail.position = event.position;
        }
        counter!("trainer_relay_published_total").increment(events.len() as u64);
        Ok(())
    }

    /// Fails when the stream is not as it was left: while nothing is published, nothing else shows it.
    async fn check(&self, stream: &Stream, tail: &Tail) -> Result<(), RelayError> {
        if self.client.connection_state() != State::Connected {
            return Ok(());
        }
        let state =
            stream.get_info().await.map_err(|error| RelayError::Stream(error.to_string()))?.state;
        if state.last_sequence != tail.sequence {
            return Err(RelayError::Moved { found: state.last_sequence, expected: tail.sequence });
        }
        // Events that its retention covers should be in it.
        if state.messages == 0
            && event_store::last_position_older_than(&self.pool, self.settings.retention).await?
                < tail.position
        {
            return Err(RelayError::Emptied);
        }
        Ok(())
    }

    /// Reads from the stream where publishing stands.
    async fn tail(&self, stream: &Stream) -> Result<Tail, RelayError> {
        let state =
            stream.get_info().await.map_err(|error| RelayError::Stream(error.to_string()))?.state;
        let position = match last_event(stream, state.first_sequence).await? {
            Some((position, event_id)) => {
                if !event_store::has_or_erased(&self.pool, position, event_id).await? {
                    return Err(RelayError::Diverged { position, event_id });
                }
                position
            }
            // An empty stream, new or expired: what is older than its retention would expire at once.
            None => {
                event_store::last_position_older_than(&self.pool, self.settings.retention).await?
            }
        };
        let mut parts = HashMap::new();
        let mut unknown = Vec::new();
        for part in Part::all() {
            let last = last_message(stream, &format!("trainer.events.{part}.>")).await?;
            match last.and_then(|message| message::position(&message.headers).ok()) {
                Some(position) => {
                    parts.insert(part, position);
                }
                None => unknown.push(part),
            }
        }
        parts.extend(last_positions(&self.pool, &unknown, position).await?);
        Ok(Tail { sequence: state.last_sequence, position, parts })
    }
}

/// The position and id of the last event in the stream. What others have written behind it is passed over.
async fn last_event(
    stream: &Stream,
    first_sequence: u64,
) -> Result<Option<(i64, Uuid)>, RelayError> {
    let mut next = last_message(stream, SUBJECTS).await?;
    while let Some(message) = next {
        let headers = &message.headers;
        if let (Ok(position), Ok(event_id)) = (message::position(headers), message::id(headers)) {
            return Ok(Some((position, event_id)));
        }
        tracing::warn!(
            stream.sequence = message.sequence,
            "message on our subjects is not an event"
        );
        next = message_before(stream, message.sequence, first_sequence).await?;
    }
    Ok(None)
}

async fn message_before(
    stream: &Stream,
    sequence: u64,
    first_sequence: u64,
) -> Result<Option<StreamMessage>, RelayError> {
    for sequence in (first_sequence..sequence).rev() {
        if let Some(message) = found(stream.get_raw_message(sequence).await)? {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// The last message on these subjects.
async fn last_message(
    stream: &Stream,
    subjects: &str,
) -> Result<Option<StreamMessage>, RelayError> {
    found(stream.get_last_raw_message_by_subject(subjects).await)
}

fn found(
    answer: Result<StreamMessage, LastRawMessageError>,
) -> Result<Option<StreamMessage>, RelayError> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(RelayError::Stream(error.to_string())),
    }
}

/// Waits until something behind `position` was appended in this process.
async fn changed(appended: &mut Option<watch::Receiver<i64>>, position: i64) {
    if let Some(appended) = appended
        && appended.wait_for(|last| *last > position).await.is_ok()
    {
        return;
    }
    // Nothing is appended here, or nothing any more.
    std::future::pending().await
}
