//! Events as JSON lines: what `tail`, `show` and `export` write and `import` reads.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{OwnerId, Part};
use event_store::RecordedEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event as one JSON object. Payload and metadata stay as they were written, byte by byte.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    position: i64,
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    aggregate_type: Cow<'a, str>,
    aggregate_id: Uuid,
    sequence: i64,
    owner_id: OwnerId,
    #[serde(borrow)]
    part: Cow<'a, str>,
    event_id: Uuid,
    recorded_at: DateTime<Utc>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// Writes an event as a line.
///
/// # Errors
/// When the writer fails.
pub(super) fn write_line(event: &RecordedEvent, to: &mut impl Write) -> io::Result<()> {
    let (data, metadata) = (on_one_line(&event.payload), on_one_line(&event.metadata));
    let line = Line {
        position: event.position,
        event_type: event.event_type().into(),
        version: event.event_version().into(),
        aggregate_type: event.aggregate_type().into(),
        aggregate_id: event.aggregate_id,
        sequence: event.sequence,
        owner_id: event.owner_id,
        part: event.part.to_string().into(),
        event_id: event.event_id,
        recorded_at: event.recorded_at,
        data: serde_json::from_slice(&data)?,
        metadata: serde_json::from_slice(&metadata)?,
    };
    serde_json::to_writer(&mut *to, &line)?;
    to.write_all(b"\n")
}

/// Reads an event from a line.
///
/// # Errors
/// When it is not one.
pub(super) fn read_line(line: &[u8]) -> anyhow::Result<RecordedEvent> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| {
        // It counts lines too, and sees this one only.
        anyhow!(error.to_string().replace(" at line 1 column ", ", at column "))
    })?;
    Ok(RecordedEvent {
        position: line.position,
        aggregate_type: bytes(&line.aggregate_type),
        aggregate_id: line.aggregate_id,
        sequence: line.sequence,
        event_type: bytes(&line.event_type),
        event_version: bytes(&line.version),
        payload: bytes(line.data.get()),
        metadata: bytes(line.metadata.get()),
        owner_id: line.owner_id,
        part: read_part(&line.part)?,
        event_id: line.event_id,
        recorded_at: line.recorded_at,
    })
}

/// Reads a part as it is written: two digits.
///
/// # Errors
/// When it is not one.
pub(super) fn read_part(text: &str) -> anyhow::Result<Part> {
    let number = text.parse().ok().filter(|_| text.len() == 2);
    number.and_then(Part::from_number).with_context(|| format!("{text:?} is not a part, 00 to 63"))
}

/// Prints events. Breaks when nobody reads on, as `head` does not.
///
/// # Errors
/// When standard output fails.
pub(super) fn print(events: &[RecordedEvent]) -> io::Result<ControlFlow<()>> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let printed = events
        .iter()
        .try_for_each(|event| write_line(event, &mut output))
        .and_then(|()| output.flush());
    match printed {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(error),
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// JSON without line breaks, which can only be between its parts: in texts they are escaped.
fn on_one_line(json: &[u8]) -> Cow<'_, [u8]> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if !json.iter().any(is_break) {
        return json.into();
    }
    json.iter().map(|byte| if is_break(byte) { b' ' } else { *byte }).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = concat!(
        r#"{"position":42,"type":"run.recorded","version":"1","aggregate_type":"run","#,
        r#""aggregate_id":"00000000-0000-0000-0000-000000000009","sequence":3,"#,
        r#""owner_id":"00000000-0000-0000-0000-000000000007","part":"06","#,
        r#""event_id":"00000000-0000-0000-0000-00000000000b","recorded_at":"2025-11-13T02:13:20.123456Z","#,
        r#""data":{"z":1.10,"a":"x\ny"},"metadata":{"b":"2", "a":"1"}}"#,
        "\n"
    );

    #[test]
    fn a_line_that_is_read_is_written_again_byte_by_byte() {
        let event = read_line(LINE.as_bytes()).unwrap();
        assert_eq!(event.payload, r#"{"z":1.10,"a":"x\ny"}"#);
        assert_eq!(written(&event), LINE);
    }

    #[test]
    fn json_of_several_lines_is_written_on_one() {
        let payload = Bytes::from_static(b"{\n  \"a\":\r\n  \"x\\ny\"\n}");
        let event = RecordedEvent { payload, ..read_line(LINE.as_bytes()).unwrap() };
        let line = written(&event);
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
        let read = read_line(line.as_bytes()).unwrap();
        assert_eq!(read.payload, "{   \"a\":    \"x\\ny\" }");
    }

    #[test]
    fn what_is_not_an_event_is_refused() {
        for (right, wrong, said) in [
            ("\"position\":42", "\"position\":4.2", "invalid type"),
            ("\"position\":42,", "", "missing field `position`"),
            ("\"position\":42,", "\"position\":42,\"more\":1,", "unknown field `more`"),
            ("\"06\"", "\"6\"", "\"6\" is not a part"),
            ("\"06\"", "\"64\"", "\"64\" is not a part"),
            ("-00000000000b", "", "UUID"),
            ("T02:13", "", "invalid characters"),
            ("\"1\"}}", "\"1\"}", "EOF"),
        ] {
            let line = LINE.replace(right, wrong);
            assert_ne!(line, LINE);
            let error = format!("{:#}", read_line(line.as_bytes()).unwrap_err());
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    fn written(event: &RecordedEvent) -> String {
        let mut line = Vec::new();
        write_line(event, &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }
}
