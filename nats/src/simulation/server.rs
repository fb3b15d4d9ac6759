//! A made-up JetStream: one stream, as nats-server keeps it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use uuid::Uuid;

use crate::relay::{Message, StreamState, Word};

/// How long the server remembers ids.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

/// A message to publish, on its way.
#[derive(Clone)]
pub(super) struct Envelope {
    pub(super) event: RecordedEvent,
    pub(super) previous: i64,
    pub(super) behind_sequence: u64,
    pub(super) behind_message: Option<Uuid>,
}

/// Why the server does not take a message.
#[derive(Debug)]
pub(super) enum Refusal {
    NoStream,
    /// Error 10071: the last sequence is another.
    LastSequence,
    /// Error 10070: this is the last message, as far as it knows.
    LastMessage(Option<Uuid>),
}

#[derive(Default)]
pub(super) struct Server {
    /// Whether there is a stream.
    pub(super) exists: bool,
    /// `None` is a message of a stranger.
    messages: BTreeMap<u64, (Option<RecordedEvent>, Duration)>,
    last_sequence: u64,
    /// None after a restart, until there is another message: it does not read the ids of old ones.
    last_message_id: Option<Uuid>,
    remembered: HashMap<Uuid, (u64, Duration)>,
    retention: Option<Duration>,
}

impl Server {
    pub(super) fn new(retention: Option<Duration>) -> Self {
        Self { retention, ..Self::default() }
    }

    /// Lets go what is older than the retention.
    pub(super) fn expire(&mut self, now: Duration) {
        if let Some(before) = self.retention.and_then(|retention| now.checked_sub(retention)) {
            while self.messages.first_key_value().is_some_and(|(_, (_, at))| *at < before) {
                self.messages.pop_first();
            }
        }
    }

    /// Takes a message, or says why not.
    pub(super) fn publish(&mut self, envelope: &Envelope, now: Duration) -> Result<Word, Refusal> {
        if !self.exists {
            return Err(Refusal::NoStream);
        }
        let id = envelope.event.event_id;
        self.remembered.retain(|_, (_, at)| *at + DUPLICATE_WINDOW >= now);
        if let Some((sequence, _)) = self.remembered.get(&id) {
            return Ok(Word { sequence: *sequence, duplicate: true });
        }
        if envelope.behind_sequence != self.last_sequence {
            return Err(Refusal::LastSequence);
        }
        if envelope.behind_message.is_some() && envelope.behind_message != self.last_message_id {
            return Err(Refusal::LastMessage(self.last_message_id));
        }
        self.store(Some(envelope.event.clone()), now);
        self.remembered.insert(id, (self.last_sequence, now));
        Ok(Word { sequence: self.last_sequence, duplicate: false })
    }

    fn store(&mut self, event: Option<RecordedEvent>, now: Duration) {
        self.last_sequence += 1;
        self.last_message_id = event.as_ref().map(|event| event.event_id);
        self.messages.insert(self.last_sequence, (event, now));
    }

    /// A stranger's message.
    pub(super) fn publish_foreign(&mut self, now: Duration) {
        if self.exists {
            self.store(None, now);
        }
    }

    pub(super) fn state(&self) -> StreamState {
        let first = self.messages.first_key_value().map(|(sequence, _)| *sequence);
        StreamState {
            first_sequence: first.unwrap_or(self.last_sequence + 1),
            last_sequence: self.last_sequence,
            messages: self.messages.len() as u64,
        }
    }

    pub(super) fn message(&self, sequence: u64) -> Option<Message> {
        let (event, _) = self.messages.get(&sequence)?;
        let event = event.as_ref().map(|event| (event.position, event.event_id));
        Some(Message { sequence, event })
    }

    pub(super) fn last_message(&self) -> Option<Message> {
        let (sequence, _) = self.messages.last_key_value()?;
        self.message(*sequence)
    }

    /// The events that are in it, in order.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &RecordedEvent> {
        self.messages.values().filter_map(|(event, _)| event.as_ref())
    }

    pub(super) fn last_positions(&self) -> HashMap<Part, i64> {
        self.events().map(|event| (event.part, event.position)).collect()
    }

    /// The last event that is in it.
    pub(super) fn last_position(&self) -> Option<i64> {
        self.events().next_back().map(|event| event.position)
    }

    /// An operator empties it.
    pub(super) fn purge(&mut self) {
        self.messages.clear();
    }

    /// Its store is gone.
    pub(super) fn wipe(&mut self) {
        *self = Self::new(self.retention);
    }

    /// It loses its last messages, as after a power cut.
    pub(super) fn lose_last(&mut self, count: u64) {
        for _ in 0..count {
            if self.messages.pop_last().is_some() {
                self.last_sequence -= 1;
            }
        }
        self.last_sequence =
            self.messages.last_key_value().map_or(self.last_sequence, |(last, _)| *last);
        self.restart();
    }

    /// It is another process now, with the same store.
    pub(super) fn restart(&mut self) {
        self.remembered.clear();
        self.last_message_id = None;
    }

    /// Removes an erased owner's messages before their tombstone.
    pub(super) fn erase(&mut self, owner: OwnerId, tombstone: i64) {
        self.messages.retain(|_, (event, _)| {
            event
                .as_ref()
                .is_none_or(|event| event.owner_id != owner || event.position >= tombstone)
        });
    }
}
