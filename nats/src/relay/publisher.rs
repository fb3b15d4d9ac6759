use std::collections::HashMap;
use std::time::Duration;

use domain::Part;
use event_store::RecordedEvent;
use metrics::{counter, gauge};
use uuid::Uuid;

use super::RelayError;
use super::surroundings::{Alarm, EventStream, Publication, Woken};
use crate::log::EventLog;

/// How many events are on their way to the server at once.
const BATCH: i64 = 1_000;

/// What a relay that leads does, until something is not as it left it.
pub(crate) struct Publisher<'a, L, S> {
    log: &'a L,
    stream: &'a S,
    /// How long the stream keeps events.
    retention: Duration,
    tail: Tail,
}

/// Where publishing stands.
struct Tail {
    /// The stream's last sequence.
    sequence: u64,
    /// The position of its last message.
    position: i64,
    /// The last message, when it was published from here: a server that was restarted does not know
    /// the ids of those before.
    message: Option<Uuid>,
    /// The last position of each part that is known.
    parts: HashMap<Part, i64>,
}

impl<'a, L: EventLog, S: EventStream> Publisher<'a, L, S> {
    /// Reads from the stream where publishing stands.
    pub(crate) async fn begin(
        log: &'a L,
        stream: &'a S,
        retention: Duration,
    ) -> Result<Self, RelayError> {
        // First of all: what comes while the rest is read makes the first message refused.
        let state = stream.state().await?;
        let position = match last_event(stream, state.first_sequence).await? {
            Some((position, event_id)) => {
                if !log.has_or_erased(position, event_id).await? {
                    return Err(RelayError::Diverged { position, event_id });
                }
                position
            }
            // An empty stream, new or expired: what is older than its retention would expire at once.
            None => log.last_position_older_than(retention).await?,
        };
        let mut parts = stream.last_positions().await?;
        let unknown: Vec<Part> = Part::all().filter(|part| !parts.contains_key(part)).collect();
        parts.extend(log.last_positions(&unknown, position).await?);
        let tail = Tail { sequence: state.last_sequence, position, message: None, parts };
        tracing::info!(position, stream.sequence = tail.sequence, "relay leads");
        Ok(Self { log, stream, retention, tail })
    }

    /// Publishes whatever comes; ends with why it cannot go on.
    pub(crate) async fn run(&mut self, alarm: &mut impl Alarm) -> RelayError {
        loop {
            if let Err(error) = self.step(alarm).await {
                return error;
            }
        }
    }

    async fn step(&mut self, alarm: &mut impl Alarm) -> Result<(), RelayError> {
        let events = self.log.read_after(self.tail.position, BATCH).await?;
        if !events.is_empty() {
            self.publish(&events).await?;
            gauge!("trainer_relay_position").set(self.tail.position as f64);
        } else if alarm.wait(self.tail.position).await? == Woken::ByTime {
            self.check().await?;
        }
        Ok(())
    }

    /// Publishes a batch pipelined, and waits for the server's word on each of it.
    async fn publish(&mut self, events: &[RecordedEvent]) -> Result<(), RelayError> {
        let tail = &mut self.tail;
        let mut on_their_way = Vec::with_capacity(events.len());
        let mut before = tail.message;
        for (event, behind_sequence) in events.iter().zip(tail.sequence..) {
            let publication = Publication {
                event,
                previous: tail.parts.insert(event.part, event.position).unwrap_or(0),
                behind_sequence,
                // Once one is refused, all behind it must be: by the sequence alone, one of them would fit
                // behind what a stranger has written, or a late one into a stream that was filled again.
                behind_message: before.replace(event.event_id),
            };
            on_their_way.push(self.stream.send(publication).await?);
        }
        for (event, sent) in events.iter().zip(on_their_way) {
            let word = self.stream.word_on(sent).await?;
            let expected = tail.sequence + 1;
            if word.duplicate || word.sequence != expected {
                return Err(RelayError::Moved { found: word.sequence, expected });
            }
            tail.sequence = word.sequence;
            tail.position = event.position;
            tail.message = Some(event.event_id);
        }
        counter!("trainer_relay_published_total").increment(events.len() as u64);
        Ok(())
    }

    /// Fails when the stream is not as it was left: while nothing is published, nothing else shows it.
    async fn check(&self) -> Result<(), RelayError> {
        if !self.stream.is_connected() {
            return Ok(());
        }
        let state = self.stream.state().await?;
        let Tail { sequence, position, .. } = self.tail;
        if state.last_sequence != sequence {
            return Err(RelayError::Moved { found: state.last_sequence, expected: sequence });
        }
        // Events that its retention covers should be in it.
        if state.messages == 0
            && self.log.last_position_older_than(self.retention).await? < position
        {
            return Err(RelayError::Emptied);
        }
        Ok(())
    }
}

/// The position and id of the last event in the stream. What others have written behind it is passed over.
async fn last_event(
    stream: &impl EventStream,
    first_sequence: u64,
) -> Result<Option<(i64, Uuid)>, RelayError> {
    let Some(last) = stream.last_message().await? else { return Ok(None) };
    if last.event.is_some() {
        return Ok(last.event);
    }
    tracing::warn!(stream.sequence = last.sequence, "message on our subjects is not an event");
    for sequence in (first_sequence..last.sequence).rev() {
        if let Some(message) = stream.message(sequence).await? {
            if message.event.is_some() {
                return Ok(message.event);
            }
            tracing::warn!(stream.sequence = sequence, "message on our subjects is not an event");
        }
    }
    Ok(None)
}
