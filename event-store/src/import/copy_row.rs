//! Writes events in Postgres's binary copy format.
//! <https://www.postgresql.org/docs/current/sql-copy.html>

use bytes::{BufMut, BytesMut};

use crate::RecordedEvent;
use crate::copy::{SIGNATURE, YEAR_2000};

/// The columns that [`put_event`] writes, in order.
pub(super) const COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
                                  metadata, owner_id, part, event_id, recorded_at";

/// Begins the copy.
pub(super) fn put_header(to: &mut BytesMut) {
    to.put_slice(SIGNATURE);
    // No flags, and no extension of the header.
    to.put_i32(0);
    to.put_i32(0);
}

/// Ends it.
pub(super) fn put_trailer(to: &mut BytesMut) {
    to.put_i16(-1);
}

pub(super) fn put_event(to: &mut BytesMut, event: &RecordedEvent) {
    let since_2000 = event.recorded_at - YEAR_2000;
    let microseconds = since_2000.num_microseconds().expect("292,000 years hold all of chrono's");
    to.put_i16(12);
    put(to, &event.position.to_be_bytes());
    put(to, &event.aggregate_type);
    put(to, event.aggregate_id.to_string().as_bytes());
    put(to, &event.sequence.to_be_bytes());
    put(to, &event.event_type);
    put(to, &event.event_version);
    put(to, &event.payload);
    put(to, &event.metadata);
    put(to, event.owner_id.0.as_bytes());
    put(to, &i16::from(event.part.number()).to_be_bytes());
    put(to, event.event_id.as_bytes());
    put(to, &microseconds.to_be_bytes());
}

fn put(to: &mut BytesMut, field: &[u8]) {
    // A message is far below the two gigabytes that the length could say.
    to.put_i32(i32::try_from(field.len()).unwrap_or(i32::MAX));
    to.put_slice(field);
}
