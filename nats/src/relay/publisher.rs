use std::collections::HashMap;
use std::time::Duration;

use domain::Part;
use event_store::RecordedEvent;
use metrics::{counter, gauge};
use uuid::Uuid;

use super::RelayError;
use super::surroundings::{Alarm, EventStream, Message, Publication, Woken};
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
    /// The last message, when the server knows one: it forgets the ids of all when it is restarted.
    message: Option<Uuid>,
    /// Whether the server has taken a message from here, and so knows the last one.
    published: bool,
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
        let last = last_event(stream, state.first_sequence).await?;
        let position = match last {
            Some(LastEvent { position, event_id, .. }) => {
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
        // What the stream does not hold any more the server may know still: it tells when it is named wrongly.
        let message = last.map_or(Uuid::nil(), |last| last.event_id);
        let tail = Tail {
            sequence: state.last_sequence,
            position,
            message: Some(message),
            published: false,
            parts,
        };
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
            if self.tail.published {
                self.publish(&events).await?;
            } else {
                self.publish_first(&events[..1]).await?;
            }
            gauge!("trainer_relay_position").set(self.tail.position as f64);
        } else if alarm.wait(self.tail.position).await? == Woken::ByTime {
            self.check().await?;
        }
        Ok(())
    }

    /// Publishes one event behind what was found in the stream, and waits for it before there are more.
    async fn publish_first(&mut self, event: &[RecordedEvent]) -> Result<(), RelayError> {
        let before = self.tail.parts.clone();
        match self.publish(event).await {
            // It came to the sequence that it must follow, and nothing else may stand there.
            Err(RelayError::BehindAnother { known }) if self.ends_as_found().await? => {
                self.tail.message = known;
                self.tail.parts = before;
                self.publish(event).await
            }
            word => word,
        }
    }

    /// Whether the stream ends with the events that it ended with when this relay began.
    async fn ends_as_found(&self) -> Result<bool, RelayError> {
        let state = self.stream.state().await?;
        let last = last_event(self.stream, state.first_sequence).await?;
        let found = last.map_or(Uuid::nil(), |last| last.event_id);
        Ok(state.last_sequence == self.tail.sequence && Some(found) == self.tail.message)
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
            tail.published = true;
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

/// An event that is in the stream.
#[derive(Debug, Clone, Copy)]
struct LastEvent {
    position: i64,
    event_id: Uuid,
}

impl LastEvent {
    fn of(message: Message) -> Option<Self> {
        message.event.map(|(position, event_id)| Self { position, event_id })
    }
}

/// The last event in the stream. What others have written behind it is passed over.
async fn last_event(
    stream: &impl EventStream,
    first_sequence: u64,
) -> Result<Option<LastEvent>, RelayError> {
    let Some(last) = stream.last_message().await? else { return Ok(None) };
    if last.event.is_some() {
        return Ok(LastEvent::of(last));
    }
    tracing::warn!(stream.sequence = last.sequence, "message on our subjects is not an event");
    for sequence in (first_sequence..last.sequence).rev() {
        if let Some(message) = stream.message(sequence).await? {
            if message.event.is_some() {
                return Ok(LastEvent::of(message));
            }
            tracing::warn!(stream.sequence = sequence, "message on our subjects is not an event");
        }
    }
    Ok(None)
}
