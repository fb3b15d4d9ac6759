//! What is in the stream, and what should be.

use std::collections::HashMap;

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessageErrorKind;
use domain::Part;
use event_store::{RecordedEvent, head};
use nats::{STREAM, SUBJECTS, headers, read_message, subject};

use crate::scene::{Scene, eventually};

impl Scene {
    /// Every message in the stream.
    pub(crate) async fn messages(&self) -> Vec<StreamMessage> {
        let stream = self.jetstream.get_stream(STREAM).await.unwrap();
        let state = &stream.cached_info().state;
        let mut messages = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            match stream.get_raw_message(sequence).await {
                Ok(message) => messages.push(message),
                // One may have been deleted.
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {}
                Err(error) => panic!("{error}"),
            }
        }
        messages
    }

    /// The position of the stream's last message, when that is an event.
    pub(crate) async fn published_position(&self) -> Option<i64> {
        let stream = self.jetstream.get_stream(STREAM).await.ok()?;
        let message = stream.get_last_raw_message_by_subject(SUBJECTS).await.ok()?;
        position(&message)
    }

    /// Waits until the last event is in the stream.
    pub(crate) async fn all_published(&self) {
        let last = head(&self.pool).await.unwrap();
        eventually("the publication of all events", async || {
            self.published_position().await == Some(last)
        })
        .await;
    }

    /// Waits until the stream's last message is the last event, then fails unless the stream holds
    /// every event once, in order, without a gap.
    pub(crate) async fn assert_all_published_once(&self) {
        self.all_published().await;
        let messages = self.messages().await;
        let first = messages[0].sequence;
        let sequences: Vec<u64> = messages.iter().map(|message| message.sequence).collect();
        assert_eq!(sequences, (first..first + messages.len() as u64).collect::<Vec<_>>());
        assert_published(&self.events().await, &messages);
    }
}

/// Fails unless these messages are these events, each saying which one of its part came before it.
pub(crate) fn assert_published(events: &[RecordedEvent], messages: &[StreamMessage]) {
    let positions: Vec<Option<i64>> = messages.iter().map(position).collect();
    assert_eq!(positions, events.iter().map(|event| Some(event.position)).collect::<Vec<_>>());
    let mut last_of_part: HashMap<Part, i64> = HashMap::new();
    for (event, message) in events.iter().zip(messages) {
        let previous = last_of_part.insert(event.part, event.position).unwrap_or(0);
        assert_eq!(message.subject.as_str(), subject(event.part, event.event_type()));
        for (name, values) in headers(event, previous).iter() {
            let found = message.headers.get(name.clone()).map(|value| value.as_str());
            assert_eq!(
                found,
                Some(values[0].as_str()),
                "{name} of the event at {}",
                event.position
            );
        }
        let read = read_message(&message.headers, message.payload.clone()).unwrap();
        assert_eq!(RecordedEvent { metadata: event.metadata.clone(), ..read }, *event);
    }
}

pub(crate) fn position(message: &StreamMessage) -> Option<i64> {
    header(&message.headers, "Trainer-Position")?.parse().ok()
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.as_str())
}
