use async_nats::HeaderMap;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use uuid::Uuid;

pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";
pub(crate) const SPEC_VERSION: &str = "ce-specversion";
pub(crate) const ID: &str = "ce-id";
pub(crate) const SOURCE: &str = "ce-source";
pub(crate) const TYPE: &str = "ce-type";
pub(crate) const SUBJECT: &str = "ce-subject";
pub(crate) const TIME: &str = "ce-time";
pub(crate) const CONTENT_TYPE: &str = "ce-datacontenttype";
pub(crate) const TRACEPARENT: &str = "traceparent";
pub(crate) const POSITION: &str = "Trainer-Position";
pub(crate) const PREVIOUS_POSITION: &str = "Trainer-Previous-Position";
pub(crate) const PART: &str = "Trainer-Part";
pub(crate) const OWNER: &str = "Trainer-Owner";
pub(crate) const SEQUENCE: &str = "Trainer-Sequence";
pub(crate) const EVENT_VERSION: &str = "Trainer-Event-Version";

/// The subject of an event: `trainer.events.<part>.<noun>.<verb>`. No ids in it: their number costs
/// the server memory.
#[must_use]
pub fn subject(part: Part, event_type: &str) -> String {
    format!("trainer.events.{part}.{event_type}")
}

/// The headers of an event: a CloudEvent in binary mode, and what subscribers need to be exact.
///
/// `previous` is the position of the event before it in the same part, 0 when there is none: a
/// subscriber of one part that has not seen it has missed something.
#[must_use]
pub fn headers(event: &RecordedEvent, previous: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let event_id = event.event_id.to_string();
    headers.insert(MESSAGE_ID, event_id.as_str());
    headers.insert(SPEC_VERSION, "1.0");
    headers.insert(ID, event_id.as_str());
    headers.insert(SOURCE, format!("/{}", event.aggregate_type()));
    headers.insert(SUBJECT, event.aggregate_id.to_string());
    headers.insert(TYPE, event.event_type());
    headers.insert(TIME, event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true));
    headers.insert(CONTENT_TYPE, "application/json");
    headers.insert(POSITION, event.position.to_string());
    headers.insert(PREVIOUS_POSITION, previous.to_string());
    headers.insert(PART, event.part.to_string());
    headers.insert(OWNER, event.owner_id.to_string());
    headers.insert(SEQUENCE, event.sequence.to_string());
    headers.insert(EVENT_VERSION, event.event_version());
    if let Some(traceparent) = traceparent(event) {
        headers.insert(TRACEPARENT, traceparent);
    }
    headers
}

fn traceparent(event: &RecordedEvent) -> Option<String> {
    // Most events have none; looking for the word is cheaper than reading the JSON.
    if !event.metadata.windows(TRACEPARENT.len()).any(|window| window == TRACEPARENT.as_bytes()) {
        return None;
    }
    let metadata: serde_json::Value = serde_json::from_slice(&event.metadata).ok()?;
    metadata.get(TRACEPARENT)?.as_str().map(str::to_owned)
}

/// A message on our subjects is not an event of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a message without a proper {0} header")]
pub struct MessageError(&'static str);

/// Reads an event from a message. Its metadata stays in Postgres.
///
/// # Errors
/// When a header is missing or wrong.
pub fn read_message(headers: &HeaderMap, payload: Bytes) -> Result<RecordedEvent, MessageError> {
    let owner_id = owner(headers)?;
    Ok(RecordedEvent {
        position: parsed(headers, POSITION)?,
        aggregate_type: Bytes::copy_from_slice(
            text(headers, SOURCE)?.trim_start_matches('/').as_bytes(),
        ),
        aggregate_id: parsed::<Uuid>(headers, SUBJECT)?,
        sequence: parsed(headers, SEQUENCE)?,
        event_type: Bytes::copy_from_slice(text(headers, TYPE)?.as_bytes()),
        event_version: Bytes::copy_from_slice(text(headers, EVENT_VERSION)?.as_bytes()),
        payload,
        metadata: Bytes::from_static(b"{}"),
        owner_id,
        part: Part::of(owner_id),
        event_id: id(headers)?,
        recorded_at: DateTime::parse_from_rfc3339(text(headers, TIME)?)
            .map_err(|_invalid| MessageError(TIME))?
            .into(),
    })
}

/// The position that a message carries.
pub(crate) fn position(headers: &HeaderMap) -> Result<i64, MessageError> {
    parsed(headers, POSITION)
}

/// The id of the event that a message carries.
pub(crate) fn id(headers: &HeaderMap) -> Result<Uuid, MessageError> {
    parsed(headers, ID)
}

/// Whose event a message carries.
pub(crate) fn owner(headers: &HeaderMap) -> Result<OwnerId, MessageError> {
    parsed(headers, OWNER)
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, MessageError> {
    headers.get(name).map(|value| value.as_str()).ok_or(MessageError(name))
}

fn parsed<T: std::str::FromStr>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<T, MessageError> {
    text(headers, name)?.parse().map_err(|_invalid| MessageError(name))
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    #[test]
    fn an_event_survives_the_way_through_a_message() {
        let owner_id = OwnerId(Uuid::from_u128(7));
        let event = RecordedEvent {
            position: 42,
            aggregate_type: Bytes::from_static(b"run"),
            aggregate_id: Uuid::from_u128(9),
            sequence: 3,
            event_type: Bytes::from_static(b"run.recorded"),
            event_version: Bytes::from_static(b"1"),
            payload: Bytes::from_static(b"{\"type\":\"run.recorded\"}"),
            metadata: Bytes::from_static(b"{\"traceparent\":\"00-aa-bb-01\"}"),
            owner_id,
            part: Part::of(owner_id),
            event_id: Uuid::from_u128(11),
            recorded_at: DateTime::<Utc>::from_timestamp_micros(1_763_000_000_123_456)
                .expect("a time"),
        };
        let headers = headers(&event, 40);
        assert_eq!(headers.get(TRACEPARENT).map(|value| value.as_str()), Some("00-aa-bb-01"));
        assert_eq!(headers.get(PREVIOUS_POSITION).map(|value| value.as_str()), Some("40"));
        let read = read_message(&headers, event.payload.clone()).expect("an event");
        assert_eq!(read, RecordedEvent { metadata: Bytes::from_static(b"{}"), ..event });
    }

    #[test]
    fn a_message_without_our_headers_is_refused() {
        assert_eq!(read_message(&HeaderMap::new(), Bytes::new()), Err(MessageError(OWNER)));
    }

    #[test]
    fn a_subject_names_part_noun_and_verb() {
        let part = Part::from_number(7).expect("a part");
        assert_eq!(subject(part, "workout.moved"), "trainer.events.07.workout.moved");
    }
}
